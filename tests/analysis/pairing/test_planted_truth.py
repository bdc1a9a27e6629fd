"""On the synthetic district, where true levels are planted, the pairs make sense.

Belongs here: the source's rule and the solver against the planted truth. Does not belong here: the rules
in SQL (dbt unit tests), whether the optimum is exact (test_pairing).
"""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl
import pytest

from connectors.sandbox.district import generate
from connectors.sandbox.people import TEACHER
from pipelines.analysis.pairing import solve

NEED_BELOW, STRONG_FROM = 3, 4


@pytest.mark.parametrize("seed", [7, 11, 23])
def test_solve__partners_are_truly_stronger_where_they_are_matched(seed: int) -> None:
    district = generate(seed=seed, teachers=240, schools=4, school_years=2)
    latest = district.observed.observations.filter(pl.col("school_year") == district.years[-1])
    scores = district.observed.scores[latest["observation"].to_numpy()].astype(float)
    scores[scores == 0] = np.nan
    people = latest["person"].to_numpy()
    rows = []
    for person in np.unique(people):
        if district.staffing.people["role"][int(person)] == TEACHER:
            own = scores[people == person]
            scored = (~np.isnan(own)).sum(axis=0)
            rows.append((int(person), np.where(scored > 0, np.nansum(own, axis=0) / np.maximum(scored, 1), np.nan)))
    who = np.array([person for person, _ in rows])
    means = np.array([mean for _, mean in rows])
    need, strong = means < NEED_BELOW, means >= STRONG_FROM
    matches = need.astype(np.int64) @ strong.astype(np.int64).T
    found = np.argwhere(matches > 0)
    candidates = pl.DataFrame(
        {
            "pairing_key": [hashlib.md5(bytes(pair), usedforsecurity=False).hexdigest() for pair in found],
            "target_staff_key": who[found[:, 0]].astype(str),
            "partner_staff_key": who[found[:, 1]].astype(str),
            "match_count": matches[matches > 0],
            "priority_count": np.zeros(len(found), dtype=np.int64),
            "soft_value": np.zeros(len(found), dtype=np.int64),
        }
    )
    partners = candidates.select("partner_staff_key").unique().with_columns(free_places=pl.lit(1), pair_count=pl.lit(0))
    pairs = solve(candidates, partners).pairs
    place = {person: number for number, person in enumerate(who.astype(str))}
    levels = district.observed.levels[who]
    stronger = [
        levels[j, element] > levels[i, element]
        for target, partner in pairs.select("target_staff_key", "partner_staff_key").iter_rows()
        for i, j in [(place[target], place[partner])]
        for element in np.flatnonzero(need[i] & strong[j])
    ]
    share = float(np.mean(stronger))
    print(f"seed {seed}: {pairs.height} pairs, {len(stronger)} shared elements, partner truly stronger in {share:.1%}")
    assert pairs.height > 50
    assert share > 0.95
