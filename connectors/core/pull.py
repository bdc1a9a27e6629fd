"""One load of one stream, from the cursor in the newest accepted run to a landed run.

Belongs here: the order of things (damage, cursor, pull, count, commit, or a failed
manifest) and the one repeat of a page set that came short. Does not belong here: HTTP retries
(http), typing (landing), judging (expectations).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from connectors.core.connector import Connection, Connector, Pulled
from connectors.core.errors import ConnectorError, IncompleteResponse, PageSetLost
from connectors.core.landing.integrity import file_faults, set_aside
from connectors.core.landing.layout import RUN_PREFIX, new_run_id, remove_run, stream_folder, sweep_unfinished
from connectors.core.landing.manifest import Manifest
from connectors.core.landing.room import no_room
from connectors.core.landing.state import StreamState
from connectors.core.landing.writer import LandingWriter, RunIdentity
from connectors.core.schema import Stream

PAGE_SET_TRIES = 2


@dataclass(frozen=True)
class PullOutcome:
    """What a pull left behind: a new run, or nothing since nothing was new."""

    manifest: Manifest | None
    """The landed run; None where the platform had nothing since the last accepted one."""
    folder: Path | None
    damage: tuple[str, ...] = ()
    """What was found damaged, so that everything was pulled again."""


def pull_stream(
    connector: Connector,
    connection: Connection,
    stream: Stream,
    landing: Path,
    full_refresh: bool = False,
    on_records: Callable[[int], None] | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> PullOutcome:
    """Pull one stream and land it.

    Raises ConnectorError after leaving a manifest with `outcome: failed`, the reason and
    no data, so that the fault is on record.
    """
    folder = stream_folder(landing, connection.district_id, connector.platform, connection.name, stream.name)
    sweep_unfinished(folder)
    state, notes = intact_state(folder, clock())
    cursor = None if full_refresh else state.cursor(stream.schema_hash)
    identity = RunIdentity(connection, connector.platform, stream, new_run_id(clock(), state.newest_run_id), clock())
    try:
        for attempt in range(1, PAGE_SET_TRIES + 1):
            with LandingWriter(folder, identity, on_records=on_records) as writer:
                try:
                    pulled = connector.pull(stream, cursor, writer)
                except PageSetLost:
                    if attempt < PAGE_SET_TRIES:
                        continue
                    raise
                received = writer.records_received
                if not _is_as_reported(pulled, writer):
                    if attempt < PAGE_SET_TRIES:
                        continue
                    raise IncompleteResponse(
                        f"{connection.name}.{stream.name}: the platform reports {pulled.reported_total} records"
                        f" and sent {received - writer.duplicate_records}, {PAGE_SET_TRIES} times."
                        " Nothing was landed; run again later or ask the vendor"
                    )
                is_empty = received == 0 and not pulled.is_reset and not writer.has_deletes
                # after a failed or rejected run even an empty one is on record: the fault has passed
                if is_empty and (not state.runs or state.runs[-1].is_accepted or state.runs[-1].is_pending):
                    return PullOutcome(None, None)
                manifest = writer.commit(replace(pulled, notes=(*notes, *pulled.notes)), clock())
                return PullOutcome(manifest, folder / f"{RUN_PREFIX}{identity.run_id}", tuple(notes))
        raise AssertionError("unreachable: the last attempt returns or raises")
    except Exception as fault:
        full = no_room(fault, folder)
        with suppress(OSError):  # where there is no room, there may be none for the record of it
            _record_failure(folder, identity, full or fault, notes, clock())
        if full:
            raise full from None
        raise


def _is_as_reported(pulled: Pulled, writer: LandingWriter) -> bool:
    """Whether as many records came as the platform counts; one that came twice fills no gap."""
    if pulled.reported_total is None:
        return True
    received = writer.records_received
    return (
        pulled.reported_total <= received - writer.duplicate_records <= pulled.reported_total + pulled.added_meanwhile
    )


def intact_state(folder: Path, now: datetime) -> tuple[StreamState, list[str]]:
    """The stream's state without what is damaged, and a sentence about each damage that calls for a full pull.

    Runs whose files are not as they were landed are set aside first. Folders that a sound
    base run has folded are removed: a compaction that was killed is finished here.
    """
    state = StreamState.read(folder)
    looked_at: set[Path] = set()
    # setting a base run aside may bring back the runs that it had folded
    while unseen := [run for run in (*state.stored, *state.pending) if run.folder not in looked_at]:
        for run in unseen:
            looked_at.add(run.folder)
            if faults := file_faults(run.folder, run.manifest):
                set_aside(run, faults, now)
        state = StreamState.read(folder)
    for leftover in state.superseded:
        remove_run(leftover)
    base = state.base_run_id or ""
    return state, [
        f"the run {run.run_id} was set aside, so everything was asked for again: {run.reason}"
        for run in state.damaged
        if run.run_id >= base
    ]


def _record_failure(folder: Path, identity: RunIdentity, fault: Exception, notes: list[str], now: datetime) -> None:
    # only our own faults are known to hold no personal value
    said = str(fault) if isinstance(fault, ConnectorError) else f"unexpected {type(fault).__name__}"
    reason = ". And ".join([said, *notes])
    run_folder = folder / f"{RUN_PREFIX}{identity.run_id}"
    # what was renamed before its manifest failed is no run
    shutil.rmtree(run_folder, ignore_errors=True)
    run_folder.mkdir(parents=True)
    Manifest(
        district_id=identity.connection.district_id,
        platform=identity.platform,
        connection=identity.connection.name,
        stream=identity.stream.name,
        run_id=identity.run_id,
        outcome="failed",
        reason=reason,
        is_transient=getattr(fault, "is_transient", False),
        started_at=identity.started_at,
        extracted_at=now,
        schema_hash=identity.stream.schema_hash,
        notes=notes,
    ).write(run_folder)
