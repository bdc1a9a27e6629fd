"""Choosing who leads: the best set by brute force, the reduction, determinism, and the time limit."""

from __future__ import annotations

import itertools
import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.analysis.set_cover import Choice, Objective, choose_leaders, objective_of


def offers(people: dict[str, tuple[str, str]]) -> pl.DataFrame:
    """Offers of people in the order of their rank: person -> school, competencies as letters."""
    rows = [
        {"person": person, "school": school, "competency": code, "rank": rank}
        for rank, (person, (school, codes)) in enumerate(people.items(), start=1)
        for code in codes
    ]
    schema = {"person": pl.String, "school": pl.String, "competency": pl.String, "rank": pl.Int64}
    return pl.DataFrame(rows, schema=schema)


def brute_force(frame: pl.DataFrame, per_school: int) -> Objective:
    """The best objective over all sets of people."""
    people = frame["person"].unique().to_list()
    sets = itertools.chain.from_iterable(itertools.combinations(people, size) for size in range(len(people) + 1))
    return min((objective_of(frame, chosen, per_school) for chosen in sets), key=Objective.better_first)


def random_offers(seed: int) -> pl.DataFrame:
    draw = random.Random(seed)
    people = {}
    for number in range(draw.randint(1, 9)):
        codes = "".join(sorted(draw.sample("abcde", draw.randint(1, 3))))
        people[f"p{draw.random()}{number}"] = (draw.choice("XYZ"), codes)
    return offers(people)


@pytest.mark.parametrize("seed", range(60))
def test_choice__equals_brute_force(seed: int) -> None:
    frame = random_offers(seed)
    per_school = 1 + seed % 3
    choice = choose_leaders(frame, per_school)
    assert choice.objective == brute_force(frame, per_school)
    assert choice.objective == objective_of(frame, choice.people, per_school)
    assert choice.is_proven and choice.gap == 0


def test_worked_case__greedy_needs_three_and_two_are_enough() -> None:
    """The known trap: who brings most (a, b, c, d) leaves two gaps that need one person each."""
    frame = offers({"most": ("X", "bcde"), "left": ("X", "abc"), "right": ("X", "def"), "alone": ("Y", "a")})
    choice = choose_leaders(frame)
    assert set(choice.people) == {"left", "right", "alone"}
    assert choice.objective.covered_count == 7


def test_per_school__asks_for_that_many_of_each_competency_where_there_are() -> None:
    frame = offers({"first": ("X", "a"), "second": ("X", "a"), "third": ("X", "a"), "lonely": ("Y", "a")})
    assert choose_leaders(frame).people == ("first", "lonely")
    assert choose_leaders(frame, per_school=2).people == ("first", "second", "lonely")


def test_nobody__is_an_empty_choice() -> None:
    assert choose_leaders(offers({})) == Choice((), Objective())


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), order=st.randoms(use_true_random=False))
def test_choice__does_not_depend_on_the_order_of_rows(seed: int, order: random.Random) -> None:
    frame = random_offers(seed)
    rows = frame.rows(named=True)
    order.shuffle(rows)
    assert choose_leaders(pl.DataFrame(rows, schema=frame.schema)) == choose_leaders(frame)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_choice__is_never_worse_with_one_more_person(seed: int) -> None:
    frame = random_offers(seed)
    more = pl.concat(
        [frame, pl.DataFrame({"person": ["new"], "school": ["X"], "competency": ["a"], "rank": [99]}, frame.schema)]
    )
    before, after = choose_leaders(frame).objective, choose_leaders(more).objective
    assert after.better_first() <= before.better_first()


@pytest.mark.parametrize(
    "rows",
    [
        {"person": ["p", "p"], "school": ["X", "Y"], "competency": ["a", "b"], "rank": [1, 1]},
        {"person": ["p", "q"], "school": ["X", "X"], "competency": ["a", "b"], "rank": [1, 1]},
    ],
)
def test_offers__of_two_schools_or_one_rank_are_refused(rows: dict[str, list[object]]) -> None:
    with pytest.raises(ValueError, match="one school and one rank"):
        choose_leaders(pl.DataFrame(rows))


def test_per_school__below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="from 1 on"):
        choose_leaders(offers({}), per_school=0)


def hard_offers(people: int, competencies: int, schools: int) -> pl.DataFrame:
    """Everybody brings another few of many competencies, so that no one is dominated."""
    draw = random.Random(5)
    rows = [
        {"person": f"p{number}", "school": f"S{number % schools}", "competency": f"c{code:02}", "rank": number + 1}
        for number in range(people)
        for code in draw.sample(range(competencies), 5)
    ]
    return pl.DataFrame(rows)


def test_time_limit__gives_the_best_so_far_with_its_gap() -> None:
    frame = hard_offers(people=400, competencies=80, schools=1)
    choice = choose_leaders(frame, time_limit_s=0.3)
    assert not choice.is_proven
    assert choice.gap_of in {"number of people", "ranks", "tie-break"}
    assert 0 < choice.gap <= 1
    assert choice.objective.covered_count == frame["competency"].n_unique()
