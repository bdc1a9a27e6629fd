"""Several tests at once: which of them are rejected so that few rejections are false.

Belongs here: procedures on p-values. Does not belong here: the tests that give the p-values.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import false_discovery_control


def benjamini_hochberg(p_values: npt.ArrayLike, rate: float = 0.05) -> npt.NDArray[np.bool_]:
    """Which hypotheses are rejected so that the expected share of false rejections is at most `rate`.

    p_values: one number in 0..1 a hypothesis, in any order; nan is a test that was not made: it is never
    rejected and counts for nothing. Returns a boolean array in the given order. With p(1) <= … <= p(m), the
    hypotheses up to the largest k with p(k) <= k·rate/m are rejected. Where all hypotheses are true, the
    probability of any rejection is at most `rate`. Raises ValueError on a p-value or rate outside 0..1.

    Source: Benjamini & Hochberg (1995), "Controlling the false discovery rate", JRSS B 57(1) 289-300.
    Worked: (.002, .009, .011, .034, .041, .160) at .05 rejects five.
    """
    given = np.asarray(p_values, dtype=np.float64)
    if given.ndim != 1:
        raise ValueError(f"p-values have {given.ndim} dimensions instead of 1")
    tested = ~np.isnan(given)
    values = given[tested]
    if not 0 < rate < 1 or bool(np.any((values < 0) | (values > 1))):
        raise ValueError("p-values lie between 0 and 1, and the rate between them")
    order = np.argsort(values, kind="stable")
    holds = values[order] <= np.arange(1, values.size + 1) * rate / max(values.size, 1)
    rejected_tested = np.zeros(values.size, dtype=np.bool_)
    if holds.any():
        rejected_tested[order[: int(np.flatnonzero(holds)[-1]) + 1]] = True
    rejected = np.zeros(given.size, dtype=np.bool_)
    rejected[tested] = rejected_tested
    return rejected


def q_values(p_values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Each test's adjusted p-value: the smallest rate at which benjamini_hochberg rejects it.

    p_values: as for benjamini_hochberg; nan stays nan and counts for nothing. With p(1) ≤ … ≤ p(m), the k-th is the
    smallest of m·p(j)/j over j ≥ k, at most 1. Raises ValueError on a p-value outside 0..1.

    Source: Benjamini & Hochberg (1995), in the adjusted form of Yekutieli & Benjamini (1999), Journal of Statistical
    Planning and Inference 82(1-2) 171-196; `p.adjust(method = "BH")` in R. Worked: (.002, .009, .011, .034, .041,
    .160) become (.012, .022, .022, .0492, .0492, .160).
    """
    given = np.asarray(p_values, dtype=np.float64)
    if given.ndim != 1:
        raise ValueError(f"p-values have {given.ndim} dimensions instead of 1")
    tested = ~np.isnan(given)
    values = given[tested]
    if bool(np.any((values < 0) | (values > 1))):
        raise ValueError("p-values lie between 0 and 1")
    adjusted = np.full(given.size, np.nan)
    adjusted[tested] = false_discovery_control(values, method="bh") if values.size else values
    return adjusted
