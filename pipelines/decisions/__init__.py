"""What people decided: a small database of its own, beside everything that can be rebuilt.

Belongs here: which decisions there are (kinds), how they are kept (tables, migrations, store),
where they are kept (database), how a file of them is read (decision_file). Does not belong
here: what a decision does to the warehouse (dbt), the command (pipelines.commands.decisions).

An append-only log. A row says who decided what, when (UTC) and why; it cites the ids of the
sources, never keys of the warehouse, so it survives rebuilds, merges of people and a deleted
warehouse. A change of mind is a new row; a mistake is revoked by a row that names it. The
database itself refuses updates and deletions.

SQLite in `decisions/decisions.sqlite` beside district.yml, or PostgreSQL where
EXPERTISE_DECISIONS_URL holds its address.
"""
