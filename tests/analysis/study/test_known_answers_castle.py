"""castle: homicides and castle doctrine laws, 50 states, 2000-2010 (Cheng & Hoekstra 2013), from causaldata.

Two published decompositions of the two-way fixed effects coefficient, both met to every printed digit:
- R package `bacondecomp`, vignette: coefficient 0.0818, and 0.0818116169306475 on the package's first page. It counts
  the year in which the law came; causaldata's `post` begins one year later, so its first year less one.
- Cunningham, Causal Inference: The Mixtape, section 9.6: `areg l_homicide post i.year, a(sid)` 0.069, and the table
  of 0.077·(−0.029) + 0.024·0.046 + 0.899·0.078. It takes `post` as it is.

Standard errors are not printed there. Ours, clustered by state, are held to the ones recomputed here with statsmodels
on the full set of dummies, with the factor for constants nested in clusters that Stata and fixest use.
"""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from pipelines.analysis.did import bacon_decomposition, callaway_santanna, imputation, two_way_fixed_effects
from tests.analysis.study.shipped_panels import castle

VIGNETTE = {
    "earlier vs later treated": (0.05976, -0.00554),
    "later vs earlier treated": (0.03190, 0.07032),
    "treated vs never treated": (0.90834, 0.08796),
}
MIXTAPE = {
    "earlier vs later treated": (0.077, -0.029),
    "later vs earlier treated": (0.024, 0.046),
    "treated vs never treated": (0.899, 0.078),
}


@pytest.mark.parametrize(("years_before_post", "printed", "digits"), [(1, VIGNETTE, 5), (0, MIXTAPE, 3)])
def test_decomposition(years_before_post: int, printed: dict[str, tuple[float, float]], digits: int) -> None:
    rows = bacon_decomposition(castle(years_before_post))
    found = {row["kind"]: (round(row["weight"], digits), round(row["estimate"], digits)) for row in rows.to_dicts()}
    assert found == printed
    assert set(rows["n_units"]) == {50}


def test_two_way_fixed_effects() -> None:
    assert two_way_fixed_effects(castle(1)).estimate == pytest.approx(0.0818116169306475, abs=1e-12)
    assert round(two_way_fixed_effects(castle()).estimate, 3) == 0.069


@pytest.mark.parametrize("weight", [None, "popwt"])
def test_standard_error_by_state(weight: str | None) -> None:
    """By population weights (as Cheng & Hoekstra weigh) and without, beside weighted least squares on all dummies."""
    panel = castle().sort("unit", "time")
    state, year = panel["unit"].to_dummies().to_numpy(), panel["time"].to_dummies().to_numpy()[:, 1:]
    treated = ((panel["time"] >= panel["first_treated"]).fill_null(False)).to_numpy()
    weights = panel[weight].to_numpy() if weight else np.ones(panel.height)
    design = np.column_stack([treated, state, year]).astype(float)
    fitted = sm.WLS(panel["outcome"].to_numpy(), design, weights=weights).fit(
        cov_type="cluster", cov_kwds={"groups": panel["unit"].rank("dense").to_numpy()}
    )
    rows, columns = design.shape
    nested = np.sqrt((rows - columns) / (rows - (columns - 50 + 1)))
    found = two_way_fixed_effects(panel, weight=weight)
    assert found.estimate == pytest.approx(fitted.params[0])
    assert found.std_error == pytest.approx(fitted.bse[0] * nested)
    assert (found.n_treated, found.n_comparison, found.n_clusters) == (21, 29, 50)


def test_one_state_has_no_standard_error() -> None:
    """Florida alone had the law from 2005: its effect is told, the chance in it can't be."""
    found = callaway_santanna(castle(1), draws=0)
    florida = found.by_group.row(0, named=True)
    assert (florida["group"], florida["n_treated"], florida["std_error"]) == (2005, 1, None)
    assert found.by_group["std_error"].null_count() == 2  # and Montana in 2009
    assert found.simple.std_error is not None


def test_imputation_by_hand() -> None:
    """Borusyak, Jaravel & Spiess in two steps: dummies on untreated rows, then the mean of treated residuals."""
    panel = castle(1).sort("unit", "time")
    treated = ((panel["time"] >= panel["first_treated"]).fill_null(False)).to_numpy()
    dummies = np.column_stack([panel["unit"].to_dummies().to_numpy(), panel["time"].to_dummies().to_numpy()]).astype(
        float
    )
    outcome = panel["outcome"].to_numpy()
    fitted, *_ = np.linalg.lstsq(dummies[~treated], outcome[~treated], rcond=None)
    residual = (outcome - dummies @ fitted)[treated]
    found = imputation(castle(1))
    assert found.simple.estimate == pytest.approx(residual.mean())
    event = (panel["time"] - panel["first_treated"]).to_numpy()[treated]
    by_hand = [residual[event == value].mean() for value in range(6)]
    assert found.event_study["estimate"].to_list() == pytest.approx(by_hand)
    assert found.event_study["n_treated"].to_list() == [21, 21, 20, 18, 14, 1]
    assert found.event_study["std_error"][5] is None  # Florida alone
