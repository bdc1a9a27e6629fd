"""Tells a full disk from every other fault.

Belongs here: which faults of the system and of the engine mean that there is no room, and
what a person is told. Does not belong here: writing (writer, layout).
"""

from __future__ import annotations

import errno
from pathlib import Path

import duckdb

from connectors.core.errors import NoRoomToLand

_CODES = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_WORDS = ("No space left", "File too large", "Disk quota exceeded", "not enough space on the disk")


def no_room(fault: Exception, folder: Path) -> NoRoomToLand | None:
    """The fault as a person can act on it, or None where it is another one."""
    if isinstance(fault, OSError):
        is_full = fault.errno in _CODES
    else:
        is_full = isinstance(fault, duckdb.Error) and any(word in str(fault) for word in _WORDS)
    if not is_full:
        return None
    return NoRoomToLand(
        f"there is no room to land in {folder}. Nothing of this stream was landed; free space there, then run again"
    )
