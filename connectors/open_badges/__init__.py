"""A folder of Open Badges files.

Belongs here: reading badge files of versions 2.0 and 3.0, and verifying them. Does not belong here: badge
platforms' APIs (badgr), what an award means (dbt).
"""
