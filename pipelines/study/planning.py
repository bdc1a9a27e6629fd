"""What this study could detect, and whether it may give an effect: decided before outcomes are read.

Belongs here: the minimum detectable effect of the people at hand, and the refusal. Does not belong
here: the formulas (analysis/power), or an outcome of exposure.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.analysis.power import (
    cluster_sizes,
    design_effect,
    explained_share,
    intraclass_correlation,
    minimum_detectable_effect,
    refusal,
)
from pipelines.study.candidates import PRIOR_1, Candidates
from pipelines.study.question import MDE_CEILING, MINIMUM_TREATED, Question

DEFAULT_INTRACLASS_CORRELATION = 0.10
"""What Works Clearinghouse's default for outcomes other than achievement (Handbook 5.0), where none can be had."""


@dataclass(frozen=True)
class Plan:
    """mde: in standard deviations of the outcome. `refusal` is the sentence that stands where an effect would."""

    mde: float
    design_effect: float
    r_squared: float
    intraclass_correlation: float | None
    mean_cluster_size: float | None
    n_treated: int
    n_comparison: int
    basis: str
    refusal: str | None

    @property
    def treated_share(self) -> float:
        return self.n_treated / (self.n_treated + self.n_comparison)


def plan_study(candidates: Candidates, question: Question) -> Plan:
    """The smallest effect that the candidates could show with 80 % power at 5 %, and the rule applied to it.

    The design effect is estimated from the outcome before exposure, or taken as the clearinghouse's default where
    there is none; the share explained by covariates likewise, and is 0 where no covariates were named.
    """
    people = candidates.frame.sort("is_treated", "cohort", descending=[True, True]).unique(
        "unit", keep="first", maintain_order=True
    )
    n_treated, n_comparison = candidates.n_treated, candidates.n_comparison
    has_prior = PRIOR_1.name in candidates.frame.columns
    correlation = size = None
    effect, told = 1.0, "design effect 1: no clusters were named"
    if question.cluster_label is not None:
        size, spread = cluster_sizes(people["cluster"])
        correlation = intraclass_correlation(people["prior_1"], people["cluster"]) if has_prior else None
        source = "estimated from the outcome before exposure"
        if correlation is None:
            correlation, source = (
                DEFAULT_INTRACLASS_CORRELATION,
                "the clearinghouse's default, since none can be estimated",
            )
        effect = design_effect(size, correlation, spread)
        told = (
            f"design effect {effect:.2f}: {size:.1f} a cluster ({question.cluster_label}), intraclass correlation "
            f"{correlation:.3f}, {source}"
        )
    explained = 0.0
    explained_told = "R² 0: no covariates were named"
    if question.covariates and has_prior:
        others = [
            covariate.name for covariate in candidates.covariates if covariate.name not in ("prior_1", "prior_slope")
        ]
        explained = explained_share(people["prior_1"], people.select(others))
        explained_told = f"R² {explained:.2f} by earlier outcomes and covariates, estimated before exposure"
    elif question.covariates:
        explained_told = "R² 0: no outcome before exposure to estimate it from"
    mde = minimum_detectable_effect(n_treated + n_comparison, n_treated / (n_treated + n_comparison), effect, explained)
    return Plan(
        mde=mde,
        design_effect=effect,
        r_squared=explained,
        intraclass_correlation=correlation,
        mean_cluster_size=size,
        n_treated=n_treated,
        n_comparison=n_comparison,
        basis=f"{told}; {explained_told}; 80 % power, two-sided 5 %",
        refusal=refusal(
            n_treated,
            mde,
            minimum_treated=MINIMUM_TREATED,
            ceiling=MDE_CEILING,
            n_comparison=n_comparison,
            treated_label="earners" if question.kind == "warehouse" else "treated units",
            comparison_label="peers" if question.kind == "warehouse" else "others",
        ),
    )
