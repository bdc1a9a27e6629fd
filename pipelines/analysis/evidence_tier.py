"""How strong a study's evidence is: its What Works Clearinghouse rating, its ESSA tier, what stands in the way.

Belongs here: the decision from facts about a study to a rating, condition by condition. Does not belong here: the
facts themselves (balance, power, the estimators), and how a rating is worded in the report.

WWC: What Works Clearinghouse (2022), Procedures and Standards Handbook, Version 5.0, group designs. ESSA: Every
Student Succeeds Act, section 8101(21)(A) of the ESEA as amended; U.S. Department of Education (2016, revised 2023),
Non-Regulatory Guidance: Using Evidence to Strengthen Education Investments; 34 CFR 77.1(c). The rating is what the
facts support; a WWC rating proper is given by a certified reviewer alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.analysis.balance import NOT_SATISFIED, SATISFIED, VERDICTS
from pipelines.analysis.estimate import Estimate

WITHOUT_RESERVATIONS = "Meets WWC Standards Without Reservations"
WITH_RESERVATIONS = "Meets WWC Standards With Reservations"
DOES_NOT_MEET = "Does Not Meet WWC Standards"
WWC_RATINGS = (WITHOUT_RESERVATIONS, WITH_RESERVATIONS, DOES_NOT_MEET)  # from best to worst

TIER_1 = "Tier 1: strong evidence"
TIER_2 = "Tier 2: moderate evidence"
TIER_3 = "Tier 3: promising evidence"
TIER_4 = "Tier 4: demonstrates a rationale"
NO_TIER = "No ESSA tier"
ESSA_TIERS = (TIER_1, TIER_2, TIER_3, TIER_4, NO_TIER)  # from best to worst

LARGE_SAMPLE = 350  # individuals: 34 CFR 77.1(c), "350 students or other individuals across sites"
SMALLEST_SITES = 2  # districts: the same, "more than one site"
SMALLEST_CLUSTERS = 2  # in each arm: one school, one teacher or one district alone can't be told from the treatment
_SMALLEST_SHOWN = 10

ASSIGNMENT = "random assignment"
ATTRITION = "low attrition"
COMPARISON_GROUP = "eligible comparison group"
CONFOUND = "no confounding factor"
OUTCOME = "eligible outcome measure"
EQUIVALENCE = "baseline equivalence"
ADJUSTMENT = "adjustment for baseline differences"
CONTROLS = "statistical controls for selection"
POSITIVE_EFFECT = "statistically significant positive effect"
NOT_OVERRIDDEN = "no statistically significant negative effect"
SAMPLE = f"sample of {LARGE_SAMPLE} or more"
SITES = "more than one site"
RATIONALE = "logic model informed by research"

# what must hold, in the order a reviewer asks
_WWC_NEEDS = (COMPARISON_GROUP, CONFOUND, OUTCOME, EQUIVALENCE, ADJUSTMENT)
_TIER_3_NEEDS = (COMPARISON_GROUP, CONFOUND, OUTCOME, CONTROLS, POSITIVE_EFFECT, NOT_OVERRIDDEN)
_TIER_2_NEEDS = (*_WWC_NEEDS, POSITIVE_EFFECT, NOT_OVERRIDDEN, SAMPLE, SITES)
_TIER_1_NEEDS = (ASSIGNMENT, ATTRITION, *_TIER_2_NEEDS)
# what the analysis and its result decide; all else is settled by who took part and how
_LEFT_TO_THE_RESULT = (EQUIVALENCE, ADJUSTMENT, CONTROLS, POSITIVE_EFFECT, NOT_OVERRIDDEN)


@dataclass(frozen=True)
class StudyFacts:
    """What the rating rests on. None means not known.

    balance_verdict: as balance.worst_verdict gives it, of the sample analysed. n_units: individuals analysed in both
    arms, of them n_treated treated. n_clusters_treated, n_clusters_comparison: schools (or whatever the standard
    error is clustered by) with units of that arm. n_sites: school districts. effect: the primary estimate; None where
    none was given. adjusts_for_baseline: the estimate adjusts for every required covariate, or compares each
    unit with itself over time. is_attrition_low matters to randomised studies only. has_confound: something else,
    named in confound_detail, came with treatment. is_outcome_valid: it measures what it says, reliably, and was
    collected alike in both arms. is_outcome_overaligned: it tests what only the treated were taught.
    has_negative_findings: some other relevant outcome shows a significant negative effect. has_logic_model: the
    programme's reasons to work rest on research.
    """

    is_randomised: bool
    is_self_selected: bool
    balance_verdict: str
    n_treated: int
    n_units: int
    n_clusters_treated: int
    n_clusters_comparison: int
    n_sites: int
    effect: Estimate | None
    adjusts_for_baseline: bool
    has_comparison_group: bool = True
    is_attrition_low: bool | None = None
    has_confound: bool = False
    confound_detail: str | None = None
    is_outcome_valid: bool | None = None
    is_outcome_overaligned: bool | None = None
    has_negative_findings: bool = False
    has_logic_model: bool | None = None
    unit_label: str = "teachers"

    def __post_init__(self) -> None:
        if self.balance_verdict not in VERDICTS:
            raise ValueError(f"{self.balance_verdict!r} is no verdict on balance; give one of {', '.join(VERDICTS)}")
        if self.is_randomised and self.is_self_selected:
            raise ValueError("a study is either randomised or self-selected, and this one is said to be both")
        counts = (self.n_treated, self.n_units, self.n_clusters_treated, self.n_clusters_comparison, self.n_sites)
        if min(counts) < 0 or self.n_treated > self.n_units:
            raise ValueError(
                "counts of units, clusters and sites are not negative, and the treated are among the units"
            )


@dataclass(frozen=True)
class Condition:
    """One thing that was asked. `is_met` None: the facts don't tell, and a reviewer must confirm it."""

    name: str
    is_met: bool | None
    detail: str


@dataclass(frozen=True)
class Rating:
    """The rating, the tier, the best of both that this design could have reached, and every condition.

    failing_condition: the first condition that keeps the study from the next better ESSA tier; None at Tier 1.
    wwc_failing_condition: the same for the next better WWC rating. to_confirm: conditions that the facts don't
    tell; they were taken as met. ceiling_because: what limits the design, in a sentence.
    """

    wwc_rating: str
    essa_tier: str
    ceiling_rating: str
    ceiling_tier: str
    conditions: tuple[Condition, ...]
    failing_condition: str | None
    wwc_failing_condition: str | None
    ceiling_because: str
    to_confirm: tuple[str, ...]


def rate(facts: StudyFacts) -> Rating:
    """Rate a study that compares two groups.

    WWC 5.0: a randomised study with low attrition can meet standards without reservations. Any other, and so every
    self-selected one, meets them with reservations at best, and only where the arms were alike at baseline: to 0.05
    SD as they are, to 0.25 SD where the estimate adjusts. Unknown attrition counts as high. An outcome nobody has
    judged counts as eligible, and is named in `to_confirm`.

    ESSA: Tier 1 asks for WWC without reservations and Tier 2 for WWC with or without them, both for a significant
    positive effect, 350 or more individuals and more than one district; Tier 3 for a significant positive effect
    and, unless assignment was random, statistical controls for selection. A significant negative effect on any
    relevant outcome denies every tier. Tier 4 rests on a logic model and no result: it is given only where the facts
    say there is one. Teachers are counted as the individuals here, and their practice as the relevant outcome: the
    statute asks for "student outcomes or other relevant outcomes".

    Two clusters in each arm are asked for even where arms share clusters, which is stricter than the WWC. The WWC's
    own "promising" also asks for its standards; Tier 3 here follows the statute, which doesn't.
    """
    conditions = _conditions(facts)
    met = {ATTRITION: False, **{condition.name: condition.is_met for condition in conditions}}
    at_best = {**met, **dict.fromkeys(_LEFT_TO_THE_RESULT, True)}
    wwc_rating, essa_tier = _wwc_rating(met), _essa_tier(met)
    ceiling_rating, ceiling_tier = _wwc_rating(at_best), _essa_tier(at_best)
    return Rating(
        wwc_rating=wwc_rating,
        essa_tier=essa_tier,
        ceiling_rating=ceiling_rating,
        ceiling_tier=ceiling_tier,
        conditions=conditions,
        failing_condition=_first_unmet(met, _next_tier_needs(essa_tier)),
        wwc_failing_condition=_first_unmet(met, _WWC_NEEDS if wwc_rating == DOES_NOT_MEET else (ASSIGNMENT, ATTRITION)),
        ceiling_because=_ceiling_because(facts, at_best, ceiling_tier),
        to_confirm=tuple(name for name, is_met in met.items() if is_met is None and name != RATIONALE),
    )


def _holds(met: Mapping[str, bool | None], needs: Sequence[str]) -> bool:
    return _first_unmet(met, needs) is None


def _first_unmet(met: Mapping[str, bool | None], needs: Sequence[str]) -> str | None:
    return next((name for name in needs if met[name] is False), None)


def _wwc_rating(met: Mapping[str, bool | None]) -> str:
    if not _holds(met, _WWC_NEEDS):
        return DOES_NOT_MEET
    return WITHOUT_RESERVATIONS if _holds(met, (ASSIGNMENT, ATTRITION)) else WITH_RESERVATIONS


def _essa_tier(met: Mapping[str, bool | None]) -> str:
    for tier, needs in ((TIER_1, _TIER_1_NEEDS), (TIER_2, _TIER_2_NEEDS), (TIER_3, _TIER_3_NEEDS)):
        if _holds(met, needs):
            return tier
    # a rationale is not presumed, and a programme shown to do harm has none
    return TIER_4 if met[RATIONALE] is True and met[NOT_OVERRIDDEN] is not False else NO_TIER


def _next_tier_needs(tier: str) -> tuple[str, ...]:
    """What the next better tier asks for. Above "no tier" that is Tier 3: Tier 4 rests on no result of a study."""
    return {TIER_1: (), TIER_2: _TIER_1_NEEDS, TIER_3: _TIER_2_NEEDS}.get(tier, _TIER_3_NEEDS)


def _ceiling_because(facts: StudyFacts, at_best: Mapping[str, bool | None], ceiling_tier: str) -> str:
    if facts.is_randomised:
        how = "units were assigned at random" + (
            "" if facts.is_attrition_low else ", and attrition is not known to be low"
        )
    else:
        how = (
            f"{facts.unit_label} chose for themselves"
            if facts.is_self_selected
            else "units were not assigned at random"
        )
    next_up = _first_unmet(at_best, _next_tier_needs(ceiling_tier))
    lacking = "" if next_up is None else f"; the next tier up needs: {next_up}"
    return f"{how[0].upper()}{how[1:]}{lacking}."


def _conditions(facts: StudyFacts) -> tuple[Condition, ...]:
    """Every condition in the order a reviewer asks."""
    return (
        _assignment(facts),
        *_attrition(facts),
        _comparison_group(facts),
        _confound(facts),
        _outcome(facts),
        *_baseline(facts),
        _controls(facts),
        *_effects(facts),
        *_sample(facts),
        _rationale(facts),
    )


def _assignment(facts: StudyFacts) -> Condition:
    if facts.is_randomised:
        return Condition(ASSIGNMENT, True, "Chance decided who was treated.")
    chosen = f"The treated {facts.unit_label} chose treatment themselves." if facts.is_self_selected else ""
    detail = chosen or "Something other than chance decided who was treated."
    return Condition(ASSIGNMENT, False, f"{detail} Such a study can meet WWC standards with reservations at best.")


def _attrition(facts: StudyFacts) -> tuple[Condition, ...]:
    if not facts.is_randomised:
        return ()  # the WWC asks it of randomised studies only; others stand or fall by baseline equivalence
    if facts.is_attrition_low is None:
        return (Condition(ATTRITION, False, "Attrition is not known, which counts as high."),)
    return (
        Condition(ATTRITION, facts.is_attrition_low, f"Attrition is {'low' if facts.is_attrition_low else 'high'}."),
    )


def _comparison_group(facts: StudyFacts) -> Condition:
    if not facts.has_comparison_group or not 0 < facts.n_treated < facts.n_units:
        return Condition(COMPARISON_GROUP, False, "There are not two distinct groups with units in each.")
    return Condition(COMPARISON_GROUP, True, "Two distinct groups, treated and not treated, were compared.")


def _confound(facts: StudyFacts) -> Condition:
    if facts.has_confound:
        named = facts.confound_detail or "something else came with treatment"
        return Condition(CONFOUND, False, f"The effect can't be told from another cause: {named}.")
    arms = {"treated": facts.n_clusters_treated, "comparison": facts.n_clusters_comparison}
    thin = [arm for arm, clusters in arms.items() if clusters < SMALLEST_CLUSTERS]
    if thin:
        detail = f"The {' and the '.join(thin)} arm has fewer than {SMALLEST_CLUSTERS} clusters"
        return Condition(CONFOUND, False, f"{detail}: what is peculiar to that cluster can't be told from the effect.")
    detail = f"The treated come from {arms['treated']:,} clusters, the comparison from {arms['comparison']:,}."
    return Condition(CONFOUND, True, detail)


def _outcome(facts: StudyFacts) -> Condition:
    if facts.is_outcome_valid is False:
        return Condition(OUTCOME, False, "The outcome is not valid, reliable and collected alike in both arms.")
    if facts.is_outcome_overaligned:
        return Condition(OUTCOME, False, "The outcome tests what only the treated were taught.")
    if facts.is_outcome_valid is None or facts.is_outcome_overaligned is None:
        detail = (
            "A reviewer must confirm that the outcome is valid and reliable, was collected alike in both arms and is "
            "not over-aligned with the treatment."
        )
        return Condition(OUTCOME, None, detail)
    return Condition(OUTCOME, True, "The outcome is valid, reliable, collected alike and not over-aligned.")


def _baseline(facts: StudyFacts) -> tuple[Condition, Condition]:
    if facts.is_randomised and facts.is_attrition_low:
        detail = "Not asked of a randomised study with low attrition"
        told = f"{detail}; here it is {facts.balance_verdict}."
        return Condition(EQUIVALENCE, True, told), Condition(ADJUSTMENT, True, f"{detail}.")
    detail = f"On the required covariates it is {facts.balance_verdict}."
    equivalence = Condition(EQUIVALENCE, facts.balance_verdict != NOT_SATISFIED, detail)
    needs_adjustment = facts.balance_verdict != SATISFIED
    if not needs_adjustment:
        detail = "No adjustment is needed: every required covariate differs by 0.05 SD or less."
    elif facts.adjusts_for_baseline:
        detail = "The estimate adjusts for the required covariates."
    else:
        detail = "A required covariate differs by more than 0.05 SD and the estimate does not adjust for it."
    return equivalence, Condition(ADJUSTMENT, facts.adjusts_for_baseline or not needs_adjustment, detail)


def _controls(facts: StudyFacts) -> Condition:
    if facts.is_randomised:
        return Condition(CONTROLS, True, "Not needed: assignment was random.")
    if facts.adjusts_for_baseline:
        return Condition(CONTROLS, True, "The estimate controls for what the arms were like before.")
    return Condition(CONTROLS, False, "The estimate does not control for what the arms were like before.")


def _effects(facts: StudyFacts) -> tuple[Condition, Condition]:
    effect = facts.effect
    if effect is None or effect.estimate is None or effect.ci_low is None or effect.ci_high is None:
        said = f": {effect.note}" if effect is not None and effect.note else ""
        positive = Condition(POSITIVE_EFFECT, False, f"No effect was estimated{said.rstrip('.')}.")
        is_negative = False
    else:
        interval = f"{effect.estimate:.3f}, 95 % interval {effect.ci_low:.3f} to {effect.ci_high:.3f}"
        positive = Condition(POSITIVE_EFFECT, effect.ci_low > 0, f"The effect is {interval}.")
        is_negative = effect.ci_high < 0
    if is_negative:
        detail = "The effect itself is negative."
    else:
        detail = f"{'Another' if facts.has_negative_findings else 'No'} relevant outcome shows one."
    return positive, Condition(NOT_OVERRIDDEN, not (is_negative or facts.has_negative_findings), detail)


def _sample(facts: StudyFacts) -> tuple[Condition, Condition]:
    counted = f"{facts.n_units:,}" if facts.n_units >= _SMALLEST_SHOWN else f"Fewer than {_SMALLEST_SHOWN}"
    sites = "1 district takes" if facts.n_sites == 1 else f"{facts.n_sites:,} districts take"
    return (
        Condition(
            SAMPLE,
            facts.n_units >= LARGE_SAMPLE,
            f"{counted} {facts.unit_label} were analysed. The individuals counted here are {facts.unit_label}, "
            "not students.",
        ),
        Condition(SITES, facts.n_sites >= SMALLEST_SITES, f"{sites} part; a site is a school district here."),
    )


def _rationale(facts: StudyFacts) -> Condition:
    details = {
        True: "The programme has one.",
        False: "The programme has none.",
        None: "A study can't show it: Tier 4 needs the programme's own logic model.",
    }
    return Condition(RATIONALE, facts.has_logic_model, details[facts.has_logic_model])
