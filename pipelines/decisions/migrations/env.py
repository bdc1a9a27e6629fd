"""Runs the steps on the connection that the opening has handed over, inside its transaction."""

from __future__ import annotations

from alembic import context

handed_over = context.config.attributes
context.configure(
    connection=handed_over["connection"],
    version_table=handed_over["version_table"],
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
