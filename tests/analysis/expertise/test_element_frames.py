"""Frames of the build to arrays and back: whose score, by whom, in which grade band.

Belongs here: numbers to keys, unknown raters, empty inputs, the columns that come out. Does not belong
here: the statistics (test_expertise, test_rater_effects).
"""

from __future__ import annotations

from datetime import date

import polars as pl

from pipelines.analysis.element_frames import (
    ELEMENT_ESTIMATES,
    RATER_EFFECTS,
    AsOf,
    Observations,
    estimates_frame,
    grade_bands_in,
    rater_effects_frame,
)
from pipelines.analysis.expertise import Rules

ELEMENT = {
    "district_id": "tiny",
    "rubric_version": "v",
    "rubric_element_key": "e",
    "scale_min": 1.0,
    "scale_max": 5.0,
    "need_level": 3.0,
    "expert_level": 3.5,
}
DAYS = [
    AsOf(2025, date(2025, 6, 30), date(2020, 6, 30), False),
    AsOf(2026, date(2026, 3, 1), date(2021, 3, 1), True),
]
OBSERVATIONS = pl.DataFrame(
    {
        "observation_number": [3, 1, 2],
        "staff_number": [2, 1, 1],
        "staff_key": ["bo", "al", "al"],
        "rater_number": [1, None, 1],
        "rater_key": ["r1", None, "r1"],
        "observed_date": [date(2026, 2, 1), date(2025, 2, 1), date(2026, 1, 1)],
        "school_year": [2026, 2025, 2026],
    }
)
SCORES = pl.DataFrame({"observation_number": [3, 2, 1], "score": [5.0, 2.0, 1.0]})
BANDS = pl.DataFrame(
    {
        "staff_key": ["al", "al", "al", "bo"],
        "school_year": [2024, 2026, 2027, 2026],
        "grade_band": ["middle", None, "high", "elementary"],
    }
)


def test_observations__are_gathered_by_number_with_the_raters_severity() -> None:
    effects = pl.DataFrame({"rater_key": ["r1"], "is_adjusted": [True], "severity": [0.5], "severity_sd": [0.1]})
    found = Observations(OBSERVATIONS).scored(SCORES, effects)
    assert found.staff.tolist() == [0, 0, 1]
    assert found.rater.tolist() == [-1, 0, 0]
    assert found.score.tolist() == [1, 2, 5]
    assert found.severity.tolist() == [0, 0.5, 0.5]
    assert found.severity_sd.tolist() == [0, 0.1, 0.1]
    not_adjusted = Observations(OBSERVATIONS).scored(SCORES, effects.with_columns(is_adjusted=False))
    assert not not_adjusted.severity.any()


def test_estimates__are_one_row_per_person_and_day() -> None:
    bands = {day.school_year: grade_bands_in(BANDS, Observations(OBSERVATIONS).staff, day.school_year) for day in DAYS}
    no_effects = pl.DataFrame(schema=RATER_EFFECTS)
    found = estimates_frame(ELEMENT, Observations(OBSERVATIONS), SCORES, no_effects, DAYS, bands, Rules())
    assert found.schema == ELEMENT_ESTIMATES
    counted = found.select("staff_key", "school_year", "is_current", "observation_count", "year_count")
    assert counted.rows() == [("al", 2025, False, 1, 1), ("al", 2026, True, 2, 2), ("bo", 2026, True, 1, 1)]
    assert set(found["rubric_element_key"]) == {"e"} and set(found["district_id"]) == {"tiny"}


def test_rater_effects__are_one_row_per_rater_who_scored_the_element() -> None:
    found = rater_effects_frame(ELEMENT, Observations(OBSERVATIONS), SCORES, 5)
    assert found.schema == RATER_EFFECTS
    assert found.select("rater_key", "teacher_count", "is_adjusted", "severity").rows() == [("r1", 2, False, 0.0)]
    other = rater_effects_frame(ELEMENT, Observations(OBSERVATIONS), SCORES.clear(), 5)
    assert other.is_empty() and other.schema == RATER_EFFECTS


def test_no_observations__give_empty_typed_frames() -> None:
    nothing = Observations(OBSERVATIONS.clear())
    effects = rater_effects_frame(ELEMENT, nothing, SCORES.clear(), 5)
    bands = {day.school_year: grade_bands_in(BANDS.clear(), nothing.staff, day.school_year) for day in DAYS}
    found = estimates_frame(ELEMENT, nothing, SCORES.clear(), effects, DAYS, bands, Rules())
    assert effects.is_empty() and effects.schema == RATER_EFFECTS
    assert found.is_empty() and found.schema == ELEMENT_ESTIMATES


def test_grade_band__is_that_of_the_year_or_the_nearest_before() -> None:
    staff = pl.Series(["al", "bo", "cy"])
    assert grade_bands_in(BANDS, staff, 2023).tolist() == [-1, -1, -1]
    assert grade_bands_in(BANDS, staff, 2025).tolist() == [0, -1, -1]
    assert grade_bands_in(BANDS, staff, 2026).tolist() == [1, 0, -1]  # middle, elementary
    assert grade_bands_in(BANDS, staff, 2027).tolist() == [1, 0, -1]  # high, elementary
