"""Balance: published means, other libraries' effect sizes, verdicts at their edges, weights, what is missing."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from causaldata import cps_mixtape, nsw_mixtape
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import effectsize_smd
from statsmodels.stats.weightstats import DescrStatsW

from pipelines.analysis.balance import Covariate, balance_table, love_plot, verdict, worst_verdict
from pipelines.analysis.effect_size import small_sample_correction

CONTINUOUS = ["age", "educ", "re74", "re75"]
BINARY = ["black", "hisp", "marr", "nodegree"]
LALONDE = [Covariate(name, name, "continuous") for name in CONTINUOUS] + [
    Covariate(name, name, "binary") for name in BINARY
]
SCORE = Covariate("score", "Prior score", "continuous")
NOVICE = Covariate("is_novice", "First three years", "binary")


@pytest.fixture(scope="module")
def experiment() -> pl.DataFrame:
    """The National Supported Work sample of Dehejia and Wahba, in the causaldata package: 185 treated, 260 not."""
    return pl.from_pandas(nsw_mixtape.load_pandas().data).with_columns(pl.col("re74", "re75").cast(pl.Float64))


@pytest.fixture(scope="module")
def survey(experiment: pl.DataFrame) -> pl.DataFrame:
    """The same treated beside 15,992 people of the Current Population Survey (CPS-1)."""
    people = pl.from_pandas(cps_mixtape.load_pandas().data).with_columns(pl.col("re74", "re75").cast(pl.Float64))
    return pl.concat([experiment.filter(pl.col("treat") == 1), people.select(experiment.columns)])


def units(treated: list[float | None], comparison: list[float | None], **columns: list[float]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "is_treated": [True] * len(treated) + [False] * len(comparison),
            "score": pl.Series([*treated, *comparison], dtype=pl.Float64),
            **columns,
        }
    )


def only_row(frame: pl.DataFrame, covariate: Covariate, **options: str) -> dict[str, object]:
    return balance_table(frame, [covariate], **options).row(0, named=True)


def test_balance_table__published_example_of_baselinr() -> None:
    """The R package baselinr 0.5.0 prints 0.80 and 0.84 for these six; it leaves ω = 0.8 out of the Cox index."""
    frame = units([5, 6, 7], [4, 5, 6], is_novice=[1, 0, 1, 0, 0, 1])
    table = balance_table(frame, [SCORE, NOVICE])
    assert table["effect_size"].to_list() == [pytest.approx(0.8), pytest.approx(0.8401784 * 0.8, abs=1e-7)]
    assert table["treated_mean"].to_list() == pytest.approx([6, 2 / 3])
    assert table["comparison_mean"].to_list() == pytest.approx([5, 1 / 3])
    assert table["treated_sd"].to_list() == pytest.approx([1, 0.5773503])
    assert table["verdict"].to_list() == ["not satisfied"] * 2
    assert table["n_treated"].to_list() == table["n_comparison"].to_list() == [3, 3]
    assert table["note"].to_list() == [None, None]


def test_balance_table__published_means_of_the_experiment(experiment: pl.DataFrame) -> None:
    """Dehejia & Wahba (1999), JASA 94(448), table 1: NSW treated and control, to the printed digits."""
    table = balance_table(experiment, LALONDE, treated="treat")
    means = {row["covariate"]: (row["treated_mean"], row["comparison_mean"]) for row in table.to_dicts()}
    assert means["age"] == (pytest.approx(25.81, abs=0.01), pytest.approx(25.05, abs=0.01))
    assert means["educ"] == (pytest.approx(10.35, abs=5e-3), pytest.approx(10.09, abs=5e-3))
    assert means["black"] == (pytest.approx(0.84, abs=5e-3), pytest.approx(0.83, abs=5e-3))
    assert means["hisp"] == (pytest.approx(0.059, abs=5e-4), pytest.approx(0.11, abs=5e-3))
    assert means["nodegree"] == (pytest.approx(0.71, abs=5e-3), pytest.approx(0.83, abs=5e-3))
    assert means["marr"] == (pytest.approx(0.19, abs=5e-3), pytest.approx(0.15, abs=5e-3))
    assert means["re74"] == (pytest.approx(2096, abs=0.5), pytest.approx(2107, abs=0.5))
    assert means["re75"] == (pytest.approx(1532, abs=0.5), pytest.approx(1267, abs=0.5))
    assert set(table["n_treated"]) == {185}
    assert set(table["n_comparison"]) == {260}
    # 445 people assigned by lot: even so hisp (−0.39) and nodegree (−0.44) pass the limit, by the Cox index
    assert table.filter(pl.col("verdict") == "not satisfied")["covariate"].to_list() == ["hisp", "nodegree"]


def test_balance_table__agrees_with_statsmodels(survey: pl.DataFrame) -> None:
    """Hedges g of effectsize_smd; the Cox index is a logit's slope by 1.65 and ω."""
    table = {row["covariate"]: row for row in balance_table(survey, LALONDE, treated="treat").to_dicts()}
    treated, people = survey.filter(pl.col("treat") == 1), survey.filter(pl.col("treat") == 0)
    for name in CONTINUOUS:
        x, y = treated[name].to_numpy(), people[name].to_numpy()
        other, _ = effectsize_smd(x.mean(), x.std(ddof=1), x.size, y.mean(), y.std(ddof=1), y.size)
        assert table[name]["effect_size"] == pytest.approx(other, rel=1e-9)
        assert table[name]["comparison_sd"] == pytest.approx(y.std(ddof=1))
    for name in BINARY:
        logit = sm.Logit(survey[name].to_numpy(), sm.add_constant(survey["treat"].to_numpy().astype(float)))
        slope = logit.fit(disp=0).params[1]
        expected = slope / 1.65 * small_sample_correction(survey.height)
        assert table[name]["effect_size"] == pytest.approx(expected, rel=1e-6)
    far = {name for name, row in table.items() if row["verdict"] == "not satisfied"}
    assert far == {*CONTINUOUS, *BINARY} - {"hisp"}  # LaLonde's point: a survey is no control group


def test_balance_table__weighted_means_and_spreads_agree_with_statsmodels(survey: pl.DataFrame) -> None:
    draw = np.random.default_rng(2)
    weights = np.where(survey["treat"].to_numpy() == 1, 1.0, draw.exponential(size=survey.height))
    table = balance_table(survey.with_columns(weight=weights), LALONDE, treated="treat", weight="weight")
    plain = balance_table(survey, LALONDE, treated="treat")
    is_comparison = survey["treat"].to_numpy() == 0
    for row, unweighted in zip(table.to_dicts(), plain.to_dicts(), strict=True):
        values, w = survey[row["covariate"]].to_numpy()[is_comparison], weights[is_comparison]
        assert row["comparison_mean"] == pytest.approx(DescrStatsW(values, w).mean)
        # reliability weights: the variance over Σw − Σw²/Σw
        variance = DescrStatsW(values, w).var * w.sum() / (w.sum() - (w**2).sum() / w.sum())
        assert row["comparison_sd"] == pytest.approx(np.sqrt(variance))
        assert row["treated_mean"] == pytest.approx(unweighted["treated_mean"])
        if row["kind"] == "continuous":  # the yardstick stays the unweighted spread
            yardstick = (unweighted["treated_mean"] - unweighted["comparison_mean"]) / unweighted["effect_size"]
            weighted_difference = row["treated_mean"] - row["comparison_mean"]
            assert row["effect_size"] == pytest.approx(weighted_difference / yardstick)


def test_balance_table__weights_that_match_the_arms_satisfy() -> None:
    """Comparison scores 0 and 10 with weights 1 and 3 have the treated's mean of 7.5."""
    frame = units([7.0, 8.0, 7.5], [0, 10, 0, 10], weight=[1, 1, 1, 1, 3, 1, 3])
    assert only_row(frame, SCORE)["verdict"] == "not satisfied"
    row = only_row(frame, SCORE, weight="weight")
    assert row["effect_size"] == pytest.approx(0)
    assert row["verdict"] == "satisfied"
    assert row["comparison_mean"] == pytest.approx(7.5)


SCORES = st.lists(st.integers(-50, 50).map(float), min_size=3, max_size=10)


@given(SCORES, SCORES, st.floats(0.01, 100), st.floats(0.01, 100), st.integers(0, 1000))
def test_balance_table__scaling_an_arms_weights_changes_nothing(
    treated: list[float], comparison: list[float], first: float, second: float, seed: int
) -> None:
    w = np.random.default_rng(seed).uniform(0.1, 3, len(treated) + len(comparison))
    scaled = w * np.where(np.arange(w.size) < len(treated), first, second)
    row = only_row(units(treated, comparison, weight=w.tolist()), SCORE, weight="weight")
    other = only_row(units(treated, comparison, weight=scaled.tolist()), SCORE, weight="weight")
    for name in ("treated_mean", "comparison_mean", "treated_sd", "comparison_sd", "effect_size"):
        expected = row[name]
        assert other[name] == (None if expected is None else pytest.approx(expected, rel=1e-9, abs=1e-9))


@given(SCORES, SCORES)
def test_balance_table__turns_over_with_the_arms(treated: list[float], comparison: list[float]) -> None:
    row, turned = only_row(units(treated, comparison), SCORE), only_row(units(comparison, treated), SCORE)
    assert turned["treated_mean"] == row["comparison_mean"]
    assert turned["verdict"] == row["verdict"]
    if row["effect_size"] is not None:
        assert turned["effect_size"] == pytest.approx(-row["effect_size"], abs=1e-12)  # type: ignore[operator]


@given(SCORES, SCORES, st.randoms(use_true_random=False))
def test_balance_table__the_order_of_units_decides_nothing(
    treated: list[float], comparison: list[float], random: object
) -> None:
    frame = units(treated, comparison)
    order = list(range(frame.height))
    random.shuffle(order)  # type: ignore[attr-defined]
    row, other = only_row(frame, SCORE), only_row(frame[order], SCORE)
    expected = row["effect_size"]
    assert other["effect_size"] == (None if expected is None else pytest.approx(expected, rel=1e-9, abs=1e-12))
    assert other["verdict"] == row["verdict"]


@given(SCORES, SCORES)
def test_balance_table__units_of_weight_0_are_not_there(treated: list[float], comparison: list[float]) -> None:
    w = [1.0] * (len(treated) + len(comparison))
    padded = units(treated, [*comparison, 1e6, -1e6], weight=[*w, 0.0, 0.0])
    assert only_row(padded, SCORE, weight="weight") == only_row(units(treated, comparison, weight=w), SCORE)


@pytest.mark.parametrize(
    ("effect_size", "expected"),
    [
        (0.0, "satisfied"),
        (0.05, "satisfied"),
        (-0.05, "satisfied"),
        (0.1 + 0.2 - 0.25, "satisfied"),  # 0.05000000000000004 is 0.05
        (0.1 + 0.2 - 0.05, "satisfied with adjustment"),
        (0.0501, "satisfied with adjustment"),
        (0.25, "satisfied with adjustment"),
        (-0.25, "satisfied with adjustment"),
        (0.2501, "not satisfied"),
        (-3.0, "not satisfied"),
        (float("inf"), "not satisfied"),
        (float("nan"), "not satisfied"),
    ],
)
def test_verdict__at_its_edges(effect_size: float, expected: str) -> None:
    assert verdict(effect_size) == expected


def test_worst_verdict__is_the_worst_of_what_is_required() -> None:
    treated, comparison = [4.9, 6.1, 7.0, 8.0], [5.0, 6.0, 7.0, 8.0]
    far = Covariate("far", "Hours of PD", "continuous", is_required=False)
    frame = units(treated, comparison, far=[9, 9, 9, 8, 1, 1, 2, 1], near=[1.0, 2, 3, 4, 1.2, 2.2, 3.2, 4.2])
    near = Covariate("near", "Experience", "continuous")
    assert worst_verdict(balance_table(frame, [SCORE])) == "satisfied"
    assert worst_verdict(balance_table(frame, [SCORE, near])) == "satisfied with adjustment"
    assert worst_verdict(balance_table(frame, [SCORE, near, far])) == "satisfied with adjustment"
    required = Covariate("far", "Hours of PD", "continuous")
    assert worst_verdict(balance_table(frame, [SCORE, near, required])) == "not satisfied"


def test_worst_verdict__nothing_required_shows_nothing() -> None:
    frame = units([1, 2], [1, 2])
    assert worst_verdict(balance_table(frame, [])) == "not satisfied"
    assert worst_verdict(balance_table(frame, [Covariate("score", "Score", "continuous", False)])) == "not satisfied"


def test_balance_table__missing_values_are_left_out_of_their_row_and_told() -> None:
    frame = units([5, 6, 7, None, float("nan")], [4, 5, 6, None], is_novice=[1, 0, 1, 1, 0, 0, 0, 1, 0])
    score, novice = balance_table(frame, [SCORE, NOVICE]).to_dicts()
    assert score["effect_size"] == pytest.approx(0.8)
    assert (score["n_treated"], score["n_comparison"]) == (3, 3)
    assert (score["n_missing_treated"], score["n_missing_comparison"]) == (2, 1)
    assert score["note"] == "3 of 9 units have no value"
    assert (novice["n_treated"], novice["n_comparison"], novice["note"]) == (5, 4, None)


def test_balance_table__what_can_not_be_compared_is_not_satisfied_and_says_why() -> None:
    nothing = only_row(units([1, 2, 3], [None, None, None]), SCORE)
    assert (nothing["effect_size"], nothing["comparison_mean"]) == (None, None)
    assert nothing["verdict"] == "not satisfied"
    assert nothing["note"] == "no unit of one arm has a value; 3 of 6 units have no value"
    apart = only_row(units([5, 5, 5], [6, 6]), SCORE)
    assert (apart["effect_size"], apart["verdict"]) == (None, "not satisfied")
    assert apart["note"] == "the arms differ and nobody inside them does"
    few = only_row(units([5], [6, 7]), SCORE)
    assert (few["effect_size"], few["verdict"]) == (None, "not satisfied")
    assert few["treated_sd"] is None
    assert "too few values" in str(few["note"])


def test_balance_table__a_constant_covariate_is_no_difference() -> None:
    """Three times 0.1 + 0.2: rounding in a mean must not make a difference of it."""
    for kind, value in (("continuous", 0.1 + 0.2), ("binary", 1.0), ("binary", 0.0)):
        row = only_row(units([value] * 3, [value] * 7), Covariate("score", "Score", kind))  # type: ignore[arg-type]
        assert (row["effect_size"], row["verdict"]) == (0, "satisfied")
        assert row["note"] == "the same for every unit"


def test_balance_table__a_share_of_none_gets_half_a_unit() -> None:
    """None of 4 beside 3 of 6: logits of 0.5/5 and 3.5/7, as Haldane and Anscombe correct."""
    row = only_row(units([0, 0, 0, 0], [1, 1, 1, 0, 0, 0]), Covariate("score", "Novice", "binary"))
    expected = small_sample_correction(10) * (np.log(0.1 / 0.9) - np.log(0.5 / 0.5)) / 1.65
    assert row["effect_size"] == pytest.approx(expected)
    assert (row["treated_mean"], row["comparison_mean"]) == (0, 0.5)
    assert row["note"] == "a share is 0 or 1: half a unit was added to each count"


@pytest.mark.parametrize(
    ("frame", "covariate", "options", "said"),
    [
        (units([], [1, 2, 3]), SCORE, {}, "was given no treated units"),
        (units([1, 2, 3], []), SCORE, {}, "was given no comparison units"),
        (
            units([1, 2], [1, 2], w=[1, 1, 0, 0]),
            SCORE,
            {"weight": "w"},
            "2 comparison units, none with a weight above 0",
        ),
        (units([1, 2], [1, 2], w=[1, 1, -1, 2]), SCORE, {"weight": "w"}, "1 of 4 weights in column w"),
        (units([1, 2], [1, 2], w=[1, 1, None, 2]), SCORE, {"weight": "w"}, "1 of 4 weights in column w"),
        (units([1, 2], [1, 2], w=[1.0, 1.0, float("inf"), 2.0]), SCORE, {"weight": "w"}, "1 of 4 weights in column w"),
        (units([1, 2], [1, 2]), NOVICE, {}, "columns that the frame lacks: is_novice"),
        (units([1, 2], [1, float("inf")]), SCORE, {}, "1 of 4 values of score are infinite"),
        (units([1, 2], [1, 0]), Covariate("score", "Score", "binary"), {}, "1 of 4 values of binary score"),
        (units([1, 2], [1, 2], is_novice=list("abcd")), NOVICE, {}, "column is_novice is String"),  # type: ignore[arg-type]
        (
            units([1, 2], [1, 2]).with_columns(is_treated=pl.lit(None, pl.Boolean)),
            SCORE,
            {},
            "4 of 4 units are neither",
        ),
        (units([1, 2], [1, 2], is_treated=[2, 1, 0, 0]), SCORE, {}, "1 of 4 units are neither true nor false"),
    ],
)
def test_balance_table__says_what_it_can_not_do(
    frame: pl.DataFrame, covariate: Covariate, options: dict[str, str], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        balance_table(frame, [covariate], **options)


def test_love_plot__one_point_per_covariate_and_sample() -> None:
    frame = units([7.0, 8.0, 7.5], [0, 10, 0, 10], near=[1, 2, 3, 1, 2, 3, 2], weight=[1, 1, 1, 1, 3, 1, 3])
    covariates = [Covariate("near", "Experience", "continuous"), SCORE]
    before = balance_table(frame, covariates)
    weighted = balance_table(frame, covariates, weight="weight")
    points = love_plot(before, {"weighted": weighted})
    assert points.columns == ["covariate", "label", "sample", "absolute_effect_size"]
    assert points.select("covariate", "sample").rows() == [
        ("score", "before"),  # the largest before comes first
        ("score", "weighted"),
        ("near", "before"),
        ("near", "weighted"),
    ]
    assert points["absolute_effect_size"].min() >= 0  # type: ignore[operator]
    assert points["absolute_effect_size"][0] == abs(before["effect_size"][1])


def test_love_plot__what_can_not_be_computed_is_no_point_at_0() -> None:
    table = balance_table(units([1, 2, 3], [None, None, None]), [SCORE])
    assert love_plot(table, {})["absolute_effect_size"].to_list() == [None]


def test_love_plot__tables_of_other_covariates_are_refused() -> None:
    frame = units([1, 2], [1, 2], is_novice=[1, 0, 1, 0])
    with pytest.raises(ValueError, match="sample 'matched' holds other covariates"):
        love_plot(balance_table(frame, [SCORE]), {"matched": balance_table(frame, [NOVICE])})
