"""What teachers can do, who observes them, and the scores that come of it.

Belongs here: true levels, rater severity, observations, element scores, yearly
summaries. Does not belong here: Ed-Fi's or an export's form of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
import polars as pl

from connectors.sandbox.awards import Earned
from connectors.sandbox.people import ASSISTANT, COACH, OBSERVER, PRINCIPAL, TEACHER, Staffing
from connectors.sandbox.rubric import ELEMENTS, SCALE_MAX, SCALE_MIN

MEAN_LEVEL, LEVEL_SD = 3.2, 0.40
TEACHER_SHARE_OF_VARIANCE = 0.5
EARNER_GAP = -0.12
"""How far below others earners start, before any award."""
AWARD_EFFECT = 0.25
"""What an award adds to its element's true level from the next school year on."""
SEVERITY_SD = 0.22
OCCASION_SD, NOISE_SD = 0.15, 0.40
BLANK_SHARE = 0.03
THREE_OBSERVATIONS_SHARE = 0.85
ROVING_SHARE = 0.15
UNFINISHED_SHARE = 0.005


@dataclass(frozen=True)
class Observed:
    """levels: person by element true level before any award. raters: one row per rater.
    observations: one row per observation, row number = `observation`. scores: observation by
    element, 0 where not scored. summaries: one row per teacher and school year."""

    levels: np.ndarray
    raters: pl.DataFrame
    observations: pl.DataFrame
    scores: np.ndarray
    summaries: pl.DataFrame


def observe(rng: np.random.Generator, staffing: Staffing, earned: Earned, years: tuple[int, ...]) -> Observed:
    """Two or three observations per teacher and year, by raters of the school or roving ones."""
    levels = _levels(rng, earned.is_earner)
    raters = _raters(rng, staffing)
    observations = _observations(rng, staffing, raters)
    person = observations["person"].to_numpy()
    year = observations["school_year"].to_numpy()
    severity = dict(raters.select("person", "severity").rows())
    lift = AWARD_EFFECT * (year[:, None] >= earned.effect_from[person])
    seen = (
        levels[person]
        + lift
        - np.array([severity[rater] for rater in observations["rater"]])[:, None]
        + rng.normal(0, OCCASION_SD, len(person))[:, None]
        + rng.normal(0, NOISE_SD, (len(person), len(ELEMENTS)))
    )
    scores = np.clip(np.rint(seen), SCALE_MIN, SCALE_MAX).astype(np.int8)
    scores[rng.random(scores.shape) < BLANK_SHARE] = 0
    return Observed(levels, raters, observations, scores, _summaries(rng, observations, scores))


def _levels(rng: np.random.Generator, is_earner: np.ndarray) -> np.ndarray:
    """Standardised per element, so that every element has its experts and its needs."""
    own = rng.normal(0, np.sqrt(TEACHER_SHARE_OF_VARIANCE), len(is_earner))[:, None]
    specific = rng.normal(0, np.sqrt(1 - TEACHER_SHARE_OF_VARIANCE), (len(is_earner), len(ELEMENTS)))
    standard = own + specific
    standard = (standard - standard.mean(axis=0)) / standard.std(axis=0)
    share = is_earner.mean()
    levels: np.ndarray = MEAN_LEVEL + LEVEL_SD * standard + EARNER_GAP * (is_earner - share)[:, None]
    return levels


def _raters(rng: np.random.Generator, staffing: Staffing) -> pl.DataFrame:
    raters = staffing.people.filter(pl.col("role").is_in([PRINCIPAL, ASSISTANT, COACH, OBSERVER]))
    return raters.select(
        "person",
        "staff_id",
        "person_id",
        "school",
        is_roving=pl.col("role") == OBSERVER,
        severity=pl.Series(rng.normal(0, SEVERITY_SD, raters.height).round(4)),
    )


def _observations(rng: np.random.Generator, staffing: Staffing, raters: pl.DataFrame) -> pl.DataFrame:
    taught = staffing.roster.filter(pl.col("role") == TEACHER).select("person", "school_year", "school_id")
    size = taught.height
    count = 2 + (rng.random(size) < THREE_OBSERVATIONS_SHARE).astype(int)
    row = np.repeat(np.arange(size), count)
    nth = np.concatenate([np.arange(number) for number in count])
    # autumn, winter, spring; with two, the winter one is left out
    season = np.where(np.repeat(count, count) == 3, nth, nth * 2)
    repeated = taught[row]
    year = repeated["school_year"].to_numpy()
    opens = [
        date(int(spring) - 1, 9, 8) + timedelta(days=int(85 * part)) for spring, part in zip(year, season, strict=True)
    ]
    shift = rng.integers(0, 75, len(row))
    days = [_weekday(start + timedelta(days=int(ahead))) for start, ahead in zip(opens, shift, strict=True)]
    minutes = 8 * 60 + 5 * rng.integers(0, 80, len(row))
    by_school = [
        raters.filter((pl.col("school") == school) & ~pl.col("is_roving"))["person"].to_numpy()
        for school in range(staffing.schools.height)
    ]
    roving = raters.filter("is_roving")["person"].to_numpy()
    school = repeated["school_id"].to_numpy() - staffing.schools["school_id"][0]
    own = np.array(
        [
            by_school[at][pick % len(by_school[at])]
            for at, pick in zip(school, rng.integers(0, 999, len(row)), strict=True)
        ]
    )
    rater = np.where(rng.random(len(row)) < ROVING_SHARE, roving[rng.integers(0, len(roving), len(row))], own)
    digits = rng.bytes(16 * len(row)).hex()
    return repeated.with_columns(
        observed_at=pl.Series(
            [datetime.combine(day, time(int(at) // 60, int(at) % 60)) for day, at in zip(days, minutes, strict=True)],
            dtype=pl.Datetime("us"),
        ),
        rater=pl.Series(rater),
        is_finished=pl.Series(rng.random(len(row)) >= UNFINISHED_SHARE),
        observation_id=pl.Series([digits[32 * at : 32 * at + 32] for at in range(len(row))]),
    ).with_row_index("observation")


def _weekday(day: date) -> date:
    return day - timedelta(days=max(0, day.weekday() - 4))


def _summaries(rng: np.random.Generator, observations: pl.DataFrame, scores: np.ndarray) -> pl.DataFrame:
    """One row per teacher and school year: the observation average, growth, and the level they make."""
    scored = scores > 0
    yearly = (
        observations.with_columns(points=pl.Series(scores.sum(axis=1)), lines=pl.Series(scored.sum(axis=1)))
        .group_by("person", "school_year", maintain_order=True)
        .agg(pl.col("points").sum(), pl.col("lines").sum(), pl.col("school_id").first())
    )
    average = yearly["points"].to_numpy() / np.maximum(yearly["lines"].to_numpy(), 1)
    growth = np.clip(np.rint(average + rng.normal(0, 0.7, len(average))), SCALE_MIN, SCALE_MAX)
    level = np.clip(np.rint(0.65 * average + 0.35 * growth), SCALE_MIN, SCALE_MAX)
    return yearly.select(
        "person",
        "school_year",
        observation_average=pl.Series(average.round(2)),
        growth_level=pl.Series(growth.astype(int)),
        level_of_effectiveness=pl.Series(level.astype(int)),
    ).sort("school_year", "person")
