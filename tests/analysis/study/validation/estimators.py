"""The study's estimators, each asked as the study asks it.

Belongs here: one function per estimator from a panel to its estimate, its label, and the process whose
selection it can take out. Does not belong here: a composition of its own: designs and estimates come from
pipelines.study, formulas from pipelines.analysis.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from pipelines.analysis.adjustment import adjusted_difference
from pipelines.analysis.balance import Covariate
from pipelines.analysis.did import callaway_santanna, imputation
from pipelines.analysis.estimate import Estimate
from pipelines.study.candidates import find_candidates
from pipelines.study.design import Design, make_design
from pipelines.study.effects import adjusted, with_outcome
from pipelines.study.question import Provenance, Question
from tests.analysis.study.validation.generate import COVARIATES, Process

QUESTION = Question(
    kind="panel",
    title="Planted truth",
    text="Is the planted effect found?",
    exposure="a drawn award in the school year before",
    outcome_name="outcome",
    outcome_label="score",
    outcome_unit="SD",
    provenance=Provenance(command="make study-validation", code_version="", input_name="drawn"),
    unit_label="teacher",
    cluster_label="school",
    covariates=tuple(Covariate(name, name.replace("_", " "), "continuous") for name in COVARIATES),
    exact_on=("stratum",),
)


@dataclass(frozen=True)
class Study:
    """One panel; its design is made once, before any estimator that needs it."""

    panel: pl.DataFrame

    @cached_property
    def design(self) -> Design:
        return make_design(find_candidates(self.panel, QUESTION), QUESTION)


@dataclass(frozen=True)
class Estimator:
    """`needs`: the process whose selection it takes out; None takes out none. Effects in SD."""

    label: str
    needs: Process | None
    ask: Callable[[Study], Estimate]


def _naive(study: Study) -> Estimate:
    rows = with_outcome(study.design.of("before"), study.panel)
    return adjusted_difference(rows, "outcome", (), fixed_effects="block", seed=QUESTION.seed)


def _callaway_santanna(study: Study) -> Estimate:
    # bands are drawn, the interval of the one figure is not: no draws
    return callaway_santanna(study.panel, covariates=QUESTION.staggered_covariates, seed=QUESTION.seed, draws=0).simple


ESTIMATORS = {
    "naive": Estimator("earners minus others", None, _naive),
    "matched": Estimator(
        "matched 1:3, ANCOVA",
        Process.OBSERVED_SCORES,
        lambda study: adjusted(study.design, "matched", study.panel, QUESTION),
    ),
    "weighted": Estimator(
        "entropy-weighted ANCOVA",
        Process.OBSERVED_SCORES,
        lambda study: adjusted(study.design, "weighted", study.panel, QUESTION),
    ),
    "callaway_santanna": Estimator("Callaway–Sant'Anna, not yet treated", Process.FIXED_LEVEL, _callaway_santanna),
    "imputation": Estimator(
        "imputation (Borusyak–Jaravel–Spiess)",
        Process.FIXED_LEVEL,
        lambda study: imputation(study.panel).simple,
    ),
}


def estimates(panel: pl.DataFrame, names: Sequence[str]) -> Iterator[tuple[str, Estimate, float]]:
    """The named estimators on one panel: name, estimate, seconds. The design's seconds fall on its first user."""
    study = Study(panel)
    for name in names:
        before = time.perf_counter()
        found = ESTIMATORS[name].ask(study)
        yield name, found, time.perf_counter() - before
