"""What a person asks in the morning: what was loaded, what failed since when, how old the release is.

Belongs here: answers from manifests, verdicts, the lock and the analysts' release.
Does not belong here: drawing them (cli), changing anything.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.core.errors import ConnectorError
from connectors.core.landing.state import StreamState
from connectors.core.schema import Stream
from pipelines.apps.release_reader import NoRelease, open_release
from pipelines.build_input import states
from pipelines.settings import Settings


@dataclass(frozen=True)
class StreamStatus:
    """One stream of one connection.

    state: `loaded`, `never loaded`, `failing`, `rejected` (by expectations) or `pending`.
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
class Status:
    """Everything `expertise status` shows."""

    district: str
    is_synthetic: bool
    release_id: str | None
    released_at: datetime | None
    release_age_hours: float | None
    streams: list[StreamStatus]
    entities: list[EntityStatus]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


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
    release_id, released_at, entities = _release(settings)
    age = None if released_at is None else round((datetime.now(UTC) - released_at).total_seconds() / 3600, 1)
    known = states(settings)
    carried = {name: _carried(settings, name) for name in settings.sources}
    loaded = {source.name for source, _, state in known if state.runs}
    return Status(
        district=settings.district.name,
        is_synthetic=settings.district.is_synthetic,
        release_id=release_id,
        released_at=released_at,
        release_age_hours=age,
        streams=[
            _stream_status(source.name, source.platform.name, stream.name, state)
            for source, stream, state in known
            if state.runs or _is_awaited(stream, carried[source.name], source.name in loaded)
        ],
        entities=entities,
    )


def _carried(settings: Settings, name: str) -> tuple[Stream, ...] | None:
    """The streams a connection carries; None where it can't be opened (`doctor` says why)."""
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
    return not is_source_loaded if carried is None else stream in carried


def _stream_status(connection: str, platform: str, stream: str, state: StreamState) -> StreamStatus:
    accepted = state.accepted
    # since everything was pulled last: what came before is told again by that run
    counted = [run for run in accepted if run.manifest.run_id >= (state.base_run_id or "")]
    newest = state.runs[-1] if state.runs else None
    word, since, reason = "never loaded", None, None
    todo: str | None = "run `expertise run`"
    if newest is not None and newest.is_accepted:
        word, since, todo = "loaded", newest.manifest.extracted_at, None
    elif newest is not None and newest.is_pending:
        word, since, todo = "pending", newest.manifest.extracted_at, "run `expertise run`: it is judged first"
    elif newest is not None:
        bad = _unbroken_bad_runs(state)
        since = bad[0].manifest.started_at
        reason = newest.manifest.reason
        if newest.manifest.outcome == "failed":
            word = "failing"
            todo = (
                "run again later" if newest.manifest.is_transient else "correct what the reason names, then run again"
            )
        else:
            word = "rejected"
            findings = newest.verdict.document.get("findings", []) if newest.verdict else []
            errors = [finding for finding in findings if finding.get("severity") == "error"]
            reason = "; ".join(f"{finding['check_name']}: {finding['message']}" for finding in errors)
            todo = (
                "see the delivery report under reports/, have the platform corrected, then run again; "
                "to use the delivery as it is, see expectations/README.md"
            )
    return StreamStatus(
        connection=connection,
        platform=platform,
        stream=stream,
        state=word,
        since=since,
        last_accepted_at=accepted[-1].manifest.extracted_at if accepted else None,
        records_landed=sum(run.manifest.records_landed for run in counted),
        records_rejected=sum(run.manifest.records_rejected for run in counted),
        reason=reason,
        what_to_do=todo,
    )


def _unbroken_bad_runs(state: StreamState) -> list[Any]:
    """The newest runs back to the last accepted one, oldest first."""
    bad: list[Any] = []
    for run in reversed(state.runs):
        if run.is_accepted:
            break
        bad.insert(0, run)
    return bad


def _release(settings: Settings) -> tuple[str | None, datetime | None, list[EntityStatus]]:
    try:
        with open_release(settings.published, "analysts") as release:
            info = release.info()
            rows = release.query(_ENTITIES)
    except NoRelease:
        return None, None, []
    entities = [
        EntityStatus(row["entity"], row["state"], int(row["record_count"]), row["what_goes_dark"], row["dark_feeds"])
        for row in rows
    ]
    return info["release_id"], info["built_at"].replace(tzinfo=UTC), entities
