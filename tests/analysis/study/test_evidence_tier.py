"""Evidence tiers: every combination of facts against the rules written out, and what a reader is told."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from pipelines.analysis.balance import VERDICTS
from pipelines.analysis.estimate import Estimate
from pipelines.analysis.evidence_tier import ESSA_TIERS, WWC_RATINGS, Rating, StudyFacts, rate

WITHOUT, WITH, NOT_MET = WWC_RATINGS
TIER_1, TIER_2, TIER_3, TIER_4, NO_TIER = ESSA_TIERS
POSITIVE = Estimate(0.2, 0.05, 0.1, 0.3, 240, 960, 40)
NULL = Estimate(0.05, 0.05, -0.05, 0.15, 240, 960, 40)
NEGATIVE = Estimate(-0.2, 0.05, -0.3, -0.1, 240, 960, 40)
REFUSED = Estimate(None, None, None, None, 15, 150, 12, note="fewer than 20 earners")

# a self-selected study in which nothing is amiss
STUDY = StudyFacts(
    is_randomised=False,
    is_self_selected=True,
    balance_verdict="satisfied with adjustment",
    n_treated=240,
    n_units=1200,
    n_clusters_treated=30,
    n_clusters_comparison=40,
    n_sites=2,
    effect=POSITIVE,
    adjusts_for_baseline=True,
    is_outcome_valid=True,
    is_outcome_overaligned=False,
)
TRIAL = replace(
    STUDY, is_randomised=True, is_self_selected=False, is_attrition_low=True, balance_verdict="not satisfied"
)


def wwc_by_the_book(f: StudyFacts) -> str:
    """WWC 5.0, group designs, as a reviewer walks through it."""
    if not f.has_comparison_group or f.has_confound or f.n_clusters_treated < 2 or f.n_clusters_comparison < 2:
        return NOT_MET
    if f.is_outcome_valid is False or f.is_outcome_overaligned:
        return NOT_MET
    if f.is_randomised and f.is_attrition_low:
        return WITHOUT
    if f.balance_verdict == "satisfied" or (
        f.balance_verdict == "satisfied with adjustment" and f.adjusts_for_baseline
    ):
        return WITH
    return NOT_MET


def tier_by_the_book(f: StudyFacts) -> str:
    """ESSA section 8101(21)(A) with 34 CFR 77.1(c)."""
    is_positive = f.effect is not None and f.effect.excludes_zero and (f.effect.estimate or 0) > 0
    is_negative = f.effect is not None and f.effect.excludes_zero and (f.effect.estimate or 0) < 0
    is_overridden = is_negative or f.has_negative_findings
    has_design = (
        f.has_comparison_group
        and not f.has_confound
        and f.n_clusters_treated >= 2
        and f.n_clusters_comparison >= 2
        and f.is_outcome_valid is not False
        and not f.is_outcome_overaligned
    )
    if is_positive and not is_overridden and has_design:
        rating, is_large = wwc_by_the_book(f), f.n_units >= 350 and f.n_sites >= 2
        if rating == WITHOUT and is_large:
            return TIER_1
        if rating in (WITHOUT, WITH) and is_large:
            return TIER_2
        if f.adjusts_for_baseline or f.is_randomised:
            return TIER_3
    return TIER_4 if f.has_logic_model and not is_overridden else NO_TIER


def every_study() -> itertools.chain[StudyFacts]:
    """Each fact at each of its values, with each of every other."""
    assignments = [(True, False, True), (True, False, False), (True, False, None), (False, True, None)]
    outcomes = [(True, False), (False, False), (True, True), (None, None)]
    others = itertools.product(
        assignments,
        outcomes,
        VERDICTS,
        (True, False),  # adjusts
        ((True, False, 2, 2), (False, False, 2, 2), (True, True, 2, 2), (True, False, 1, 2), (True, False, 2, 1)),
        (POSITIVE, NULL, NEGATIVE, REFUSED, None),
        (True, False),  # negative findings
        ((350, 2), (349, 2), (350, 1)),
        (True, None),  # logic model
    )
    return itertools.chain(
        StudyFacts(
            is_randomised=randomised,
            is_self_selected=self_selected,
            is_attrition_low=attrition,
            is_outcome_valid=valid,
            is_outcome_overaligned=overaligned,
            balance_verdict=verdict,
            adjusts_for_baseline=adjusts,
            has_comparison_group=group,
            has_confound=confound,
            n_clusters_treated=first,
            n_clusters_comparison=second,
            effect=effect,
            has_negative_findings=negative,
            n_units=n,
            n_treated=50,
            n_sites=sites,
            has_logic_model=logic,
        )
        for (
            (randomised, self_selected, attrition),
            (valid, overaligned),
            verdict,
            adjusts,
            (group, confound, first, second),
            effect,
            negative,
            (n, sites),
            logic,
        ) in others
    )


def test_rate__every_combination_is_by_the_book() -> None:
    """28,800 studies; in each the failing condition is one that is not met, and none is better than its ceiling."""
    seen, count = set(), 0
    for facts in every_study():
        rating = rate(facts)
        met = {condition.name: condition.is_met for condition in rating.conditions}
        assert (rating.wwc_rating, rating.essa_tier) == (wwc_by_the_book(facts), tier_by_the_book(facts)), facts
        assert WWC_RATINGS.index(rating.ceiling_rating) <= WWC_RATINGS.index(rating.wwc_rating), facts
        assert ESSA_TIERS.index(rating.ceiling_tier) <= ESSA_TIERS.index(rating.essa_tier), facts
        assert (rating.failing_condition is None) == (rating.essa_tier == TIER_1), facts
        assert rating.failing_condition is None or met.get(rating.failing_condition, False) is False, facts
        assert (rating.wwc_failing_condition is None) == (rating.wwc_rating == WITHOUT), facts
        assert facts.is_randomised or rating.ceiling_rating != WITHOUT, facts
        assert facts.is_randomised or rating.ceiling_tier != TIER_1, facts
        seen.add((rating.wwc_rating, rating.essa_tier))
        count += 1
    assert count == 28_800
    assert {tier for _, tier in seen} == set(ESSA_TIERS)
    assert {wwc for wwc, _ in seen} == set(WWC_RATINGS)
    assert (WITHOUT, TIER_1) in seen
    assert not any(tier == TIER_1 and wwc != WITHOUT for wwc, tier in seen)
    assert not any(tier == TIER_2 and wwc == NOT_MET for wwc, tier in seen)


def test_rate__the_ceiling_does_not_move_with_balance_or_result() -> None:
    """Two studies of one design have one ceiling, whatever came out."""
    for design in (STUDY, TRIAL, replace(STUDY, n_sites=1), replace(STUDY, n_clusters_treated=1)):
        ceilings = {
            (rating.ceiling_rating, rating.ceiling_tier)
            for verdict, adjusts, effect, negative in itertools.product(
                VERDICTS, (True, False), (POSITIVE, NULL, NEGATIVE, None), (True, False)
            )
            for rating in [
                rate(
                    replace(
                        design,
                        balance_verdict=verdict,
                        adjusts_for_baseline=adjusts,
                        effect=effect,
                        has_negative_findings=negative,
                    )
                )
            ]
        }
        assert len(ceilings) == 1


@pytest.mark.parametrize(
    ("change", "wwc_rating", "essa_tier", "ceiling_tier", "failing"),
    [
        ({}, WITH, TIER_2, TIER_2, "random assignment"),
        ({"balance_verdict": "satisfied", "adjusts_for_baseline": False}, WITH, TIER_2, TIER_2, "random assignment"),
        ({"balance_verdict": "not satisfied"}, NOT_MET, TIER_3, TIER_2, "baseline equivalence"),
        ({"adjusts_for_baseline": False}, NOT_MET, NO_TIER, TIER_2, "statistical controls for selection"),
        ({"effect": NULL}, WITH, NO_TIER, TIER_2, "statistically significant positive effect"),
        ({"effect": REFUSED}, WITH, NO_TIER, TIER_2, "statistically significant positive effect"),
        ({"effect": None}, WITH, NO_TIER, TIER_2, "statistically significant positive effect"),
        ({"effect": NEGATIVE}, WITH, NO_TIER, TIER_2, "statistically significant positive effect"),
        ({"has_negative_findings": True}, WITH, NO_TIER, TIER_2, "no statistically significant negative effect"),
        ({"n_units": 349}, WITH, TIER_3, TIER_3, "sample of 350 or more"),
        ({"n_units": 350}, WITH, TIER_2, TIER_2, "random assignment"),
        ({"n_sites": 1}, WITH, TIER_3, TIER_3, "more than one site"),
        ({"n_clusters_treated": 1}, NOT_MET, NO_TIER, NO_TIER, "no confounding factor"),
        ({"n_clusters_comparison": 1}, NOT_MET, NO_TIER, NO_TIER, "no confounding factor"),
        ({"has_confound": True}, NOT_MET, NO_TIER, NO_TIER, "no confounding factor"),
        ({"n_treated": 0}, NOT_MET, NO_TIER, NO_TIER, "eligible comparison group"),
        ({"n_treated": 1200}, NOT_MET, NO_TIER, NO_TIER, "eligible comparison group"),
        ({"is_outcome_overaligned": True}, NOT_MET, NO_TIER, NO_TIER, "eligible outcome measure"),
        ({"effect": NULL, "has_logic_model": True}, WITH, TIER_4, TIER_2, "statistically significant positive effect"),
        (
            {"effect": NEGATIVE, "has_logic_model": True},
            WITH,
            NO_TIER,
            TIER_2,
            "statistically significant positive effect",
        ),
    ],
)
def test_rate__a_self_selected_study(
    change: dict[str, object], wwc_rating: str, essa_tier: str, ceiling_tier: str, failing: str
) -> None:
    rating = rate(replace(STUDY, **change))  # type: ignore[arg-type]
    assert (rating.wwc_rating, rating.essa_tier) == (wwc_rating, essa_tier)
    assert (rating.ceiling_tier, rating.failing_condition) == (ceiling_tier, failing)


def test_rate__a_trial_needs_no_balance_while_attrition_is_low() -> None:
    assert (rate(TRIAL).wwc_rating, rate(TRIAL).essa_tier, rate(TRIAL).failing_condition) == (WITHOUT, TIER_1, None)
    assert told(rate(TRIAL), "baseline equivalence") == (
        "Not asked of a randomised study with low attrition; here it is not satisfied."
    )
    for attrition in (False, None):  # not known counts as high
        rating = rate(replace(TRIAL, is_attrition_low=attrition))
        assert (rating.wwc_rating, rating.essa_tier) == (NOT_MET, TIER_3)
        assert (rating.ceiling_rating, rating.ceiling_tier) == (WITH, TIER_2)
        assert rating.failing_condition == "baseline equivalence"
        balanced = rate(replace(TRIAL, is_attrition_low=attrition, balance_verdict="satisfied"))
        assert (balanced.wwc_rating, balanced.failing_condition) == (WITH, "low attrition")


def told(rating: Rating, name: str) -> str:
    return next(condition.detail for condition in rating.conditions if condition.name == name)


def test_rate__what_nobody_judged_is_named_for_a_reviewer() -> None:
    rating = rate(replace(STUDY, is_outcome_valid=None))
    assert rating.to_confirm == ("eligible outcome measure",)
    assert rating.wwc_rating == WITH
    assert "A reviewer must confirm" in told(rating, "eligible outcome measure")
    assert rate(STUDY).to_confirm == ()


def test_rate__details_say_what_was_counted() -> None:
    rating = rate(STUDY)
    assert told(rating, "sample of 350 or more") == (
        "1,200 teachers were analysed. The individuals counted here are teachers, not students."
    )
    assert told(rating, "more than one site") == "2 districts take part; a site is a school district here."
    assert told(rating, "statistically significant positive effect") == (
        "The effect is 0.200, 95 % interval 0.100 to 0.300."
    )
    assert told(rate(replace(STUDY, effect=REFUSED)), "statistically significant positive effect") == (
        "No effect was estimated: fewer than 20 earners."
    )
    named = replace(STUDY, has_confound=True, confound_detail="all earners changed rubric in the same year")
    assert "all earners changed rubric in the same year" in told(rate(named), "no confounding factor")
    assert rating.ceiling_because == "Teachers chose for themselves; the next tier up needs: random assignment."
    assert "low attrition" not in {condition.name for condition in rating.conditions}


def test_rate__tells_no_count_of_people_below_ten() -> None:
    rating = rate(replace(STUDY, n_units=9, n_treated=3))
    assert told(rating, "sample of 350 or more").startswith("Fewer than 10 teachers")
    assert not any("3 t" in condition.detail for condition in rating.conditions)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"balance_verdict": "fine"}, "'fine' is no verdict"),
        ({"is_randomised": True}, "either randomised or self-selected"),
        ({"n_treated": 1201}, "the treated are among the units"),
        ({"n_sites": -1}, "not negative"),
    ],
)
def test_study_facts__refuse_what_can_not_be(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(STUDY, **change)  # type: ignore[arg-type]
