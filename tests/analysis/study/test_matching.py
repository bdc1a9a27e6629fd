"""Matched sets and weights beside brute force, an independent solver and rules that must always hold.

Belongs here: propensity score, matching, entropy balancing on made data. Does not belong here: published data
(test_known_answers_nsw.py), whether the whole study finds what was planted (study validation).
"""

from __future__ import annotations

import time
from itertools import permutations

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment, minimize

from pipelines.analysis import matching
from pipelines.analysis.matching import ALL_TAKEN, NO_COMPARISON, OUT_OF_REACH, entropy_weights, match, propensity

units_at = st.lists(
    st.tuples(st.booleans(), st.integers(-20, 20), st.sampled_from("ab")), min_size=2, max_size=40
).filter(lambda rows: len({row[0] for row in rows}) == 2)


def frame_of(rows: list[tuple[bool, float, str]]) -> pl.DataFrame:
    """rows: treated, logit, stratum."""
    return pl.DataFrame(
        [(f"u{number:05d}", *row) for number, row in enumerate(rows)],
        schema={"unit": pl.String, "is_treated": pl.Boolean, "logit": pl.Float64, "stratum": pl.String},
        orient="row",
    )


def made_units(count: int, seed: int = 1, strata: int = 1, shift: float = 0.8) -> pl.DataFrame:
    chance = np.random.default_rng(seed)
    is_treated = chance.random(count) < 0.2
    return frame_of(
        list(
            zip(
                is_treated.tolist(),
                (chance.normal(size=count) + shift * is_treated).tolist(),
                [str(number) for number in chance.integers(0, strata, count)],
                strict=True,
            )
        )
    )


# --- matching ---------------------------------------------------------------------------------------------------------


def test_the_worked_case_is_the_nearest_overall_not_the_nearest_first() -> None:
    frame = frame_of([(True, 1.0, "s"), (True, 1.2, "s"), (False, 0.9, "s"), (False, 1.1, "s"), (False, 5.0, "s")])
    found = match(frame, k=1, caliper_sd=None)
    sets = found.pairs.sort("set_id", "is_treated", descending=[False, True]).group_by("set_id", maintain_order=True)
    assert [group["unit"].to_list() for _, group in sets] == [["u00000", "u00002"], ["u00001", "u00003"]]
    assert found.caliper == np.inf
    assert found.unmatched.is_empty()


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=2, max_size=9).filter(
        lambda rows: 1 <= sum(row[0] for row in rows) <= 4 and not all(row[0] for row in rows)
    ),
    st.sampled_from([None, 0.3, 1.0]),
)
@settings(deadline=None, max_examples=150)
def test_one_to_one_is_what_trying_everything_finds(rows: list[tuple[bool, int]], caliper_sd: float | None) -> None:
    found = match(frame_of([(is_treated, float(at), "s") for is_treated, at in rows]), k=1, caliper_sd=caliper_sd)
    treated = [at for is_treated, at in rows if is_treated]
    others = [at for is_treated, at in rows if not is_treated]
    nobody = [None] * len(treated)
    best = min(
        (-sum(pair is not None for pair in chosen), sum(pair or 0 for pair in chosen))
        for order in set(permutations([*others, *nobody], len(treated)))
        for chosen in [
            [
                abs(at - other) if other is not None and abs(at - other) <= found.caliper else None
                for at, other in zip(treated, order, strict=True)
            ]
        ]
    )
    compared = found.pairs.filter(~pl.col("is_treated"))
    assert (-compared.height, compared["distance"].sum()) == pytest.approx(best)


@given(units_at, st.integers(1, 4), st.sampled_from([0.0, 0.2, 1.0]), st.randoms())
@settings(deadline=None, max_examples=150)
def test_what_always_holds(rows: list[tuple[bool, int, str]], k: int, caliper_sd: float, order: object) -> None:
    frame = frame_of([(is_treated, at / 4, stratum) for is_treated, at, stratum in rows])
    found = match(frame, k=k, caliper_sd=caliper_sd)
    pairs = found.pairs.join(frame.select("unit", "logit", "stratum"), on="unit")
    # nobody twice, nobody beyond the caliper or across strata, at most k
    assert pairs["unit"].is_unique().all()
    assert (pairs["distance"] <= found.caliper).all()
    assert (pairs.group_by("set_id").agg(pl.col("stratum").n_unique())["stratum"] == 1).all()
    sizes = pairs.group_by("set_id").agg(
        pl.col("is_treated").sum().alias("heads"),
        (~pl.col("is_treated")).sum().alias("others"),
        pl.col("weight").filter(~pl.col("is_treated")).sum(),
    )
    assert (sizes["heads"] == 1).all()
    assert sizes["others"].is_between(1, k).all()
    np.testing.assert_allclose(sizes["weight"], 1.0)
    # every treated unit is in a set or told with its reason
    treated = frame.filter("is_treated")
    assert set(pairs.filter("is_treated")["unit"]) | set(found.unmatched["unit"]) == set(treated["unit"])
    # nobody is left out, or has a second, where somebody free is in reach
    free = frame.filter(~pl.col("is_treated")).join(pairs, on="unit", how="anti")
    got = pairs.select("unit", (pl.len().over("set_id") - 1).alias("got"))
    wanting = treated.join(got, on="unit", how="left").filter(pl.col("got").fill_null(0) < k)
    reachable = wanting.join(free, on="stratum", suffix="_free").filter(
        (pl.col("logit") - pl.col("logit_free")).abs() <= found.caliper
    )
    assert reachable.is_empty()
    # the reasons are true
    for unit, stratum, reason in found.unmatched.iter_rows():
        mine = frame.filter(pl.col("unit") == unit)["logit"].item()
        there = frame.filter(~pl.col("is_treated") & (pl.col("stratum") == stratum))
        near = there.filter((pl.col("logit") - mine).abs() <= found.caliper)
        assert reason == (NO_COMPARISON if there.is_empty() else OUT_OF_REACH if near.is_empty() else ALL_TAKEN)
    # the order of rows changes nothing
    shuffled = frame.sample(fraction=1, shuffle=True, seed=order.randint(0, 999))  # type: ignore[attr-defined]
    again = match(shuffled, k=k, caliper_sd=caliper_sd)
    assert again.pairs.equals(found.pairs)
    assert again.unmatched.equals(found.unmatched)


def greedy(frame: pl.DataFrame, caliper: float) -> list[float]:
    """The usual nearest neighbour, largest logit first: its distances."""
    free = sorted(frame.filter(~pl.col("is_treated"))["logit"])
    distances = []
    for at in sorted(frame.filter("is_treated")["logit"], reverse=True):
        if free:
            nearest = min(range(len(free)), key=lambda number: abs(free[number] - at))
            if abs(free[nearest] - at) <= caliper:
                distances.append(abs(free.pop(nearest) - at))
    return distances


@pytest.mark.parametrize("seed", range(5))
def test_optimal_matches_more_or_nearer_than_greedy(seed: int) -> None:
    frame = made_units(400, seed, shift=1.5)
    found = match(frame, k=1)
    ours = found.pairs.filter(~pl.col("is_treated"))["distance"]
    usual = greedy(frame, found.caliper)
    assert len(ours) >= len(usual)
    if len(ours) == len(usual):
        assert ours.sum() <= sum(usual) + 1e-12


def test_blocks_match_as_many_as_one_assignment_of_all_and_nearly_as_near(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = made_units(4_000, 3, shift=1.2)
    monkeypatch.setattr(matching, "BLOCK", 100)
    cut = match(frame, k=1)
    logits = [frame.filter(is_treated=side)["logit"].to_numpy() for side in (True, False)]
    distance = np.abs(logits[0][:, None] - logits[1][None, :])
    rows, columns = linear_sum_assignment(np.where(distance <= cut.caliper, distance, 1e6))
    best = distance[rows, columns][distance[rows, columns] <= cut.caliper]
    ours = cut.pairs.filter(~pl.col("is_treated"))["distance"]
    usual = greedy(frame, cut.caliper)
    print(f"pairs: {len(ours)}, best {len(best)}, greedy {len(usual)}")
    print(f"distance: {ours.sum():.3f}, best {best.sum():.3f}, greedy {sum(usual):.3f}")
    # measured: as many pairs, 2 % farther apart in blocks of two fifths of the usual size
    assert len(ours) == len(best)
    assert ours.sum() <= 1.05 * best.sum()


def test_seventy_thousand_units_take_a_few_times_a_sort() -> None:
    frame = made_units(70_000, 2, strata=20)

    def fastest(task: object) -> float:
        taken = []
        for _ in range(2):
            start = time.perf_counter()
            task()  # type: ignore[operator]
            taken.append(time.perf_counter() - start)
        return min(taken)

    rows = list(zip(frame["stratum"], frame["logit"], frame["unit"], strict=True))
    ratio = fastest(lambda: match(frame)) / fastest(lambda: sorted(rows))
    print(f"matching 70,000 units takes {ratio:.1f} times as long as sorting them in Python")
    # measured: about 10 on two shared cores; a full matrix of costs would take thousands
    assert ratio < 100


def test_matching_refuses_what_it_cant_use() -> None:
    good = frame_of([(True, 1.0, "s"), (False, 1.0, "s")])
    with pytest.raises(ValueError, match="all 2 rows are treated"):
        match(good.with_columns(is_treated=pl.lit(True)))
    with pytest.raises(ValueError, match="none of the 2 rows is treated"):
        match(good.with_columns(is_treated=pl.lit(False)))
    with pytest.raises(ValueError, match="missing in 1 of 2 rows"):
        match(good.with_columns(logit=pl.Series([None, 1.0])))
    with pytest.raises(ValueError, match="repeat a unit"):
        match(good.with_columns(unit=pl.lit("u")))
    with pytest.raises(ValueError, match="no column stratum"):
        match(good.drop("stratum"))
    with pytest.raises(ValueError, match="at least one comparison unit"):
        match(good, k=0)


# --- propensity -------------------------------------------------------------------------------------------------------


def made_people(count: int = 600, seed: int = 4) -> pl.DataFrame:
    chance = np.random.default_rng(seed)
    score, years = chance.normal(3, 0.5, count), chance.integers(0, 30, count)
    new = years < 5
    logit = -2 + 1.2 * (score - 3) - 0.4 * new + 0.02 * years
    return pl.DataFrame(
        {
            "unit": [f"u{number:05d}" for number in range(count)],
            "is_treated": chance.random(count) < 1 / (1 + np.exp(-logit)),
            "score": score,
            "years": years,
            "is_new": new,
        }
    )


COVARIATES = ("score", "years", "is_new")


def test_propensity_is_the_logistic_regression() -> None:
    people = made_people()
    scored, fitted = propensity(people, COVARIATES)
    design = sm.add_constant(people.select(pl.col(COVARIATES).cast(pl.Float64)).to_numpy())
    expected = sm.GLM(people["is_treated"].to_numpy().astype(float), design, family=sm.families.Binomial()).fit(
        tol=1e-14
    )
    assert fitted.is_converged
    assert fitted.note is None
    assert list(fitted.coefficients) == ["intercept", *COVARIATES]
    np.testing.assert_allclose(list(fitted.coefficients.values()), expected.params, rtol=1e-8)
    np.testing.assert_allclose(scored["propensity"], expected.fittedvalues, rtol=1e-8)
    np.testing.assert_allclose(scored["logit"], np.log(scored["propensity"] / (1 - scored["propensity"])), rtol=1e-8)


def test_propensity_does_not_depend_on_the_order_of_rows() -> None:
    people = made_people()
    scored, _ = propensity(people, COVARIATES)
    again, _ = propensity(people.sample(fraction=1, shuffle=True, seed=1), COVARIATES)
    assert again.sort("unit").equals(scored)


def test_collinear_and_constant_covariates_are_left_out_and_told() -> None:
    people = made_people().with_columns(
        months=12 * pl.col("years") + 3,
        same=pl.lit(7.1),
        is_old=~pl.col("is_new"),
        both=pl.col("score") + pl.col("years"),
    )
    scored, fitted = propensity(people, ["score", "same", "years", "months", "is_new", "is_old", "both"])
    assert fitted.dropped == ("same", "months", "is_old", "both")
    assert fitted.note is not None
    assert "same, months, is_old, both" in fitted.note
    plain, _ = propensity(people, COVARIATES)
    np.testing.assert_allclose(scored["logit"], plain["logit"], rtol=1e-9)


def test_separation_by_one_covariate_is_named_and_a_prior_steps_in() -> None:
    people = made_people().with_columns(is_coach=pl.col("is_treated") & (pl.col("years") > 20))
    scored, fitted = propensity(people, [*COVARIATES, "is_coach"])
    assert not fitted.is_converged
    assert fitted.note is not None
    assert "separated by is_coach." in fitted.note
    assert scored["logit"].is_finite().all()
    # the coefficients are where the penalised likelihood, written anew here, is largest
    values = people.select(pl.col([*COVARIATES, "is_coach"]).cast(pl.Float64)).to_numpy()
    z = sm.add_constant((values - values.mean(axis=0)) / values.std(axis=0))
    treated = people["is_treated"].to_numpy()

    def loss(b: np.ndarray) -> float:
        eta = z @ b
        return float(np.logaddexp(0, eta).sum() - eta[treated].sum() + (b[1:] ** 2).sum() / (2 * 2.5**2))

    expected = minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-6}).x
    np.testing.assert_allclose(scored["logit"], z @ expected, atol=1e-3)


def test_separation_by_several_covariates_together_is_found() -> None:
    chance = np.random.default_rng(0)
    first, second = chance.normal(size=(2, 200))
    people = pl.DataFrame({"is_treated": first + second > 0.3, "first": first, "second": second})
    _, fitted = propensity(people, ["first", "second"])
    assert not fitted.is_converged
    assert fitted.note is not None
    assert "separated by first, second." in fitted.note


def test_propensity_names_what_is_missing_and_what_to_do() -> None:
    people = made_people(50).with_columns(
        score=pl.when(pl.col("unit") < "u00003").then(None).otherwise("score"), subject=pl.lit("maths")
    )
    with pytest.raises(ValueError, match=r"score in 3 of 50 rows.*Leave those rows out"):
        propensity(people, COVARIATES)
    with pytest.raises(ValueError, match="subject holds no numbers"):
        propensity(people, ["years", "subject"])
    with pytest.raises(ValueError, match="no column absent"):
        propensity(people, ["absent"])
    with pytest.raises(ValueError, match="is_treated is missing in 1 of 50 rows"):
        propensity(people.with_columns(is_treated=pl.when(pl.col("unit") > "u00000").then("is_treated")), ["years"])


# --- entropy balancing ------------------------------------------------------------------------------------------------


def test_the_worked_weights() -> None:
    frame = pl.DataFrame({"unit": list("abcd"), "is_treated": [True, False, False, False], "x": [1.0, 0.0, 2.0, 4.0]})
    found = entropy_weights(frame, ["x"])
    np.testing.assert_allclose(found.frame["weight"], [1, 0.6162, 0.2676, 0.1162], atol=5e-5)
    assert found.is_balanced


@pytest.mark.parametrize("seed", range(2))
def test_entropy_weights_balance_exactly_and_agree_with_another_solver(seed: int) -> None:
    people = made_people(60, seed)
    found = entropy_weights(people, COVARIATES)
    assert found.is_balanced
    assert found.note is None
    rows = people.join(found.frame, on="unit")
    treated, others = rows.filter("is_treated"), rows.filter(~pl.col("is_treated"))
    assert (treated["weight"] == 1).all()
    assert others["weight"].sum() == pytest.approx(treated.height, rel=1e-12)
    values = others.select(pl.col(COVARIATES).cast(pl.Float64)).to_numpy()
    target = treated.select(pl.col(COVARIATES).cast(pl.Float64)).to_numpy().mean(axis=0)
    weights = others["weight"].to_numpy() / treated.height
    np.testing.assert_allclose(weights @ values, target, rtol=1e-9)
    # the primal, written anew: least Kullback–Leibler distance from equal weights under the same constraints
    z = (values - target) / values.std(axis=0)
    solved = minimize(
        lambda w: float(np.sum(w * np.log(w * len(w)))),
        np.full(len(z), 1 / len(z)),
        jac=lambda w: np.log(w * len(w)) + 1,
        bounds=[(1e-12, 1)] * len(z),
        constraints=[
            {"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(len(w))},
            {"type": "eq", "fun": lambda w: w @ z, "jac": lambda w: z.T},
        ],
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-15},
    )
    np.testing.assert_allclose(weights, solved.x, atol=1e-6)
    assert found.effective_n_comparison == pytest.approx(1 / np.sum(solved.x**2), rel=1e-4)


def test_entropy_weights_keep_the_shares_of_strata() -> None:
    people = made_people(900, 5).with_columns(district=pl.col("unit").str.slice(-1))
    found = entropy_weights(people, COVARIATES, strata="district")
    rows = people.join(found.frame, on="unit")
    shares = rows.group_by("district", "is_treated").agg(pl.col("weight").sum()).pivot("is_treated", index="district")
    np.testing.assert_allclose(shares["true"], shares["false"], rtol=1e-9)
    means = rows.group_by("is_treated").agg(
        [(pl.col(name) * pl.col("weight")).sum() / pl.col("weight").sum() for name in COVARIATES]
    )
    np.testing.assert_allclose(means[0].to_numpy()[0, 1:], means[1].to_numpy()[0, 1:], rtol=1e-8)
    # the same as balancing an indicator of each district without strata
    dummies = [f"in_{digit}" for digit in range(1, 10)]
    plain = entropy_weights(
        people.with_columns([(pl.col("district") == name[-1]).alias(name) for name in dummies]), [*COVARIATES, *dummies]
    )
    np.testing.assert_allclose(found.frame["weight"], plain.frame["weight"], atol=1e-7)


def test_treated_units_alone_in_a_stratum_are_told() -> None:
    people = made_people(300).with_columns(
        district=pl.when(pl.col("is_treated") & (pl.col("years") > 25)).then(pl.lit("far")).otherwise(pl.lit("near"))
    )
    far = people.filter(district="far").height
    found = entropy_weights(people, ["score"], strata="district")
    assert found.is_balanced
    assert found.note is not None
    assert found.note.startswith(f"{far} treated units")
    assert (people.join(found.frame, on="unit").filter(district="far")["weight"] == 0).all()


@pytest.mark.parametrize("strata", [None, "district"])
def test_what_no_weights_balance_is_told_not_raised(strata: str | None) -> None:
    people = made_people(300).with_columns(
        score=pl.col("score") + 100 * pl.col("is_treated"), district=pl.col("unit").str.slice(-1)
    )
    found = entropy_weights(people, COVARIATES, strata=strata)
    assert not found.is_balanced
    assert found.note is not None
    assert "score" in found.note
    rows = people.join(found.frame, on="unit")
    assert rows.filter(~pl.col("is_treated"))["weight"].is_null().all()


def test_entropy_weights_do_not_depend_on_the_order_of_rows_and_keep_it() -> None:
    people = made_people(200)
    shuffled = people.sample(fraction=1, shuffle=True, seed=3)
    again = entropy_weights(shuffled, COVARIATES).frame
    assert again["unit"].equals(shuffled["unit"])
    assert again.sort("unit").equals(entropy_weights(people, COVARIATES).frame)


def test_entropy_weights_refuse_a_repeated_unit() -> None:
    with pytest.raises(ValueError, match="repeat a unit"):
        entropy_weights(made_people(50).with_columns(unit=pl.lit("u")), COVARIATES)
