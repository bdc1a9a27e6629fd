"""nsw_long: 425 men kept out of job training by lot beside 15,992 men of the CPS, from the moderndid wheel.

Sant'Anna & Zhao (2020), Journal of Econometrics 219(1), and their R package DRDID (`drdid`, earnings 1978 against
1975, seven covariates): doubly robust −871.33 (396.02) by maximum likelihood and least squares (estMethod = "trad");
no treatment took place, so the truth is 0. moderndid's `drdid` recomputes DRDID's number here.

Ours is −858.2 (397.2): diff-diff's weights of comparison men add up to nearly, and not exactly, the number of treated
(Horvitz–Thompson instead of Hájek). The difference is 3 % of a standard error. Without covariates there is none.
"""

from __future__ import annotations

import polars as pl
import pytest
from moderndid import drdid
from moderndid.core.data import load_nsw

from pipelines.analysis.did import callaway_santanna
from tests.analysis.study.shipped_panels import NSW_COVARIATES, nsw


def _published() -> tuple[float, float]:
    found = drdid(
        data=load_nsw(),
        yname="re",
        tname="year",
        idname="id",
        treatname="experimental",
        xformla="~ " + " + ".join(NSW_COVARIATES),
        panel=True,
        est_method="trad",
    )
    return float(found.att), float(found.se)


def test_doubly_robust() -> None:
    estimate, error = _published()
    assert (round(estimate, 2), round(error, 2)) == (-871.33, 396.02)
    found = callaway_santanna(nsw(), covariates=NSW_COVARIATES, draws=0).simple
    assert found.estimate == pytest.approx(estimate, abs=0.05 * error)
    assert found.std_error == pytest.approx(error, rel=0.005)
    assert (found.n_treated, found.n_comparison) == (425, 15992)


def test_without_covariates() -> None:
    """The plain difference in changes, from the means: 867.51."""
    panel = nsw()
    by_arm = (
        panel.with_columns(is_treated=panel["first_treated"].is_not_null())
        .group_by("is_treated", "time")
        .agg(pl.col("outcome").mean())
    )
    means = {(row["is_treated"], row["time"]): row["outcome"] for row in by_arm.iter_rows(named=True)}
    by_hand = (means[True, 1978] - means[True, 1975]) - (means[False, 1978] - means[False, 1975])
    assert round(by_hand, 2) == 867.51
    assert callaway_santanna(panel, draws=0).simple.estimate == pytest.approx(by_hand)
