"""Where releases stand on disk and how one is opened.

Belongs here: the names of folders and files, the pointer, and the one way to open a release
read-only. Does not belong here: what a release holds (release), or who may see what
(apps.access).

    published/<audience>/current               text: the file name of the current release
    published/<audience>/<release id>.duckdb   an immutable, checked release
    published/<audience>/.building-<release id>.duckdb   not a release yet: no reader opens it
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

import duckdb

AUDIENCES = ("leaders", "evaluators", "analysts")
POINTER = "current"
SUFFIX = ".duckdb"
BUILDING_PREFIX = ".building-"
POINTING_PREFIX = ".current-"

# Writers and readers inside one process must open a release in the same way: DuckDB then shares one
# open file. A second, separate open would drop the process's lock on the file when it is closed.
READER_CONFIG = {"enable_external_access": "false", "lock_configuration": "true"}

_RELEASE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class PublishError(Exception):
    """A release could not be written, pointed to or rolled back; what was current stays current."""


def check_release_id(release_id: str) -> str:
    """Return the id if it can name a file on every system, else raise PublishError."""
    if not _RELEASE_ID.fullmatch(release_id) or release_id.endswith(SUFFIX):
        raise PublishError(
            "the release id may hold letters, digits, dots, hyphens and underscores only, "
            f"1 to 100 of them, and not end in {SUFFIX}: {release_id!r}"
        )
    return release_id


def check_audience(audience: str) -> str:
    """Return the audience if there is one of that name, else raise PublishError."""
    if audience not in AUDIENCES:
        raise PublishError(f"there is no audience {audience!r}; the audiences are {', '.join(AUDIENCES)}")
    return audience


def audience_folder(published_folder: Path, audience: str) -> Path:
    """The folder of one audience's releases."""
    return published_folder / audience


def release_file(published_folder: Path, audience: str, release_id: str) -> Path:
    """The file of a release, whether it exists or not."""
    return audience_folder(published_folder, audience) / f"{release_id}{SUFFIX}"


def building_file(published_folder: Path, audience: str, release_id: str) -> Path:
    """The file in which a release is built before it has passed its checks."""
    return audience_folder(published_folder, audience) / f"{BUILDING_PREFIX}{release_id}{SUFFIX}"


def pointer_file(published_folder: Path, audience: str) -> Path:
    """The small text file that names the current release."""
    return audience_folder(published_folder, audience) / POINTER


def current_file(published_folder: Path, audience: str) -> Path | None:
    """The file that the pointer names (it may be missing), or None where nothing was published yet."""
    try:
        name = pointer_file(published_folder, audience).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    if not name.endswith(SUFFIX) or Path(name).name != name or name.startswith("."):
        raise PublishError(
            f"{pointer_file(published_folder, audience)} does not hold the name of a release file; "
            "write the name of a release of this folder into it, or publish again"
        )
    return audience_folder(published_folder, audience) / name


def finished_releases(published_folder: Path, audience: str) -> list[Path]:
    """Every finished release of an audience, oldest first."""
    folder = audience_folder(published_folder, audience)
    if not folder.is_dir():
        return []
    files = [path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith(".")]
    return sorted(files, key=lambda path: (path.stat().st_mtime_ns, path.name))


def write_pointer(published_folder: Path, audience: str, file_name: str) -> None:
    """Point to another release in one step: a reader sees the old name or the new one, never neither."""
    pointer = pointer_file(published_folder, audience)
    temporary = pointer.with_name(f"{POINTING_PREFIX}{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8") as handle:
            handle.write(file_name + "\n")
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(pointer)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise PublishError(
            f"could not point {pointer} to {file_name}: {error.strerror or error}. "
            "The release that was current stays current."
        ) from None
    sync_folder(pointer.parent)


def sync_file(path: Path) -> None:
    """Make sure that a file's bytes are on the disk."""
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Make sure that a folder's names are on the disk, where the system can do that."""
    with contextlib.suppress(OSError):  # Windows opens no folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def open_read_only(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a release: no writing, no files beside it, no settings that could be changed."""
    return duckdb.connect(str(path), read_only=True, config=dict(READER_CONFIG))
