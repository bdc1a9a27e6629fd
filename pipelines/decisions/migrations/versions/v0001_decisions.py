"""The log of decisions and of their revocations, which the database itself keeps append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = ("decisions", "decision_revocations")


def upgrade() -> None:
    """Both tables, what they never hold, and triggers against changes."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "decisions",
        sa.Column(
            "recorded_order",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            sa.Identity(always=True),
            primary_key=True,
        ),
        sa.Column("decision_id", sa.Text, nullable=False, unique=True),
        sa.Column("district_id", sa.Text, nullable=False),
        sa.Column("decision_kind", sa.Text, nullable=False),
        sa.Column("subject_source", sa.Text, nullable=False),
        sa.Column("subject_id", sa.Text, nullable=False),
        sa.Column("target_source", sa.Text, nullable=False),
        sa.Column("target_id", sa.Text, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("detail", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_at", instant, nullable=False),
        sa.Column("recorded_at", instant, nullable=False),
        sa.CheckConstraint("trim(reason) <> ''", name="decision_says_why"),
        sa.CheckConstraint("trim(decided_by) <> ''", name="decision_says_who"),
        sqlite_autoincrement=True,
    )
    op.create_index("decisions_of_a_thing", "decisions", ["district_id", "decision_kind", "subject_id"])
    op.create_table(
        "decision_revocations",
        sa.Column("decision_id", sa.Text, sa.ForeignKey("decisions.decision_id"), primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("revoked_by", sa.Text, nullable=False),
        sa.Column("revoked_at", instant, nullable=False),
        sa.CheckConstraint("trim(reason) <> ''", name="revocation_says_why"),
        sa.CheckConstraint("trim(revoked_by) <> ''", name="revocation_says_who"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _guard_sqlite() -> None:
    for table in _TABLES:
        for change in ("update", "delete"):
            op.execute(
                f"create trigger {table}_no_{change} before {change} on {table} "
                "begin select raise(abort, 'decisions are never changed'); end"
            )


def _guard_postgresql() -> None:
    op.execute(
        "create function refuse_change_of_decisions() returns trigger language plpgsql as "
        "$$ begin raise exception 'decisions are never changed'; end $$"
    )
    for table in _TABLES:
        op.execute(
            f"create trigger {table}_no_change before update or delete or truncate on {table} "
            "for each statement execute function refuse_change_of_decisions()"
        )


def downgrade() -> None:
    """There is no way back that keeps what people decided."""
    raise NotImplementedError("decisions are kept: restore a copy instead of going back")
