"""The tables of counts that a viewer may take away: coverage, the district as a whole, equity of access.

Belongs here: true counts inside the viewer's scope, small ones hidden outside of it. Does not belong
here: writing files (export), who may see what (access, gaps), how small counts are hidden
(analysis.small_cells).

What is of the whole district is taken away by who sees the whole district: from a total, less one's
own school, a count would follow that is hidden elsewhere.
"""

from __future__ import annotations

import polars as pl

from pipelines.analysis.small_cells import DEFAULT_THRESHOLD, suppress_small_cells
from pipelines.apps.access import Viewer, visible_bands
from pipelines.apps.finder import own_school
from pipelines.apps.gaps import (
    COVERAGE_COLUMNS,
    COVERAGE_TABLES,
    DISTRICT_COLUMNS,
    DISTRICT_TABLES,
    HIDDEN_FROM_STRENGTHS,
)
from pipelines.apps.release_reader import Release

_BAND_COUNTS = ("need_count", "expert_count", "strong_practice_count", "demonstrated_count", "developing_count")
_PEOPLE_COUNTS = ("evidence_staff_count", *_BAND_COUNTS)
_SUPPLY = ("expert_count", "strong_practice_count")
# what follows from which counts: hidden where one of them is
_FOLLOWS = {
    "supply_count": _SUPPLY,
    "has_single_expert_risk": _SUPPLY,
    "gap_size": ("need_count", *_SUPPLY),
    "cover_ratio": ("need_count", *_SUPPLY),
    "cover_state": ("need_count", "evidence_staff_count", *_SUPPLY),
    "no_evidence_share": ("staff_count", "evidence_staff_count"),
}
_CELL = ["school_id", "competency_code", "school_year"]


def visible_counts(release: Release, viewer: Viewer) -> dict[str, pl.DataFrame]:
    """Table by table what the viewer may take away; the viewer is known to the release."""
    return {
        "coverage": _visible_coverage(release, viewer),
        "district_coverage": _of_the_district(
            release, viewer, f"select {DISTRICT_COLUMNS} from {DISTRICT_TABLES} order by all"
        ),
        "equity": _of_the_district(release, viewer, "select * exclude (equity_key) from equity order by all"),
        "equity_gaps": _of_the_district(
            release, viewer, "select * exclude (equity_gap_key) from equity_gaps order by all"
        ),
        "competency_groups": release.frame("select * from competency_groups order by all"),
    }


def _of_the_district(release: Release, viewer: Viewer, sql: str) -> pl.DataFrame:
    """A table of the whole district: all of it, its strengths, or nothing."""
    frame = release.frame(sql)
    return limited_frame(frame, viewer.role.inside if viewer.role.scope == "district" else "none")


def _visible_coverage(release: Release, viewer: Viewer) -> pl.DataFrame:
    """Coverage with true counts inside the viewer's scope and small counts hidden outside it."""
    frame = release.frame(
        f"""
        select {COVERAGE_COLUMNS}, $own_school is null or cast(schools.school_id as varchar) = $own_school as is_inside
        from {COVERAGE_TABLES}
        order by school, competency, school_id, competency_code, school_year
        """,
        {"own_school": own_school(viewer)},
    )
    inside = limited_frame(frame.filter(pl.col("is_inside")), viewer.role.inside)
    outside = limited_frame(frame.filter(~pl.col("is_inside")), viewer.role.outside)
    inside = inside.with_columns(pl.lit(False).alias("is_suppressed"))
    return (
        pl.concat([inside, hide_small_counts(outside)], how="vertical_relaxed")
        .drop("is_inside")
        .sort("school", "competency", "school_id", "competency_code", "school_year")
    )


def limited_frame(frame: pl.DataFrame, sight: str) -> pl.DataFrame:
    """Rows of counts as far as the sight reaches: none of them, the strengths, or all counts."""
    bands = visible_bands(sight)
    if not bands:
        return frame.clear()
    if "need" in bands:
        return frame
    hidden = [name for name in HIDDEN_FROM_STRENGTHS if name in frame.columns]
    return frame.with_columns([pl.lit(None, dtype=frame.schema[name]).alias(name) for name in hidden])


def hide_small_counts(frame: pl.DataFrame, threshold: int = DEFAULT_THRESHOLD) -> pl.DataFrame:
    """Coverage rows with counts of few people hidden, and enough others that none follows from a total.

    Protected are, in each school year, the totals of a count over a school's competencies and over a
    competency's schools, and the total over the bands of one school and competency. What follows from a
    hidden count is hidden too. Adds the column `is_suppressed`.
    """
    shown = [name for name in _PEOPLE_COUNTS if frame[name].null_count() < frame.height]
    if not shown:
        return frame.with_columns(pl.lit(False).alias("is_suppressed"))
    long = frame.unpivot(on=shown, index=_CELL, variable_name="measure", value_name="people").with_columns(
        pl.col("measure").is_in(_BAND_COUNTS).alias("is_band")
    )
    hidden = suppress_small_cells(
        long,
        margins=[
            ["school_year", "school_id", "measure"],
            ["school_year", "competency_code", "measure"],
            [*_CELL, "is_band"],
        ],
        count="people",
        threshold=threshold,
    )
    counts = hidden.pivot("measure", index=_CELL, values="people")
    any_hidden = hidden.group_by(_CELL).agg(pl.col("is_suppressed").any())
    few_staff = pl.col("staff_count") < threshold
    follows = [
        pl.when(pl.all_horizontal(pl.col(name).is_not_null() for name in needs)).then(column).alias(column)
        for column, needs in _FOLLOWS.items()
    ]
    return (
        frame.drop(shown)
        .join(counts, on=_CELL, how="left")
        .join(any_hidden, on=_CELL, how="left")
        .with_columns((pl.col("is_suppressed") | few_staff).alias("is_suppressed"))
        .with_columns(pl.when(~few_staff).then("staff_count").alias("staff_count"))
        .with_columns(follows)
        .select(*frame.columns, "is_suppressed")
    )
