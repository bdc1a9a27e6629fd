"""ehec_data: Medicaid expansion and health insurance, 46 states, 2008-2019, shipped in the moderndid wheel.

Two published outputs:
- Mixtape Sessions, Advanced-DID, exercise 1, solution in R (github.com/Mixtape-Sessions/Advanced-DID): `did` with not
  yet treated, `feols`, `bacon`. Estimates agree to every printed digit, the standard error of `feols` too (our factors
  are fixest's). Those of `did` are bootstrapped and agree within 15 %; where a cohort is a single state or two they
  are meaningless there (`did` prints 0.0056), and null here for the one.
- R package `HonestDiD`, README: smoothness bounds of the 2014 effect among states that expanded in 2014 or not by
  2015. The estimator that is least variable at worst bias is found numerically by both; they agree within one unit of
  the last digit that the README prints.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from pipelines.analysis.did import bacon_decomposition, callaway_santanna, two_way_fixed_effects
from pipelines.analysis.sensitivity import bounds_of_event_study, smoothness_bounds
from tests.analysis.study.shipped_panels import medicaid

ATT_GT = {  # as printed, five cohorts by eleven years
    2014: (-0.0065, 0.0111, 0.0015, 0.0016, 0.0009, 0.0467, 0.0692, 0.0785, 0.0725, 0.0738, 0.0803),
    2015: (0.0071, -0.0245, -0.0027, 0.0003, -0.0100, -0.0020, 0.0491, 0.0526, 0.0682, 0.0663, 0.0738),
    2016: (0.0022, 0.0511, -0.0262, -0.0276, 0.0440, -0.0322, 0.0409, 0.0317, 0.0368, 0.0645, 0.0825),
    2017: (0.0102, -0.0161, 0.0019, 0.0177, 0.0012, -0.0063, 0.0036, 0.0398, 0.0471, 0.0681, 0.0650),
    2019: (0.0189, -0.0269, -0.0244, 0.0024, 0.0129, 0.0003, -0.0108, -0.0182, 0.0093, 0.0062, 0.0365),
}
BACON = {
    "earlier vs later treated": (0.14911, 0.06983),
    "later vs earlier treated": (0.05827, 0.04486),
    "treated vs never treated": (0.79262, 0.07228),
}
BOUNDS = {  # M: low, high
    0.00: (0.0259, 0.0607),
    0.01: (0.0132, 0.0787),
    0.02: (0.00286, 0.0907),
    0.03: (-0.00714, 0.101),
    0.04: (-0.0171, 0.111),
    0.05: (-0.0271, 0.121),
}


def test_callaway_santanna() -> None:
    found = callaway_santanna(medicaid(), draws=0)
    for group, printed in ATT_GT.items():
        rows = found.att_gt.filter(pl.col("group") == group).sort("time")
        assert rows["time"].to_list() == list(range(2009, 2020))
        assert tuple(round(value, 4) for value in rows["estimate"]) == printed
    first = found.att_gt.filter((pl.col("group") == 2014) & (pl.col("time") >= 2014))["std_error"].to_list()
    assert first == pytest.approx([0.0088, 0.0105, 0.0109, 0.0114, 0.0134, 0.0119], rel=0.15)
    assert round(found.simple.estimate, 3) == 0.068
    assert found.simple.std_error == pytest.approx(0.008, abs=0.0005)
    one_state = found.by_group.filter(pl.col("group") == 2017)
    assert one_state["n_treated"].item() == 1
    assert one_state["std_error"].item() is None


def test_callaway_santanna_without_never_treated() -> None:
    """The last cohort is the comparison until 2018, and has no effect of its own."""
    found = callaway_santanna(medicaid().drop_nulls("first_treated"), draws=0)
    assert round(found.simple.estimate, 4) == 0.0728
    assert found.simple.std_error == pytest.approx(0.0092, rel=0.15)
    assert any("first treated 2019" in note for note in found.notes)


def test_two_way_fixed_effects_and_its_parts() -> None:
    found = two_way_fixed_effects(medicaid())
    assert round(found.estimate, 6) == 0.070321
    assert round(found.std_error, 6) == 0.007401
    rows = bacon_decomposition(medicaid())
    assert {row["kind"]: (round(row["weight"], 5), round(row["estimate"], 5)) for row in rows.to_dicts()} == BACON


def _not_staggered() -> pl.DataFrame:
    panel = medicaid().filter(
        (pl.col("time") < 2016) & (pl.col("first_treated").is_null() | (pl.col("first_treated") != 2015))
    )
    return panel.with_columns(pl.when(pl.col("first_treated") == 2014).then(2014).alias("first_treated")).sort(
        "unit", "time"
    )


def test_smoothness_bounds() -> None:
    """The README's own steps: feols(dins ~ i(year, D, ref = 2013) | stfips + year), then bounds of event time 0."""
    panel = _not_staggered()
    years = [year for year in range(2008, 2016) if year != 2013]
    is_treated = panel["first_treated"].is_not_null().to_numpy()
    leads = np.column_stack([(panel["time"].to_numpy() == year) & is_treated for year in years])
    design = np.column_stack(
        [leads, panel["unit"].to_dummies().to_numpy(), panel["time"].to_dummies().to_numpy()[:, 1:]]
    ).astype(float)
    fitted = sm.OLS(panel["outcome"].to_numpy(), design).fit(
        cov_type="cluster", cov_kwds={"groups": panel["unit"].rank("dense").to_numpy()}
    )
    rows, columns = design.shape
    n_states = panel["unit"].n_unique()
    nested = (rows - columns) / (rows - (columns - n_states + 1))  # as fixest counts constants nested in clusters
    covariance = fitted.cov_params()[:7, :7] * nested
    found = bounds_of_event_study([year - 2014 for year in years], fitted.params[:7], covariance, tuple(BOUNDS), 0)
    for row in found.frame.iter_rows(named=True):
        low, high = BOUNDS[row["m"]]
        assert row["ci_low"] == pytest.approx(low, abs=0.0001)
        assert row["ci_high"] == pytest.approx(high, abs=0.0006)
        assert row["excludes_zero"] == (low > 0)
    assert found.breakdown_m == pytest.approx(0.03, abs=0.01)  # "the breakdown value is M ≈ 0.03"


def test_smoothness_bounds_of_callaway_santanna() -> None:
    """With one cohort the event study is the regression's; t(42) instead of normal critical values widen it by 3 %."""
    found = smoothness_bounds(callaway_santanna(_not_staggered()), tuple(BOUNDS), event_time=0)
    for row in found.frame.iter_rows(named=True):
        low, high = BOUNDS[row["m"]]
        assert row["ci_low"] == pytest.approx(low, abs=0.0006)
        assert row["ci_high"] == pytest.approx(high, abs=0.0012)
