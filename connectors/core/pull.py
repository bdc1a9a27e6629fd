"""One load of one stream, from the cursor in the newest accepted run to a landed run.

Belongs here: the order of things (cursor, pull, count, commit, or a failed manifest)
and the one repeat of a page set that came short. Does not belong here: HTTP retries
(http), typing (landing), judging (expectations).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from connectors.core.connector import Connection, Connector
from connectors.core.errors import ConnectorError, IncompleteResponse
from connectors.core.landing.layout import MANIFEST, RUN_PREFIX, UNFINISHED_PREFIX, new_run_id, stream_folder
from connectors.core.landing.manifest import Manifest
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
    state = StreamState.read(folder)
    cursor = None if full_refresh else state.cursor(stream.schema_hash)
    newest = state.runs[-1].manifest.run_id if state.runs else None
    identity = RunIdentity(connection, connector.platform, stream, new_run_id(clock(), newest), clock())
    try:
        for attempt in range(1, PAGE_SET_TRIES + 1):
            with LandingWriter(folder, identity, on_records=on_records) as writer:
                pulled = connector.pull(stream, cursor, writer)
                received = writer.records_received
                if pulled.reported_total is not None and received < pulled.reported_total:
                    if attempt < PAGE_SET_TRIES:
                        continue
                    raise IncompleteResponse(
                        f"{connection.name}.{stream.name}: the platform reports {pulled.reported_total} records"
                        f" and sent {received}, {PAGE_SET_TRIES} times."
                        " Nothing was landed; run again later or ask the vendor"
                    )
                is_empty = received == 0 and not pulled.is_reset and not writer.has_deletes
                # after a failed or rejected run even an empty one is on record: the fault has passed
                if is_empty and (not state.runs or state.runs[-1].is_accepted or state.runs[-1].is_pending):
                    return PullOutcome(None, None)
                manifest = writer.commit(pulled, clock())
                return PullOutcome(manifest, folder / f"{RUN_PREFIX}{identity.run_id}")
        raise AssertionError("unreachable: the last attempt returns or raises")
    except Exception as fault:
        _record_failure(folder, identity, fault, clock())
        raise


def sweep_unfinished(folder: Path) -> None:
    """Remove what a killed run left: temporary folders, and run folders without a manifest."""
    for orphan in [*folder.glob(f"{UNFINISHED_PREFIX}*"), *folder.glob(f"{RUN_PREFIX}*")]:
        if orphan.name.startswith(UNFINISHED_PREFIX) or not (orphan / MANIFEST).is_file():
            shutil.rmtree(orphan)


def _record_failure(folder: Path, identity: RunIdentity, fault: Exception, now: datetime) -> None:
    # only our own faults are known to hold no personal value
    reason = str(fault) if isinstance(fault, ConnectorError) else f"unexpected {type(fault).__name__}"
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
    ).write(run_folder)
