"""Folds old runs of the configured streams into base runs, stream by stream.

Belongs here: which streams, the lock, and the report. Does not belong here: which rows
stay and how a base run takes its place (connectors.core.landing.compaction).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.core.landing.compaction import Compaction, CompactionRefused, compact_stream
from connectors.core.landing.layout import stream_folder
from pipelines.progress import Listener
from pipelines.settings import Settings
from pipelines.writer_lock import writer_lock


@dataclass(frozen=True)
class CompactedStream:
    """What became of one stream: folded, refused (fault), or neither where there was nothing to fold."""

    connection: str
    stream: str
    compaction: Compaction | None = None
    fault: str | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def compact(settings: Settings, listener: Listener, sources: tuple[str, ...] = ()) -> list[CompactedStream]:
    """Fold the accepted runs of every configured stream, or of the named sources' alone.

    A stream that is damaged is left as it is, and the others are folded. Raises
    AnotherRunHolds at once if another run is writing.
    """
    wanted = [(source, stream) for source, stream in settings.streams() if not sources or source.name in sources]
    lines = []
    with writer_lock(settings.state):
        listener.stage_started("compact", len(wanted))
        for source, stream in wanted:
            folder = stream_folder(
                settings.landing, settings.district.id, source.platform.name, source.name, stream.name
            )
            try:
                done = compact_stream(folder, stream, datetime.now(UTC))
                lines.append(CompactedStream(source.name, stream.name, done))
            except CompactionRefused as fault:
                lines.append(CompactedStream(source.name, stream.name, fault=str(fault)))
            listener.step_ended("compact", f"{source.name}.{stream.name}")
    return lines
