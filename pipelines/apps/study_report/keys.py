"""The keys of the results document (results.json): their names, types and meanings.

Belongs here: the documented keys, and nothing else. Does not belong here: reading and refusing a document
(document), how any number is had.

Each key's meaning stands in its type; `documented_keys()` lists them all, so documentation cannot drift.
Numbers are null where they could not be had, never 0. A section may be null or absent: the report then says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, NotRequired, TypedDict, get_args, get_origin, get_type_hints

SCHEMA = "expertise-study-results/1"


class Effect(TypedDict):
    """An effect in units of its outcome, with its 95 % interval and the numbers behind it."""

    estimate: Annotated[float | None, "the effect, in the outcome's unit"]
    std_error: Annotated[float | None, "its standard error, clustered"]
    ci_low: Annotated[float | None, "lower end of the 95 % interval"]
    ci_high: Annotated[float | None, "upper end of the 95 % interval"]
    n_treated: Annotated[int | None, "treated units behind it"]
    n_comparison: Annotated[int | None, "comparison units behind it"]
    n_clusters: Annotated[int | None, "clusters that the standard error counts"]
    p_value: NotRequired[Annotated[float | None, "two-sided p-value of no effect"]]
    note: NotRequired[Annotated[str | None, "why a figure is missing, or what to know of it"]]
    is_suppressed: NotRequired[Annotated[bool, "hidden under the small-cell rule: every number is null"]]


class Outcome(TypedDict):
    name: Annotated[str, "column of the outcome"]
    label: Annotated[str, "the outcome in words"]
    unit: Annotated[str, "unit of every effect, usually SD"]


class Comparison(TypedDict):
    name: Annotated[str, "not_yet_treated, never_treated, …"]
    label: Annotated[str, "in words"]
    is_primary: Annotated[bool, "whether the headline compares with it"]


class Covariate(TypedDict):
    name: Annotated[str, "column"]
    label: Annotated[str, "in words"]


class Dropped(TypedDict):
    name: Annotated[str, "column of a covariate left out"]
    reason: Annotated[str, "why"]


class Coefficient(TypedDict):
    name: Annotated[str, "term of the propensity model"]
    coefficient: Annotated[float | None, "log-odds of being treated per unit of the term"]


class Propensity(TypedDict, total=False):
    coefficients: Annotated[list[Coefficient], "of the logit model of who is treated"]
    note: Annotated[str | None, "whether it converged, and what was dropped"]


class Design(TypedDict, total=False):
    hash: Annotated[str | None, "SHA-256 of the design, stored before outcomes were read"]
    chosen: Annotated[str | None, "matched or weighted: the design that the primary estimate uses"]
    chosen_because: Annotated[str | None, "why, from balance alone"]
    matched_per_treated: Annotated[int | None, "comparison units sought per treated one"]
    caliper_sd: Annotated[float | None, "widest distance of a match, in SD of the logit"]
    exact_on: Annotated[list[str], "what a match must share exactly"]
    covariates: Annotated[list[Covariate], "what the two groups are made alike in"]
    dropped_covariates: Annotated[list[Dropped], "covariates left out, with the reason"]
    seed: Annotated[int | None, "seed of the design"]
    written_before_outcomes: Annotated[bool, "whether the design was fixed before outcomes were read"]
    propensity: Annotated[Propensity | None, "the model of who is treated"]


class Mde(TypedDict, total=False):
    estimate: Annotated[float | None, "smallest effect found 4 times out of 5, in SD"]
    design_effect: Annotated[float | None, "how much clustering widens the variance: 1 + (size − 1)·ICC"]
    r_squared: Annotated[float | None, "share of the outcome's variance that covariates explain"]
    intraclass_correlation: Annotated[float | None, "share of the variance that lies between clusters"]
    mean_cluster_size: Annotated[float | None, "units per cluster"]
    n_treated: Annotated[int | None, "treated units"]
    n_comparison: Annotated[int | None, "comparison units"]
    treated_share: Annotated[float | None, "treated share of all units"]
    ceiling: Annotated[float | None, "above this detectable effect no effect is given, in SD"]
    minimum_treated: Annotated[int | None, "below this number of treated units no effect is given"]
    basis: Annotated[str | None, "where its parts come from"]


class Refusal(TypedDict):
    rule: Annotated[str, "sample, mde or design"]
    sentence: Annotated[str, "why no effect is given"]


class Headline(TypedDict):
    sentence: Annotated[str, "the answer in one or two plain sentences"]
    estimate: Annotated[Effect | None, "the effect that it tells; null where refused"]
    estimator: Annotated[str | None, "what that effect was estimated by"]


class FlowStep(TypedDict):
    step: Annotated[str, "who is left after this step"]
    treated: Annotated[int | None, "treated units; null where hidden or not known yet"]
    comparison: Annotated[int | None, "comparison units; null where hidden or not known yet"]
    rows: Annotated[int | None, "rows of data"]
    reason: Annotated[str | None, "why the others left"]


class RecordFlow(TypedDict):
    subject: Annotated[str, "which records: awards, evaluation scores, records of PD …"]
    reason: Annotated[str, "counted, or why not"]
    is_counted: Annotated[bool, "whether they are in the study"]
    people: Annotated[int | None, "people they are of; null where hidden, or where nobody knows"]
    records: Annotated[int | None, "records; null where hidden"]
    amount_usd: Annotated[float | None, "dollars, where the records are of money"]


class Unmatched(TypedDict):
    reason: Annotated[str, "why a treated unit has no match"]
    n: Annotated[int | None, "treated units; null where hidden"]


class Matched(TypedDict, total=False):
    n_treated: Annotated[int | None, "treated units with a match"]
    n_comparison: Annotated[int | None, "comparison units in a set"]
    n_sets: Annotated[int | None, "matched sets"]
    n_unmatched: Annotated[int | None, "treated units without a match"]
    effective_n_comparison: Annotated[float | None, "comparison units that the weights are worth (Kish)"]
    unmatched: Annotated[list[Unmatched], "those without a match, by reason"]


class Verdicts(TypedDict, total=False):
    before: Annotated[str | None, "WWC verdict before any design"]
    matched: Annotated[str | None, "WWC verdict after matching"]
    weighted: Annotated[str | None, "WWC verdict after weighting"]


class BalanceRow(TypedDict, total=False):
    covariate: Annotated[str, "column"]
    label: Annotated[str, "in words"]
    kind: Annotated[str, "continuous (Hedges g) or binary (Cox index)"]
    is_required: Annotated[bool, "whether the verdict counts it"]
    treated_mean: Annotated[float | None, "mean of the treated"]
    comparison_mean_before: Annotated[float | None, "mean of the comparison group before any design"]
    comparison_mean_matched: Annotated[float | None, "… after matching"]
    comparison_mean_weighted: Annotated[float | None, "… after weighting"]
    effect_size_before: Annotated[float | None, "standardised difference before any design"]
    effect_size_matched: Annotated[float | None, "… after matching"]
    effect_size_weighted: Annotated[float | None, "… after weighting"]
    verdict_before: Annotated[str | None, "WWC verdict of the row before any design"]
    verdict_matched: Annotated[str | None, "… after matching"]
    verdict_weighted: Annotated[str | None, "… after weighting"]


class Balance(TypedDict, total=False):
    verdict: Annotated[str | None, "WWC verdict of the chosen design: its worst required row"]
    verdicts: Annotated[Verdicts | None, "the verdicts of the three samples"]
    rows: Annotated[list[BalanceRow], "one per covariate"]


class Contrast(TypedDict, total=False):
    measure: Annotated[str, "hours, awards, dollars …"]
    label: Annotated[str, "in words"]
    unit: Annotated[str | None, "of the means"]
    treated_mean: Annotated[float | None, "mean of the treated"]
    comparison_mean: Annotated[float | None, "mean of the comparison group"]
    difference: Annotated[float | None, "the first less the second"]
    std_error: Annotated[float | None, "of the difference"]
    n_treated: Annotated[int | None, "treated units"]
    n_comparison: Annotated[int | None, "comparison units"]


class GroupEffect(Effect):
    group: Annotated[int | None, "time of first treatment"]


class TimeEffect(Effect):
    time: Annotated[int | None, "time of the outcome"]


class ByGroup(Effect):
    by: NotRequired[Annotated[list[GroupEffect], "per cohort"]]


class ByTime(Effect):
    by: NotRequired[Annotated[list[TimeEffect], "per time"]]


class Att(TypedDict, total=False):
    simple: Annotated[Effect | None, "average over all treated unit-times; the adjusted estimate of a cross-section"]
    group: Annotated[ByGroup | None, "average over cohorts by their size"]
    dynamic: Annotated[Effect | None, "average over event times"]
    calendar: Annotated[ByTime | None, "average over calendar times"]


class GroupTimeEffect(Effect):
    group: Annotated[int | None, "time of first treatment"]
    time: Annotated[int | None, "time of the outcome"]


class EventEffect(Effect):
    event_time: Annotated[int, "times since treatment began: 0 is the first"]
    band_low: NotRequired[Annotated[float | None, "lower end of the simultaneous 95 % band"]]
    band_high: NotRequired[Annotated[float | None, "upper end of the simultaneous 95 % band"]]


class Cohort(TypedDict, total=False):
    group: Annotated[int | None, "time of first treatment"]
    n_treated: Annotated[int | None, "units first treated then; null where hidden"]
    weight: Annotated[float | None, "share of the average effect, 0 to 1"]


class NamedEffect(Effect):
    estimator: Annotated[str, "short name of the estimator"]
    label: Annotated[str, "in words"]
    comparison: NotRequired[Annotated[str | None, "compared with whom"]]
    assumption: NotRequired[Annotated[str | None, "what must hold for it to be the effect"]]
    is_primary: NotRequired[Annotated[bool, "whether it was chosen beforehand"]]
    effect_size: NotRequired[Annotated[float | None, "as Hedges g or Cox index, in SD"]]


class SecondaryEffect(Effect):
    outcome: Annotated[str, "column of the outcome"]
    label: Annotated[str, "in words"]
    domain: NotRequired[Annotated[str | None, "outcomes corrected together for their number"]]
    unit: NotRequired[Annotated[str | None, "of the effect"]]
    q_value: NotRequired[Annotated[float | None, "p-value after Benjamini–Hochberg inside the domain"]]
    is_rejected: NotRequired[Annotated[bool | None, "whether no effect is rejected at 5 % after the correction"]]


class Subgroup(Effect):
    by: Annotated[str, "what divides them"]
    level: Annotated[str, "which part"]


class Smoothness(TypedDict, total=False):
    m: Annotated[float, "most that a trend may bend between two times, in the outcome's unit"]
    ci_low: Annotated[float | None, "lower end of the 95 % interval that allows for it"]
    ci_high: Annotated[float | None, "upper end"]
    excludes_zero: Annotated[bool | None, "whether the interval lies on one side of 0"]


class EValue(TypedDict, total=False):
    estimate: Annotated[float | None, "risk ratio that something unseen would need with both treatment and outcome"]
    ci: Annotated[float | None, "… to bring the interval to 0"]
    note: Annotated[str | None, "what it means"]


class RosenbaumGamma(TypedDict, total=False):
    gamma: Annotated[float | None, "odds of treatment inside a matched set that would end significance"]
    p_value: Annotated[float | None, "one-sided p-value of the test without hidden bias"]
    n_sets: Annotated[int | None, "matched sets"]
    note: Annotated[str | None, "what it means, and which test"]


class MeanReversion(TypedDict, total=False):
    treated_dip: Annotated[float | None, "last pre-treatment outcome less its earlier trend, treated"]
    comparison_dip: Annotated[float | None, "… comparison group"]
    note: Annotated[str | None, "what it means here"]


class BaconRow(TypedDict, total=False):
    kind: Annotated[str, "which two groups are compared"]
    weight: Annotated[float | None, "share in the two-way fixed-effects estimate"]
    estimate: Annotated[float | None, "effect from these comparisons"]


class Bacon(TypedDict, total=False):
    two_way_fixed_effects: Annotated[Effect | None, "the two-way fixed-effects estimate"]
    rows: Annotated[list[BaconRow], "what it is an average of"]


class Sensitivity(TypedDict, total=False):
    smoothness: Annotated[list[Smoothness] | None, "intervals that allow trends to bend by M"]
    smoothness_note: Annotated[str | None, "why there are none"]
    breakdown_m: Annotated[float | None, "smallest M at which 0 can't be excluded"]
    breakdown_m_note: Annotated[str | None, "why there is none"]
    e_value: Annotated[EValue | None, "how strong unseen confounding would have to be"]
    e_value_note: Annotated[str | None, "why there is none"]
    rosenbaum_gamma: Annotated[RosenbaumGamma | None, "how much hidden bias the matched comparison bears"]
    rosenbaum_gamma_note: Annotated[str | None, "why there is none"]
    placebo: Annotated[Effect | None, "pretended earlier treatment: should be 0"]
    placebo_note: Annotated[str | None, "why there is none"]
    non_aligned: Annotated[Effect | None, "elements that the credentials don't address: should be 0"]
    non_aligned_note: Annotated[str | None, "why there is none"]
    mean_reversion: Annotated[MeanReversion | None, "did the treated dip before they began?"]
    mean_reversion_note: Annotated[str | None, "why there is none"]
    bacon: Annotated[Bacon | None, "what two-way fixed effects would mix together"]
    bacon_note: Annotated[str | None, "why there is none"]


class CostRow(TypedDict, total=False):
    arm: Annotated[str, "micro-credential or traditional"]
    category: Annotated[str, "personnel, facilities, materials, other, participant"]
    payer: Annotated[str, "district, state, federal, teacher, provider"]
    cost_usd: Annotated[float | None, "dollars of the price year"]
    share: Annotated[float | None, "share of the arm's cost, 0 to 1"]


class CostPer(TypedDict, total=False):
    arm: Annotated[str, "micro-credential or traditional"]
    measure: Annotated[str, "teacher (and year), award, award_started or contact_hour"]
    cost_usd: Annotated[float | None, "dollars per one"]
    n: Annotated[float | None, "how many the cost is divided by"]


class Fieller(TypedDict, total=False):
    low: Annotated[float | None, "lower end of the ratio's 95 % set, USD per unit of effect"]
    high: Annotated[float | None, "upper end"]
    kind: Annotated[str | None, "bounded or unbounded"]


class Incremental(TypedDict, total=False):
    cost_usd: Annotated[Effect | None, "cost of the treated less the comparison's, USD per unit"]
    effect: Annotated[Effect | None, "the effect that it buys"]
    icer_usd_per_sd: Annotated[float | None, "their ratio; null where the effect's interval includes 0"]
    cost_per_tenth_sd_usd: Annotated[float | None, "a tenth of it"]
    fieller: Annotated[Fieller | None, "the ratio's 95 % set (Fieller)"]
    note: Annotated[str | None, "why there is no ratio, or what to know of it"]


class PlanePoint(TypedDict):
    effect: Annotated[float, "effect in one bootstrap draw"]
    cost_usd: Annotated[float, "incremental cost in the same draw"]


class Acceptability(TypedDict):
    willingness_to_pay_usd: Annotated[float, "what one unit of effect is worth to the reader, USD"]
    probability: Annotated[float | None, "share of draws in which the treatment is worth its cost"]


class NetBenefit(TypedDict, total=False):
    willingness_to_pay_usd: Annotated[float, "what one unit of effect is worth to the reader, USD"]
    net_benefit_usd: Annotated[float | None, "worth of the effect less its cost"]
    ci_low: Annotated[float | None, "lower end of its 95 % interval"]
    ci_high: Annotated[float | None, "upper end"]


class DiscountedCost(TypedDict, total=False):
    rate: Annotated[float, "discount rate, 0 to 1"]
    cost_usd: Annotated[float | None, "incremental cost at it"]


class Benchmark(TypedDict, total=False):
    label: Annotated[str, "what others found"]
    value: Annotated[float | str | None, "figure"]
    unit: Annotated[str | None, "of the figure"]
    source: Annotated[str | None, "who found it"]


class Spending(TypedDict, total=False):
    school_year: Annotated[int | None, "spring year"]
    category: Annotated[str | None, "of PD spending"]
    payer: Annotated[str | None, "who paid"]
    programme: Annotated[str | None, "programme or grant"]
    amount_usd: Annotated[float | None, "dollars as booked"]


class Unmapped(TypedDict, total=False):
    lines: Annotated[int | None, "ledger lines that no rule maps to PD"]
    amount_usd: Annotated[float | None, "their dollars"]
    sentence: Annotated[str | None, "what that means"]


class Cost(TypedDict, total=False):
    price_year: Annotated[int | None, "year whose dollars these are"]
    currency: Annotated[str, "USD"]
    rows: Annotated[list[CostRow], "ingredients summed by arm, category and payer"]
    per: Annotated[list[CostPer], "cost per teacher and year, award, award started, contact hour"]
    incremental: Annotated[Incremental | None, "what more it costs and what that buys"]
    plane: Annotated[list[PlanePoint], "joint bootstrap draws of effect and cost"]
    acceptability: Annotated[list[Acceptability], "how likely it is worth its cost"]
    net_benefit: Annotated[list[NetBenefit], "at several worths of the effect"]
    discount_sensitivity: Annotated[list[DiscountedCost], "at several discount rates"]
    benchmarks: Annotated[list[Benchmark], "published figures for reading"]
    spending: Annotated[list[Spending], "the ledger's PD spending"]
    unmapped: Annotated[Unmapped | None, "ledger lines not mapped"]


class Condition(TypedDict, total=False):
    name: Annotated[str, "condition of the rating"]
    is_met: Annotated[bool | None, "null where it can't be told"]
    detail: Annotated[str | None, "the figure behind it"]


class EvidenceTier(TypedDict, total=False):
    wwc_rating: Annotated[str | None, "What Works Clearinghouse rating reached"]
    essa_tier: Annotated[str | None, "ESSA tier of evidence reached"]
    ceiling_rating: Annotated[str | None, "best rating that this design could reach"]
    ceiling_tier: Annotated[str | None, "best tier that this design could reach"]
    ceiling_because: Annotated[str | None, "why it could reach no better"]
    to_confirm: Annotated[list[str], "conditions that only a reviewer can confirm"]
    conditions: Annotated[list[Condition], "each condition, met or not"]
    failing_condition: Annotated[str | None, "the one that keeps it from the ceiling"]


class DisclosureTable(TypedDict, total=False):
    name: Annotated[str, "table"]
    n_cells: Annotated[int | None, "its cells"]
    n_primary: Annotated[int | None, "hidden for being small"]
    n_complementary: Annotated[int | None, "hidden so that those can't be worked out"]
    information_loss: Annotated[float | None, "share of the count hidden, 0 to 1"]
    is_safe: Annotated[bool | None, "whether the audit found nothing recoverable"]


class Disclosure(TypedDict, total=False):
    threshold: Annotated[int, "smallest count that is printed"]
    tables: Annotated[list[DisclosureTable], "audited tables"]
    is_safe: Annotated[bool | None, "whether all are safe"]


class Context(TypedDict):
    text: Annotated[str, "what another study found"]
    source: Annotated[str | None, "which"]


class InputFile(TypedDict, total=False):
    name: Annotated[str | None, "file name"]
    sha256: Annotated[str | None, "of its content"]


class Methods(TypedDict, total=False):
    versions: Annotated[dict[str, str], "package versions"]
    seed: Annotated[int | None, "seed of every random draw"]
    release_id: Annotated[str | None, "published release that was read"]
    landing_runs: Annotated[int | list[str] | None, "landed runs behind it"]
    code_version: Annotated[str | None, "of this project"]
    input: Annotated[InputFile | None, "the evaluator's own file"]
    command: Annotated[str | None, "the one command to run it again"]
    references: Annotated[list[str], "where the methods are described"]


class Results(TypedDict):
    """The results document."""

    schema: Annotated[str, SCHEMA]
    created_at: Annotated[str, "when, UTC, ISO 8601"]
    kind: Annotated[Literal["warehouse", "panel", "cross_section"], "where the data come from"]
    title: Annotated[str, "of the report"]
    question: Annotated[str, "one sentence"]
    district_name: NotRequired[Annotated[str | None, "whose data"]]
    is_synthetic: Annotated[bool, "whether nobody in it is real"]
    outcome: Annotated[Outcome, "what is compared"]
    unit_label: NotRequired[Annotated[str | None, "what a unit is: teacher"]]
    exposure: NotRequired[Annotated[str | None, "what makes a unit treated"]]
    comparisons: NotRequired[Annotated[list[Comparison] | None, "compared with whom"]]
    estimand: NotRequired[Annotated[str | None, "which average"]]
    design: Annotated[Design, "how the groups were made alike, before outcomes were read"]
    mde: Annotated[Mde, "what this study could detect"]
    refusal: Annotated[Refusal | None, "why no effect is given; null where one is"]
    headline: Annotated[Headline, "the answer"]
    records: NotRequired[Annotated[list[RecordFlow] | None, "what became of the records before they are people"]]
    flow: NotRequired[Annotated[list[FlowStep] | None, "who was left out, where and why"]]
    matched: NotRequired[Annotated[Matched | None, "the matched sets"]]
    balance: NotRequired[Annotated[Balance | None, "how alike the groups are"]]
    contrast: NotRequired[Annotated[list[Contrast] | None, "what the treated had that others had not"]]
    att: NotRequired[Annotated[Att | None, "average effect on the treated, four ways"]]
    att_gt: NotRequired[Annotated[list[GroupTimeEffect] | None, "per cohort and time"]]
    event_study: NotRequired[Annotated[list[EventEffect] | None, "per time since treatment began"]]
    cohorts: NotRequired[Annotated[list[Cohort] | None, "cohorts and their weights"]]
    estimates: NotRequired[Annotated[list[NamedEffect] | None, "every estimator side by side"]]
    secondary: NotRequired[Annotated[list[SecondaryEffect] | None, "other outcomes"]]
    subgroups: NotRequired[Annotated[list[Subgroup] | None, "parts of the treated"]]
    sensitivity: NotRequired[Annotated[Sensitivity | None, "what would overturn it"]]
    cost: NotRequired[Annotated[Cost | None, "what it cost"]]
    evidence_tier: NotRequired[Annotated[EvidenceTier | None, "rating by What Works Clearinghouse and ESSA"]]
    disclosure: NotRequired[Annotated[Disclosure | None, "small cells hidden, and the audit of it"]]
    limitations: NotRequired[Annotated[list[str] | None, "what to keep in mind"]]
    context: NotRequired[Annotated[list[Context] | None, "what other studies found"]]
    methods: NotRequired[Annotated[Methods | None, "how to run it again"]]


def documented_keys() -> list[tuple[str, str, str]]:
    """Every key of the document as (path, type, meaning), in the document's order."""
    return list(_documented(Results, ""))


def _documented(kind: Any, prefix: str) -> Iterator[tuple[str, str, str]]:
    for key, hint in get_type_hints(kind, include_extras=True).items():
        hint = get_args(hint)[0] if get_origin(hint) is NotRequired else hint
        annotated, meaning = get_args(hint)
        types = list(get_args(annotated)) if isinstance(annotated, UnionType) else [annotated]
        path = f"{prefix}{key}"
        yield path, " or ".join(_named(one) for one in types), meaning
        for one in types:
            if get_origin(one) is list and hasattr(get_args(one)[0], "__annotations__"):
                yield from _documented(get_args(one)[0], f"{path}[].")
            elif hasattr(one, "__annotations__") and not _is_plain(one):
                yield from _documented(one, f"{path}.")


def _is_plain(hint: Any) -> bool:
    return hint in (str, int, float, bool, type(None))


def _named(hint: Any) -> str:
    if hint is type(None):
        return "null"
    if get_origin(hint) is list:
        return f"list of {_named(get_args(hint)[0])}"
    if get_origin(hint) is dict:
        return "object"
    if get_origin(hint) is Literal:
        return " or ".join(json.dumps(one) for one in get_args(hint))
    plain = {str: "text", int: "integer", float: "number", bool: "true or false"}
    return plain.get(hint, "object")
