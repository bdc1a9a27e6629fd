"""Where landed runs stand on disk, and how files get there whole.

Belongs here: folder names, run ids, atomic writes, sweeping what a killed run left. Does
not belong here: contents.
"""

from __future__ import annotations

import os
import secrets
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

MANIFEST = "_manifest.json"
VERDICT = "_verdict.json"
RUN_PREFIX = "run_id="
UNFINISHED_PREFIX = ".unfinished-"
BASE_SUFFIX = "-base"


def new_run_id(now: datetime | None = None, after: str | None = None) -> str:
    """A run id that sorts by time: `20261115T023000.123456Z-1a2b`.

    after: sorts after this one too, also where the clock was ahead when that was made.
    """
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    if after is not None:
        newest = datetime.strptime(after.partition("-")[0], "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
        moment = max(moment, newest + timedelta(microseconds=1))
    return f"{moment:%Y%m%dT%H%M%S}.{moment:%f}Z-{secrets.token_hex(2)}"


def stream_folder(landing: Path, district_id: str, platform: str, connection: str, stream: str) -> Path:
    """The folder that holds every run of one stream of one connection."""
    return landing / f"district={district_id}" / f"source={platform}" / f"connection={connection}" / f"stream={stream}"


def base_run_id(newest: str) -> str:
    """The id of the base run that folds runs up to this one: sorts right after it, before any later run."""
    return f"{newest}{BASE_SUFFIX}"


def run_folders(folder: Path) -> list[Path]:
    """Finished run folders of a stream, oldest first; folders without a manifest do not exist.

    A verdict is only ever written beside a manifest: where it stands alone, a finished
    run has lost its manifest, which is damage and no unfinished run.
    """
    return sorted(
        path for path in folder.glob(f"{RUN_PREFIX}*") if (path / MANIFEST).is_file() or (path / VERDICT).is_file()
    )


def remove_run(run_folder: Path) -> None:
    """Remove a run that another one has folded, in one step: killed half-way, it is an unfinished folder."""
    leaving = run_folder.with_name(f"{UNFINISHED_PREFIX}{run_folder.name.removeprefix(RUN_PREFIX)}-leaving")
    run_folder.rename(leaving)
    sync_folder(run_folder.parent)
    shutil.rmtree(leaving)


def sweep_unfinished(folder: Path) -> None:
    """Remove what a killed run left: temporary folders, and run folders without a manifest."""
    finished = set(run_folders(folder))
    for orphan in [*folder.glob(f"{UNFINISHED_PREFIX}*"), *folder.glob(f"{RUN_PREFIX}*")]:
        if orphan not in finished:
            shutil.rmtree(orphan)


def write_whole(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a small file so that a reader sees the old content or all of the new.

    Temporary file in the same folder, fsync, rename, fsync of the folder. An OSError names
    the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as fault:
        temporary.unlink(missing_ok=True)
        if isinstance(fault, OSError) and fault.filename is None:
            fault.filename = str(path)  # a write or fsync that fails says no name
        raise
    sync_folder(path.parent)


def sync_file(path: Path) -> None:
    """Make a file that another library wrote durable."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder durable; a no-op where folders can't be opened (Windows)."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except (PermissionError, IsADirectoryError):  # pragma: no cover - Windows
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
