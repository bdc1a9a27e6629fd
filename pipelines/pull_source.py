"""Pull one connection, stream by stream; one stream's fault leaves the others to land.

Belongs here: what the command line and the Dagster assets share of a pull. Does not
belong here: one stream's load (connectors.core.pull), judging, building.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.core.errors import ConnectorError
from connectors.core.landing.layout import stream_folder
from connectors.core.landing.manifest import Manifest
from connectors.core.landing.state import StreamState
from connectors.core.pull import pull_stream
from pipelines.full_pulls import is_full_pull_due
from pipelines.progress import Listener, StreamLine
from pipelines.settings import Settings
from pipelines.writer_lock import writer_lock


@dataclass(frozen=True)
class StreamPull:
    """What became of one stream: landed (manifest), nothing new (neither), or a fault."""

    connection: str
    stream: str
    manifest: Manifest | None = None
    fault: ConnectorError | None = None
    damage: tuple[str, ...] = ()

    def line(self) -> StreamLine:
        manifest = self.manifest
        return StreamLine(
            self.connection,
            self.stream,
            is_new=manifest is not None,
            records_received=manifest.records_received if manifest else 0,
            records_landed=manifest.records_landed if manifest else 0,
            records_rejected=manifest.records_rejected if manifest else 0,
            records_deleted=manifest.records_deleted if manifest else 0,
            duplicate_records=manifest.duplicate_records if manifest else 0,
            fault=str(self.fault) if self.fault else None,
            damage=self.damage,
        )


def pull_source(settings: Settings, name: str, full_refresh: bool, listener: Listener) -> list[StreamPull]:
    """Pull every stream that the connection carries: what is new, and everything where that is due.

    A fault that the connection's other streams would meet too (wrong password, host
    unreachable) ends it; the rest are then named with that fault. Raises AnotherRunHolds.
    """
    with writer_lock(settings.state):
        try:
            connection, connector = settings.connector(name)
        except ConnectorError as fault:
            return _none_pulled(settings, name, fault, listener)
        pulls: list[StreamPull] = []
        try:
            try:
                streams = connector.streams_of()
            except ConnectorError as fault:
                return _none_pulled(settings, name, fault, listener)
            for position, stream in enumerate(streams):
                listener.stream_started(name, stream.name)

                def on_records(count: int, stream_name: str = stream.name) -> None:
                    listener.records_received(name, stream_name, count)

                place = stream_folder(settings.landing, settings.district.id, connector.platform, name, stream.name)
                is_full = full_refresh or is_full_pull_due(StreamState.read(place), datetime.now(UTC))
                try:
                    outcome = pull_stream(connector, connection, stream, settings.landing, is_full, on_records)
                    pulls.append(StreamPull(name, stream.name, outcome.manifest, damage=outcome.damage))
                except ConnectorError as fault:
                    pulls.append(StreamPull(name, stream.name, fault=fault))
                listener.stream_ended(pulls[-1].line())
                if (met := pulls[-1].fault) and met.stops_connection:
                    pulls += [StreamPull(name, later.name, fault=met) for later in streams[position + 1 :]]
                    break
        finally:
            connector.close()
        return pulls


def _none_pulled(settings: Settings, name: str, fault: ConnectorError, listener: Listener) -> list[StreamPull]:
    listener.stream_ended(StreamLine(name, "every stream", is_new=False, fault=str(fault)))
    return [StreamPull(name, stream.name, fault=fault) for stream in settings.sources[name].platform.streams]
