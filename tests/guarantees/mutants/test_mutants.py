"""The mutants still fit the product; `make mutants` puts them in, one at a time, and looks whether they are found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.guarantees.mutants.copy_of_the_project import PROJECT, StaleMutant, check_text
from tests.guarantees.mutants.mutants import MUTANTS, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutant__its_text_still_stands_in_the_product(mutant: Mutant) -> None:
    assert check_text(mutant) != (PROJECT / mutant.file).read_text(encoding="utf-8")


def test_mutants__that_no_longer_fit_say_what_to_do(tmp_path: Path) -> None:
    stale = replace(MUTANTS[0], name="stale", old="this stands nowhere")
    with pytest.raises(StaleMutant, match="mutant stale: its old text stands 0 times in .* write `old` and `new` anew"):
        check_text(stale)


def test_mutants__have_names_of_their_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
