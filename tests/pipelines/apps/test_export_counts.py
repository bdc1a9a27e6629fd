"""Tables of counts in exports: true inside the scope, small ones hidden outside, nothing that follows from them."""

from __future__ import annotations

import itertools
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.analysis.small_cells import DEFAULT_THRESHOLD
from pipelines.apps.access import Viewer
from pipelines.apps.export import export
from pipelines.apps.export_counts import hide_small_counts, visible_counts
from pipelines.apps.release_reader import Release
from tests.pipelines.planted_warehouse import ROLES

LEADER = Viewer.parse("district_leader", ROLES)
PRINCIPAL = Viewer.parse("principal:103", ROLES)
COUNTS = (
    "staff_count",
    "evidence_staff_count",
    "need_count",
    "expert_count",
    "strong_practice_count",
    "demonstrated_count",
    "developing_count",
)
FOLLOWING = ("supply_count", "gap_size", "cover_ratio", "no_evidence_share", "has_single_expert_risk", "cover_state")
OF_THE_DISTRICT = ("district_coverage", "equity", "equity_gaps")


def test_export__hides_small_counts_of_other_schools_only(published: Path, tmp_path: Path) -> None:
    export(published, PRINCIPAL, tmp_path, "parquet")

    coverage = pl.read_parquet(tmp_path / "coverage.parquet")
    inside, outside = coverage.filter(school_id="103"), coverage.filter(pl.col("school_id") != "103")
    assert inside["need_count"].null_count() == 0
    assert not inside["is_suppressed"].any()
    assert outside["is_suppressed"].all()
    for column in (*COUNTS, *FOLLOWING):
        assert outside[column].null_count() == outside.height, column


def test_export__of_the_whole_district_shows_true_counts_to_its_leader(published: Path, tmp_path: Path) -> None:
    export(published, LEADER, tmp_path, "parquet")
    coverage = pl.read_parquet(tmp_path / "coverage.parquet")
    assert not coverage["is_suppressed"].any()
    assert coverage.filter("is_current")["need_count"].sum() == 3
    assert coverage.filter(school_year=2026)["need_count"].sum() == 6
    for table in OF_THE_DISTRICT:
        assert pl.read_parquet(tmp_path / f"{table}.parquet").height > 0, table


@pytest.mark.parametrize("who", ["principal:103", "coach:103", "assistant:103", "teacher:{}", "novice:{}"])
def test_export__what_is_of_the_whole_district_stays_with_who_sees_it_whole(who: str, release: Release) -> None:
    viewer = Viewer.parse(who.format("anybody"), ROLES)
    tables = visible_counts(release, viewer)
    assert {name: tables[name].height for name in OF_THE_DISTRICT} == dict.fromkeys(OF_THE_DISTRICT, 0)
    assert tables["competency_groups"].height == 2


def planted_counts(numbers: list[int]) -> pl.DataFrame:
    """Coverage of three schools and competencies with these counts of bands, and ten people without evidence."""
    cells = list(itertools.product(["101", "102", "104"], ["C-1", "C-2", "C-3"]))
    bands = [numbers[5 * at : 5 * at + 5] for at in range(len(cells))]
    return pl.DataFrame(
        {
            "school_id": [school for school, _ in cells],
            "competency_code": [code for _, code in cells],
            "school_year": 2027,
            "need_count": [band[0] for band in bands],
            "expert_count": [band[1] for band in bands],
            "strong_practice_count": [band[2] for band in bands],
            "demonstrated_count": [band[3] for band in bands],
            "developing_count": [band[4] for band in bands],
        }
    ).with_columns(
        evidence_staff_count=pl.sum_horizontal(COUNTS[2:]),
        staff_count=pl.sum_horizontal(COUNTS[2:]) + 10,
        supply_count=pl.col("expert_count") + pl.col("strong_practice_count"),
        gap_size=pl.col("need_count") - pl.col("expert_count") - pl.col("strong_practice_count"),
        cover_ratio=pl.lit(0.5),
        no_evidence_share=pl.lit(0.1),
        has_single_expert_risk=pl.lit(False),
        cover_state=pl.lit("gap"),
    )


def test_hide_small_counts__large_counts_stay_and_no_small_one_does() -> None:
    frame = planted_counts([4, 15, 12, 11, 30, *[20, 15, 12, 11, 30] * 8])

    hidden = hide_small_counts(frame)

    assert hidden.columns == [*frame.columns, "is_suppressed"]
    assert hidden["evidence_staff_count"].null_count() == 0
    assert hidden["need_count"][0] is None
    for column in COUNTS[2:]:
        assert all(value is None or value >= DEFAULT_THRESHOLD for value in hidden[column])
    for line in (hidden.filter(school_id="101"), hidden.filter(competency_code="C-1")):
        assert line["need_count"].null_count() >= 2
    assert hidden["is_suppressed"][0] is True
    assert hidden.row(0, named=True)["gap_size"] is None
    assert hidden.row(8, named=True)["gap_size"] == -7


@given(st.lists(st.integers(0, 25), min_size=45, max_size=45))
@settings(max_examples=40, deadline=None)
def test_hide_small_counts__no_shown_number_gives_a_hidden_one_away(numbers: list[int]) -> None:
    frame = planted_counts(numbers)
    hidden = hide_small_counts(frame)
    small = pl.any_horizontal(pl.col(name) < DEFAULT_THRESHOLD for name in COUNTS)
    assert hidden.filter(small).is_empty()
    for row in hidden.iter_rows(named=True):
        supply = row["expert_count"] is not None and row["strong_practice_count"] is not None
        assert (row["supply_count"] is not None) == supply == (row["has_single_expert_risk"] is not None)
        assert (row["gap_size"] is not None) == (supply and row["need_count"] is not None)
        if row["evidence_staff_count"] is not None:
            # of the bands that make a shown total, never exactly one is hidden
            assert [row[name] for name in COUNTS[2:]].count(None) != 1
    for _, cells in hidden.group_by("school_id"):
        for name in COUNTS[1:]:
            assert cells[name].null_count() != 1, name


def test_hide_small_counts__of_strengths_alone() -> None:
    frame = planted_counts([20] * 45).with_columns(
        pl.lit(None, dtype=pl.Int64).alias(name) for name in ("need_count", "evidence_staff_count", "developing_count")
    )
    hidden = hide_small_counts(frame)
    assert hidden["supply_count"].to_list() == [40] * 9
    assert hidden["gap_size"].null_count() == hidden["no_evidence_share"].null_count() == 9
