"""What every estimator gives back.

Belongs here: the shape of an estimate. Does not belong here: how one is had.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """An effect in units of its outcome, with a 95 % interval. None where it can't be estimated, never 0.

    `n_treated` and `n_comparison` count units, not rows. `n_clusters` counts what the standard error is
    clustered by; units count as clusters where nothing else was named. `note` says why a figure is missing.
    """

    estimate: float | None
    std_error: float | None
    ci_low: float | None
    ci_high: float | None
    n_treated: int
    n_comparison: int
    n_clusters: int
    p_value: float | None = None
    note: str | None = None

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of 0."""
        return self.ci_low is not None and self.ci_high is not None and (self.ci_low > 0 or self.ci_high < 0)
