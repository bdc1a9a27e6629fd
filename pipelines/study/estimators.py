"""The estimators that stand side by side in the report, each with what it assumes.

Belongs here: their names, and a row of the table. Does not belong here: running them (effects, over_time).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pipelines.analysis.estimate import Estimate
from pipelines.study.told import not_told, told

_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Estimator:
    """name: in results.json. label, comparison, assumption: for people."""

    name: str
    label: str
    comparison: str
    assumption: str


NAIVE = Estimator(
    "naive",
    "Plain difference, nothing made alike",
    "everybody not yet treated",
    "none: it is what one sees without a comparison that is alike",
)
MATCHED = Estimator(
    "matched", "Matched 1:3, adjusted", "not yet treated", "who begins depends on nothing beyond the matched covariates"
)
WEIGHTED = Estimator(
    "weighted",
    "Entropy-weighted, adjusted",
    "not yet treated",
    "who begins depends on nothing beyond the weighted covariates",
)
HIGH_HOURS = Estimator(
    "high_hours",
    "As chosen, peers with many PD hours",
    "never-earners",
    "as above, beside never-earners with at least the median PD hours of earners",
)
NOT_YET_TREATED = Estimator(
    "callaway_santanna_not_yet_treated",
    "Callaway–Sant'Anna",
    "not yet treated",
    "without exposure, both groups would have moved in parallel, given the covariates",
)
NEVER_TREATED = Estimator(
    "callaway_santanna_never_treated",
    "Callaway–Sant'Anna",
    "never treated",
    "as above, compared only with those who never began",
)
IMPUTATION = Estimator(
    "imputation",
    "Imputation (Borusyak–Jaravel–Spiess)",
    "all untreated periods",
    "parallel movement in all periods; efficient where effects differ between cohorts",
)


def tried(estimate: Callable[[], _Found]) -> _Found | str:
    """What the estimator gives, or the sentence that says why it gives nothing."""
    try:
        return estimate()
    except ValueError as fault:
        return str(fault)


def row_of(
    estimator: Estimator, found: Estimate | str, *, is_primary: bool = False, effect_size: float | None = None
) -> dict[str, Any]:
    """A row of the table of estimates."""
    more: dict[str, Any] = {
        "estimator": estimator.name,
        "label": estimator.label,
        "comparison": estimator.comparison,
        "assumption": estimator.assumption,
        "is_primary": is_primary,
        "effect_size": effect_size,
    }
    return not_told(found, **more) if isinstance(found, str) else told(found, **more)
