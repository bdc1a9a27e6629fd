"""Rows 35 to 42 and 46: whatever ends a run, readers keep the old release, and one more run makes it good.

G1 (effect once), G2 (state never leads data), G4 (readers see one release).
"""

from __future__ import annotations

import pytest

from tests.guarantees.crashes.conftest import Battered

# a run through every death takes minutes
pytestmark = pytest.mark.proof

KILLED = ("in a page", "before the manifest", "after the manifest", "before the build", "in build", "in publish")
STOPPED = ("stopped in pull", "stopped in build")


@pytest.mark.parametrize("where", KILLED)
def test_crashes__a_killed_run_leaves_the_release_as_it_was(battered: Battered, where: str) -> None:
    death = battered.deaths[f"killed {where}"]
    assert death.code == -9, death.said
    assert death.is_release_kept


def test_g01__one_run_after_every_death_equals_an_undisturbed_one(battered: Battered) -> None:
    marts, *releases = battered.battered
    expected_marts, *expected_releases = battered.undisturbed
    assert {name for name in marts if marts[name] != expected_marts.get(name)} == set()
    assert releases == expected_releases


def test_crashes__a_dbt_whose_run_was_killed_ends_by_itself(battered: Battered) -> None:
    assert "Build the warehouse" in battered.deaths["killed in build"].said
    assert battered.deaths["killed in build"].dbt_left == []


@pytest.mark.parametrize("how", STOPPED)
def test_signals__a_run_told_to_stop_ends_soon_says_so_and_lets_go(battered: Battered, how: str) -> None:
    death = battered.deaths[how]
    assert death.code == 1 and death.seconds < 30
    assert "stopped; what was landed so far counts, run again to go on" in death.said
    assert "Traceback" not in death.said and "Problems" not in death.said
    assert death.is_release_kept and not death.is_holder_named and death.dbt_left == []


def test_full_disk__a_build_without_room_names_the_file_and_what_to_do(battered: Battered) -> None:
    death = battered.deaths["no room in build"]
    said = " ".join(death.said.split())
    assert death.code == 1 and death.is_release_kept
    assert "Traceback" not in said and "does not hold" not in said
    assert "warehouse.duckdb" in said and "Free space there, then run again" in said


def test_g04__every_reader_saw_exactly_one_finished_release_at_a_time(battered: Battered) -> None:
    reader = battered.reader
    assert reader is not None and reader.faults == []
    assert all(len(contents) == 1 for contents in reader.seen.values())
    for audience in ("leaders", "evaluators", "analysts"):
        assert len([1 for seen, _ in reader.seen if seen == audience]) == 2, "the old release and the new one"
