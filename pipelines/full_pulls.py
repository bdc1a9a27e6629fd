"""When a stream is pulled whole again, although its changes could be asked for.

Belongs here: the one rule. Does not belong here: pulling (connectors.core.pull), schedules:
what is due follows from landed runs, so a missed tick costs nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.core.landing.state import StreamState

FULL_PULL_EVERY = timedelta(days=7)
"""What no feed of changes tells (a badge class deleted without a trace, a change saved late) is found within this."""


def is_full_pull_due(state: StreamState, now: datetime) -> bool:
    """Whether the newest full pull that was not rejected began too long ago."""
    begun = [run.manifest.started_at for run in (*state.accepted, *state.pending) if run.manifest.is_reset]
    return bool(begun) and now - max(begun) >= FULL_PULL_EVERY
