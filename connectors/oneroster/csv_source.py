"""Reads deliveries of OneRoster CSV files: the newest bulk file and every delta behind it.

Belongs here: which deliveries count, when anything is new, frames for landing, and leaving
out who is no staff. Does not belong here: opening files (delivery), cells (csv_rows), who
is staff (people).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from connectors.core.connector import Cursor, Pulled, Sink, SourceFile
from connectors.core.errors import ContractBroken, IncompleteResponse
from connectors.core.schema import Stream
from connectors.oneroster.csv_rows import Reject, Row, landed_columns, rows_of
from connectors.oneroster.delivery import Delivery, deliveries_in
from connectors.oneroster.people import Sieve
from connectors.oneroster.streams import ACADEMIC_SESSIONS, CLASSES, ENROLLMENTS, ORGS, ROLES, STREAMS, USERS

ROWS_PER_FRAME = 50_000
_FILES = {
    ORGS.name: "orgs",
    ACADEMIC_SESSIONS.name: "academicSessions",
    USERS.name: "users",
    ROLES.name: "roles",
    CLASSES.name: "classes",
    ENROLLMENTS.name: "enrollments",
}
_NEEDED = frozenset({ORGS.name, USERS.name})
_FINGERPRINT = "fingerprint"


@dataclass(frozen=True)
class _File:
    """One file of one delivery."""

    delivery: Delivery
    name: str
    is_delta: bool
    state: tuple[int, int]
    sha256: str

    @property
    def shown(self) -> str:
        return f"{self.delivery.name}/{self.name}.csv"


class CsvSource:
    """The deliveries at one place. folder: as district.yml has it, relative to base_folder."""

    def __init__(self, name: str, base_folder: Path, folder: str, further_roles: Collection[str]) -> None:
        self._name = name
        self._root = base_folder / folder
        self._folder = folder
        self._further_roles = tuple(further_roles)

    def streams_of(self) -> tuple[Stream, ...]:
        return STREAMS

    def check(self) -> str:
        """The place is there, and its deliveries say what they hold."""
        deliveries = self._deliveries()
        newest = deliveries[-1]
        held = [name for name in _FILES.values() if newest.mode(name) != "absent"]
        count = len(deliveries)
        return (
            f"{self._name}: {count} deliver{'ies' if count > 1 else 'y'} in {self._folder}, the newest of "
            f"OneRoster {newest.manifest.version} with {', '.join(held)}"
        )

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        """Everything from the newest bulk file on where any file is new; nothing otherwise."""
        deliveries = self._deliveries()
        files = _from_newest_bulk(deliveries, _FILES[stream.name])
        notes = [
            f"{self._name}.{stream.name}: {delivery.name} holds {_FILES[stream.name]}.csv, and its manifest calls it "
            "absent, so it was passed over"
            for delivery in deliveries
            if delivery.has_passed_over(_FILES[stream.name])
        ]
        if not files:
            if stream.name in _NEEDED:
                raise ContractBroken(
                    f"{self._name}: no delivery in {self._folder} holds {_FILES[stream.name]}.csv, without which there "
                    "is no roster. Ask for a bulk delivery"
                )
            return Pulled(None, is_reset=False, pages=0, notes=tuple(notes))
        # users.csv of 1.2 does not say who is staff: roles.csv does
        roles = _from_newest_bulk(deliveries, _FILES[ROLES.name]) if stream is USERS else []
        newest: Cursor = {_FINGERPRINT: self._fingerprint([*files, *roles])}
        if cursor == newest:
            return Pulled(cursor, is_reset=False, pages=0)
        sieve = Sieve(self._further_roles)
        is_landed = self._question(stream, files, roles, sieve, sink.add_reject)
        frames = rows = 0
        for file in files:
            frame_count, row_count = self._read(stream, file, is_landed, sink)
            frames, rows = frames + frame_count, rows + row_count
        is_reset = not files[0].is_delta
        if rows == 0 and is_reset and stream.name in _NEEDED:
            raise ContractBroken(
                f"{files[0].shown}: a header and no rows, which would empty the roster. Ask for it again"
            )
        if not is_reset:
            notes.append(
                f"{self._name}.{stream.name}: no bulk {_FILES[stream.name]}.csv in {self._folder}, so what is absent "
                "can't be told. Keep the newest bulk delivery there, beside the deltas"
            )
        what = "users who are no staff, or of whom no role is told," if stream is USERS else "rows of others than staff"
        notes += sieve.notes(f"{self._name}.{stream.name}", what)
        return Pulled(newest, is_reset, pages=frames, notes=tuple(notes))

    def _deliveries(self) -> list[Delivery]:
        return deliveries_in(self._root, self._folder)

    def _fingerprint(self, files: list[_File]) -> str:
        parts = [*(f"{file.shown} {file.is_delta} {file.sha256}" for file in files), *sorted(self._further_roles)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _question(
        self, stream: Stream, files: list[_File], roles: list[_File], sieve: Sieve, reject: Reject
    ) -> Callable[[Row, _File], bool]:
        """Whether a row may be landed."""
        if stream is ENROLLMENTS:
            # without a role it is for landing to reject
            return lambda row, _: not row["role"].strip() or sieve.is_teacher(row["role"])
        if stream is ROLES:
            return lambda row, _: not row["role"].strip() or sieve.is_staff([row["role"]])
        if stream is not USERS:
            return lambda _, __: True
        untold = [file for file in files if file.delivery.manifest.version == "1.2" and not roles]
        if untold:
            raise ContractBroken(
                f"{untold[0].shown}: OneRoster 1.2 tells in roles.csv who is staff, and no delivery in {self._folder} "
                "holds it, so nobody may be landed. Ask for roles.csv"
            )
        staff = {
            row["userSourcedId"].strip(): row["role"]
            for file in roles
            for row in self._rows(ROLES, file, _nobody_told)
            if sieve.is_staff_role(row["role"])
        }

        def is_staff(row: Row, file: _File) -> bool:
            if file.delivery.manifest.version == "1.1":
                if not row["role"].strip():
                    reject(None, "role", f"{file.shown}: no role is told, so it can't be told whether this is staff")
                    return False
                return sieve.is_staff([row["role"]])
            role = staff.get(row["sourcedId"].strip())
            return sieve.is_staff([role] if role else [])

        return is_staff

    def _rows(self, stream: Stream, file: _File, reject: Reject) -> Iterator[Row]:
        is_user_of_11 = stream is USERS and file.delivery.manifest.version == "1.1"
        also_required = ("role", "orgSourcedIds") if is_user_of_11 else ()
        with file.delivery.open(file.name) as content:
            yield from rows_of(content, file.shown, stream, also_required, file.is_delta, reject)
        if file.delivery.state(file.name) != file.state:
            raise IncompleteResponse(
                f"{file.shown}: changed while it was read. Run again once the delivery is finished"
            )

    def _read(
        self, stream: Stream, file: _File, is_landed: Callable[[Row, _File], bool], sink: Sink
    ) -> tuple[int, int]:
        """Frames handed over, and rows seen."""
        source = SourceFile(file.shown, file.sha256)
        frames = seen = 0
        held: list[Row] = []
        for row in self._rows(stream, file, sink.add_reject):
            seen += 1
            if is_landed(row, file):
                held.append(landed_columns(row, stream))
            if len(held) == ROWS_PER_FRAME:
                _hand_over(held, source, sink)
                frames, held = frames + 1, []
        if held:
            _hand_over(held, source, sink)
            frames += 1
        return frames, seen


def _nobody_told(_line: int | None, _field: str, _reason: str) -> None:
    """Rows that are only looked at are rejected where they are landed."""


def _hand_over(rows: list[Row], source: SourceFile, sink: Sink) -> None:
    import polars as pl

    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    sink.add_frame(pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String)), source)


def _from_newest_bulk(deliveries: list[Delivery], name: str) -> list[_File]:
    """The files of that name that count, oldest first."""
    found: list[_File] = []
    for delivery in reversed(deliveries):
        mode = delivery.mode(name)
        if mode != "absent":
            state = delivery.state(name)
            found.insert(0, _File(delivery, name, mode == "delta", state, delivery.sha256(name)))
        if mode == "bulk":
            break
    return found
