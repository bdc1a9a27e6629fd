"""One writer at a time: a lock that names its holder and dies with its process.

Belongs here: taking the lock, saying who holds it. Does not belong here: what is
written. The operating system releases the lock when its holder ends, however it
ends, so there is nothing stale to recover and a reused process id means nothing.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from connectors.core.landing.layout import write_whole


class AnotherRunHolds(Exception):
    """Another run is writing; nothing was changed."""


@contextmanager
def writer_lock(state_folder: Path) -> Iterator[None]:
    """Hold the writer's lock, or raise AnotherRunHolds at once, naming its holder.

    The same process may take it again: the command line takes it before it starts the
    pipeline, which takes it for runs that Dagster starts.
    """
    state_folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(state_folder / "run.lock", thread_local=False, is_singleton=True)
    holder = state_folder / "run.holder.json"
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise AnotherRunHolds(_holder(holder)) from None
    is_outermost = lock.lock_counter == 1
    try:
        if is_outermost:
            said = {"pid": os.getpid(), "started_at": datetime.now(UTC).isoformat(timespec="seconds")}
            write_whole(holder, json.dumps(said | {"command": Path(sys.argv[0]).name}).encode())
        yield
    finally:
        if is_outermost:
            holder.unlink(missing_ok=True)
        # an interrupt leaves steps half done, which have not given back what they took again
        lock.release(force=is_outermost)


def _holder(path: Path) -> str:
    try:
        said = json.loads(path.read_text())
        who = f"process {said['pid']} ({said['command']}), started {said['started_at']}"
    except (OSError, ValueError, KeyError):
        who = "a process that has only just started"
    return f"another run is writing this warehouse: {who}. Wait for it to end, or end that process; nothing was changed"
