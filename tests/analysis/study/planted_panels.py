"""Panels with a known effect, for difference-in-differences.

Belongs here: how they are drawn. Does not belong here: what an estimator must find in them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl


def planted_panel(
    seed: int = 0,
    units: int = 400,
    periods: int = 6,
    schools: int = 40,
    noise: float = 0.5,
    treated_share: float = 0.4,
    effect: Callable[[int], float] = lambda event: 0.2,
    trend_of_treated: float = 0.0,
    trend_of_covariate: float = 0.0,
    dip: float = 0.0,
) -> pl.DataFrame:
    """Teachers in schools, treated from period 2 on in three cohorts; the treated start at a higher level.

    effect: by periods since treatment. trend_of_treated: outcome per period that the treated gain anyway.
    trend_of_covariate: outcome per period and unit of the covariate `x`, which is higher among the treated. dip: what
    is added to the treated's outcome in the last period before treatment.
    """
    generator = np.random.default_rng(seed)
    school = np.arange(units) % schools
    is_treated = generator.random(units) < treated_share
    cohort = np.where(is_treated, generator.integers(2, 5, units), 0)
    covariate = generator.normal(size=units) + 0.8 * is_treated
    level = generator.normal(size=units) + 0.5 * is_treated
    time = np.arange(periods)
    school_year = generator.normal(size=(schools, periods)) * 0.3 * noise
    event = time - cohort[:, None]
    after = is_treated[:, None] & (event >= 0)
    gain = np.vectorize(lambda e: effect(int(e)), otypes=[float])(np.maximum(event, 0)) * after
    outcome = (
        level[:, None]
        + 0.05 * time
        + school_year[school]
        + gain
        + trend_of_treated * time * is_treated[:, None]
        + trend_of_covariate * time * covariate[:, None]
        + dip * (is_treated[:, None] & (event == -1))
        + noise * generator.normal(size=(units, periods))
    )
    first = np.repeat(cohort, periods)
    return pl.DataFrame(
        {
            "unit": [f"t{unit}" for unit in np.repeat(np.arange(units), periods)],
            "time": np.tile(time, units).astype(np.int64),
            "first_treated": first,
            "cluster": [f"s{each}" for each in np.repeat(school, periods)],
            "outcome": outcome.ravel(),
            "x": np.repeat(covariate, periods),
        }
    ).with_columns(pl.when(pl.col("first_treated") > 0).then("first_treated").alias("first_treated"))
