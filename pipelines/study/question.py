"""What a study asks, and the rules it is held to.

Belongs here: the question as one frozen object, and the thresholds that every study shares. Does not
belong here: data, or an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pipelines.analysis.balance import Covariate

Kind = Literal["warehouse", "panel", "cross_section"]

MATCHED_PER_TREATED = 3
CALIPER_SD = 0.2
MINIMUM_TREATED = 20
MDE_CEILING = 0.40
SMALLEST_CELL = 10
BOOTSTRAP_DRAWS = 999
COST_DRAWS = 2000
EVENT_TIMES = (-4, 4)
"""First and last event time that is printed."""


@dataclass(frozen=True)
class Measure:
    """A column of the panel that is compared beside the outcome. `domain` groups tests that are corrected together."""

    name: str
    label: str
    unit: str
    domain: str = ""


@dataclass(frozen=True)
class Provenance:
    """Where the data come from, for whoever wants to repeat the study."""

    command: str
    code_version: str
    input_name: str | None = None
    input_sha256: str | None = None
    release_id: str | None = None
    landing_runs: int | None = None


@dataclass(frozen=True)
class Question:
    """One study. Column names are those of the canonical panel, labels are for people."""

    kind: Kind
    title: str
    text: str
    exposure: str
    outcome_name: str
    outcome_label: str
    outcome_unit: str
    provenance: Provenance
    unit_label: str = "unit"
    cluster_label: str | None = None
    covariates: tuple[Covariate, ...] = ()
    staggered_covariates: tuple[str, ...] = ()
    """Those that difference-in-differences adjusts for, by their value in the base period."""
    exact_on: tuple[str, ...] = ()
    contrasts: tuple[Measure, ...] = ()
    secondary: tuple[Measure, ...] = ()
    subgroups: tuple[Measure, ...] = ()
    has_cost: bool = False
    price_year: int | None = None
    cost_periods: tuple[int, ...] = (0,)
    """Event times whose cost counts: an award is paid for in the year before its exposure begins."""
    seed: int = 20_220
    district_name: str | None = None
    is_synthetic: bool = False
    comparisons: tuple[Mapping[str, Any], ...] = field(
        default=(
            {"name": "not_yet_treated", "label": "those who had not begun by then, or never did", "is_primary": True},
            {"name": "never_treated", "label": "those who never began", "is_primary": False},
        )
    )

    def covariate_names(self) -> Sequence[str]:
        return [covariate.name for covariate in self.covariates]
