"""What two-way fixed effects compares with what, and how much each comparison weighs.

Belongs here: Goodman-Bacon's decomposition. Does not belong here: the regression itself (two_way_fixed_effects).

Source: Goodman-Bacon (2021), "Difference-in-differences with variation in treatment timing", Journal of Econometrics
225(2) 254-277, theorem 1; computed by the diff-diff package. Worked: `castle` (R `bacondecomp`): treated against
never treated weighs 0.90834 at 0.08796, earlier against later 0.05976 at −0.00554, later against earlier 0.03190 at
0.07032; together 0.0818.
"""

from __future__ import annotations

import warnings

import polars as pl
from diff_diff import BaconDecomposition

from pipelines.analysis.staggered_panel import counted, staggered_panel

KINDS = {
    "treated_vs_never": "treated vs never treated",
    "earlier_vs_later": "earlier vs later treated",
    "later_vs_earlier": "later vs earlier treated",
}


def bacon_decomposition(panel: pl.DataFrame) -> pl.DataFrame:
    """Which comparisons two-way fixed effects averages, without covariates or weights.

    panel: as for did.callaway_santanna. Three rows: kind, weight (0..1, together 1), estimate (units of the outcome,
    null where the weight is 0), n_units. Σ weight·estimate is two_way_fixed_effects on the same units. 'later vs
    earlier treated' takes those already treated as comparison: where effects grow over time its weight is the share
    of the estimate not to be trusted.

    The decomposition holds for complete panels, so units with a period missing are left out; n_units says how many
    it stands on. Raises ValueError as staggered_panel does, and where no treated unit has every period.
    """
    used = staggered_panel(panel)
    rows = used.rows.filter(pl.len().over("unit_code") == len(used.times))
    left_out = used.unit_cohort.size - rows["unit_code"].n_unique()
    if rows.filter(pl.col("first_treated") > 0).is_empty() or rows["first_treated"].n_unique() < 2:
        raise ValueError(
            f"the decomposition needs units with every period, treated at different times or never: "
            f"{counted(left_out, 'unit')} of {used.unit_cohort.size:,} lack a period"
        )
    with warnings.catch_warnings():
        # it warns about cohorts alone in their comparison; their weight is 0, which the rows say
        warnings.filterwarnings("ignore", category=UserWarning, module=r"diff_diff\.bacon")
        found = BaconDecomposition(weights="exact").fit(
            rows.to_pandas(), outcome="outcome", unit="unit_code", time="time", first_treat="first_treated"
        )
    pairs = pl.DataFrame(
        {
            "kind": [KINDS[pair.comparison_type] for pair in found.comparisons],
            "weight": [float(pair.weight) for pair in found.comparisons],
            "estimate": [float(pair.estimate) for pair in found.comparisons],
        },
        schema={"kind": pl.String, "weight": pl.Float64, "estimate": pl.Float64},
    )
    return (
        pl.DataFrame({"kind": list(KINDS.values())})
        .join(pairs, on="kind", how="left", maintain_order="left")
        .group_by("kind", maintain_order=True)
        .agg(
            pl.col("weight").sum(),
            ((pl.col("weight") * pl.col("estimate")).sum() / pl.col("weight").sum()).alias("estimate"),
        )
        .with_columns(pl.col("estimate").fill_nan(None), n_units=pl.lit(rows["unit_code"].n_unique(), pl.Int64))
    )
