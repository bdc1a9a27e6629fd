"""Alembic's scripts for the database of decisions.

Belongs here: one step per change of the tables, in `versions/`; a step that stands in a release
is never edited. Does not belong here: when they run (pipelines.decisions.database, by itself, at
every opening of an older database).
"""
