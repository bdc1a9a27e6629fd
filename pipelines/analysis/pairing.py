"""Who is paired with whom: the best set of pairs, exactly, by objectives in a fixed order.

Belongs here: the optimisation over candidates that SQL has listed. Does not belong here: who may be
paired with whom (dbt's int_pairing models), decisions, or how a pair is told.

Source: METHODS section 2, after Papay, Taylor, Tyler & Laski (2020), "Learning Job Skills from
Colleagues at Work", AEJ: Economic Policy 12(1) 359–388. The matches of a pair are
M = Σ over rubric elements of (target in need) × (partner strong). A set of pairs is better if, in
this order, it has

1. more targets with a partner,
2. more matches M,
3. more matches in the district's priority elements,
4. a higher soft value (same grade band, same subject, aligned credential; less for a partner who
   has pairs already),
5. a higher sum of the pairs' stable hashes: nothing but a tie-break, so that two runs agree.

Targets and partners without a common chain of candidates can't influence each other, so each
connected component is solved alone. A partner with several free places is a column repeated.

Exactness. `scipy.optimize.linear_sum_assignment` computes in float64, whose integers are exact up
to 2^53; at 2^60 it returned a wrong optimum. Objectives are therefore packed into one integer
weight only while the proven bound of `_exact` holds (`plan_passes`). What does not fit is left to a
further pass over the optimal face of the earlier ones: by complementary slackness a full assignment
is optimal exactly if it uses none but edges that an optimal dual solution leaves tight. The dual is
computed in 64-bit integers, so every pass also certifies its own optimum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Integers = npt.NDArray[np.int64]

MOST_PLACES = 5_000
"""Targets or partner places of one component. Measured: 3,000 targets and 3,500 partners with 5.7 million
candidates took 8 seconds and 2.7 GB, 5,000 and 5,000 with 4.4 million 11 seconds and 2.4 GB."""
_ROWS_AT_ONCE = 256
_TIE_BITS = 24
_LARGEST_EXACT = 2**53

MOST_CANDIDATES = 10_000_000
"""Candidates of one pool, 160 bytes each while they are read."""
_AT_ONCE = 1_000_000

CANDIDATE_COLUMNS = (
    "pairing_key",
    "target_staff_key",
    "partner_staff_key",
    "match_count",
    "priority_count",
    "soft_value",
)
PARTNER_COLUMNS = ("partner_staff_key", "free_places", "pair_count")
NO_PAIRS = pl.DataFrame(
    schema=dict.fromkeys(CANDIDATE_COLUMNS[:3], pl.String) | dict.fromkeys([*CANDIDATE_COLUMNS[3:], "load"], pl.Int64)
)
"""The frame of a solution's pairs, without rows."""


class TooManyToPair(ValueError):
    """A component is too large for its matrix to be held in memory."""


@dataclass(frozen=True, order=True)
class Objective:
    """What a set of pairs reaches; compared from left to right, more is better."""

    paired_count: int = 0
    match_count: int = 0
    priority_count: int = 0
    soft_value: int = 0
    tie_value: int = 0


@dataclass(frozen=True)
class Solution:
    """The chosen pairs and what they reach together.

    `pairs` has the columns of the candidates and `soft_value` less the partner's load at that place
    (`load`, pairs that the partner has before this one), in the order of `pairing_key`.
    """

    pairs: pl.DataFrame
    objective: Objective


def solve(candidates: pl.DataFrame, partners: pl.DataFrame) -> Solution:
    """The best set of pairs: each target at most one partner, each partner at most its free places.

    candidates: one row per target and partner who may be paired: `pairing_key` (hexadecimal hash, 6 digits or
    more), `target_staff_key`, `partner_staff_key`, `match_count` (elements, from 1), `priority_count` (elements, from
    0), `soft_value` (points, any integer). partners: one row per partner: `partner_staff_key`, `free_places`
    (pairs to give), `pair_count` (pairs that they have already); each pair of a partner before this one takes
    one point off its soft value. The order of rows changes nothing.

    Raises TooManyToPair where one component has more than MOST_PLACES targets or partner places.
    """
    _refuse_missing(candidates, CANDIDATE_COLUMNS, "candidates")
    _refuse_missing(partners, PARTNER_COLUMNS, "partners")
    edges = (
        candidates.select(CANDIDATE_COLUMNS)
        .join(partners.select(PARTNER_COLUMNS), on="partner_staff_key", how="inner")
        .filter(pl.col("free_places") > 0)
        .with_columns(
            pl.col("pairing_key").str.slice(0, _TIE_BITS // 4).str.to_integer(base=16).alias("tie_value"),
            pl.col("target_staff_key").rank("dense").cast(pl.Int64).alias("target") - 1,
            pl.col("partner_staff_key").rank("dense").cast(pl.Int64).alias("partner") - 1,
        )
        .sort("target", "partner")
    )
    chosen = [rows[_solve_component(edges[rows])] for rows in _components(edges)]
    pairs = (
        edges[np.concatenate([np.empty(0, dtype=np.int64), *chosen])]
        .sort("pairing_key")
        # which of a partner's places a pair has is nobody's choice
        .with_columns(
            (pl.col("pair_count") + pl.col("pairing_key").rank("ordinal").over("partner_staff_key") - 1)
            .cast(pl.Int64)
            .alias("load")
        )
        .with_columns(pl.col("soft_value") - pl.col("load"))
    )
    sums = pairs.select("match_count", "priority_count", "soft_value", "tie_value").sum().row(0)
    return Solution(
        pairs.select(NO_PAIRS.columns).cast(NO_PAIRS.schema),
        Objective(pairs.height, *(int(value) for value in sums)),
    )


def pool_batches(pools: Sequence[tuple[str, int]], at_once: int = _AT_ONCE) -> list[tuple[str, str]]:
    """Which pools to read together so that memory stays flat: the first and the last pool of each batch.

    pools: pool and its candidates, in the order of pools; nobody is paired outside their pool. A batch has at most
    `at_once` candidates, or a single pool. Raises TooManyToPair for a pool above MOST_CANDIDATES.
    """
    batches: list[tuple[str, str]] = []
    room = 0
    for pool, count in pools:
        if count > MOST_CANDIDATES:
            raise TooManyToPair(
                f"one pool has {count} possible pairs, and at most {MOST_CANDIDATES} fit into memory: pair within "
                "schools (pairing_mode: school)"
            )
        if batches and count <= room:
            batches[-1] = (batches[-1][0], pool)
            room -= count
        else:
            batches.append((pool, pool))
            room = at_once - count
    return batches


def plan_passes(largest: Sequence[int], places: int) -> list[list[int]]:
    """Which objectives are packed into one weight together: lists of positions, in order.

    largest: the largest value that one pair has in each objective, most important first. places: pairs that one
    assignment has at most. A pass holds as many objectives as its weights, proven by `_exact`, allow. Every pass
    but the first adds one digit, whether the pair lies on the face of the passes before.

    Raises TooManyToPair where a single objective does not fit.
    """
    passes: list[list[int]] = []
    waiting = list(range(len(largest)))
    while waiting:
        taken: list[int] = []
        while waiting and _exact([largest[k] for k in [*taken, waiting[0]]], places, is_first=not passes):
            taken.append(waiting.pop(0))
        if not taken:
            raise TooManyToPair(f"objective {waiting[0]} of {places} pairs does not fit into exact numbers")
        passes.append(taken)
    return passes


def _exact(largest: Sequence[int], places: int, *, is_first: bool) -> bool:
    """Whether linear_sum_assignment is exact on weights that pack these objectives.

    The shortest augmenting path method of Crouse (2016), IEEE TAES 52(4), as scipy has it, on integer costs
    0 … C: row potentials u start at 0; a column potential v is never above 0, and is 0 while its column is free.
    While a free column f is left, u_i <= c_if − v_f <= C, hence −v_j = u_i − c_ij <= C for the column j of row i;
    the row at work has u = 0, so the direct edge to f bounds the shortest path by C. The largest number formed is
    then path + c − u − v <= C + C + C, and the last update adds at most C to a potential. All are integers, so
    all are exact while 4 C < 2^53.
    """
    digits = [1] * (not is_first) + list(largest)
    return 4 * _packed_largest(digits, places) < _LARGEST_EXACT


def _packed_largest(digits: Sequence[int], places: int) -> int:
    """The largest weight of one pair when each digit's base exceeds the sum of that digit over all pairs."""
    weight = 0
    for digit in digits:
        weight = weight * (places * digit + 1) + digit
    return weight


def _components(edges: pl.DataFrame) -> list[Integers]:
    """Row numbers of the edges, one array per connected component of targets and partners."""
    if edges.is_empty():
        return []
    targets, partners = edges["target"].to_numpy(), edges["partner"].to_numpy()
    target_count = int(targets.max()) + 1
    size = target_count + int(partners.max()) + 1
    graph = coo_array((np.ones(len(targets), dtype=np.int8), (targets, partners + target_count)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    of_edge = labels[targets]
    order = np.argsort(of_edge, kind="stable")
    return list(np.split(order, np.flatnonzero(np.diff(of_edge[order])) + 1))


def _solve_component(edges: pl.DataFrame) -> Integers:
    """The row numbers of the chosen edges."""
    _, target = np.unique(edges["target"].to_numpy(), return_inverse=True)
    _, first_edge, partner = np.unique(edges["partner"].to_numpy(), return_index=True, return_inverse=True)
    target_count = int(target.max()) + 1
    # a partner never needs more places than there are targets
    places = np.minimum(edges["free_places"].to_numpy()[first_edge], np.bincount(partner)).astype(np.int64)
    place_count = int(places.sum())
    if max(target_count, place_count) > MOST_PLACES:
        raise TooManyToPair(
            f"{target_count} targets and {place_count} places of partners hang together, and at most {MOST_PLACES} "
            "of each can be paired at once: pair within schools (pairing_mode: school), or lower pairing_capacity"
        )
    first_place = np.cumsum(places) - places
    repeats = places[partner]
    edge = np.repeat(np.arange(edges.height), repeats)
    copy = np.arange(len(edge)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    row, column = target[edge], first_place[partner[edge]] + copy
    load = edges["pair_count"].to_numpy().astype(np.int64)[edge] + copy
    soft = edges["soft_value"].to_numpy().astype(np.int64)[edge] - load
    objectives = [
        np.ones(len(edge), dtype=np.int64),
        edges["match_count"].to_numpy().astype(np.int64)[edge],
        edges["priority_count"].to_numpy().astype(np.int64)[edge],
        # the number of pairs is settled before, so the same for every pair changes nothing
        soft - min(int(soft.min()), 0),
        edges["tie_value"].to_numpy().astype(np.int64)[edge],
    ]
    column_of = _best_assignment(row, column, objectives, target_count, place_count)
    chosen: Integers = edge[column_of[row] == column]
    return chosen


def _best_assignment(
    row: Integers, column: Integers, objectives: Sequence[Integers], row_count: int, column_count: int
) -> Integers:
    """The column of each row, best by the objectives in order.

    What is not listed has 0 in every objective: it stands for being unpaired.
    """
    largest = [int(values.max()) for values in objectives]
    if len(plan_passes(largest, min(row_count, column_count))) == 1:
        weight = np.zeros((row_count, column_count), dtype=np.int64)
        weight[row, column] = _packed(objectives, largest, min(row_count, column_count))
        return _assign(weight)
    # a face is one of full assignments: rows or columns that mean nothing make the matrix square
    size = max(row_count, column_count)
    on_face = np.ones((size, size), dtype=np.bool_)
    column_of = np.empty(0, dtype=np.int64)
    passes = plan_passes(largest, size)
    for number, taken in enumerate(passes):
        digits = [largest[k] for k in taken]
        weight = np.zeros((size, size), dtype=np.int64)
        weight[row, column] = _packed([objectives[k] for k in taken], digits, size)
        if number > 0:
            # one edge more on the face outweighs all that the objectives can give
            weight += size * _packed_largest(digits, size) + 1
            weight[~on_face] = 0
        column_of = _assign(weight)
        if number + 1 < len(passes):
            on_face &= _tight(weight, column_of)
    return column_of[:row_count]


def _packed(objectives: Sequence[Integers], largest: Sequence[int], places: int) -> Integers:
    """One weight of several objectives, each digit's base above the sum of that digit over all pairs."""
    weight = np.zeros(len(objectives[0]), dtype=np.int64)
    for values, most in zip(objectives, largest, strict=True):
        weight = weight * (places * most + 1) + values
    return weight


def _assign(weight: Integers) -> Integers:
    """The column of each row in an assignment of the largest total weight; -1 for a row without one."""
    cost = np.subtract(weight.max(), weight, dtype=np.float64)
    rows, columns = linear_sum_assignment(cost)
    column_of = np.full(weight.shape[0], -1, dtype=np.int64)
    column_of[rows] = columns
    return column_of


def _tight(weight: Integers, column_of: Integers) -> npt.NDArray[np.bool_]:
    """The edges that an optimal full assignment may use, from one that is optimal.

    The dual is the shortest distance over columns, j' to j by the loss c_ij − c_ij' of moving the row i of j';
    distances exist exactly if no cycle of moves gains, which is what optimal means. Raises ArithmeticError if one
    gains: the assignment was not optimal.
    """
    size = len(column_of)
    by_row = np.arange(size)
    loss = weight[by_row, column_of][:, None] - weight
    distance = np.zeros(size, dtype=np.int64)
    for _ in range(size + 1):
        nearer = distance.copy()
        for block in np.array_split(by_row, size // _ROWS_AT_ONCE + 1):
            np.minimum(nearer, (loss[block] + distance[column_of[block]][:, None]).min(axis=0), out=nearer)
        if np.array_equal(nearer, distance):
            loss += distance[column_of][:, None]
            tight: npt.NDArray[np.bool_] = loss == distance[None, :]
            return tight
        distance = nearer
    raise ArithmeticError("an assignment that was computed as optimal is not; please report this as a bug")


def _refuse_missing(frame: pl.DataFrame, columns: Sequence[str], name: str) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ValueError(f"the frame of {name} lacks {', '.join(missing)}")
