"""From the build's frames to the arrays that the statistics work on, and back.

Belongs here: one rubric element's scores as arrays, a person's grade band as of a school year, and the
columns that the two Python models return. Does not belong here: the statistics (rater_effects,
expertise), which element belongs to which competency, or any reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.analysis.expertise import CutPoints, ElementScores, Rules, estimate
from pipelines.analysis.rater_effects import rater_effects

RATER_EFFECTS = pl.Schema(
    {
        "district_id": pl.String,
        "rubric_version": pl.String,
        "rubric_element_key": pl.String,
        "rater_key": pl.String,
        "teacher_count": pl.Int32,
        "is_connected": pl.Boolean,
        "is_adjusted": pl.Boolean,
        "severity": pl.Float64,
        "severity_sd": pl.Float64,
    }
)

ELEMENT_ESTIMATES = pl.Schema(
    {
        "district_id": pl.String,
        "staff_number": pl.Int32,
        "staff_key": pl.String,
        "school_year": pl.Int32,
        "is_current": pl.Boolean,
        "rubric_version": pl.String,
        "rubric_element_key": pl.String,
        "observation_count": pl.Int32,
        "rater_count": pl.Int32,
        "year_count": pl.Int32,
        "effective_observation_count": pl.Float64,
        "mean_score": pl.Float64,
        "adjusted_mean_score": pl.Float64,
        "reliability": pl.Float64,
        "posterior_mean": pl.Float64,
        "posterior_sd": pl.Float64,
        "interval_low": pl.Float64,
        "interval_high": pl.Float64,
        "probability_expert": pl.Float64,
        "probability_need": pl.Float64,
        "latest_year_mean_score": pl.Float64,
        "observed_result": pl.String,
        "is_need_by_latest_two": pl.Boolean,
        "latest_observed_date": pl.Date,
    }
)


class AsOf(NamedTuple):
    """A day on which practice is judged; `oldest` is the last day too old to count."""

    school_year: int
    as_of: date
    oldest: date
    is_current: bool


class Observations:
    """Observations by number, from 1: who, by whom, when.

    frame: observation_number, staff_number, staff_key, rater_number, rater_key, observed_date,
    school_year. Numbers of staff and raters begin at 1 as well; the rater may be null.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        ordered = frame.sort("observation_number")
        self._staff = ordered["staff_number"].to_numpy().astype(np.int64) - 1
        self._rater = ordered["rater_number"].fill_null(0).to_numpy().astype(np.int64) - 1
        self._observed = ordered["observed_date"].to_numpy().astype("datetime64[D]")
        self._school_year = ordered["school_year"].to_numpy().astype(np.int64)
        self.staff = ordered.select("staff_number", "staff_key").unique().sort("staff_number")["staff_key"]
        raters = ordered.select("rater_number", "rater_key").drop_nulls().unique().sort("rater_number")
        self.raters = raters["rater_key"]

    def scored(self, scores: pl.DataFrame, effects: pl.DataFrame | None = None) -> ElementScores:
        """One element's scores: observation_number and score; severity from that element's rater effects."""
        ordered = scores.sort("observation_number")
        at = ordered["observation_number"].to_numpy().astype(np.int64) - 1
        rater = self._rater[at]
        return ElementScores(
            staff=self._staff[at],
            rater=rater,
            observed=self._observed[at],
            school_year=self._school_year[at],
            score=ordered["score"].to_numpy().astype(np.float64),
            severity=self._by_rater(effects, "severity")[rater],
            severity_sd=self._by_rater(effects, "severity_sd")[rater],
        )

    def _by_rater(self, effects: pl.DataFrame | None, column: str) -> npt.NDArray[np.float64]:
        """A value per rater code; the last one, which code -1 finds, is 0 for unknown raters."""
        values = np.zeros(len(self.raters) + 1)
        if effects is not None:
            adjusted = effects.filter("is_adjusted").select("rater_key", column)
            found = pl.DataFrame({"rater_key": self.raters}).join(
                adjusted, on="rater_key", how="left", maintain_order="left"
            )
            values[:-1] = found[column].fill_null(0.0).to_numpy()
        return values


def rater_effects_frame(
    element: dict[str, Any], observations: Observations, scores: pl.DataFrame, minimum_teachers: int
) -> pl.DataFrame:
    """The raters of one element, in the columns of RATER_EFFECTS. element: a row of dim_rubric_elements."""
    seen = observations.scored(scores)
    found = rater_effects(seen.staff, seen.rater, seen.score, len(observations.raters), minimum_teachers)
    return _of_element(
        pl.DataFrame(
            {
                "rater_key": observations.raters,
                "teacher_count": found.teachers,
                "is_connected": found.is_connected,
                "is_adjusted": found.is_adjusted,
                "severity": found.severity,
                "severity_sd": found.severity_sd,
            }
        ).filter(pl.col("teacher_count") > 0),
        element,
        RATER_EFFECTS,
    )


def estimates_frame(
    element: dict[str, Any],
    observations: Observations,
    scores: pl.DataFrame,
    effects: pl.DataFrame,
    days: Iterable[AsOf],
    bands: Mapping[int, npt.NDArray[np.int64]],
    rules: Rules,
) -> pl.DataFrame:
    """The staff of one element on each of the days, in the columns of ELEMENT_ESTIMATES.

    element: a row of dim_rubric_elements with the levels of its rubric version. effects: that element's
    rows of RATER_EFFECTS. bands: what grade_bands_in gives, by school year.
    """
    seen = observations.scored(scores, effects)
    cut = CutPoints(*(float(element[name]) for name in ("scale_min", "scale_max", "need_level", "expert_level")))
    frames = [pl.DataFrame(schema=ELEMENT_ESTIMATES)]
    for day in days:
        found = estimate(seen, day.oldest, day.as_of, bands[day.school_year], cut, rules)
        frames.append(
            _of_element(
                found.with_columns(
                    staff_number=found["staff"] + 1,
                    staff_key=observations.staff.gather(found["staff"]),
                    school_year=pl.lit(day.school_year),
                    is_current=pl.lit(day.is_current),
                ),
                element,
                ELEMENT_ESTIMATES,
            )
        )
    return pl.concat(frames)


def grade_bands_in(bands: pl.DataFrame, staff: pl.Series, school_year: int) -> npt.NDArray[np.int64]:
    """A code per person: the grade band of that school year, else of the nearest one before it, else -1.

    bands: staff_key, school_year, grade_band, one row per staff member and year, in any order.
    """
    known = bands.filter(pl.col("grade_band").is_not_null() & (pl.col("school_year") <= school_year))
    newest = known.sort("school_year").group_by("staff_key", maintain_order=True).last()
    names = newest["grade_band"].unique().sort()
    codes = pl.DataFrame({"grade_band": names, "code": np.arange(len(names), dtype=np.int64)})
    coded = newest.join(codes, on="grade_band").select("staff_key", "code")
    found = pl.DataFrame({"staff_key": staff}).join(coded, on="staff_key", how="left", maintain_order="left")
    return found["code"].cast(pl.Int64).fill_null(-1).to_numpy()


def _of_element(frame: pl.DataFrame, element: dict[str, Any], schema: pl.Schema) -> pl.DataFrame:
    named = frame.with_columns(
        pl.lit(element[name], dtype=pl.String).alias(name)
        for name in ("district_id", "rubric_version", "rubric_element_key")
    )
    return named.select(pl.col(name).cast(kind) for name, kind in schema.items())
