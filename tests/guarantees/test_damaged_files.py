"""Damage on disk: what is not as it was written is named, never built from, and pulled again.

Rows 48 and 49 of the fault table: landed files, manifests, verdicts, the build file and
releases. What a reader says of a damaged release stands in tests/pipelines/apps.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from connectors.core.landing.layout import MANIFEST, VERDICT
from connectors.core.landing.state import Run, StreamState
from connectors.sandbox import faults
from connectors.sandbox.faults import Fault
from pipelines.build_input import DamagedLanding, states, write_build_input
from pipelines.doctor import examine
from pipelines.progress import Silent
from pipelines.publish.layout import AUDIENCES
from pipelines.pull_source import pull_source
from pipelines.run import RunReport
from pipelines.status import StreamStatus, read_status
from tests.guarantees.conftest import pull_and_judge
from tests.guarantees.live_rows import differences, live_rows
from tests.homes import Home

TODAY = date(2026, 11, 15)


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_the_tail(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def state(home: Home, place: str) -> StreamState:
    return next(state for source, stream, state in states(home.settings) if f"{source.name}.{stream.name}" == place)


def run_of(home: Home, place: str) -> Run:
    return state(home, place).accepted[-1]


# stream -> (which of its files, what happens to it, what is said of it)
Damage = tuple[str, Callable[[Path], None], str]
PART = "part-0000.parquet"
DAMAGES: dict[str, Damage] = {
    "sis.staffs": (PART, flip_a_bit, f"{PART} is altered: its content is not what was landed"),
    "badges.assertions": (PART, cut_the_tail, rf"{PART} has [\d,]+ bytes and was landed with"),
    "hr.pd_spending": (PART, Path.unlink, f"{PART} is missing"),
    "sis.schools": (MANIFEST, cut_the_tail, f"{MANIFEST} can't be read: it is cut or altered"),
    "badge_files.credentials": (MANIFEST, empty, f"{MANIFEST} can't be read: it is cut or altered"),
    "sis.people": (MANIFEST, Path.unlink, f"{MANIFEST} is missing"),
    "sis.evaluations": (VERDICT, cut_the_tail, f"{VERDICT} can't be read: it is cut or altered"),
    "hr.roster": (VERDICT, empty, f"{VERDICT} can't be read: it is cut or altered"),
}


def damage(home: Home, *places: str) -> None:
    for place in places:
        name, harm, _ = DAMAGES[place]
        harm(run_of(home, place).folder / name)


def test_damage__each_file_is_named_nothing_is_built_and_everything_is_pulled_again(own: Home) -> None:
    before = live_rows(own.settings)
    damage(own, *DAMAGES)

    found = {finding.what: finding.sentence for finding in examine(own.settings) if not finding.is_well}
    for place, (_, _, says) in DAMAGES.items():
        assert re.search(says, found.pop(f"landed files of {place}"))
    assert not found, "nothing else is found"
    with pytest.raises(DamagedLanding, match=r"nothing was built.*run_id=.*Run `expertise run`"):
        write_build_input(own.settings, TODAY)

    pulls = {f"{pull.connection}.{pull.stream}": pull for pull in pull_and_judge(own)}
    assert differences(live_rows(own.settings), before) == {}
    for place, (name, _, says) in DAMAGES.items():
        if name == VERDICT:
            assert run_of(own, place).verdict is not None, "judged again"
            continue
        (told,) = pulls[place].line().damage
        assert "was set aside, so everything was asked for again" in told and re.search(says, told)
        assert run_of(own, place).manifest.is_reset and told in run_of(own, place).manifest.notes
    assert all(finding.is_well for finding in examine(own.settings))
    # what was set aside stays, and stays out
    assert not any(pull.line().is_new for pull in pull_and_judge(own))
    assert differences(live_rows(own.settings), before) == {}


def test_damage__with_the_platform_down_the_release_is_held_and_status_says_so(own: Home) -> None:
    before = live_rows(own.settings)
    damage(own, "sis.staffs")
    line = status_of(own, "sis.staffs")
    assert line.state == "loaded", "a flipped bit shows only where the file is read: doctor, pull, build"

    own.sandbox.faults.add(Fault(r"/ed-fi/staffs(\?|$)", faults.status(503), times=None))
    assert own.settings.sources and pull_source(own.settings, "sis", False, Silent())
    line = status_of(own, "sis.staffs")
    assert line.state == "failing" and line.reason is not None
    assert "503" in line.reason and f"{PART} is altered" in line.reason
    with pytest.raises(DamagedLanding, match=f"sis.staffs.*{PART} is altered"):
        write_build_input(own.settings, TODAY)

    own.sandbox.faults.clear()
    pull_and_judge(own)
    assert status_of(own, "sis.staffs").state == "loaded"
    assert differences(live_rows(own.settings), before) == {}


@pytest.mark.parametrize("place", ["hr.pd_spending", "badges.assertions", "sis.schools"])
def test_status__names_a_file_that_is_missing_cut_or_unreadable(own: Home, place: str) -> None:
    damage(own, place)
    line = status_of(own, place)
    assert line.state == "failing" and line.reason is not None and re.search(DAMAGES[place][2], line.reason)
    assert line.what_to_do is not None and "`expertise run`" in line.what_to_do


def status_of(home: Home, place: str) -> StreamStatus:
    return next(line for line in read_status(home.settings).streams if f"{line.connection}.{line.stream}" == place)


def test_release__stands_alone_without_a_log(loaded: tuple[Home, RunReport]) -> None:
    """A release is checkpointed before it is placed, so there is no log whose tail could be cut."""
    home, _ = loaded
    files = sorted(path.name for path in home.settings.published.rglob("*") if path.is_file())
    assert [name for name in files if name != "current" and not name.endswith(".duckdb")] == []
    assert sum(name.endswith(".duckdb") for name in files) == len(AUDIENCES)
