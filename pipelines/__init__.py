"""What runs the warehouse: settings, assets, checks, schedules, publishing and the apps that read a release.

Belongs here: when things run, in which order, what may be released and who sees it.
Does not belong here: a platform's field names (staging's), business rules in SQL (dbt's),
requests to platforms (connectors').
"""
