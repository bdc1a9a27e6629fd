"""Row 42: no room left while landing and judging.

The build's stands in test_crashes, the release's in tests/pipelines/publish/test_release.py.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from connectors.core.errors import NoRoomToLand
from pipelines.build_input import states
from pipelines.progress import Silent
from pipelines.pull_source import StreamPull, pull_source
from tests.guarantees.crashes.processes import output, start
from tests.homes import Home, judge, release_rows

MOUNT, UNMOUNT = shutil.which("mount"), shutil.which("umount")


def pull(home: Home) -> list[StreamPull]:
    return pull_source(home.settings, "sis", True, Silent())


@contextmanager
def small_disk(folder: Path, room: int) -> Iterator[None]:
    """The folder and what is in it on a disk with so many free bytes more; skipped where none can be mounted."""
    aside = folder.with_name(f"{folder.name}-aside")
    folder.rename(aside)
    folder.mkdir()
    # a file takes whole pages of 4 KiB there
    taken = sum(-(-path.stat().st_size // 4096) * 4096 for path in aside.rglob("*") if path.is_file())
    size = f"size={taken + room}"
    if not MOUNT or subprocess.run([MOUNT, "-t", "tmpfs", "-o", size, "tmpfs", folder], check=False).returncode:
        pytest.skip("needs the right to mount a small disk")
    try:
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        yield
    finally:
        subprocess.run([str(UNMOUNT), "--lazy", folder], check=True)


def enlarge(folder: Path) -> None:
    subprocess.run([str(MOUNT), "-o", "remount,size=200m", folder], check=True)


def test_full_disk__landing_fails_by_name_and_goes_on_when_there_is_room(own: Home) -> None:
    landing, before = own.settings.landing, release_rows(own)
    with small_disk(landing, room=300_000):
        faults = {pulled.stream: pulled.fault for pulled in pull(own) if pulled.fault}
        assert faults and all(isinstance(fault, NoRoomToLand) for fault in faults.values())
        first = str(next(iter(faults.values())))
        assert f"no room to land in {landing}" in first and "free space there, then run again" in first
        assert not list(landing.rglob(".unfinished-*"))
        enlarge(landing)
        assert [pulled.fault for pulled in pull(own) if pulled.fault] == []
    assert release_rows(own) == before


def test_full_disk__a_verdict_without_room_is_given_by_the_next_run(own: Home) -> None:
    landing = own.settings.landing
    with small_disk(landing, room=20_000_000):
        assert [pulled.fault for pulled in pull(own) if pulled.fault] == []
        filler = landing / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        with pytest.raises(OSError, match=r"No space left.*_verdict\.json"):
            judge(own, "sis")
        pending = [state for _, _, state in states(own.settings) if state.pending]
        assert pending
        filler.unlink()
        judge(own, "sis")
        assert not [state for _, _, state in states(own.settings) if state.pending]


def test_full_disk__a_limit_on_files_ends_a_pull_with_a_sentence(own: Home) -> None:
    arguments = ("20000", "sources", "pull", "sis", "--full-refresh", "--json")
    process = start(own, "tests.guarantees.crashes.limited", *arguments)
    assert process.wait(120) == 1
    said = output(own)
    assert "there is no room to land in" in said and "Traceback" not in said
    assert [pulled.fault for pulled in pull(own) if pulled.fault] == []
