"""An interval and a p-value where clusters are few, by the wild cluster bootstrap.

Belongs here: how diff_diff's bootstrap is asked, and what its answer needs said. Does not belong here: the
estimate itself (adjustment.py).

Source: Cameron, Gelbach & Miller (2008), "Bootstrap-based improvements for inference with clustered errors",
Review of Economics and Statistics 90(3) 414–427; the interval by inverting the test as Roodman, MacKinnon,
Nielsen & Webb (2019), "Fast and wild", Stata Journal 19(1) 4–60.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from diff_diff.utils import wild_bootstrap_se

from pipelines.analysis.design_matrix import Floats, Integers

FEW_CLUSTERS = 40
"""Below this many clusters t(G − 1) intervals are too narrow (METHODS section 3; Cameron, Gelbach & Miller)."""
DRAWS = 999


@dataclass(frozen=True)
class WildInterval:
    """95 % interval and p-value. An end of the interval is None where no value is rejected on that side."""

    p_value: float | None
    ci_low: float | None
    ci_high: float | None
    note: str


def wild_interval(
    treatment: Floats, outcome: Floats, others: Floats, clusters: Integers, absorbed: int, seed: int
) -> WildInterval:
    """Test and interval of the coefficient of `treatment` in a regression of `outcome` on it and `others`.

    treatment, outcome: n; others: n × columns, of full rank; all times the square root of the row's weight where
    there are weights. clusters: 0 … G − 1. absorbed: fixed effects taken out of all of them beforehand, each of
    which lies within one cluster (others belong into `others`: a flipped residual has a mean again). seed: of the
    draws; none are random where all 2^G flips are fewer than DRAWS.

    The null is imposed, and the two-tailed test inverted. Signs are flipped at random (Rademacher) where G gives more
    than DRAWS patterns, else by Webb's six-point weights: with 2^G patterns the smallest p-value of G = 5 is 0.06.
    """
    count = int(clusters.max()) + 1
    weights = "rademacher" if 2**count > DRAWS else "webb"
    with warnings.catch_warnings():
        # told in the note
        warnings.filterwarnings("ignore", message="Only . clusters detected", category=UserWarning)
        found = wild_bootstrap_se(
            np.column_stack([treatment, others]),
            outcome,
            np.empty(0),
            clusters,
            coefficient_index=0,
            n_bootstrap=DRAWS,
            weight_type=weights,
            seed=seed,
            cluster_k_adjustment=absorbed,
        )
    if not np.isfinite(found.p_value):
        return WildInterval(None, None, None, f"With {count} clusters no interval could be computed.")
    low, high = float(found.ci_lower), float(found.ci_upper)
    note = f"Interval and p-value by wild cluster bootstrap ({DRAWS} draws): there are only {count} clusters."
    if not (np.isfinite(low) and np.isfinite(high)):
        note += " The interval has no bound on a side where no value could be rejected."
    if count < 5:
        note += " With fewer than 5 clusters even that is unreliable."
    return WildInterval(
        float(found.p_value), low if np.isfinite(low) else None, high if np.isfinite(high) else None, note
    )
