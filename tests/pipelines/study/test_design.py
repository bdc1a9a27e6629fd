"""A design is made of what was known before exposure, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.study.candidates import find_candidates
from pipelines.study.faults import StudyInputFault
from pipelines.study.panel_file import PanelColumns
from tests.pipelines.study.panels import cross_section, panel
from tests.pipelines.study.studies import designed, read


def staggered() -> pl.DataFrame:
    """Three cohorts and 240 who never begin."""
    cohorts = [panel(treated=40, others=0, first=first, seed=first) for first in (2023, 2024, 2025)]
    parts = [part.with_columns(id=pl.format("{}-{}", pl.lit(n), "id")) for n, part in enumerate(cohorts)]
    return pl.concat([*parts, panel(treated=0, others=240)])


def test_make_design__does_not_depend_on_outcomes_of_exposure(tmp_path: Path) -> None:
    frame = staggered()
    *_, before = designed(frame, tmp_path)
    shuffled = np.random.default_rng(9).permutation(frame["score"].to_numpy())
    is_after = (pl.col("first_year") > 0) & (pl.col("year") >= pl.col("first_year")) | (pl.col("year") >= 2025)
    *_, after = designed(
        frame.with_columns(score=pl.when(is_after).then(pl.Series(shuffled)).otherwise("score")), tmp_path
    )
    assert after.hash == before.hash


def test_make_design__depends_on_outcomes_before(tmp_path: Path) -> None:
    frame = staggered()
    *_, first = designed(frame, tmp_path)
    earlier = pl.when(pl.col("year") == 2022).then(pl.col("score") * 0.5).otherwise("score")
    *_, second = designed(frame.with_columns(score=earlier), tmp_path)
    assert first.hash != second.hash


def test_make_design__row_order_changes_nothing(tmp_path: Path) -> None:
    frame = staggered()
    *_, first = designed(frame, tmp_path)
    *_, second = designed(frame.sample(fraction=1, shuffle=True, seed=3), tmp_path)
    assert first.hash == second.hash


def test_make_design__a_peer_serves_once_and_every_cohort_is_matched(tmp_path: Path) -> None:
    *_, design = designed(staggered(), tmp_path)
    matched = design.of("matched")
    peers = matched.filter(~pl.col("is_treated"))
    assert not peers["unit"].is_duplicated().any()
    treated = matched.filter("is_treated")
    # one who was a peer and begins later is treated all the same
    assert treated.height + design.unmatched.height == 120
    assert set(treated["cohort"]) == {2023, 2024, 2025}
    # weights of a set's peers add up to one earner
    assert peers.group_by("set_id").agg(pl.col("weight").sum())["weight"].to_numpy() == pytest.approx(1)


def test_find_candidates__nobody_is_compared_with_the_already_treated(tmp_path: Path) -> None:
    question, frame = read(staggered(), tmp_path)
    candidates = find_candidates(frame, question).frame
    peers = candidates.filter(~pl.col("is_treated")).join(
        frame.select("unit", "first_treated").unique(), on="unit", how="left"
    )
    assert (peers["first_treated"].is_null() | (peers["first_treated"] > peers["outcome_time"])).all()


def test_find_candidates__who_lacks_a_covariate_is_left_out_and_counted(tmp_path: Path) -> None:
    frame = panel().with_columns(experience=pl.when(pl.col("id").str.ends_with("7")).then(None).otherwise("experience"))
    question, canonical = read(frame, tmp_path)
    candidates = find_candidates(canonical, question)
    last = candidates.steps[-1]
    assert "missing" in last.reason
    assert (last.treated, last.comparison) == (54, 216)


def test_find_candidates__a_cohort_without_enough_before_is_not_matched(tmp_path: Path) -> None:
    early = panel(treated=20, others=0, first=2022, seed=5).with_columns(id=pl.format("early-{}", "id"))
    question, canonical = read(pl.concat([early, panel(treated=60)]), tmp_path)
    candidates = find_candidates(canonical, question)
    assert candidates.frame["cohort"].unique().to_list() == [2024]
    # they count where power is planned: difference-in-differences uses them
    assert candidates.n_treated == 80


def test_find_candidates__nobody_seen_before_is_refused(tmp_path: Path) -> None:
    frame = panel().filter((pl.col("first_year") == 0) | (pl.col("year") >= 2024))
    question, canonical = read(frame, tmp_path)
    with pytest.raises(StudyInputFault, match="no pre-period: nobody who is treated was seen in the period before"):
        find_candidates(canonical, question)


def test_find_candidates__a_cross_section_holds_no_outcome(tmp_path: Path) -> None:
    columns = PanelColumns(outcome="score", unit="id", treated="treated", covariates=("before",))
    question, frame = read(cross_section(), tmp_path, columns)
    assert "outcome" not in find_candidates(frame, question).frame.columns
