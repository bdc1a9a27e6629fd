"""The two tables of the database and how they are read together.

Belongs here: columns and the one query over both. Does not belong here: how the tables come
into being (migrations), who may write what (store).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()


class UtcInstant(sa.TypeDecorator[datetime]):
    """An instant with its time zone, always UTC; SQLite keeps it without."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


decisions = sa.Table(
    "decisions",
    metadata,
    # the order of recording: two decisions of one instant stay apart
    sa.Column("recorded_order", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
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
    sa.Column("decided_at", UtcInstant, nullable=False),
    sa.Column("recorded_at", UtcInstant, nullable=False),
)

revocations = sa.Table(
    "decision_revocations",
    metadata,
    # a decision is revoked once; who changes their mind again records a new decision
    sa.Column("decision_id", sa.Text, sa.ForeignKey("decisions.decision_id"), primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("revoked_by", sa.Text, nullable=False),
    sa.Column("revoked_at", UtcInstant, nullable=False),
)


def with_revocations(district_id: str) -> sa.Select[Any]:
    """Every decision of a district beside its revocation, in the order of recording."""
    return (
        sa.select(
            *decisions.c,
            revocations.c.reason.label("revocation_reason"),
            revocations.c.revoked_by,
            revocations.c.revoked_at,
        )
        .select_from(decisions.outerjoin(revocations))
        .where(decisions.c.district_id == district_id)
        .order_by(decisions.c.recorded_order)
    )
