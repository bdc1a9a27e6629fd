"""G12, row 45: a dead holder's lock is free at once, and what it left behind names nobody.

Two runs at once (row 44) stand in tests/pipelines/test_writer_lock.py and
tests/end_to_end/test_main_line.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.writer_lock import AnotherRunHolds, writer_lock

HOLD = """
import sys
from pathlib import Path
from pipelines.writer_lock import writer_lock
with writer_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(folder: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    return holder


def left_by_a_killed_run(folder: Path, pid: int) -> None:
    """The files of a run that was killed, whose process id another, living process has now."""
    with hold(folder) as holder:
        holder.kill()
    path = folder / "run.holder.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"pid": pid}))


def test_g12__a_killed_runs_lock_is_free_though_its_id_is_in_use_again(tmp_path: Path) -> None:
    left_by_a_killed_run(tmp_path, pid=os.getppid())
    with writer_lock(tmp_path):
        assert json.loads((tmp_path / "run.holder.json").read_text())["pid"] == os.getpid()


def test_g12__the_living_holder_is_named_and_not_the_killed_one(tmp_path: Path) -> None:
    left_by_a_killed_run(tmp_path, pid=1)
    with hold(tmp_path) as holder:
        with pytest.raises(AnotherRunHolds, match=f"process {holder.pid} "), writer_lock(tmp_path):
            pass
        assert holder.stdin is not None
        holder.stdin.close()
