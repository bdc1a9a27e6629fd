"""Tests of the tests: with a fault put into the product, the test that guards against it fails.

One of each kind runs here; all of them with `make mutants`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.guarantees.mutants.copy_of_the_project import PROJECT, CopyOfTheProject, StaleMutant, check_text
from tests.guarantees.mutants.mutants import MUTANTS, Mutant

IN_CI = [mutant for mutant in MUTANTS if mutant.is_in_ci]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> CopyOfTheProject:
    """A copy in which all of the tests pass as long as no fault is put in."""
    copied = CopyOfTheProject(tmp_path_factory.mktemp("mutants") / "project")
    sound = copied.run(list(dict.fromkeys(mutant.test for mutant in IN_CI)))
    assert sound.is_passed, f"without any fault: {sound.said}"
    return copied


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutant__its_text_still_stands_in_the_product(mutant: Mutant) -> None:
    assert check_text(mutant) != (PROJECT / mutant.file).read_text(encoding="utf-8")


@pytest.mark.parametrize("mutant", IN_CI, ids=lambda mutant: mutant.name)
def test_mutant__is_found_by_its_test(mutant: Mutant, copy: CopyOfTheProject) -> None:
    answer = copy.run_with(mutant)
    assert answer.is_failed, f"{mutant.test} does not see that {mutant.name}: {answer.said}"


def test_mutants__that_no_longer_fit_say_what_to_do(tmp_path: Path) -> None:
    stale = replace(MUTANTS[0], name="stale", old="this stands nowhere")
    with pytest.raises(StaleMutant, match="mutant stale: its old text stands 0 times in .* write `old` and `new` anew"):
        check_text(stale)


def test_mutants__have_names_of_their_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
