"""What a person asks in the morning: what was loaded, what failed since when, how old the release is.

Belongs here: answers from manifests, verdicts, the reports of runs and the analysts' release.
Does not belong here: drawing them (status_view), changing anything.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.core.errors import ConnectorError
from connectors.core.landing.integrity import stream_faults
from connectors.core.landing.state import StreamState
from connectors.core.schema import Stream
from pipelines.apps.release_reader import NoRelease, Release, open_release
from pipelines.build_input import states
from pipelines.reconciliation import DeliveryYears, StreamCounts, read_counts, read_missing_deliveries
from pipelines.settings import Settings

_ADVICE = {
    "never loaded": "run `expertise run`",
    "pending": "run `expertise run`: it is judged first",
    "transient": "run again later",
    "damaged": "run `expertise run`: what is damaged is set aside, and everything of the stream is pulled again",
    "failing": "correct what the reason names, then run again",
    "rejected": "see the delivery report under reports/, have the platform corrected, then run again; "
    "to use the delivery as it is, see expectations/README.md",
}


@dataclass(frozen=True)
class StreamStatus:
    """One stream of one connection.

    state: `loaded`, `never loaded`, `failing`, `rejected` (by expectations) or `pending`.
    The counts are the current release's, over all its accepted runs; records_landed and
    records_rejected are the landing's where no release tells them, the others then None.
    records_waiting: landed since by accepted or pending runs, in no release yet.
    what_differs: where the counts disagree; None where they agree.
    """

    connection: str
    platform: str
    stream: str
    state: str
    since: datetime | None
    last_accepted_at: datetime | None
    records_landed: int
    records_rejected: int
    reason: str | None
    what_to_do: str | None
    pages: int | None = None
    records_reported: int | None = None
    records_received: int | None = None
    delete_markers_landed: int | None = None
    records_superseded: int | None = None
    records_deleted: int | None = None
    records_loaded: int | None = None
    records_unmatched: int | None = None
    records_waiting: int = 0
    what_differs: str | None = None

    @property
    def has_failed(self) -> bool:
        return self.state in ("failing", "rejected") or self.what_differs is not None

    @property
    def is_well(self) -> bool:
        return self.state == "loaded" and self.what_differs is None


@dataclass(frozen=True)
class EntityStatus:
    """One canonical entity in the current release.

    state: `loaded`, `empty`, or `dark` where nothing that feeds it is configured.
    dark_feeds: the streams that could feed it and are not configured.
    """

    entity: str
    state: str
    rows: int
    what_goes_dark: str | None
    dark_feeds: list[str]


@dataclass(frozen=True)
class Fault:
    """An error of the last run that is no stream's own: a check that failed, a step that broke."""

    where: str
    what: str


@dataclass(frozen=True)
class Status:
    """Everything `expertise status` shows.

    stale_since: start of the first of the runs since the release that published nothing; None
    where the newest run published.
    faults: what held the newest run back, beyond its streams.
    """

    district: str
    is_synthetic: bool
    release_id: str | None
    released_at: datetime | None
    release_age_hours: float | None
    streams: list[StreamStatus]
    entities: list[EntityStatus]
    stale_since: datetime | None = None
    faults: list[Fault] = field(default_factory=list)
    missing_deliveries: list[DeliveryYears] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Nothing failed, and the newest run published what it loaded."""
        failed = any(line.has_failed for line in self.streams)
        return not failed and self.stale_since is None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class _Released:
    """What the analysts' release holds; empty where there is none."""

    release_id: str | None = None
    built_at: datetime | None = None
    entities: list[EntityStatus] = field(default_factory=list)
    counts: dict[tuple[str, str], StreamCounts] = field(default_factory=dict)
    missing: list[DeliveryYears] = field(default_factory=list)


# an entity fed by several streams is dark only where none of them is configured
_ENTITIES = """
    select entity,
        case when bool_or(state = 'loaded') then 'loaded' when bool_and(state = 'dark') then 'dark' else 'empty' end
            as state,
        sum(record_count) as record_count, any_value(what_goes_dark) as what_goes_dark,
        coalesce(list(source_system || '.' || stream order by source_system, stream) filter (state = 'dark'), [])
            as dark_feeds
    from sources
    group by entity
    order by entity
"""


def read_status(settings: Settings) -> Status:
    """The status now; reads, writes nothing."""
    released = _released(settings)
    age = None if released.built_at is None else round(_hours_since(released.built_at), 1)
    known = states(settings)
    carried = {name: _carried(settings, name) for name in settings.sources}
    loaded = {source.name for source, _, state in known if state.runs}
    streams = [
        _stream_status(
            source.name, source.platform.name, stream.name, state, released.counts.get((source.name, stream.name))
        )
        for source, stream, state in known
        if state.runs or state.damaged or _is_awaited(stream, carried[source.name], source.name in loaded)
    ]
    unpublished = _unpublished_runs(settings.reports, released.built_at)
    faults = _faults(unpublished[-1], streams) if unpublished else []
    failing = [line.since for line in streams if line.has_failed and line.state != "loaded" and line.since]
    begun = [datetime.fromisoformat(report["started_at"]) for report in unpublished]
    return Status(
        district=settings.district.name,
        is_synthetic=settings.district.is_synthetic,
        release_id=released.release_id,
        released_at=released.built_at,
        release_age_hours=age,
        streams=streams,
        entities=released.entities,
        stale_since=min([*begun, *failing], default=None) if released.built_at else None,
        faults=faults,
        missing_deliveries=released.missing,
    )


def _hours_since(moment: datetime) -> float:
    return (datetime.now(UTC) - moment).total_seconds() / 3600


def _carried(settings: Settings, name: str) -> tuple[Stream, ...] | None:
    """The streams a connection carries; None where it can't be opened (`doctor` says why).

    None too where the platform would have to be asked: a status reads what is there.
    """
    if settings.sources[name].options.asks_platform_for_streams:
        return None
    try:
        _, connector = settings.connector(name)
    except ConnectorError:
        return None
    try:
        return connector.streams_of()
    except ConnectorError:
        return None
    finally:
        connector.close()


def _is_awaited(stream: Stream, carried: tuple[Stream, ...] | None, is_source_loaded: bool) -> bool:
    """Whether a stream without a run is listed; of a source that never could be opened, each one is."""
    # by name: a connection may find a field at another place than its platform's declaration says
    return not is_source_loaded if carried is None else stream.name in {known.name for known in carried}


def _stream_status(
    connection: str, platform: str, stream: str, state: StreamState, counts: StreamCounts | None
) -> StreamStatus:
    accepted = state.accepted
    newest = state.runs[-1] if state.runs else None
    word, since, reason = "never loaded", None, None
    todo: str | None = _ADVICE["never loaded"]
    if newest is not None and newest.is_accepted:
        word, since, todo = "loaded", newest.manifest.extracted_at, None
    elif newest is not None and newest.is_pending:
        word, since, todo = "pending", newest.manifest.extracted_at, _ADVICE["pending"]
    elif newest is not None:
        bad = _unbroken_bad_runs(state)
        since = bad[0].manifest.started_at
        reason = newest.manifest.reason
        if newest.manifest.outcome == "failed":
            word = "failing"
            todo = _ADVICE["transient" if newest.manifest.is_transient else "failing"]
        else:
            word, todo = "rejected", _ADVICE["rejected"]
            findings = newest.verdict.document.get("findings", []) if newest.verdict else []
            errors = [finding for finding in findings if finding.get("severity") == "error"]
            reason = "; ".join(f"{finding['check_name']}: {finding['message']}" for finding in errors)
    # of a pull that failed since, the reason tells of the damage too
    if word != "failing" and (damage := stream_faults(state, contents=False)):
        word, since, reason, todo = "failing", None, "; ".join(damage[:3]), _ADVICE["damaged"]
    in_release = (counts.newest_run_id or "") if counts else ""
    later = [run for run in state.runs if run.is_accepted or run.is_pending]
    told: dict[str, Any] = {
        "records_landed": sum(run.manifest.records_landed for run in accepted),
        "records_rejected": sum(run.manifest.records_rejected for run in accepted),
    }
    if counts:
        told = asdict(counts)
        for name in ("connection", "stream", "newest_run_id"):
            del told[name]
    return StreamStatus(
        connection=connection,
        platform=platform,
        stream=stream,
        state=word,
        since=since,
        last_accepted_at=accepted[-1].manifest.extracted_at if accepted else None,
        reason=reason,
        what_to_do=todo,
        records_waiting=sum(run.manifest.records_landed for run in later if run.manifest.run_id > in_release),
        **told,
    )


def _unbroken_bad_runs(state: StreamState) -> list[Any]:
    """The newest runs back to the last accepted one, oldest first."""
    bad: list[Any] = []
    for run in reversed(state.runs):
        if run.is_accepted:
            break
        bad.insert(0, run)
    return bad


def _unpublished_runs(reports: Path, released_at: datetime | None) -> list[dict[str, Any]]:
    """The reports of runs since the release, back to one that published; oldest first."""
    found: list[dict[str, Any]] = []
    for path in sorted(reports.glob("*-run.json"), reverse=True):
        try:
            report = json.loads(path.read_bytes())
            started_at = datetime.fromisoformat(report["started_at"])
            if report["is_published"] or (released_at is not None and started_at < released_at):
                break
        except (OSError, ValueError, KeyError, TypeError):
            continue  # cut off while it was written: the landing tells the rest
        found.insert(0, report)
    return found


def _faults(report: dict[str, Any], streams: list[StreamStatus]) -> list[Fault]:
    """The errors of a run that no stream's own state tells."""
    told = {f"{line.connection}.{line.stream}" for line in streams if not line.is_well}
    told |= {f"{line.platform}.{line.stream}: delivery_as_promised" for line in streams if line.state == "rejected"}
    return [
        Fault(problem["where"], problem["what"])
        for problem in report.get("problems", [])
        if problem["severity"] == "error" and problem["where"] not in told
    ]


def _released(settings: Settings) -> _Released:
    try:
        with open_release(settings.published, "analysts") as release:
            return _read_release(release)
    except NoRelease:
        return _Released()


def _read_release(release: Release) -> _Released:
    info = release.info()
    return _Released(
        release_id=info["release_id"],
        built_at=info["built_at"].replace(tzinfo=UTC),
        entities=[
            EntityStatus(
                row["entity"], row["state"], int(row["record_count"]), row["what_goes_dark"], row["dark_feeds"]
            )
            for row in release.query(_ENTITIES)
        ],
        counts={(line.connection, line.stream): line for line in read_counts(release)},
        missing=read_missing_deliveries(release),
    )
