"""Who should lead a reform: the best set of people, exactly, by objectives in a fixed order.

Belongs here: choosing people so that every school has somebody for every competency. Does not belong
here: who is strong in what (dbt), who may see it, or how a choice is told (apps).

A school and a competency make a pair that wants `per_school` people; a person covers the pairs of
their own school and of the competencies that they bring. A set of people is better if, in this
order, it has

1. more pairs covered, each counted up to `per_school` times,
2. fewer people,
3. a smaller sum of ranks,
4. a smaller sum of stable hashes: nothing but a tie-break, so that two runs agree.

Everybody together covers most, so the best set is a smallest one that covers as much: the set
multi-cover problem (Garey & Johnson 1979, SP5). It is solved as an integer program with HiGHS through
`scipy.optimize.milp`, one objective after the other, each earlier one held at its optimum, with a
relative gap of 0. All coefficients are whole numbers far below 2^53, so a value is held with a slack
of a half. No school influences another, and each is solved alone.

Before that, a person is dropped where `per_school` people of the same school with a better rank
bring at least the same. No best set loses by it: if one of those is not chosen, swapping them in
keeps 1 and 2 and betters 3; if all are chosen, the dropped person covers nothing more, and 2 is
better without them.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import Bounds, LinearConstraint, milp

_TIE_BYTES = 2
_HALF = 0.5  # values held are whole numbers
_TIME_IS_UP = 1  # scipy's status of a program that was stopped by its time limit

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Objective:
    """What a set of people reaches, in the order in which it counts."""

    covered_count: int = 0
    people_count: int = 0
    rank_sum: int = 0
    tie_value: int = 0

    def better_first(self) -> tuple[int, int, int, int]:
        """A key by which better objectives sort first."""
        return (-self.covered_count, self.people_count, self.rank_sum, self.tie_value)


@dataclass(frozen=True)
class Choice:
    """The chosen people, best rank first, and what they reach.

    `gap` is how far, relatively, an objective that time ran out on may be from its optimum in the worst
    school (0 where everything is proven), and `gap_of` names that objective.
    """

    people: tuple[str, ...]
    objective: Objective
    gap: float = 0.0
    gap_of: str | None = None

    @property
    def is_proven(self) -> bool:
        return self.gap_of is None


@dataclass(frozen=True)
class _Candidate:
    person: str
    school: str
    competencies: frozenset[str]
    rank: int


@dataclass(frozen=True)
class _Part:
    """What was chosen of one school."""

    chosen: list[_Candidate]
    gap: float = 0.0
    gap_of: str | None = None


def choose_leaders(offers: pl.DataFrame, per_school: int = 1, time_limit_s: float = 10.0) -> Choice:
    """The best set of people for a reform.

    `offers` has one row per person and competency that they bring: `person`, `school`, `competency`
    (texts) and `rank` (a whole number from 1 on, 1 is best, one per person). `per_school` is how many
    people each school wants for each competency. After `time_limit_s` seconds the best set found so far
    is given, with its gap. Raises ValueError where a person has two schools or ranks, two people have
    one rank, or `per_school` is below 1.
    """
    if per_school < 1:
        raise ValueError("per_school is a whole number from 1 on")
    until = time.monotonic() + time_limit_s
    schools: dict[str, list[_Candidate]] = {}
    for candidate in _without_the_dominated(_candidates(offers, per_school), per_school):
        schools.setdefault(candidate.school, []).append(candidate)
    parts = [_choose(schools[school], per_school, until) for school in sorted(schools)]
    chosen = sorted((candidate for part in parts for candidate in part.chosen), key=lambda one: one.rank)
    worst = max((part for part in parts if part.gap_of), key=lambda part: part.gap, default=_Part([]))
    return Choice(tuple(one.person for one in chosen), _reached(chosen, per_school), worst.gap, worst.gap_of)


def objective_of(offers: pl.DataFrame, people: tuple[str, ...], per_school: int = 1) -> Objective:
    """What a given set of people reaches."""
    chosen = [one for one in _candidates(offers, max(1, offers.height)) if one.person in people]
    return _reached(chosen, per_school)


def tie_value(person: str) -> int:
    """A stable number of a person, 0 to 65,535."""
    return int.from_bytes(hashlib.blake2b(person.encode(), digest_size=_TIE_BYTES).digest(), "big")


def _candidates(offers: pl.DataFrame, copies: int) -> list[_Candidate]:
    """The people, best rank first; of those of a school who bring the same, only the first `copies`."""
    people = (
        offers.group_by("person")
        .agg(
            pl.col("school").first(),
            pl.col("rank").first(),
            pl.col("competency").unique().sort(),
            pl.struct("school", "rank").n_unique().alias("statements"),
        )
        .sort("rank")
    )
    if people["statements"].max() not in (None, 1) or people["rank"].n_unique() != people.height:
        raise ValueError("a person has one school and one rank, and no two people have the same rank")
    first = people.group_by("school", "competency", maintain_order=True).head(copies).sort("rank")
    return [
        _Candidate(person, school, frozenset(competencies), rank)
        for person, school, competencies, rank in first.select("person", "school", "competency", "rank").iter_rows()
    ]


def _without_the_dominated(candidates: list[_Candidate], per_school: int) -> list[_Candidate]:
    """Only those with fewer than `per_school` people of a better rank in their school who bring at least the same."""
    kept: dict[str, list[_Candidate]] = {}
    for candidate in candidates:
        better = kept.setdefault(candidate.school, [])
        if sum(candidate.competencies <= other.competencies for other in better) < per_school:
            better.append(candidate)
    return sorted((one for school in kept.values() for one in school), key=lambda one: one.rank)


def _reached(chosen: list[_Candidate], per_school: int) -> Objective:
    counts: dict[tuple[str, str], int] = {}
    for candidate in chosen:
        for competency in candidate.competencies:
            pair = (candidate.school, competency)
            counts[pair] = min(per_school, counts.get(pair, 0) + 1)
    return Objective(
        covered_count=sum(counts.values()),
        people_count=len(chosen),
        rank_sum=sum(candidate.rank for candidate in chosen),
        tie_value=sum(tie_value(candidate.person) for candidate in chosen),
    )


def _choose(candidates: list[_Candidate], per_school: int, until: float) -> _Part:
    """The best set among the candidates of one school, given best rank first."""
    most = _reached(candidates, per_school).covered_count
    indispensable = _indispensable(candidates, per_school)
    if _reached(indispensable, per_school).covered_count == most:
        return _Part(indispensable)  # nobody can be left out and nobody need be added
    codes = sorted({code for one in candidates for code in one.competencies})
    brings = np.array([[float(code in one.competencies) for one in candidates] for code in codes])
    wanted = np.minimum(brings.sum(axis=1), per_school)
    objectives: dict[str, Numbers] = {
        "number of people": np.ones(len(candidates)),
        "ranks": np.array([one.rank for one in candidates], dtype=float),
        "tie-break": np.array([tie_value(one.person) for one in candidates], dtype=float),
    }
    chosen = _whoever_adds_most(candidates, per_school)
    held = [LinearConstraint(brings, wanted, np.inf)]
    for name, weights in objectives.items():
        found = milp(
            weights,
            integrality=np.ones(len(candidates)),
            bounds=Bounds(0, 1),
            constraints=held,
            options={"mip_rel_gap": 0.0, "time_limit": max(0.05, until - time.monotonic())},
        )
        if found.x is not None:
            chosen = [one for one, value in zip(candidates, found.x, strict=True) if value > _HALF]
        if found.status == _TIME_IS_UP:
            return _Part(chosen, 1.0 if found.mip_gap is None else float(found.mip_gap), name)
        if found.x is None:
            raise RuntimeError(f"the choice by {name} has no answer: {found.message}")
        held = [*held, LinearConstraint(weights.reshape(1, -1), -np.inf, round(float(found.fun)) + _HALF)]
    return _Part(chosen)


def _indispensable(candidates: list[_Candidate], per_school: int) -> list[_Candidate]:
    """Those of a school without whom it would have fewer people for a competency than it could, and than it wants."""
    counts: dict[str, int] = {}
    for candidate in candidates:
        for code in candidate.competencies:
            counts[code] = counts.get(code, 0) + 1
    return [one for one in candidates if any(counts[code] <= per_school for code in one.competencies)]


def _whoever_adds_most(candidates: list[_Candidate], per_school: int) -> list[_Candidate]:
    """The greedy set of one school: what there is to give where time runs out before the first answer."""
    left, chosen = list(candidates), list[_Candidate]()
    lacking = {code: per_school for one in candidates for code in one.competencies}
    while left:
        best = max(left, key=lambda one: sum(lacking[code] > 0 for code in one.competencies))
        if not any(lacking[code] > 0 for code in best.competencies):
            break
        left.remove(best)
        chosen.append(best)
        for code in best.competencies:
            lacking[code] -= 1
    return chosen
