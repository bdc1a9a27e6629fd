"""mpdta, the county panel of the R package `did`: what the package's own pages print.

Source of the numbers: README of github.com/bcallaway11/did (att_gt, dynamic, group; never treated, no covariates);
calendar: README of the authors' Python port github.com/d2cml-ai/csdid. Not yet treated and with log population: the
package's `aggte`, as METHODS.md and the issue name them. Data: shipped in the moderndid wheel.

Estimates agree to every printed digit. Standard errors: `did` prints those of a multiplier bootstrap, which change
in the third digit from run to run; ours are the analytic ones, √Σ of squared influence, times √(n/(n − 1)), so they
are held to the printed ones within 12 %, and exactly to the analytic ones of `did` without bootstrap (0.0120).
"""

from __future__ import annotations

import polars as pl
import pytest

from pipelines.analysis.did import StaggeredEffects, bacon_decomposition, callaway_santanna, two_way_fixed_effects
from tests.analysis.study.shipped_panels import mpdta

ATT_GT = {  # group, time: estimate, bootstrapped standard error, as printed
    (2004, 2004): (-0.0105, 0.0241),
    (2004, 2005): (-0.0704, 0.0313),
    (2004, 2006): (-0.1373, 0.0380),
    (2004, 2007): (-0.1008, 0.0337),
    (2006, 2004): (0.0065, 0.0223),
    (2006, 2005): (-0.0028, 0.0196),
    (2006, 2006): (-0.0046, 0.0188),
    (2006, 2007): (-0.0412, 0.0202),
    (2007, 2004): (0.0305, 0.0154),
    (2007, 2005): (-0.0027, 0.0168),
    (2007, 2006): (-0.0311, 0.0190),
    (2007, 2007): (-0.0261, 0.0182),
}
EVENT_STUDY = {
    -3: (0.0305, 0.0153),
    -2: (-0.0006, 0.0136),
    -1: (-0.0245, 0.0138),
    0: (-0.0199, 0.0115),
    1: (-0.0510, 0.0174),
    2: (-0.1373, 0.0356),
    3: (-0.1008, 0.0354),
}
BANDS = {0: (-0.0490, 0.0091), 1: (-0.0952, -0.0068), 2: (-0.2275, -0.0470), 3: (-0.1906, -0.0110)}
BY_GROUP = {2004: (-0.0797, 0.0277), 2006: (-0.0229, 0.0172), 2007: (-0.0261, 0.0177)}
BY_CALENDAR = {2004: (-0.0105, 0.0242), 2005: (-0.0704, 0.0313), 2006: (-0.0488, 0.0210), 2007: (-0.0371, 0.0143)}


@pytest.fixture(scope="module")
def never_treated() -> StaggeredEffects:
    return callaway_santanna(mpdta(), "never_treated")


@pytest.mark.parametrize(
    ("comparison", "covariates", "expected"),
    [
        ("never_treated", (), -0.03995),
        ("not_yet_treated", (), -0.03976),
        ("never_treated", ("lpop",), -0.04175),
        ("not_yet_treated", ("lpop",), -0.04135),
    ],
)
def test_simple_average(comparison: str, covariates: tuple[str, ...], expected: float) -> None:
    found = callaway_santanna(mpdta(), comparison, covariates, draws=0).simple  # type: ignore[arg-type]
    assert round(found.estimate, 5) == expected
    assert found.std_error == pytest.approx(0.0120 if not covariates else 0.0115, abs=0.0001)
    assert (found.n_treated, found.n_comparison, found.n_clusters) == (191, 309, 500)


def test_effects_by_cohort_and_year(never_treated: StaggeredEffects) -> None:
    rows = {(row["group"], row["time"]): row for row in never_treated.att_gt.iter_rows(named=True)}
    assert set(rows) == set(ATT_GT)
    for cell, (estimate, error) in ATT_GT.items():
        assert round(rows[cell]["estimate"], 4) == estimate
        assert rows[cell]["std_error"] == pytest.approx(error, rel=0.12)


@pytest.mark.parametrize(
    ("aggregate", "estimate", "error"),
    [("dynamic", -0.0772, 0.0196), ("group", -0.0310, 0.0123), ("calendar", -0.0417, 0.0165)],
)
def test_overall_averages(never_treated: StaggeredEffects, aggregate: str, estimate: float, error: float) -> None:
    found = getattr(never_treated, aggregate)
    assert round(found.estimate, 4) == estimate
    assert found.std_error == pytest.approx(error, rel=0.12)


@pytest.mark.parametrize(
    ("table", "key", "printed"),
    [
        ("event_study", "event_time", EVENT_STUDY),
        ("by_group", "group", BY_GROUP),
        ("by_calendar", "time", BY_CALENDAR),
    ],
)
def test_averages_by(
    never_treated: StaggeredEffects, table: str, key: str, printed: dict[int, tuple[float, float]]
) -> None:
    rows = {row[key]: row for row in getattr(never_treated, table).iter_rows(named=True)}
    assert set(rows) == set(printed)
    for value, (estimate, error) in printed.items():
        assert round(rows[value]["estimate"], 4) == estimate
        assert rows[value]["std_error"] == pytest.approx(error, rel=0.12)


def test_simultaneous_band(never_treated: StaggeredEffects) -> None:
    """Both are bootstrapped: they agree within a tenth of the printed band's width."""
    rows = {row["event_time"]: row for row in never_treated.event_study.iter_rows(named=True)}
    for event, (low, high) in BANDS.items():
        assert rows[event]["band_low"] == pytest.approx(low, abs=0.1 * (high - low))
        assert rows[event]["band_high"] == pytest.approx(high, abs=0.1 * (high - low))
        assert rows[event]["band_low"] < rows[event]["ci_low"]


def test_event_study_on_a_common_base(never_treated: StaggeredEffects) -> None:
    """`did` with base_period = "universal" prints ATT(2007, 2003) to (2007, 2005) 0.0033, 0.0338, 0.0311 and, for
    2006, −0.0038, 0.0028; event time −4 is the first, −3 and −2 their averages by 40 and 131 counties.
    """
    found = dict(zip(never_treated.event_times, never_treated.event_estimates, strict=True))
    assert round(found[-4], 4) == 0.0033
    assert found[-3] == pytest.approx((131 * 0.0338 + 40 * -0.0038) / 171, abs=0.0001)
    assert found[-2] == pytest.approx((131 * 0.0311 + 40 * 0.0028) / 171, abs=0.0001)
    assert never_treated.event_covariance.shape == (7, 7)


def test_weights_of_cohorts(never_treated: StaggeredEffects) -> None:
    weights = never_treated.cohort_weights
    assert weights["n_treated"].to_list() == [20, 40, 131]
    assert weights["weight"].to_list() == pytest.approx([80 / 291, 80 / 291, 131 / 291])
    together = (weights["weight"] * never_treated.by_group["estimate"]).sum()
    assert together == pytest.approx(never_treated.simple.estimate)


def test_the_package_underneath_says_the_same(never_treated: StaggeredEffects) -> None:
    """diff-diff averages by event time and cohort itself: our formulas on its influence functions must agree."""
    from diff_diff import CallawaySantAnna

    panel = mpdta().with_columns(pl.col("first_treated").fill_null(0), pl.col("unit").cast(pl.Int64)).to_pandas()
    fitted = CallawaySantAnna().fit(panel, outcome="outcome", unit="unit", time="time", first_treat="first_treated")
    factor = (500 / 499) ** 0.5
    assert never_treated.simple.std_error == pytest.approx(fitted.overall_se * factor, rel=1e-9)
    study = fitted.aggregate("event_study").to_dataframe()
    assert never_treated.event_study["estimate"].to_list() == pytest.approx(list(study["att"]))
    assert never_treated.event_study["std_error"].to_list() == pytest.approx(list(study["se"]), rel=0.002)
    groups = fitted.aggregate("group").to_dataframe()
    assert never_treated.by_group["std_error"].to_list() == pytest.approx(list(groups["se"]), rel=0.002)


def test_two_way_fixed_effects_is_the_average_that_bacon_decomposes() -> None:
    rows = bacon_decomposition(mpdta())
    both = two_way_fixed_effects(mpdta())
    assert round(both.estimate, 4) == -0.0365  # `feols(lemp ~ treated | countyreal + year)`, recomputed by bacon
    assert (rows["weight"] * rows["estimate"]).sum() == pytest.approx(both.estimate)
    assert rows["weight"].sum() == pytest.approx(1)
