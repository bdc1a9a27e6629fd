"""Difference-in-differences: planted effects come back, bad panels are refused, nothing is lost quietly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from pipelines.analysis.did import bacon_decomposition, callaway_santanna, imputation, two_way_fixed_effects
from tests.analysis.study.planted_panels import planted_panel


def test_every_estimator_finds_a_constant_effect_exactly_without_noise() -> None:
    panel = planted_panel(noise=0.0)
    found = callaway_santanna(panel, draws=0)
    for estimate in (found.simple, found.group, found.dynamic, found.calendar, imputation(panel).simple):
        assert estimate.estimate == pytest.approx(0.2)
    assert two_way_fixed_effects(panel).estimate == pytest.approx(0.2)
    before = found.att_gt.filter(pl.col("time") < pl.col("group"))["estimate"]
    assert before.to_list() == pytest.approx([0.0] * before.len(), abs=1e-12)


def test_growing_effects_mislead_two_way_fixed_effects_alone() -> None:
    panel = planted_panel(noise=0.0, effect=lambda event: 0.1 * (event + 1), treated_share=0.9)
    found = callaway_santanna(panel, draws=0)
    study = {row["event_time"]: row["estimate"] for row in found.event_study.iter_rows(named=True)}
    assert [study[event] for event in range(4)] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert found.dynamic.estimate == pytest.approx(0.25)
    assert imputation(panel).event_study["estimate"].to_list() == pytest.approx([0.1, 0.2, 0.3, 0.4])
    forbidden = bacon_decomposition(panel).filter(kind="later vs earlier treated").row(0, named=True)
    assert forbidden["weight"] > 0.1
    assert forbidden["estimate"] < 0.05
    assert two_way_fixed_effects(panel).estimate < found.simple.estimate - 0.05


def test_averages_are_those_of_their_definition() -> None:
    """simple, group, dynamic and calendar (Callaway & Sant'Anna 2021, equations 3.4 to 3.11) from att_gt by hand."""
    found = callaway_santanna(planted_panel(seed=3, effect=lambda event: 0.1 * event), draws=0)
    sizes = dict(found.cohort_weights.select("group", "n_treated").iter_rows())
    after = found.att_gt.filter(pl.col("time") >= pl.col("group")).with_columns(
        size=pl.col("group").replace_strict(sizes, return_dtype=pl.Float64), event=pl.col("time") - pl.col("group")
    )
    weighted = (pl.col("size") * pl.col("estimate")).sum() / pl.col("size").sum()
    assert found.simple.estimate == pytest.approx(after.select(weighted).item())
    assert found.dynamic.estimate == pytest.approx(after.group_by("event").agg(weighted)["size"].mean())
    assert found.calendar.estimate == pytest.approx(after.group_by("time").agg(weighted)["size"].mean())
    own = after.group_by("group").agg(pl.col("estimate").mean(), pl.col("size").first())
    assert found.group.estimate == pytest.approx(own.select(weighted).item())


def test_two_periods_are_a_regression_of_changes_by_cluster() -> None:
    """One cohort, two periods: the same as ordinary least squares of the change on treatment, clustered."""
    panel = planted_panel(seed=1, schools=12).filter(pl.col("time").is_in([2, 3]))
    panel = panel.filter(pl.col("first_treated").is_null() | (pl.col("first_treated") == 3))
    found = callaway_santanna(panel, draws=0).simple
    wide = panel.pivot("time", index=["unit", "first_treated", "cluster"], values="outcome")
    change = (wide["3"] - wide["2"]).to_numpy()
    design = sm.add_constant(wide["first_treated"].is_not_null().to_numpy().astype(float))
    fitted = sm.OLS(change, design).fit(
        cov_type="cluster", cov_kwds={"groups": wide["cluster"].rank("dense").to_numpy(), "df_correction": True}
    )
    rows = len(change)
    without_columns = np.sqrt((rows - 2) / (rows - 1))  # ours is G/(G − 1) alone
    assert found.estimate == pytest.approx(fitted.params[1])
    assert found.std_error == pytest.approx(fitted.bse[1] * without_columns)
    assert found.n_clusters == 12
    assert (found.ci_high - found.estimate) / found.std_error == pytest.approx(2.200985)  # t(11)


def test_covariates_mend_trends_that_differ_with_them() -> None:
    panel = planted_panel(seed=5, units=1200, trend_of_covariate=0.15)
    without, adjusted = (callaway_santanna(panel, covariates=names, draws=0).simple for names in ((), ("x",)))
    assert without.estimate > 0.2 + 3 * without.std_error
    assert abs(adjusted.estimate - 0.2) < 2.5 * adjusted.std_error


def test_standard_errors_are_as_wide_as_estimates_scatter() -> None:
    """80 draws without effect, 20 schools with common shocks: the mean error beside the scatter, and rejections."""
    found = [
        callaway_santanna(
            planted_panel(seed, units=240, periods=5, schools=20, effect=lambda event: 0.0), draws=0
        ).simple
        for seed in range(80)
    ]
    scatter = np.std([each.estimate for each in found])
    assert 0.8 < np.mean([each.std_error for each in found]) / scatter < 1.25
    assert np.mean([each.excludes_zero for each in found]) < 0.12
    assert abs(np.mean([each.estimate for each in found])) < 3 * scatter / np.sqrt(80)


def test_the_same_whatever_the_order_of_rows() -> None:
    panel = planted_panel(seed=2)
    first, second = (
        callaway_santanna(each, seed=4, draws=99) for each in (panel, panel.sample(fraction=1, shuffle=True, seed=9))
    )
    assert first.event_study.equals(second.event_study)
    assert first.simple == second.simple


def test_bands_hold_together_and_need_draws() -> None:
    panel = planted_panel(seed=2)
    study = callaway_santanna(panel, seed=4, draws=499).event_study
    assert (study["band_high"] > study["ci_high"]).all()
    assert (study["band_low"] < study["ci_low"]).all()
    without = callaway_santanna(panel, draws=0)
    assert without.event_study["band_low"].null_count() == without.event_study.height
    assert without.event_times == ()


def _doubled(panel: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([panel, panel.head(3)])


BAD = {
    "nobody treated": (lambda p: p.with_columns(first_treated=pl.lit(None, pl.Int64)), "nobody is treated"),
    "treated after the end": (lambda p: p.with_columns(first_treated=pl.lit(99, pl.Int64)), "nobody is treated"),
    "no period before": (lambda p: p.filter(pl.col("time") >= 4), "no cohort has a period before treatment"),
    "all from the first": (
        lambda p: p.drop_nulls("first_treated").with_columns(first_treated=pl.lit(0, pl.Int64)),
        "no cohort has a period before treatment",
    ),
    "outcome constant": (lambda p: p.with_columns(outcome=pl.lit(1.5)), "same value in all 2400 rows"),
    "no outcome": (lambda p: p.with_columns(outcome=pl.lit(None, pl.Float64)), "none of the 2400 rows"),
    "duplicates": (_doubled, "3 pairs of unit and period have more than one row"),
    "two first periods": (
        lambda p: p.with_columns(
            first_treated=pl.when((pl.col("unit") == "t0") & (pl.col("time") > 2)).then(4).otherwise("first_treated")
        ),
        "1 unit has more than one first treated period",
    ),
    "one cluster": (lambda p: p.with_columns(cluster=pl.lit("s0")), "lie in 1 cluster"),
    "one period": (lambda p: p.filter(pl.col("time") == 3), "has 1 period"),
    "no column": (lambda p: p.drop("cluster"), "lacks 1 column"),
    "infinite": (lambda p: p.with_columns(outcome=pl.lit(float("inf"))), "infinite"),
    "no unit": (lambda p: p.with_columns(unit=pl.lit(None, pl.String)), "without unit"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("estimator", [callaway_santanna, imputation, two_way_fixed_effects, bacon_decomposition])
def test_bad_panels_are_refused_in_a_sentence(case: str, estimator: Callable[[pl.DataFrame], object]) -> None:
    spoil, sentence = BAD[case]
    with pytest.raises(ValueError, match=sentence):
        estimator(spoil(planted_panel()))


@pytest.mark.parametrize(
    ("estimator", "sentence"),
    [
        (callaway_santanna, "nobody is left to compare with; add untreated units"),
        (imputation, "none of .* treated rows has a prediction"),
        (two_way_fixed_effects, "does not vary beyond units, periods and covariates"),
        (bacon_decomposition, "treated at different times or never"),
    ],
)
def test_everybody_treated_at_once_is_refused(estimator: Callable[[pl.DataFrame], object], sentence: str) -> None:
    panel = planted_panel().drop_nulls("first_treated").with_columns(first_treated=pl.lit(3, pl.Int64))
    with pytest.raises(ValueError, match=sentence):
        estimator(panel)


def test_never_treated_must_exist() -> None:
    panel = planted_panel().drop_nulls("first_treated")
    with pytest.raises(ValueError, match="none was never treated; compare with 'not_yet_treated'"):
        callaway_santanna(panel, "never_treated")
    with pytest.raises(ValueError, match="choose 'not_yet_treated' or 'never_treated'"):
        callaway_santanna(panel, "nobody")  # type: ignore[arg-type]


def test_without_never_treated_the_last_cohort_is_the_comparison() -> None:
    found = callaway_santanna(planted_panel(noise=0.0).drop_nulls("first_treated"), draws=0)
    assert found.simple.estimate == pytest.approx(0.2)
    assert sorted(found.by_group["group"]) == [2, 3]
    assert found.by_group["n_comparison"].min() > 0
    assert any("without any effect after treatment" in note and "first treated 4" in note for note in found.notes)


def test_what_is_left_out_is_counted() -> None:
    panel = planted_panel(seed=6)
    early = panel.filter(pl.col("first_treated") == 2)["unit"].unique().sort().head(12).to_list()
    late = panel.filter(pl.col("first_treated") == 4)["unit"].unique().sort().head(11).to_list()
    never = panel.filter(pl.col("first_treated").is_null())["unit"].unique().sort().to_list()
    once, moved, gone = never[:13], never[13:27], never[27:42]
    spoiled = panel.with_columns(
        first_treated=pl.when(pl.col("unit").is_in(early))
        .then(0)
        .when(pl.col("unit").is_in(late))
        .then(50)
        .otherwise("first_treated"),
        cluster=pl.when(pl.col("unit").is_in(moved) & (pl.col("time") > 3)).then(pl.lit("s1x")).otherwise("cluster"),
        outcome=pl.when(pl.col("unit").is_in(gone) & (pl.col("time") > 3)).then(None).otherwise("outcome"),
    ).filter(~pl.col("unit").is_in(once) | (pl.col("time") == 1))
    found = callaway_santanna(spoiled, draws=0)
    assert found.always_treated == 12
    told = "; ".join(found.notes)
    for sentence in (
        "30 rows of 2,335 without outcome left out",
        "11 units first treated after the last period, 5, counted as never treated",
        "12 units treated in or before the first period, 0, left out",
        "13 units with a single row left out",
        "14 units changed cluster and stay in their first",
        "the panel has gaps: 99% of units × periods are there",
    ):
        assert sentence in told
    n_treated = panel.filter(pl.col("first_treated").is_not_null())["unit"].n_unique() - 12 - 11
    assert (found.simple.n_treated, found.simple.n_comparison) == (n_treated, len(never) + 11 - 13)
    assert imputation(spoiled).notes[0] == found.notes[0]
    assert "30 rows" in (two_way_fixed_effects(spoiled).note or "")
    assert set(bacon_decomposition(spoiled)["n_units"]) == {400 - 12 - 13 - 15}


def test_gaps_compare_the_units_seen_in_both_periods() -> None:
    """A third of the rows missing at random: each ATT(g,t) is the difference in mean changes of those seen twice."""
    panel = planted_panel(seed=8).sample(fraction=0.67, seed=1)
    found = callaway_santanna(panel, "never_treated", draws=0)
    wide = panel.pivot("time", index=["unit", "first_treated"], values="outcome")
    change = (wide["4"] - wide["2"]).alias("change")
    both = wide.with_columns(change).drop_nulls("change")
    by_hand = (
        both.filter(pl.col("first_treated") == 3)["change"].mean()
        - both.filter(pl.col("first_treated").is_null())["change"].mean()
    )
    cell = found.att_gt.filter((pl.col("group") == 3) & (pl.col("time") == 4)).row(0, named=True)
    assert cell["estimate"] == pytest.approx(by_hand)
    assert cell["n_treated"] == both.filter(pl.col("first_treated") == 3).height
    assert cell["n_comparison"] == both.filter(pl.col("first_treated").is_null()).height


def test_periods_need_not_be_consecutive() -> None:
    """School years 1990, 1995, 2000 …: base periods go by order, and event times are differences of years."""
    panel = planted_panel(noise=0.0).with_columns(
        time=1990 + 5 * pl.col("time"), first_treated=1990 + 5 * pl.col("first_treated")
    )
    found = callaway_santanna(panel)
    assert found.simple.estimate == pytest.approx(0.2)
    assert 5 in found.event_study["event_time"].to_list()
    assert found.event_times == ()
    assert any("no common base" in note for note in found.notes)


def test_treated_in_one_cluster_have_no_standard_error() -> None:
    panel = planted_panel(seed=4).with_columns(
        first_treated=pl.when(pl.col("cluster") == "s0").then(3).otherwise(None).cast(pl.Int64)
    )
    found = callaway_santanna(panel)
    for estimate in (found.simple, imputation(panel).simple, two_way_fixed_effects(panel)):
        assert estimate.estimate is not None
        assert estimate.std_error is None
        assert "one cluster" in (estimate.note or "")
        assert not estimate.excludes_zero
    assert found.event_study["band_low"].null_count() == found.event_study.height
    assert any("lie in 1 cluster" in note for note in found.notes)


def test_covariates_that_add_nothing_are_told() -> None:
    panel = planted_panel(seed=7).with_columns(twice=2 * pl.col("x"), same=pl.lit(1.0))
    found = callaway_santanna(panel, covariates=("x", "twice", "same"), draws=0)
    alone = callaway_santanna(panel, covariates=("x",), draws=0)
    assert found.simple.estimate == pytest.approx(alone.simple.estimate)
    assert any("covariates say the same" in note for note in found.notes)
    constant = imputation(panel, covariates=("x",))
    assert constant.notes == ("x does not vary within units and is part of their constant",)


def test_small_cohorts_with_covariates_are_told() -> None:
    panel = planted_panel(seed=7, units=80).with_columns(x2=pl.col("x") ** 2, x3=pl.col("x").sin())
    found = callaway_santanna(panel, covariates=("x", "x2", "x3"), draws=0)
    assert any("few treated units per covariate" in note for note in found.notes)
    telling = planted_panel(seed=7).with_columns(x=pl.col("first_treated").is_not_null() + 0.001 * pl.col("x"))
    assert any("nearly tell the treated" in note for note in callaway_santanna(telling, covariates=("x",)).notes)


def test_two_way_fixed_effects_refuses_what_it_cannot_weigh() -> None:
    panel = planted_panel().with_columns(
        weight=pl.lit(0.0), is_on=(pl.col("time") >= pl.col("first_treated")).fill_null(False)
    )
    with pytest.raises(ValueError, match="weight of 0 or below"):
        two_way_fixed_effects(panel, weight="weight")
    with pytest.raises(ValueError, match="does not vary beyond"):
        two_way_fixed_effects(panel, covariates=("is_on",))
