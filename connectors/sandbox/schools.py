"""What schools are like: whom they serve, their grades, their size.

Belongs here: facts of schools, planted so that access to expertise is unequal. Does not belong
here: the schools themselves (people), and the form that an export gives these facts.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from connectors.sandbox.observations import Observed
from connectors.sandbox.people import TEACHER, Staffing
from connectors.sandbox.rubric import EXPERT_LEVEL

MEAN_SHARE, SHARE_PER_SD, SHARE_NOISE_SD = 0.50, -0.18, 0.03
"""Mean share of economically disadvantaged students, what one standard deviation more of planted expertise
in a school takes from it, and noise: where poverty is, expertise is scarce."""
YEARLY_DRIFT_SD = 0.004
GRADES = {"elementary": ("KG", "05"), "middle": ("06", "08"), "high": ("09", "12")}


def planted_expertise(staffing: Staffing, observed: Observed) -> pl.DataFrame:
    """One row per school: `expert_share`, 0 to 1 of its newest teachers times elements: truly at expert level."""
    roster = staffing.roster
    taught = roster.filter((pl.col("role") == TEACHER) & (pl.col("school_year") == roster["school_year"].max()))
    share = (observed.levels[taught["person"].to_numpy()] >= EXPERT_LEVEL).mean(axis=1)
    by_school = taught.select("school_id", share=pl.Series(share)).group_by("school_id").agg(pl.col("share").mean())
    return staffing.schools.select("school_id", "grade_band").join(
        by_school.select("school_id", expert_share="share"), on="school_id", how="left", maintain_order="left"
    )


def school_characteristics(
    rng: np.random.Generator, staffing: Staffing, observed: Observed, years: tuple[int, ...]
) -> pl.DataFrame:
    """One row per school and school year; the share of one school's first year is suppressed."""
    schools = planted_expertise(staffing, observed)
    strength = schools["expert_share"].fill_null(0.0).to_numpy()
    spread = strength.std()
    standard = (strength - strength.mean()) / spread if spread > 0 else np.zeros(len(strength))
    usual = MEAN_SHARE + SHARE_PER_SD * standard + rng.normal(0, SHARE_NOISE_SD, len(strength))
    size = rng.integers(220, 900, len(strength))
    every = (
        schools.with_columns(usual=pl.Series(usual), size=pl.Series(size))
        .join(pl.DataFrame({"school_year": list(years)}), how="cross", maintain_order="left")
        .with_row_index("row")
    )
    return every.select(
        "school_id",
        "school_year",
        economically_disadvantaged_share=pl.when(pl.col("row") != 0).then(
            (pl.col("usual") + pl.Series(rng.normal(0, YEARLY_DRIFT_SD, every.height))).clip(0.02, 0.98).round(3)
        ),
        lowest_grade=pl.col("grade_band").replace_strict({band: low for band, (low, _) in GRADES.items()}),
        highest_grade=pl.col("grade_band").replace_strict({band: high for band, (_, high) in GRADES.items()}),
        enrolment_count=pl.col("size") + pl.Series(rng.integers(-15, 16, every.height)),
    )
