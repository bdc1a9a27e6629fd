"""What the years before treatment say against an effect: placebo timing, and earners who start low.

Belongs here: tests on rows before treatment alone. Does not belong here: bounds (smoothness), the unmeasured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from pipelines.analysis.did import Comparison, callaway_santanna
from pipelines.analysis.estimate import Estimate
from pipelines.analysis.staggered_effects import inference
from pipelines.analysis.staggered_panel import StaggeredPanel, staggered_panel


def placebo_timing(
    panel: pl.DataFrame,
    shift: int = 2,
    comparison: Comparison = "not_yet_treated",
    covariates: Sequence[str] = (),
) -> Estimate:
    """The effect that a treatment pretended `shift` periods early seems to have, on rows before treatment alone.

    panel: as for did.callaway_santanna. Every row from the first treated period on is left out, and treatment is
    said to begin `shift` periods earlier (in the panel's own periods, so gaps in the years do no harm). Nothing
    happened then: an interval that excludes 0 says that the treated were on another path already. Cohorts with no
    period before the pretended one can't take part; `note` counts them.

    Raises ValueError where shift < 1, no cohort has more than `shift` periods before treatment, or as did does.
    Source: the in-time placebo, e.g. Roth, Sant'Anna, Bilinski & Poe (2023), Journal of Econometrics 235(2) 2218-2244.
    """
    if shift < 1:
        raise ValueError(f"the pretended treatment lies 1 or more periods early, not {shift}")
    used = staggered_panel(panel, covariates)
    starts = {cohort: int(np.searchsorted(used.times, cohort)) - shift for cohort in used.cohorts}
    able = {cohort: used.times[start] for cohort, start in starts.items() if start >= 1}
    if not able:
        raise ValueError(
            f"no cohort has more than {shift} periods before treatment (the panel begins in {used.times[0]}), so "
            f"treatment cannot be pretended {shift} periods early; add earlier periods or choose a smaller shift"
        )
    is_before = (pl.col("first_treated") == 0) | (pl.col("time") < pl.col("first_treated"))
    takes_part = (pl.col("first_treated") == 0) | pl.col("first_treated").is_in(list(able))
    rows = used.rows.filter(is_before & takes_part).select(
        pl.col("unit_code").cast(pl.String).alias("unit"),
        "time",
        pl.col("first_treated").replace_strict(able, default=None, return_dtype=pl.Int64),
        pl.col("cluster_code").cast(pl.String).alias("cluster"),
        "outcome",
        *covariates,
    )
    pretended = callaway_santanna(rows, comparison, covariates, draws=0).simple
    left_out = int(np.isin(used.unit_cohort, [cohort for cohort in starts if cohort not in able]).sum())
    said = f"treatment pretended {shift} periods early, rows before treatment alone; 0 is expected"
    if left_out:
        said += f"; {left_out:,} treated units have too few periods before treatment to take part"
    return replace(pretended, note=said)


@dataclass(frozen=True)
class MeanReversion:
    """Whether the treated fell to an unusual low just before treatment and would have come back anyway.

    treated_dip: how far the treated lie, in their last period before treatment, from their own mean of the periods
    before it; comparison_dip: the same for units not treated yet, in the same periods, weighted as the cohorts;
    both in units of the outcome, negative = a low. excess: their difference with its interval. expected_return: the
    change to be expected after treatment from the excess dip alone, if the treated come back as the comparison
    units do that dip alike; None where it can't be estimated. starting_difference: how far the treated lie from the
    comparison in the same periods, in level. note: in a sentence.
    """

    treated_dip: float
    comparison_dip: float
    excess: Estimate
    expected_return: float | None
    starting_difference: float
    note: str


def mean_reversion(panel: pl.DataFrame) -> MeanReversion:
    """The check on a dip before treatment (Ashenfelter's dip).

    panel: as for did.callaway_santanna. For each cohort: a unit's dip is its outcome in the cohort's last period
    before treatment less its mean over all earlier periods; comparison: units with first treatment later or never.
    A unit needs both figures; cohorts need two periods before treatment. `expected_return` is the excess dip times
    the slope, among comparison units, of the change in the next period on the dip: difference-in-differences would
    take that for an effect.

    Raises ValueError where no cohort has two periods before treatment, or as staggered_panel does.
    Sources: Ashenfelter (1978), Review of Economics and Statistics 60(1) 47-57; Daw & Hatfield (2018), Health
    Services Research 53(6) 4138-4156, on matching, difference-in-differences and regression to the mean.
    """
    used = staggered_panel(panel)
    parts = [part for cohort in used.cohorts if (part := _dips(used, cohort)) is not None]
    if not parts:
        raise ValueError(
            f"no cohort has two periods before treatment with comparison units seen in both (the panel begins in "
            f"{used.times[0]}), so a dip before treatment cannot be told; add earlier periods"
        )
    dips = pl.concat(parts)
    means = dips.group_by("cohort", "is_treated").agg(pl.col("dip", "last").mean(), pl.len().alias("n"))
    treated, others = (means.filter(pl.col("is_treated") == side).sort("cohort") for side in (True, False))
    sizes = treated["n"].to_numpy().astype(np.float64)
    weights = sizes / sizes.sum()
    treated_dip, comparison_dip = (float(weights @ side["dip"].to_numpy()) for side in (treated, others))
    start = float(weights @ (treated["last"].to_numpy() - others["last"].to_numpy()))
    excess = _excess(dips, used, treated_dip - comparison_dip)
    slope = _return_slope(dips.filter(~pl.col("is_treated") & pl.col("change").is_not_null()))
    expected = None if slope is None or excess.estimate is None else slope * excess.estimate
    return MeanReversion(treated_dip, comparison_dip, excess, expected, start, _said(excess, expected))


def _dips(used: StaggeredPanel, cohort: int) -> pl.DataFrame | None:
    """One row per unit of the cohort or of its comparison: dip, last outcome before treatment, next change."""
    before = [time for time in used.times if time < cohort]
    if len(before) < 2:
        return None
    last = before[-1]
    following = next((time for time in used.times if time > last), None)
    eligible = (pl.col("first_treated") == 0) | (pl.col("first_treated") >= cohort)
    units = (
        used.rows.filter(eligible)
        .group_by("unit_code", "cluster_code", "first_treated")
        .agg(
            pl.col("outcome").filter(pl.col("time") == last).first().alias("last"),
            pl.col("outcome").filter(pl.col("time") < last).mean().alias("earlier"),
            pl.col("outcome").filter(pl.col("time") == following).first().alias("next"),
        )
        .drop_nulls(["last", "earlier"])
        .sort("unit_code")
        .select(
            "unit_code",
            "cluster_code",
            "last",
            cohort=pl.lit(cohort, pl.Int64),
            is_treated=pl.col("first_treated") == cohort,
            dip=pl.col("last") - pl.col("earlier"),
            change=pl.col("next") - pl.col("last"),
        )
    )
    return units if units["is_treated"].any() and not units["is_treated"].all() else None


def _excess(dips: pl.DataFrame, used: StaggeredPanel, difference: float) -> Estimate:
    """The cohorts' differences in dip, by cohort size, from influence sums by cluster (as staggered_effects)."""
    size = pl.len().over("cohort", "is_treated")
    n_treated = dips["is_treated"].sum()
    mean = pl.col("dip").mean().over("cohort", "is_treated")
    treated_in_cohort = pl.col("is_treated").sum().over("cohort")
    gap = pl.col("dip").filter(pl.col("is_treated")).mean().over("cohort") - pl.col("dip").filter(
        ~pl.col("is_treated")
    ).mean().over("cohort")
    sign = pl.when("is_treated").then(1.0).otherwise(-1.0)
    weights = pl.when("is_treated").then((gap - difference) / n_treated).otherwise(0.0)
    influence = dips.select(
        "cluster_code", value=sign * (pl.col("dip") - mean) / size * treated_in_cohort / n_treated + weights
    )
    summed = np.bincount(
        influence["cluster_code"].to_numpy(), weights=influence["value"].to_numpy(), minlength=used.n_clusters
    ).astype(np.float64)
    treated = dips.filter("is_treated").unique("unit_code")
    others = dips.join(treated, on="unit_code", how="anti").unique("unit_code")
    return inference(difference, summed, treated["cluster_code"].to_numpy(), others["cluster_code"].to_numpy())


def _return_slope(comparison: pl.DataFrame) -> float | None:
    """The slope of the next period's change on the dip within cohorts' comparisons, each unit and year once."""
    once = comparison.with_columns(
        dip=pl.col("dip") - pl.col("dip").mean().over("cohort"),
        change=pl.col("change") - pl.col("change").mean().over("cohort"),
    )
    squares = float((once["dip"] ** 2).sum())
    return float((once["dip"] * once["change"]).sum()) / squares if once.height > 2 and squares > 0 else None


def _said(excess: Estimate, expected: float | None) -> str:
    if excess.estimate is None:
        return "a dip before treatment could not be told"
    if not excess.excludes_zero:
        return "no more of a dip or rise before treatment than among comparison units, beyond chance"
    side = "lower" if excess.estimate < 0 else "higher"
    said = f"just before treatment the treated stood unusually {side}: {abs(excess.estimate):.2f} beyond the comparison"
    if expected is not None:
        said += f"; coming back from it alone would look like an effect of {expected:+.2f}"
    return said
