"""Every set of pairs there is, to compare the solver with: small cases only.

Belongs here: enumeration that knows nothing of the solver's method. Does not belong here: cases (the tests).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import polars as pl

from pipelines.analysis.pairing import Objective

Edge = tuple[str, str, int, int, int, int]  # target, partner, matches, priority, soft, tie


def best_objective(candidates: pl.DataFrame, partners: pl.DataFrame) -> Objective:
    """The best that any allowed set of pairs reaches."""
    return max(_reached(pairs, partners) for pairs in _allowed(candidates, partners))


def _allowed(candidates: pl.DataFrame, partners: pl.DataFrame) -> Iterator[list[Edge]]:
    places = dict(partners.select("partner_staff_key", "free_places").iter_rows())
    edges: dict[str, list[Edge]] = {}
    for key, target, partner, matches, priority, soft in candidates.select(
        "pairing_key", "target_staff_key", "partner_staff_key", "match_count", "priority_count", "soft_value"
    ).iter_rows():
        edges.setdefault(target, []).append((target, partner, matches, priority, soft, int(key[:6], 16)))
    targets = sorted(edges)

    def extend(position: int, taken: list[Edge], used: Counter[str]) -> Iterator[list[Edge]]:
        if position == len(targets):
            yield list(taken)
            return
        yield from extend(position + 1, taken, used)
        for edge in edges[targets[position]]:
            if used[edge[1]] < places.get(edge[1], 0):
                used[edge[1]] += 1
                taken.append(edge)
                yield from extend(position + 1, taken, used)
                taken.pop()
                used[edge[1]] -= 1

    return extend(0, [], Counter())


def _reached(pairs: list[Edge], partners: pl.DataFrame) -> Objective:
    loads = Counter(dict(partners.select("partner_staff_key", "pair_count").iter_rows()))
    lost = 0
    for _, partner, *_ in pairs:
        lost += loads[partner]
        loads[partner] += 1
    return Objective(
        len(pairs),
        sum(edge[2] for edge in pairs),
        sum(edge[3] for edge in pairs),
        sum(edge[4] for edge in pairs) - lost,
        sum(edge[5] for edge in pairs),
    )
