"""Comparing shares: figures by hand, strata, small numbers, and planted truth over many districts."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipelines.analysis.compared_shares import compare_shares

MICRO_CREDENTIALS, ASSESSORS = 40, 12


def trials(*rows: tuple[str, str, int, int], kind: str = "assessor", is_tested: bool = True) -> pl.DataFrame:
    """Rows of subject, stratum, hits and trials."""
    return pl.DataFrame(
        {
            "district_id": ["d"] * len(rows),
            "subject_kind": [kind] * len(rows),
            "subject_key": [row[0] for row in rows],
            "stratum_key": [row[1] for row in rows],
            "measure": ["first_time_award"] * len(rows),
            "hit_count": [row[2] for row in rows],
            "trial_count": [row[3] for row in rows],
            "is_tested": [is_tested] * len(rows),
        }
    )


def of(compared: pl.DataFrame, subject: str) -> dict[str, object]:
    return compared.row(by_predicate=pl.col("subject_key") == subject, named=True)


def district(seed: int, lenient: str | None = None) -> pl.DataFrame:
    """The trials of a synthetic district: about 1,500 first decisions, micro-credentials of unlike difficulty."""
    draw = np.random.default_rng(seed)
    difficulty = draw.uniform(0.5, 0.9, MICRO_CREDENTIALS)
    asked = draw.integers(0, MICRO_CREDENTIALS, 1500)
    judged_by = draw.integers(0, ASSESSORS, 1500)
    chance = difficulty[asked]
    if lenient is not None:
        chance = np.where(judged_by == int(lenient[-2:]), 1 - (1 - chance) * 0.25, chance)
    decisions = pl.DataFrame(
        {"subject_key": judged_by, "stratum_key": asked, "hit": draw.uniform(size=1500) < chance}
    ).with_columns(
        pl.format("ASR-{}", pl.col("subject_key").cast(pl.String).str.zfill(2)).alias("subject_key"),
        pl.format("mc-{}", "stratum_key").alias("stratum_key"),
    )
    assessors = decisions.with_columns(pl.lit("assessor").alias("subject_kind"))
    definitions = decisions.select(
        pl.col("stratum_key").alias("subject_key"),
        pl.lit("").alias("stratum_key"),
        "hit",
        pl.lit("micro_credential").alias("subject_kind"),
    )
    return (
        pl.concat([assessors, definitions.select(assessors.columns)] if lenient is None else [assessors])
        .group_by("subject_kind", "subject_key", "stratum_key")
        .agg(pl.len().alias("trial_count"), pl.col("hit").sum().alias("hit_count"))
        .with_columns(
            pl.lit("d").alias("district_id"),
            pl.lit("first_time_award").alias("measure"),
            # unlike difficulty is what the planted micro-credentials differ in: only assessors are all alike
            (pl.col("subject_kind") == "assessor").alias("is_tested"),
        )
    )


def test_compare_shares__by_hand() -> None:
    """46 of 50 beside 70 of 100: E = 50·116/150, V = 50·100·116·34/(150²·149), z = (|46 − E| − 0.5)/√V."""
    compared = of(compare_shares(trials(("a", "", 46, 50), ("b", "", 70, 100))), "a")
    expected = 50 * 116 / 150
    z = (46 - expected - 0.5) / np.sqrt(50 * 100 * 116 * 34 / (150**2 * 149))
    assert compared["share"] == 0.92
    assert compared["other_share"] == pytest.approx(0.7)
    assert z == pytest.approx(2.8175, abs=1e-4)
    assert compared["p_value"] == pytest.approx(0.00484, abs=1e-5)
    assert compared["is_flagged"] is True


def test_compare_shares__strata_take_difficulty_away() -> None:
    """A judges the easy one, B the hard one; where both judge, they agree: nothing is flagged."""
    rows = (("a", "easy", 180, 200), ("b", "easy", 18, 20), ("a", "hard", 10, 20), ("b", "hard", 100, 200))
    compared = compare_shares(trials(*rows))
    assert of(compared, "a")["other_share"] == pytest.approx((200 * 0.9 + 20 * 0.5) / 220)
    assert not compared["is_flagged"].any()
    pooled = compare_shares(trials(("a", "", 190, 220), ("b", "", 118, 220)))
    assert pooled["is_flagged"].all()


def test_compare_shares__small_numbers_give_no_share_and_no_flag() -> None:
    compared = compare_shares(trials(("nine", "", 9, 9), ("nineteen", "", 19, 19), ("rest", "", 100, 400)))
    assert of(compared, "nine")["share"] is None
    assert of(compared, "nine")["interval_low"] is None
    assert of(compared, "nineteen")["share"] == 1
    assert of(compared, "nineteen")["p_value"] is None
    assert not compared.filter(pl.col("subject_key") != "rest")["is_flagged"].any()


def test_compare_shares__few_expected_hits_are_not_tested() -> None:
    """Three revoked of 40 where one in a hundred is: the normal approximation says nothing of so few."""
    compared = compare_shares(trials(("a", "", 3, 40), ("b", "", 9, 900)))
    assert of(compared, "a")["p_value"] is None


def test_compare_shares__what_nobody_else_did_is_a_share_and_no_comparison() -> None:
    compared = of(compare_shares(trials(("alone", "own", 30, 30))), "alone")
    assert (compared["share"], compared["other_share"], compared["p_value"]) == (1, None, None)
    assert compared["is_flagged"] is False


def test_compare_shares__measures_that_are_not_tested_keep_their_share() -> None:
    compared = compare_shares(trials(("a", "", 50, 50), ("b", "", 1, 50), is_tested=False))
    assert compared["share"].to_list() == [1, 0.02]
    assert not compared["is_flagged"].any()


def test_compare_shares__nothing_gives_nothing() -> None:
    compared = compare_shares(trials())
    assert compared.height == 0
    assert {"share", "interval_low", "interval_high", "other_share", "p_value", "is_flagged"} <= set(compared.columns)


def test_compare_shares__the_order_of_rows_decides_nothing() -> None:
    rows = district(1)
    assert compare_shares(rows).equals(compare_shares(rows.sample(fraction=1, shuffle=True, seed=2)))


def test_compare_shares__where_all_assessors_are_alike_flags_are_rare() -> None:
    """At most 5 % of districts hold any flag; of 200 that is 10, and 19 is three standard errors more."""
    flagged = sum(bool(compare_shares(district(seed))["is_flagged"].any()) for seed in range(200))
    assert flagged <= 19


def test_compare_shares__a_lenient_assessor_is_found_and_nobody_else() -> None:
    """One of twelve returns a quarter of what the others would return."""
    found = others = 0
    for seed in range(100):
        flagged = compare_shares(district(seed, lenient="ASR-07")).filter("is_flagged")["subject_key"].to_list()
        found += "ASR-07" in flagged
        others += len(set(flagged) - {"ASR-07"})
    assert found >= 95
    assert others <= 10
