"""The solver against brute force, the worked case, and the limits of float64.

Belongs here: what the solver chooses. Does not belong here: who is a candidate (dbt unit tests).
"""

from __future__ import annotations

import hashlib
import random
import time
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from pipelines.analysis import pairing
from pipelines.analysis.pairing import Objective, TooManyToPair, plan_passes, pool_batches, solve
from tests.analysis.pairing.brute_force import best_objective

SCHEMA = {
    "pairing_key": pl.String,
    "target_staff_key": pl.String,
    "partner_staff_key": pl.String,
    "match_count": pl.Int64,
    "priority_count": pl.Int64,
    "soft_value": pl.Int64,
}


def candidates_of(rows: list[tuple[str, str, int, int, int]]) -> pl.DataFrame:
    """rows: target, partner, matches, priority matches, soft value."""
    return pl.DataFrame([(_hash(row[0], row[1]), *row) for row in rows], schema=SCHEMA, orient="row")


def partners_of(places: dict[str, tuple[int, int]]) -> pl.DataFrame:
    """places: free places and pairs so far, by partner."""
    return pl.DataFrame(
        [(partner, free, busy) for partner, (free, busy) in places.items()],
        schema={"partner_staff_key": pl.String, "free_places": pl.Int64, "pair_count": pl.Int64},
        orient="row",
    )


def _hash(target: str, partner: str) -> str:
    return hashlib.md5(f"{target}|{partner}".encode(), usedforsecurity=False).hexdigest()


def random_case(seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Up to six targets and five partners with one to three places; few values, so that ties abound."""
    chance = random.Random(seed)
    targets = [f"t{seed}-{number}" for number in range(chance.randint(1, 6))]
    partners = [f"p{seed}-{number}" for number in range(chance.randint(1, 5))]
    density = chance.choice((0.3, 0.6, 1.0))
    rows = []
    for target in targets:
        for partner in partners:
            if chance.random() < density:
                matches = chance.randint(1, 3)
                rows.append((target, partner, matches, chance.randint(0, matches), chance.randint(0, 6)))
    places = {partner: (chance.randint(0, 3), chance.randint(0, 2)) for partner in partners}
    return candidates_of(rows), partners_of(places)


def confirm_allowed(candidates: pl.DataFrame, partners: pl.DataFrame, pairs: pl.DataFrame) -> None:
    assert pairs["target_staff_key"].is_unique().all()
    used = Counter(pairs["partner_staff_key"].to_list())
    free = dict(partners.select("partner_staff_key", "free_places").iter_rows())
    assert all(count <= free[partner] for partner, count in used.items())
    assert set(pairs["pairing_key"]) <= set(candidates["pairing_key"])


def test_solve__gives_the_worked_case() -> None:
    candidates = candidates_of([("a", "x", 3, 0, 0), ("a", "y", 2, 0, 0), ("b", "x", 3, 0, 0)])
    solution = solve(candidates, partners_of({"x": (1, 0), "y": (1, 0)}))
    assert solution.objective.match_count == 5
    assert set(solution.pairs.select("target_staff_key", "partner_staff_key").iter_rows()) == {("a", "y"), ("b", "x")}


def test_solve__reaches_what_brute_force_reaches_in_200_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways: packed into one weight, and in passes because exact numbers end early."""
    cases = [random_case(seed) for seed in range(200)]
    packed = [solve(*case) for case in cases]
    monkeypatch.setattr(pairing, "_LARGEST_EXACT", 2**31)
    assert len(plan_passes([1, 1, 1, 1, 2**24 - 1], 5)) == 2
    for case, solution in zip(cases, packed, strict=True):
        confirm_allowed(*case, solution.pairs)
        assert solution.objective == best_objective(*case)
        assert solve(*case).pairs.equals(solution.pairs)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(min_value=1000, max_value=10**9), order=st.randoms(use_true_random=False))
def test_solve__does_not_depend_on_the_order_of_rows(seed: int, order: random.Random) -> None:
    candidates, partners = random_case(seed)
    shuffled = candidates[order.sample(range(candidates.height), candidates.height)]
    others = partners[order.sample(range(partners.height), partners.height)]
    assert solve(candidates, partners).pairs.equals(solve(shuffled, others).pairs)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(min_value=1000, max_value=10**9))
def test_solve__another_place_never_pairs_fewer(seed: int) -> None:
    candidates, partners = random_case(seed)
    more = partners.with_columns(pl.col("free_places") + 1)
    assert solve(candidates, partners).objective <= solve(candidates, more).objective


def test_solve__prefers_more_targets_to_more_matches() -> None:
    candidates = candidates_of([("a", "x", 9, 9, 9), ("a", "y", 1, 0, 0), ("b", "x", 1, 0, 0)])
    solution = solve(candidates, partners_of({"x": (1, 0), "y": (1, 0)}))
    assert solution.objective.paired_count == 2


@pytest.mark.parametrize(
    ("better", "worse"),
    [((3, 0, 0), (2, 2, 9)), ((2, 2, 0), (2, 1, 9)), ((2, 1, 5), (2, 1, 4))],
    ids=["matches before priority", "priority before soft value", "soft value last"],
)
def test_solve__keeps_the_order_of_objectives(better: tuple[int, int, int], worse: tuple[int, int, int]) -> None:
    solution = solve(candidates_of([("a", "x", *better), ("a", "y", *worse)]), partners_of({"x": (1, 0), "y": (1, 0)}))
    assert solution.pairs["partner_staff_key"].to_list() == ["x"]


def test_solve__spreads_the_load_over_equal_partners() -> None:
    candidates = candidates_of([(target, partner, 1, 0, 5) for target in "abcd" for partner in "xy"])
    pairs = solve(candidates, partners_of({"x": (4, 0), "y": (4, 0)})).pairs
    assert Counter(pairs["partner_staff_key"].to_list()) == {"x": 2, "y": 2}
    assert sorted(pairs["load"].to_list()) == [0, 0, 1, 1]


def test_solve__a_partner_who_has_a_pair_already_comes_second() -> None:
    candidates = candidates_of([("a", "x", 1, 0, 5), ("a", "y", 1, 0, 5)])
    assert solve(candidates, partners_of({"x": (1, 1), "y": (1, 0)})).pairs["partner_staff_key"].to_list() == ["y"]


def test_solve__without_candidates_or_places_pairs_nobody() -> None:
    nobody = solve(candidates_of([]), partners_of({}))
    assert nobody.pairs.is_empty() and nobody.objective == Objective()
    assert solve(candidates_of([("a", "x", 1, 0, 0)]), partners_of({"x": (0, 3)})).pairs.is_empty()


def test_solve__refuses_what_would_not_fit_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing, "MOST_PLACES", 2)
    candidates = candidates_of([(target, "x", 1, 0, 0) for target in "abc"])
    with pytest.raises(TooManyToPair, match="pairing_mode: school"):
        solve(candidates, partners_of({"x": (1, 0)}))


def test_pool_batches__reads_small_pools_together_and_refuses_a_giant() -> None:
    assert pool_batches([]) == []
    assert pool_batches([("a", 4), ("b", 6), ("c", 1), ("d", 30), ("e", 2)], at_once=10) == [
        ("a", "b"),
        ("c", "c"),
        ("d", "d"),
        ("e", "e"),
    ]
    with pytest.raises(TooManyToPair, match="pairing_mode: school"):
        pool_batches([("a", 10_000_001)])


def test_plan_passes__packs_what_is_exact_and_splits_what_is_not() -> None:
    assert plan_passes([1, 3, 3, 9, 2**24 - 1], 6) == [[0, 1, 2, 3, 4]]
    assert plan_passes([1, 19, 19, 9, 2**24 - 1], 5000) == [[0, 1, 2, 3], [4]]
    with pytest.raises(TooManyToPair):
        plan_passes([1, 2**52], 5)


def test_plan_passes__its_bound_holds_where_float64_fails() -> None:
    """At the largest weights that the bound admits every optimum is exact; at 2^60 some are wrong."""
    wrong = {2**51 - 8: 0, 2**60: 0}
    for seed in range(50):
        small = np.random.default_rng(seed).integers(0, 8, size=(8, 8))
        best = int(small[linear_sum_assignment(small, maximize=True)].sum())
        for base in wrong:
            cost = (base - small).astype(np.float64)
            wrong[base] += int(small[linear_sum_assignment(cost)].sum()) < best
    assert wrong[2**51 - 8] == 0
    assert wrong[2**60] > 0


def test_tight__finds_out_an_assignment_that_is_not_optimal() -> None:
    weight = np.array([[3, 2], [3, 0]], dtype=np.int64)
    with pytest.raises(ArithmeticError):
        pairing._tight(weight, np.array([0, 1]))
    assert pairing._tight(weight, np.array([1, 0])).tolist() == [[True, True], [True, False]]


def test_solve__thirty_by_thirty_by_nineteen_takes_less_than_a_second() -> None:
    chance = np.random.default_rng(1)
    need, strong = chance.random((30, 19)) < 0.3, chance.random((30, 19)) < 0.3
    matches = need.astype(int) @ strong.astype(int).T
    rows = [(f"t{i}", f"p{j}", int(matches[i, j]), 0, (i + j) % 7) for i, j in np.argwhere(matches > 0)]
    candidates, partners = candidates_of(rows), partners_of({f"p{j}": (1, 0) for j in range(30)})
    started = time.perf_counter()
    solution = solve(candidates, partners)
    seconds = time.perf_counter() - started
    print(f"30 x 30 x 19: {seconds:.4f} s, {solution.objective}")
    assert solution.objective.paired_count == 30
    assert seconds < 1


def test_solve__25000_teachers_by_school_take_less_than_a_minute() -> None:
    chance = np.random.default_rng(2)
    frames = []
    for school in range(625):
        need, strong = chance.random((20, 19)) < 0.2, chance.random((20, 19)) < 0.25
        matches = need.astype(int) @ strong.astype(int).T
        found = np.argwhere(matches > 0)
        frames.append(
            pl.DataFrame(
                {
                    "target_staff_key": [f"{school}-t{i}" for i in found[:, 0]],
                    "partner_staff_key": [f"{school}-p{j}" for j in found[:, 1]],
                    "match_count": matches[matches > 0],
                    "soft_value": chance.integers(0, 7, size=len(found)),
                }
            )
        )
    candidates = pl.concat(frames).with_columns(
        pl.lit(0, dtype=pl.Int64).alias("priority_count"),
        pl.struct("target_staff_key", "partner_staff_key")
        .hash(seed=1)
        .map_elements(lambda value: f"{value:016x}", return_dtype=pl.String)
        .alias("pairing_key"),
    )
    partners = (
        candidates.select("partner_staff_key")
        .unique()
        .with_columns(pl.lit(1, dtype=pl.Int64).alias("free_places"), pl.lit(0, dtype=pl.Int64).alias("pair_count"))
    )
    started = time.perf_counter()
    solution = solve(candidates, partners)
    seconds = time.perf_counter() - started
    print(f"25,000 teachers in 625 schools, {candidates.height} candidates: {seconds:.1f} s")
    assert solution.objective.paired_count > 10_000
    assert seconds < 60
