"""What could be wrong with an effect, and how much of it would be needed.

Belongs here: the one door to the checks, each in a file of its own. Does not belong here: estimates (did, adjustment),
several tests at once (multiple_testing).

| threat | check | file |
|---|---|---|
| the treated were on another path | bounds under smoothness, placebo timing | smoothness, before_treatment |
| the treated started at a low | mean reversion | before_treatment |
| something unmeasured chose the treated | E-value, Rosenbaum's Γ | unmeasured |
"""

from pipelines.analysis.before_treatment import MeanReversion, mean_reversion, placebo_timing
from pipelines.analysis.smoothness import M_VALUES, SmoothnessBounds, bounds_of_event_study, smoothness_bounds
from pipelines.analysis.unmeasured import (
    EValue,
    RosenbaumGamma,
    e_value,
    e_value_of_ratio,
    rosenbaum_gamma,
    rosenbaum_gamma_of_sets,
    signed_rank_p_value,
)

__all__ = [
    "M_VALUES",
    "EValue",
    "MeanReversion",
    "RosenbaumGamma",
    "SmoothnessBounds",
    "bounds_of_event_study",
    "e_value",
    "e_value_of_ratio",
    "mean_reversion",
    "placebo_timing",
    "rosenbaum_gamma",
    "rosenbaum_gamma_of_sets",
    "signed_rank_p_value",
    "smoothness_bounds",
]
