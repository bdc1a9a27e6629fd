"""The door to people's decisions: record, read, revoke.

Belongs here: what one decision means beside the others (the newest holds, a revoked one doesn't,
a dispute is settled only where it is open). Does not belong here: a decision by itself (kinds),
where the rows stand (database), what the warehouse makes of them (dbt).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import polars as pl
import sqlalchemy as sa

from pipelines.decisions import tables
from pipelines.decisions.database import Database, open_database, open_existing, place_of
from pipelines.decisions.faults import DecisionRefused, DecisionsUnavailable
from pipelines.decisions.kinds import THING, NewDecision, checked, checked_words, known_kind
from pipelines.settings import Settings

__all__ = ["FRAME", "Decision", "DecisionRefused", "DecisionStore", "DecisionsUnavailable", "NewDecision"]

FRAME: dict[str, Any] = {
    "district_id": pl.String,
    "decision_id": pl.String,
    "decision_kind": pl.String,
    "subject_source": pl.String,
    "subject_id": pl.String,
    "target_source": pl.String,
    "target_id": pl.String,
    "decision": pl.String,
    "detail": pl.String,
    "reason": pl.String,
    "decided_by": pl.String,
    "decided_at": pl.Datetime("us", "UTC"),
    "recorded_at": pl.Datetime("us", "UTC"),
    "recorded_order": pl.Int64,
    "revocation_reason": pl.String,
    "revoked_by": pl.String,
    "revoked_at": pl.Datetime("us", "UTC"),
}
"""One row per decision ever recorded, in the order of recording."""

_COPIED = [column.name for column in tables.decisions.columns if column.name != "recorded_order"]
_ID_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # none that is taken for another when read aloud


@dataclass(frozen=True)
class Revocation:
    """Who took a decision back, when (UTC) and why."""

    reason: str
    revoked_by: str
    revoked_at: datetime


@dataclass(frozen=True)
class Decision:
    """A recorded decision. decided_at, recorded_at: UTC; revocation: None while it stands."""

    decision_id: str
    kind: str
    subject_source: str
    subject_id: str
    target_source: str
    target_id: str
    decision: str
    detail: Mapping[str, Any] | None
    reason: str
    decided_by: str
    decided_at: datetime
    recorded_at: datetime
    revocation: Revocation | None = None

    @property
    def thing(self) -> tuple[str, ...]:
        """What it is about: of one thing the newest decision holds."""
        return tuple(getattr(self, name) for name in THING)


class DecisionStore:
    """The decisions of one district. A context manager; close it, or leave its block."""

    def __init__(self, database: Database, district_id: str) -> None:
        self._database = database
        self._district_id = district_id

    @classmethod
    def open(cls, settings: Settings) -> DecisionStore:
        """Open the district's decisions; the first opening makes the database, a newer program migrates it.

        Raises DecisionsUnavailable, or ConfigurationError where the address is none.
        """
        place = place_of(settings.decisions, settings.read_decisions_url())
        return cls(open_database(place), settings.district.id)

    @classmethod
    def open_existing(cls, settings: Settings) -> DecisionStore | None:
        """The same without making anything: None where nobody has decided anything yet."""
        database = open_existing(place_of(settings.decisions, settings.read_decisions_url()))
        return None if database is None else cls(database, settings.district.id)

    def __enter__(self) -> DecisionStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    @property
    def place(self) -> str:
        """Where the decisions stand, in words, without a password."""
        return self._database.place.described

    @property
    def schema(self) -> str:
        """The revision of its tables."""
        return self._database.schema

    def record(self, new: NewDecision) -> str:
        """Keep one decision; its id. Raises DecisionRefused, DecisionsUnavailable."""
        return self.record_all([new])[0]

    def record_all(self, new: Sequence[NewDecision], places: Sequence[str] = ()) -> list[str]:
        """Keep all of them or none; their ids.

        places: what a fault calls each of them, such as `line 3`; without, its number from 1.
        Raises DecisionRefused with every fault at once, or DecisionsUnavailable.
        """
        places = places or [f"decision {number}" for number in range(1, len(new) + 1)]
        now = datetime.now(UTC)
        valid: list[NewDecision | None] = []
        faults: dict[int, tuple[str, ...]] = {}
        for number, decision in enumerate(new):
            try:
                valid.append(checked(decision, now))
            except DecisionRefused as refused:
                valid.append(None)
                faults[number] = refused.faults
        if faults:
            raise DecisionRefused(_placed(faults, places))
        with self._database.writing() as connection:
            recorded: list[str] = []
            for number, decision in enumerate(decision for decision in valid if decision):
                held = self._newest_of(connection, decision)
                decided_at = decision.decided_at or max(now, held["decided_at"] if held else now)
                if fault := _contradiction(decision, decided_at, held):
                    faults[number] = (fault,)
                    continue
                recorded.append(self._insert(connection, decision, decided_at, now))
            if faults:
                raise DecisionRefused(_placed(faults, places))  # takes the whole transaction back
        return recorded

    def revoke(self, decision_id: str, reason: str, decided_by: str) -> None:
        """Take a decision back: it stays in the log and no longer counts; the one before it holds again.

        Raises DecisionRefused where there is no such decision or it is revoked already, or DecisionsUnavailable.
        """
        why, who = checked_words(reason, decided_by)
        wanted = decision_id.strip().lower()
        with self._database.writing() as connection:
            found = connection.execute(
                tables.with_revocations(self._district_id).where(tables.decisions.c.decision_id == wanted)
            ).one_or_none()
            if found is None:
                raise DecisionRefused(["no decision has this id; `expertise decisions list --history` shows them all"])
            if found.revoked_at is not None:
                raise DecisionRefused(["this decision is revoked already; to decide anew, record a new one"])
            connection.execute(
                tables.revocations.insert().values(
                    decision_id=wanted, reason=why, revoked_by=who, revoked_at=datetime.now(UTC)
                )
            )

    def copy_from(self, file: Path) -> tuple[int, int]:
        """Take over what an SQLite file of this district's decisions holds, with its ids, instants and revocations.

        What is here already stays as it is, so a copy that was interrupted is made whole by another. Returns
        how many decisions and how many revocations are new here. Raises DecisionRefused where there is no such
        file, or DecisionsUnavailable.
        """
        other = open_existing(place_of(file, None))
        if other is None:
            raise DecisionRefused(["there is no such file"])
        try:
            with other.reading() as connection:
                rows = list(connection.execute(tables.with_revocations(self._district_id)).mappings())
        finally:
            other.close()
        with self._database.writing() as connection:
            here: set[str] = set(connection.execute(sa.select(tables.decisions.c.decision_id)).scalars())
            revoked: set[str] = set(connection.execute(sa.select(tables.revocations.c.decision_id)).scalars())
            decided = [{name: row[name] for name in _COPIED} for row in rows if row["decision_id"] not in here]
            taken_back = [
                {
                    "decision_id": row["decision_id"],
                    "reason": row["revocation_reason"],
                    "revoked_by": row["revoked_by"],
                    "revoked_at": row["revoked_at"],
                }
                for row in rows
                if row["revoked_at"] is not None and row["decision_id"] not in revoked
            ]
            if decided:
                connection.execute(tables.decisions.insert(), decided)
            if taken_back:
                connection.execute(tables.revocations.insert(), taken_back)
        return len(decided), len(taken_back)

    def newest(self, kind: str) -> list[Decision]:
        """Of each thing the decision that holds, oldest first. Raises DecisionRefused for an unknown kind."""
        newest: dict[tuple[str, ...], Decision] = {}
        # a stable sort: of one instant, the one recorded last
        for decision in sorted(self.history(kind), key=lambda decision: decision.decided_at):
            if decision.revocation is None:
                newest.pop(decision.thing, None)
                newest[decision.thing] = decision
        return list(newest.values())

    def history(self, kind: str | None = None) -> list[Decision]:
        """Every decision ever recorded, revoked ones too, in the order of recording."""
        wanted = tables.with_revocations(self._district_id)
        if kind is not None:
            wanted = wanted.where(tables.decisions.c.decision_kind == known_kind(kind))
        with self._database.reading() as connection:
            return [_decision(row) for row in connection.execute(wanted).mappings()]

    def frame(self) -> pl.DataFrame:
        """The whole log as the build reads it: columns FRAME, one row per decision."""
        with self._database.reading() as connection:
            rows = [dict(row) for row in connection.execute(tables.with_revocations(self._district_id)).mappings()]
        return pl.DataFrame(rows, schema=FRAME, orient="row")

    def _newest_of(self, connection: sa.Connection, new: NewDecision) -> dict[Any, Any] | None:
        log = tables.decisions.c
        wanted = (
            tables.with_revocations(self._district_id)
            .where(
                log.decision_kind == new.kind,
                log.subject_source == new.subject_source,
                log.subject_id == new.subject_id,
                log.target_source == new.target_source,
                log.target_id == new.target_id,
                tables.revocations.c.decision_id.is_(None),
            )
            .order_by(None)
            .order_by(log.decided_at.desc(), log.recorded_order.desc())
            .limit(1)
        )
        found = connection.execute(wanted).mappings().one_or_none()
        return None if found is None else dict(found)

    def _insert(self, connection: sa.Connection, new: NewDecision, decided_at: datetime, now: datetime) -> str:
        decision_id = "".join(secrets.choice(_ID_LETTERS) for _ in range(12))
        connection.execute(
            tables.decisions.insert().values(
                decision_id=decision_id,
                district_id=self._district_id,
                decision_kind=new.kind,
                subject_source=new.subject_source,
                subject_id=new.subject_id,
                target_source=new.target_source,
                target_id=new.target_id,
                decision=new.decision,
                detail=new.detail,
                reason=new.reason,
                decided_by=new.decided_by,
                decided_at=decided_at,
                recorded_at=now,
            )
        )
        return decision_id


def decisions_frame(settings: Settings) -> pl.DataFrame:
    """The log for a build: columns FRAME, no rows where nobody has decided anything yet. Makes no database.

    Raises DecisionsUnavailable, or ConfigurationError where the address is none.
    """
    store = DecisionStore.open_existing(settings)
    if store is None:
        return pl.DataFrame(schema=FRAME)
    with store:
        return store.frame()


def _placed(faults: Mapping[int, tuple[str, ...]], places: Sequence[str]) -> list[str]:
    if list(places) == ["decision 1"]:
        return list(faults[0])
    return [f"{places[number]}: {fault}" for number, found in faults.items() for fault in found]


def _contradiction(new: NewDecision, decided_at: datetime, held: Mapping[Any, Any] | None) -> str | None:
    """A dispute is upheld or dismissed only while it is open."""
    if new.kind != "dispute" or new.decision == "opened":
        return None
    if held is None or held["decision"] != "opened" or held["decided_at"] > decided_at:
        return f"a dispute is {new.decision} while it is open, and none of this person and competency was"
    return None


def _decision(row: Mapping[Any, Any]) -> Decision:
    revocation = (
        Revocation(row["revocation_reason"], row["revoked_by"], row["revoked_at"]) if row["revoked_at"] else None
    )
    same = ("decision_id", "decision", "reason", "decided_by", "decided_at", "recorded_at", *THING[1:])
    return Decision(
        kind=row["decision_kind"],
        detail=json.loads(row["detail"]) if row["detail"] else None,
        revocation=revocation,
        **{name: row[name] for name in same},
    )
