"""Teachers, their scores and their awards, drawn so that the effect of an award is known.

Belongs here: the two processes by which teachers come to earn, and the panel that a study takes. Does not
belong here: how an effect is estimated (estimators), how often it is right (run).

Scores are in standard deviations of untreated teacher-year scores: school, person, experience, the school's
year and noise add up to a variance of 1, so the planted effect needs no rescaling. An award made in a school
year counts from the next one; whoever earns once stays an earner. Awards begin in the third year, so that
three years before exposure are known of everybody; the chance in each year is drawn among those who have
not earned yet.

Noise is most of half of a score's variance. That makes mean reversion in both processes: whoever scored low
scores higher next year without any help.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]

TEACHERS, SCHOOLS = 1_200, 60
YEARS = tuple(range(2021, 2027))
FIRST_AWARD_YEAR = 2023
DISTRICTS, GRADE_BANDS = ("North", "South"), ("elementary", "secondary")
COVARIATES = ("years_experience", "pd_hours")

SCHOOL_VARIANCE, SCHOOL_YEAR_VARIANCE = 0.10, 0.02
MOST_EXPERIENCE, SCORE_PER_YEAR_OF_EXPERIENCE = 25, 0.01
EXPERIENCE_VARIANCE = SCORE_PER_YEAR_OF_EXPERIENCE**2 * ((MOST_EXPERIENCE + 1) ** 2 - 1) / 12
PERSON_VARIANCE = 0.38
NOISE_VARIANCE = 1 - SCHOOL_VARIANCE - SCHOOL_YEAR_VARIANCE - EXPERIENCE_VARIANCE - PERSON_VARIANCE
EFFECT_SPREAD = 0.10
"""Standard deviation of single teachers' effects around the planted one; none where none is planted."""


class Process(StrEnum):
    """What the chance to earn depends on."""

    OBSERVED_SCORES = "observed scores"
    FIXED_LEVEL = "fixed level"


@dataclass(frozen=True)
class Selection:
    """Log-odds of earning in a year: intercept + slope × what the process looks at, in SD.

    Intercepts give one earner in five over the three award years (the test looks); slopes are negative, since
    earners often start low.
    """

    intercept: float
    slope: float


SELECTION = {
    Process.OBSERVED_SCORES: Selection(-2.64, -0.6),
    Process.FIXED_LEVEL: Selection(-2.64, -0.8),
}


def draw(process: Process, seed: int, effect: float) -> pl.DataFrame:
    """The canonical panel of one district's worth of teachers: one row per teacher and school year.

    Columns: unit, time, first_treated (null where never), cluster (school), stratum (district and grade
    band), block (district and year), district, outcome (SD), years_experience, pd_hours, cost_usd (null).
    """
    random = np.random.default_rng([seed, list(Process).index(process), round(1_000 * effect)])
    teacher, years = np.arange(TEACHERS), len(YEARS)
    school = teacher % SCHOOLS
    experience = random.integers(0, MOST_EXPERIENCE + 1, TEACHERS)
    level = (
        random.normal(0, SCHOOL_VARIANCE**0.5, SCHOOLS)[school]
        + random.normal(0, PERSON_VARIANCE**0.5, TEACHERS)
        + SCORE_PER_YEAR_OF_EXPERIENCE * (experience - MOST_EXPERIENCE / 2)
    )
    untreated = (
        level[:, None]
        + random.normal(0, SCHOOL_YEAR_VARIANCE**0.5, (SCHOOLS, years))[school]
        + random.normal(0, NOISE_VARIANCE**0.5, (TEACHERS, years))
    )
    first = _first_treated_position(random, process, untreated, level)
    own_effect = random.normal(effect, EFFECT_SPREAD if effect else 0.0, TEACHERS)
    is_exposed = np.arange(years)[None, :] >= first[:, None]
    outcome = untreated + np.where(is_exposed, own_effect[:, None], 0.0)
    hours = np.exp(random.normal(3.3, 0.3, (TEACHERS, years)) + random.normal(0, 0.2, SCHOOLS)[school][:, None])

    row = np.repeat(teacher, years)
    time = np.tile(np.array(YEARS), TEACHERS)
    district = np.array(DISTRICTS)[school % len(DISTRICTS)][row]
    band = np.array(GRADE_BANDS)[school // len(DISTRICTS) % len(GRADE_BANDS)][row]
    return pl.DataFrame(
        {
            "unit": [f"teacher {number:04d}" for number in row],
            "time": time,
            "first_treated": (YEARS[0] + first)[row],
            "cluster": [f"school {number:02d}" for number in school[row]],
            "district": district,
            "grade_band": band,
            "outcome": outcome.ravel(),
            "years_experience": (experience[:, None] + np.arange(years)).ravel().astype(np.float64),
            "pd_hours": hours.ravel(),
        }
    ).select(
        "unit",
        "time",
        pl.when(pl.col("first_treated") <= YEARS[-1]).then("first_treated").alias("first_treated"),
        "cluster",
        pl.concat_str("district", "grade_band", separator=" ").alias("stratum"),
        pl.concat_str("district", "time", separator=" ").alias("block"),
        "district",
        "outcome",
        *COVARIATES,
        pl.lit(None, dtype=pl.Float64).alias("cost_usd"),
    )


def _first_treated_position(
    random: np.random.Generator, process: Process, untreated: Floats, level: Floats
) -> npt.NDArray[np.int64]:
    """The first exposed year as a position in YEARS, len(YEARS) where never; awards come a year before.

    Whoever has not earned yet has no effect yet, so their scores so far are the untreated ones.
    """
    selection, years = SELECTION[process], untreated.shape[1]
    first = np.full(len(level), years)
    for award_year in range(FIRST_AWARD_YEAR - YEARS[0], years - 1):
        seen = untreated[:, award_year - 1 : award_year + 1].mean(axis=1)
        cause = seen if process is Process.OBSERVED_SCORES else level
        chance = 1 / (1 + np.exp(-(selection.intercept + selection.slope * cause)))
        earns = (random.random(len(level)) < chance) & (first == years)
        first[earns] = award_year + 1
    return first
