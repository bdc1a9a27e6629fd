"""The adjusted difference beside statsmodels, explicit dummies and the bootstrap done the long way.

Belongs here: one regression, its clustered errors, what a bootstrap resamples. Does not belong here: published
data (test_known_answers_nsw.py).
"""

from __future__ import annotations

from itertools import product

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from diff_diff.utils import wild_bootstrap_se
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipelines.analysis.adjustment import adjusted_difference, cluster_sums

COVARIATES = ["prior", "years"]


def made_rows(count: int = 400, clusters: int = 50, blocks: int = 6, seed: int = 1) -> pl.DataFrame:
    chance = np.random.default_rng(seed)
    cluster, block = chance.integers(0, clusters, count), chance.integers(0, blocks, count)
    prior, years = chance.normal(size=count), chance.integers(0, 30, count)
    is_treated = chance.random(count) < 1 / (1 + np.exp(1 - 0.5 * prior))
    outcome = 0.2 * is_treated + 0.6 * prior + 0.3 * chance.normal(size=clusters)[cluster] + 0.1 * block
    return pl.DataFrame(
        {
            "unit": [f"u{number:04d}" for number in range(count)],
            "is_treated": is_treated,
            "prior": prior,
            "years": years,
            "cluster": [f"c{number:02d}" for number in cluster],
            "block": [f"b{number:02d}" for number in block],
            "w": chance.random(count) + 0.2,
            "outcome": outcome + chance.normal(0, 0.7, count),
            "cost": 100 + 20 * is_treated + chance.normal(0, 5, count),
        }
    )


def explicit(
    rows: pl.DataFrame, covariates: list[str], blocks: str | None, weight: str | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Columns with a dummy for every block, the treatment first; outcome, weights, clusters."""
    x = rows.select(pl.col("is_treated", *covariates).cast(pl.Float64)).to_numpy()
    dummies = rows.select(blocks).to_dummies().to_numpy() if blocks else np.ones((rows.height, 1))
    x = np.hstack([x, dummies.astype(np.float64)])
    w = rows[weight].to_numpy() if weight else np.ones(rows.height)
    return x, rows["outcome"].to_numpy(), w, np.unique(rows["cluster"].to_numpy(), return_inverse=True)[1]


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("blocks", [None, "block"])
@pytest.mark.parametrize("covariates", [[], COVARIATES])
def test_it_is_statsmodels_with_explicit_dummies(covariates: list[str], blocks: str | None, weight: str | None) -> None:
    rows = made_rows()
    x, y, w, clusters = explicit(rows, covariates, blocks, weight)
    fitted = sm.WLS(y, x, weights=w).fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
    found = adjusted_difference(rows, "outcome", covariates, weight=weight, fixed_effects=blocks)
    assert found.estimate == pytest.approx(fitted.params[0], rel=1e-10)
    assert found.std_error == pytest.approx(fitted.bse[0], rel=1e-10)
    assert found.p_value == pytest.approx(fitted.pvalues[0], rel=1e-9)
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(fitted.conf_int()[0]), rel=1e-9)
    assert found.n_clusters == 50
    assert (found.n_treated, found.n_comparison) == (rows["is_treated"].sum(), (~rows["is_treated"]).sum())
    assert found.note is None


@given(st.integers(0, 10_000), st.integers(42, 60), st.integers(1, 40), st.integers(-3, 6))
@settings(deadline=None, max_examples=30)
def test_it_is_statsmodels_whatever_the_sizes_and_scales(seed: int, clusters: int, blocks: int, power: int) -> None:
    rows = made_rows(300, clusters, blocks, seed).with_columns(
        outcome=pl.col("outcome") * 10.0**power, prior=pl.col("prior") * 10.0**power + 1e4
    )
    # the solver of statsmodels, not ours, needs columns of like size
    centred = rows.with_columns(prior=(pl.col("prior") - 1e4) / 10.0**power)
    x, y, w, groups = explicit(centred, COVARIATES, "block", "w")
    fitted = sm.WLS(y, x, weights=w).fit(cov_type="cluster", cov_kwds={"groups": groups})
    found = adjusted_difference(rows, "outcome", COVARIATES, weight="w", fixed_effects="block")
    assert found.estimate == pytest.approx(fitted.params[0], rel=1e-7)
    assert found.std_error == pytest.approx(fitted.bse[0], rel=1e-7)


def test_the_worked_case() -> None:
    rows = pl.DataFrame({"is_treated": [True] * 3 + [False] * 3, "y": [5, 6, 7, 4, 5, 6], "cluster": list("abcdef")})
    found = adjusted_difference(rows, "y")
    assert found.estimate == pytest.approx(1)
    assert found.std_error == pytest.approx(np.sqrt(1.5) / 1.5, abs=5e-5)
    assert found.p_value is not None
    assert found.p_value > 0.05
    assert found.note is not None
    assert "only 6 clusters" in found.note


@pytest.mark.parametrize(("clusters", "weights"), [(7, "webb"), (25, "rademacher")])
@pytest.mark.parametrize("block", ["block", "own_block", "mixed_block"])
def test_few_clusters_are_bootstrapped_as_diff_diff_does_with_explicit_dummies(
    clusters: int, weights: str, block: str
) -> None:
    rows = made_rows(200, clusters, 4).with_columns(own_block=pl.col("cluster") + pl.col("block").str.slice(-1))
    rows = rows.with_columns(mixed_block=pl.when(pl.col("cluster") < "c04").then("own_block").otherwise("block"))
    x, y, w, groups = explicit(rows, COVARIATES, block, "w")
    roots = np.sqrt(w)
    expected = wild_bootstrap_se(
        x * roots[:, None], y * roots, y, groups, 0, n_bootstrap=999, weight_type=weights, seed=11
    )
    found = adjusted_difference(rows, "outcome", COVARIATES, weight="w", fixed_effects=block, seed=11)
    assert found.std_error == pytest.approx(expected.se, rel=1e-9)
    assert found.p_value == pytest.approx(expected.p_value, abs=1e-12)
    assert (found.ci_low, found.ci_high) == pytest.approx((expected.ci_lower, expected.ci_upper), rel=1e-6)
    assert adjusted_difference(rows, "outcome", COVARIATES, weight="w", fixed_effects=block, seed=11) == found


def test_the_bootstrap_is_near_all_flips_done_the_long_way() -> None:
    rows = made_rows(120, 11, 3, seed=8)
    x, y, _, clusters = explicit(rows, COVARIATES, "block", None)

    def t_of(outcomes: np.ndarray) -> np.ndarray:
        beta, *_ = np.linalg.lstsq(x, outcomes, rcond=None)
        bread = np.linalg.inv(x.T @ x)
        scores = (x @ bread[:, 0])[:, None] * (outcomes - x @ beta)
        sums = np.array([scores[clusters == cluster].sum(axis=0) for cluster in range(11)])
        return np.asarray(beta[0] / np.sqrt((sums**2).sum(axis=0)))

    restricted, *_ = np.linalg.lstsq(x[:, 1:], y, rcond=None)
    fit = x[:, 1:] @ restricted
    flips = np.array(list(product([-1.0, 1.0], repeat=11))).T[clusters]
    drawn = t_of(fit[:, None] + (y - fit)[:, None] * flips)
    exact = float(np.mean(np.abs(drawn) > abs(t_of(y[:, None])[0]) * (1 + 1e-9)))
    found = adjusted_difference(rows, "outcome", COVARIATES, fixed_effects="block")
    assert found.p_value is not None
    assert 0.02 < exact < 0.98
    # 999 of the 2,048 flips: four standard errors of a share
    assert abs(found.p_value - exact) < 4 * np.sqrt(exact * (1 - exact) / 999)


def test_weights_of_nothing_and_rows_without_outcome_are_left_out() -> None:
    rows = made_rows()
    weighted = rows.with_columns(
        w=pl.when(pl.col("unit") < "u0020").then(0.0).when(pl.col("unit") < "u0040").then(None).otherwise("w")
    )
    kept = rows.filter(pl.col("unit") >= "u0040")
    assert adjusted_difference(weighted, "outcome", COVARIATES, weight="w") == adjusted_difference(
        kept, "outcome", COVARIATES, weight="w"
    )
    gone = kept.with_columns(outcome=pl.when(pl.col("unit") < "u0050").then(None).otherwise("outcome"))
    found = adjusted_difference(gone, "outcome", COVARIATES)
    assert found.note == "10 of 360 rows have no outcome and are left out."
    assert found.n_treated + found.n_comparison == 350


def test_units_are_counted_not_rows() -> None:
    rows = pl.concat([made_rows(), made_rows(seed=2).with_columns(is_treated=made_rows()["is_treated"])])
    found = adjusted_difference(rows, "outcome", COVARIATES)
    assert found.n_treated + found.n_comparison == 400


def test_collinear_covariates_are_left_out_and_told() -> None:
    rows = made_rows().with_columns(
        twice=2 * pl.col("prior") + 1, same=pl.lit(3.3), of_block=pl.col("block").str.slice(1).cast(pl.Int64)
    )
    found = adjusted_difference(rows, "outcome", ["prior", "twice", "years", "same", "of_block"], fixed_effects="block")
    plain = adjusted_difference(rows, "outcome", COVARIATES, fixed_effects="block")
    assert found.note is not None
    assert "twice, same, of_block" in found.note
    assert (found.estimate, found.std_error) == pytest.approx((plain.estimate, plain.std_error), rel=1e-10)


def test_an_arm_in_few_clusters_is_told() -> None:
    rows = made_rows()
    treated_in = rows.filter("is_treated")["cluster"].unique().sort()
    for count, told in ((3, "One arm is in only 3 clusters"), (1, "One arm is in a single cluster")):
        kept = rows.filter(~pl.col("is_treated") | pl.col("cluster").is_in(treated_in.head(count).to_list()))
        found = adjusted_difference(kept, "outcome", COVARIATES)
        assert found.note is not None
        assert told in found.note
        assert (found.std_error is None) == (count == 1)


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("blocks", [None, "block"])
def test_cluster_sums_add_up_to_the_adjusted_difference(weight: str | None, blocks: str | None) -> None:
    rows = made_rows()
    sums = cluster_sums(rows, "outcome", "cost", COVARIATES, weight=weight, fixed_effects=blocks)
    assert sums.columns == ["cluster", "effect_numerator", "cost_numerator", "denominator"]
    assert sums["cluster"].to_list() == sorted(set(rows["cluster"]))
    for column, outcome in (("effect_numerator", "outcome"), ("cost_numerator", "cost")):
        found = adjusted_difference(rows, outcome, COVARIATES, weight=weight, fixed_effects=blocks)
        effect = sums[column].sum() / sums["denominator"].sum()
        assert effect == pytest.approx(found.estimate, rel=1e-12)
        # a cluster's numerator less β times its denominator is its score: the clustered variance without c
        scores = (sums[column] - effect * sums["denominator"]).to_numpy()
        coefficients = 1 + len(COVARIATES) + (6 if blocks else 1)
        factor = 50 / 49 * 399 / (400 - coefficients)
        assert np.sqrt(factor * scores @ scores) / sums["denominator"].sum() == pytest.approx(
            found.std_error, rel=1e-10
        )


def test_resampling_cluster_sums_gives_the_standard_error() -> None:
    rows = made_rows(2_000, 200)
    sums = cluster_sums(rows, "outcome", covariates=COVARIATES, fixed_effects="block")
    assert sums["cost_numerator"].null_count() == 200
    values = sums.select("effect_numerator", "denominator").to_numpy()
    drawn = np.random.default_rng(1).integers(0, 200, (4_000, 200))
    totals = values[drawn].sum(axis=1)
    found = adjusted_difference(rows, "outcome", COVARIATES, fixed_effects="block")
    assert np.std(totals[:, 0] / totals[:, 1]) == pytest.approx(found.std_error, rel=0.05)


def test_it_covers_the_truth_as_often_as_it_says() -> None:
    # 300 studies of 400 in 45 clusters: 95 % ± 3 standard errors of a share
    covered = 0
    for seed in range(300):
        found = adjusted_difference(made_rows(400, 45, seed=seed), "outcome", COVARIATES, fixed_effects="block")
        assert found.ci_low is not None
        assert found.ci_high is not None
        covered += found.ci_low <= 0.2 <= found.ci_high
    low, high = stats.binom.interval(0.998, 300, 0.95)
    assert low <= covered <= high


def test_bad_input_gets_a_sentence() -> None:
    rows = made_rows()
    cases = {
        "all 400 rows are treated": rows.with_columns(is_treated=pl.lit(True)),
        "none of the 400 rows is treated": rows.with_columns(is_treated=pl.lit(False)),
        "all rows are in one cluster": rows.with_columns(cluster=pl.lit("c")),
        "outcome is the same in all 400 rows": rows.with_columns(outcome=pl.lit(0.1)),
        "prior in 5 of 400 rows": rows.with_columns(prior=pl.when(pl.col("unit") >= "u0005").then("prior")),
        "none of 400 rows has a number for outcome": rows.with_columns(outcome=pl.lit(None, pl.Float64)),
        "no fixed effect holds both treated and comparison": rows.with_columns(
            block=pl.col("is_treated").cast(pl.String)
        ),
        "the covariates determine who is treated": rows.with_columns(prior=pl.col("is_treated") * 2.0),
        "cluster is missing in 3 of 400": rows.with_columns(cluster=pl.when(pl.col("unit") >= "u0003").then("cluster")),
        "w is negative": rows.with_columns(w=-pl.col("w")),
        "the treated rows are one cluster as a whole": rows.with_columns(
            cluster=pl.when("is_treated").then(pl.lit("mine")).otherwise("cluster")
        ),
        "6 rows can't carry 6 coefficients": rows.sort("is_treated")[[0, 399, 1, 398, 2, 397]].with_columns(
            block=pl.Series(list("aabbcc"))
        ),
        "no column block": rows.drop("block"),
    }
    for sentence, wrong in cases.items():
        with pytest.raises(ValueError, match=sentence):
            adjusted_difference(wrong, "outcome", COVARIATES, weight="w", fixed_effects="block")
