"""Confidence intervals of shares.

Belongs here: intervals of a count out of a count. Does not belong here: tests of differences
(compared_shares), several tests at once (multiple_testing).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_Z_95 = 1.959963984540054  # two-sided 95 %


def wilson_interval(
    counts: npt.ArrayLike, out_of: npt.ArrayLike
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Lower and upper ends of the 95 % Wilson score interval of each share counts / out_of.

    counts, out_of: numbers of the same shape, 0 <= counts <= out_of. Shares lie in 0..1; where out_of is
    0 both ends are nan. Raises ValueError on counts outside 0..out_of.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA
    22(158) 209-212; recommended for small n by Brown, Cai & DasGupta (2001), Statistical Science 16(2).
    """
    hits, trials = np.asarray(counts, dtype=np.float64), np.asarray(out_of, dtype=np.float64)
    if hits.shape != trials.shape or bool(np.any((hits < 0) | (hits > trials))):
        raise ValueError("every count must lie between 0 and what it is out of, and both must have one shape")
    with np.errstate(divide="ignore", invalid="ignore"):
        share = hits / trials
        shrink = 1 + _Z_95**2 / trials
        middle = (share + _Z_95**2 / (2 * trials)) / shrink
        half = _Z_95 / shrink * np.sqrt(share * (1 - share) / trials + _Z_95**2 / (4 * trials**2))
        # at 0 and at 1 the interval ends there exactly; binary fractions miss it by a hair
        low = np.where(hits == 0, np.where(trials > 0, 0.0, np.nan), middle - half)
        high = np.where((hits == trials) & (trials > 0), 1.0, middle + half)
    return low, high
