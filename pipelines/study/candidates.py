"""Who could be compared with whom, as known before exposure begins.

Belongs here: one row per unit and cohort it may serve in, with nothing but what was known before that
cohort's exposure. Does not belong here: choosing among them (design), or an outcome of exposure: no
cell here is younger than the last period before it, and a design is made of these rows alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from pipelines.analysis.balance import Covariate
from pipelines.study.faults import StudyInputFault
from pipelines.study.question import Question

PRIOR_1 = Covariate("prior_1", "outcome one period before", "continuous")
PRIOR_2 = Covariate("prior_2", "outcome two periods before", "continuous")
SLOPE = Covariate("prior_slope", "yearly change over the three periods before", "continuous")
CLUSTER_PRIOR = Covariate("cluster_prior", "mean outcome of the cluster one period before", "continuous")


@dataclass(frozen=True)
class Exclusion:
    """A step at which people or rows leave the study: how many treated and comparison units it leaves, and why."""

    step: str
    treated: int
    comparison: int
    rows: int
    reason: str


@dataclass(frozen=True)
class Candidates:
    """frame: one row per unit × cohort with `unit`, `cohort`, `outcome_time`, `is_treated`, `cluster`, `stratum`,
    `block` and the covariates. covariates: what a design balances on, in order. steps: who was left out on the way.
    n_treated, n_comparison: units seen before exposure, whether or not everything that describes them is known.
    """

    frame: pl.DataFrame
    covariates: tuple[Covariate, ...]
    steps: tuple[Exclusion, ...]
    n_treated: int
    n_comparison: int

    def of_comparison(self, keeps: pl.Expr) -> Candidates:
        """The same treated units with fewer to compare them with."""
        return replace(self, frame=self.frame.filter(pl.col("is_treated") | keeps))


def find_candidates(panel: pl.DataFrame, question: Question) -> Candidates:
    """The candidates of a canonical panel or cross-section. Raises StudyInputFault where there are none.

    A cohort is those whose exposure begins in the same period g. Its treated units are compared with those
    not yet treated in g; both are described by the periods before g: the outcome in the last one or two
    (two where at least half of the treated have two), its slope where nearly all have three, and the question's
    covariates in the last one.
    """
    if question.kind == "cross_section":
        return _of_cross_section(panel, question)
    times: list[int] = panel["time"].unique().sort().to_list()
    units = panel.group_by("unit").agg(pl.col("first_treated").first())
    is_treated = pl.col("first_treated").is_not_null() & (pl.col("first_treated") <= times[-1])
    peers = pl.col("first_treated").is_null() | (pl.col("first_treated") > times[0])
    steps = [_population("in the data", units, is_treated, peers, panel.height, _COUNTED)]

    begun = units.filter(is_treated)
    always = begun.filter(pl.col("first_treated") <= times[0])
    kept = units.join(always.select("unit"), on="unit", how="anti").with_columns(is_treated=is_treated)
    rows = panel.join(always.select("unit"), on="unit", how="anti")
    if always.height:
        reason = "exposed in the first period: nothing is known of before"
        steps.append(_population("seen before exposure", kept, is_treated, peers, rows.height, reason))
    periods = _periods_before(begun, times)
    cohorts = _cohorts(rows, times, periods)
    covariates = [PRIOR_1, *([PRIOR_2] if periods >= 2 else []), *([SLOPE] if periods >= 3 else [])]
    covariates += question.covariates
    stacked = [_of_cohort(rows, times, group, periods, question) for group in cohorts]
    frame = pl.concat([part for part in stacked if part.height] or stacked[:1]) if stacked else None
    if frame is None or not frame["is_treated"].any():
        raise StudyInputFault(
            "no pre-period: nobody who is treated was seen in the period before. Add earlier periods, or compare a "
            "cross-section with --treated"
        )
    steps.append(_step("seen in the period before exposure", frame, frame.height, "not in the data in that period"))
    # sorted before anything is added up: the order of sums shows in the last digit, and so in the hash
    complete = frame.drop_nulls([covariate.name for covariate in covariates]).sort("cohort", "unit")
    if complete.height < frame.height:
        steps.append(
            _step(
                "every covariate known",
                complete,
                complete.height,
                "an earlier outcome or a covariate is missing; none is filled in",
            )
        )
    if question.cluster_label is not None:
        complete = complete.with_columns(cluster_prior=pl.col("prior_1").mean().over("cluster", "cohort"))
        covariates.append(CLUSTER_PRIOR)
    _refuse_one_arm(complete, covariates)
    begin = int(kept["is_treated"].sum())
    # where everybody begins one day, those who begin later are compared with
    others = kept.height - begin or complete.filter(~pl.col("is_treated"))["unit"].n_unique()
    return Candidates(complete, tuple(covariates), tuple(steps), begin, others)


def _of_cross_section(rows: pl.DataFrame, question: Question) -> Candidates:
    frame = rows.with_columns(cohort=pl.lit(0, pl.Int64), outcome_time=pl.lit(0, pl.Int64), block=pl.lit("all")).drop(
        "outcome"
    )
    steps = [_step("in the data", frame, frame.height, "")]
    known = rows["outcome"].is_not_null()
    if not known.all():
        frame = frame.filter(known)
        steps.append(_step("outcome known", frame, frame.height, "the outcome is missing; none is filled in"))
    names = list(question.covariate_names())
    complete = frame.drop_nulls(names)
    if complete.height < frame.height:
        steps.append(
            _step("every covariate known", complete, complete.height, "a covariate is missing; none is filled in")
        )
    _refuse_one_arm(complete, question.covariates)
    begin = int(complete["is_treated"].sum())
    return Candidates(complete.sort("unit"), question.covariates, tuple(steps), begin, complete.height - begin)


_COUNTED = "who begins later is to compare with until then, and counts in both columns"
_NEEDED = {3: 0.9, 2: 0.5}
"""Share of the treated who must have so many periods before exposure, for all to be described by them."""


def _periods_before(begun: pl.DataFrame, times: Sequence[int]) -> int:
    """How many periods before exposure describe everybody: cohorts with fewer are not matched.

    Two make the level and its change; a third, which makes a slope of its own, must cost hardly anybody.
    """
    before = [sum(time < start for time in times) for start in begun["first_treated"].to_list()]
    for periods, share in _NEEDED.items():
        if sum(number >= periods for number in before) >= share * len(before):
            return periods
    return 1


def _cohorts(rows: pl.DataFrame, times: Sequence[int], periods: int) -> list[int]:
    """First times of exposure that have enough periods before them and one at or after."""
    groups: list[int] = rows["first_treated"].drop_nulls().unique().sort().to_list()
    return [group for group in groups if sum(time < group for time in times) >= periods and group <= times[-1]]


def _of_cohort(rows: pl.DataFrame, times: Sequence[int], group: int, periods: int, question: Question) -> pl.DataFrame:
    """One cohort's treated units and those not yet treated when its exposure begins."""
    before = [time for time in times if time < group]
    outcome_time = next(time for time in times if time >= group)
    last = before[-1]
    first = pl.col("first_treated")
    own = list(question.covariate_names())
    labels = [measure.name for measure in question.subgroups if measure.name not in own]
    extra = [name for name in ("is_high_hours",) if name in rows.columns]
    frame = rows.filter(
        (pl.col("time") == last) & (first.is_null() | (first == group) | (first > outcome_time))
    ).select(
        "unit",
        pl.lit(group, pl.Int64).alias("cohort"),
        pl.lit(outcome_time, pl.Int64).alias("outcome_time"),
        (first == group).fill_null(False).alias("is_treated"),
        "cluster",
        "stratum",
        (pl.col("district") if "district" in rows.columns else pl.lit("")).add(f" {outcome_time}").alias("block"),
        pl.col("outcome").alias("prior_1"),
        *own,
        *labels,
        *extra,
    )
    for back in range(2, periods + 1):
        earlier = rows.filter(pl.col("time") == before[-back]).select("unit", pl.col("outcome").alias(f"prior_{back}"))
        frame = frame.join(earlier, on="unit", how="left")
    if periods >= 3:
        span = last - before[-3]
        frame = frame.with_columns(prior_slope=(pl.col("prior_1") - pl.col("prior_3")) / span).drop("prior_3")
    return frame


def _population(
    step: str, units: pl.DataFrame, is_treated: pl.Expr, is_peer: pl.Expr, rows: int, reason: str
) -> Exclusion:
    return Exclusion(step, units.filter(is_treated).height, units.filter(is_peer).height, rows, reason)


def _step(step: str, frame: pl.DataFrame, rows: int, reason: str) -> Exclusion:
    treated = frame.filter(pl.col("is_treated").fill_null(False))["unit"].n_unique()
    comparison = frame.filter(~pl.col("is_treated").fill_null(False))["unit"].n_unique()
    return Exclusion(step, treated, comparison, rows, reason)


def _refuse_one_arm(frame: pl.DataFrame, covariates: Sequence[Covariate]) -> None:
    for arm, told in ((True, "treated"), (False, "to compare with")):
        if frame.filter(pl.col("is_treated") == arm).is_empty():
            names = ", ".join(covariate.label for covariate in covariates)
            raise StudyInputFault(
                f"no unit {told} is left once everything that describes them is required ({names}): name fewer "
                "covariates, or fill in what is missing"
            )
