"""One writer at a time, seen from two processes."""

from __future__ import annotations

import subprocess
import sys
import time
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
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def test_writer_lock__a_second_writer_fails_at_once_and_names_the_holder(tmp_path: Path) -> None:
    with hold(tmp_path) as holder:
        before = time.monotonic()
        with pytest.raises(AnotherRunHolds, match=rf"process {holder.pid} .*started 20"), writer_lock(tmp_path):
            pass
        assert time.monotonic() - before < 2
        assert holder.stdin is not None
        holder.stdin.close()
    with writer_lock(tmp_path):
        pass


def test_writer_lock__a_killed_holder_leaves_nothing_to_recover(tmp_path: Path) -> None:
    with hold(tmp_path) as holder:
        holder.kill()
        holder.wait()
    with writer_lock(tmp_path):
        pass


def test_writer_lock__the_same_process_may_take_it_again(tmp_path: Path) -> None:
    with writer_lock(tmp_path):
        with writer_lock(tmp_path):
            pass
        assert (tmp_path / "run.holder.json").is_file()
    assert not (tmp_path / "run.holder.json").exists()
