"""Removes old releases that nobody has open. Run as a program of its own.

Belongs here: asking the system whether a release is still open, and removing it. Does not belong
here: which releases are old (release). Only the standard library is imported.

Why its own process: DuckDB holds a POSIX lock on every file that it has open. Such locks belong to
a process, not to an open file: a process that opens and closes a file loses all its locks on it, and
is never refused a lock that it holds itself. So a process can't ask about its own readers without
taking their locks away; a child can.

    python -I sweep.py FILE...      prints each removed file's name on a line
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def remove_if_closed(path: Path) -> bool:
    """Remove one file unless some process has it open; True if it was removed."""
    try:
        import fcntl
    except ImportError:  # Windows refuses to remove an open file by itself
        return _remove(path)
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return _remove(path)  # with the lock held: no reader opens it in between
    except OSError:
        return False
    finally:
        os.close(handle)


def _remove(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        if remove_if_closed(Path(argument)):
            sys.stdout.write(Path(argument).name + "\n")
