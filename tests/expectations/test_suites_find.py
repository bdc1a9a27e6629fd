"""What the shipped suites find: one good delivery per case, and one with the defect.

Belongs here: meaning of shipped checks that is easy to get wrong. Does not belong
here: the runner's own behaviour (test_judging).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from expectations.delivery import Calendar
from expectations.runner import judge
from expectations.suites import declared_stream

Land = Callable[..., Path]
CALENDAR = Calendar((7, 1), date(2026, 11, 15))


def found(land: Land, reference: str, *records: dict[str, Any]) -> dict[str, tuple[str, int]]:
    """Check name to severity and count of failing records."""
    platform, stream = declared_stream(reference)
    verdict = judge(platform, stream, [land(stream, records)], calendar=CALENDAR)
    assert (verdict.outcome == "rejected") == any(finding.severity == "error" for finding in verdict.findings)
    return {finding.check_name: (finding.severity, finding.record_count) for finding in verdict.findings}


def rated(title: str | None, level: str | None, **fields: Any) -> dict[str, Any]:
    descriptor = level and f"uri://tpdm.ed-fi.org/EvaluationRatingLevelDescriptor#{level}"
    return scored(3, title) | {"evaluationRatingLevelDescriptor": descriptor} | fields


def scored(rating: float | None, title: str | None = None) -> dict[str, Any]:
    results = [{"rating": rating, "ratingResultTitle": title}]
    return {"schoolYear": 2026, "evaluationDate": "2025-10-02T00:00:00", "results": results}


def test_evaluation_ratings__level_against_result_title(land: Land) -> None:
    contradicting = rated("Highly Effective", "Minimally Effective")
    good = [rated("Effective", "Effective"), rated("Overall score", "Effective"), rated(None, "Effective")]
    assert found(land, "edfi.evaluation_ratings", *good, rated("Effective", None)) == {}
    assert found(land, "edfi.evaluation_ratings", *good, contradicting, contradicting) == {
        "level_agrees_with_result_title": ("warning", 2)
    }
    # also where it comes alone, as in a small daily delivery
    assert found(land, "edfi.evaluation_ratings", contradicting) == {"level_agrees_with_result_title": ("warning", 1)}


def test_evaluation_ratings__a_districts_own_words_are_compared_once_it_uses_them(land: Land) -> None:
    own = [rated("At Expectations", "At Expectations"), rated("At Expectations", "Above Expectations")]
    assert found(land, "edfi.evaluation_ratings", *own) == {"level_agrees_with_result_title": ("warning", 1)}


def test_evaluation_ratings__date_against_school_year(land: Land) -> None:
    edges = [rated("x", None, evaluationDate=f"{day}T00:00:00") for day in ("2025-07-01", "2026-06-30")]
    assert found(land, "edfi.evaluation_ratings", *edges) == {}
    outside = [rated("x", None, evaluationDate=f"{day}T00:00:00") for day in ("2025-06-30", "2026-07-01", "2011-11-01")]
    assert found(land, "edfi.evaluation_ratings", *edges, *outside) == {
        "evaluation_date_is_in_its_school_year": ("warning", 3)
    }


def test_element_ratings__zero_is_a_score_and_codes_are_not(land: Land) -> None:
    assert found(land, "edfi.evaluation_element_ratings", *[scored(score) for score in (0, 1.5, 5)]) == {}
    assert found(land, "edfi.evaluation_element_ratings", scored(-1), scored(999)) == {
        "score_is_not_negative": ("error", 1),
        "score_is_at_most_a_hundred": ("error", 1),
    }


def test_element_ratings__every_result_of_a_record_counts(land: Land) -> None:
    several = {"schoolYear": 2026, "results": [{"rating": 3}, {"rating": 101}]}
    assert found(land, "edfi.evaluation_element_ratings", several) == {"score_is_at_most_a_hundred": ("error", 1)}


def test_element_ratings__a_delivery_without_its_scores(land: Land) -> None:
    blank = {"schoolYear": 2026, "results": []}
    assert found(land, "edfi.evaluation_element_ratings", blank, {"schoolYear": 2026}, scored(3)) == {
        "element_is_scored": ("warning", 2)
    }


def test_performance_evaluation_ratings__scales_are_not_mixed(land: Land) -> None:
    summative = {"schoolYear": 2026, "actualDate": "2026-07-20", "results": [{"rating": 4}]}
    assert found(land, "edfi.performance_evaluation_ratings", summative) == {}
    percentage = summative | {"results": [{"rating": 79}]}
    assert found(land, "edfi.performance_evaluation_ratings", summative, percentage) == {
        "result_is_on_a_level_scale": ("warning", 1)
    }


@pytest.mark.parametrize(
    ("reference", "good", "bad", "check", "severity"),
    [
        (
            "badgr.assertions",
            {"issuedOn": "2026-01-01T00:00:00Z", "expires": "2027-01-01T00:00:00Z", "recipient_identity": "a@b.org"},
            {"expires": "2025-12-31T00:00:00Z"},
            "expires_after_issue",
            "warning",
        ),
        (
            "badgr.assertions",
            {"issuedOn": "2026-01-01T00:00:00Z", "recipient_identity": "sha256$0aF", "recipient_hashed": True},
            {"recipient_identity": "0aF"},
            "hashed_recipient_can_be_compared",
            "warning",
        ),
        (
            "badgr.assertions",
            {"issuedOn": "2026-01-01T00:00:00Z", "recipient_identity": " A@B.org ", "recipient_type": "email"},
            {"recipient_identity": "a.b.org"},
            "email_looks_like_one",
            "warning",
        ),
        (
            "badgr.assertions",
            {"issuedOn": "2026-01-01T00:00:00Z", "recipient_identity": "a@b.org"},
            {"issuedOn": "0206-01-01T00:00:00Z"},
            "issue_date_is_readable",
            "error",
        ),
        (
            "badgr.badge_classes",
            {"criteriaUrl": "https://x.org", "alignments": [{"targetCode": "C-I06"}]},
            {"alignments": {"targetCode": "C-I06"}},
            "alignments_are_a_list",
            "error",
        ),
        (
            "badgr.badge_classes",
            {"criteriaUrl": "https://x.org", "extensions": {"extensions:hoursToEarn": {"hours": 15}}},
            {"extensions": {"extensions:hoursToEarn": {"hours": 900}}},
            "hours_to_earn_are_plausible",
            "warning",
        ),
        (
            "edfi.staffs",
            {"staffUniqueId": "004217", "personId": "p", "electronicMails": ["a@b.org"]},
            {"staffUniqueId": "123-45-6789"},
            "id_is_no_social_security_number",
            "error",
        ),
        (
            "edfi.evaluation_elements",
            {"schoolYear": 2026, "maxRating": 5, "ratingLevels": [{"maxRating": 3}, {"maxRating": 5}]},
            {"ratingLevels": [{"maxRating": 100}]},
            "levels_stay_inside_the_scale",
            "warning",
        ),
        ("files.evaluation_scores", {"school_year": 2022, "observed_date": "2021-10-01", "score": 0, "rater_id": "r"},
         {"score": -1}, "score_is_a_score", "error"),
        ("files.evaluation_scores", {"school_year": 2022, "observed_date": "2021-10-01", "score": 0, "rater_id": "r"},
         {"school_year": 202}, "school_year_is_a_year", "error"),
        ("files.evaluation_scores", {"school_year": 2022, "observed_date": "2021-10-01", "score": 5, "rater_id": "r",
         "staff_id": "s"}, {"rater_id": "s"}, "nobody_rates_themselves", "warning"),
        ("files.pd_participation", {"activity_date": "2026-01-01", "hours": 0, "status": "Attended "},
         {"hours": -0.5}, "hours_are_not_negative", "error"),
        ("files.pd_participation", {"activity_date": "2026-01-01", "hours": 2, "status": "attended"},
         {"hours": None}, "attended_has_hours", "warning"),
        ("files.pd_participation", {"activity_date": "2027-01-01", "status": "registered"},
         {"status": "maybe"}, "status_is_known", "warning"),
        ("files.pd_spending", {"fiscal_year": 2026, "posted_date": "2025-09-01", "amount_usd": "-570.00",
         "object_code": "330"}, {"amount_usd": "70033870.00"}, "amount_is_plausible", "error"),
        ("files.pd_spending", {"fiscal_year": 2026, "posted_date": "2025-09-01", "amount_usd": "0", "object_code": "1"},
         {"fiscal_year": 91822}, "fiscal_year_is_a_year", "error"),
        ("files.survey_responses", {"survey_date": "2026-05-01", "response": 5, "scale_max": 5},
         {"response": 99}, "response_fits_its_scale", "error"),
        ("files.compensation", {"school_year": 2026, "salary_usd": "52000", "benefit_rate": 0.3},
         {"benefit_rate": 30}, "benefit_rate_is_a_share", "error"),
        ("files.credential_submissions", {"submitted_date": "2026-01-01", "outcome": "Returned", "email": "a@b.org",
         "decided_date": "2026-01-15"}, {"outcome": "approved"}, "outcome_is_known", "error"),
        ("files.consents", {"recorded_date": "2026-01-01", "consent_kind": "named"},
         {"recorded_date": "2062-01-01"}, "recorded_date_is_not_ahead", "error"),
        ("files.growth_goals", {"school_year": 2027, "set_date": "2026-06-01", "competency_code": "C-I06"},
         {"competency_code": "Ask better questions"}, "competency_code_is_a_code", "warning"),
        ("files.issuer_approvals", {"approved_from": "2022-07-01", "issuer_name": "Some Institute"},
         {"approved_to": "2022-06-30"}, "approval_ends_after_it_begins", "warning"),
        ("files.student_growth", {"school_year": 2026, "value": 0, "student_count": 40},
         {"student_count": 3}, "school_is_large_enough_to_show", "warning"),
        ("files.school_characteristics", {"school_year": 2026, "economically_disadvantaged_share": 0.62,
         "lowest_grade": "PK", "highest_grade": "05", "enrolment_count": 410},
         {"economically_disadvantaged_share": 62}, "disadvantaged_share_is_a_share", "error"),
        ("files.school_characteristics", {"school_year": 2026, "economically_disadvantaged_share": 0,
         "lowest_grade": "9", "enrolment_count": 410}, {"lowest_grade": "nine"}, "grades_are_codes", "warning"),
        ("open_badges.credentials", {"issued_at": "2026-01-01T00:00:00Z", "achievement_name": "x",
         "issuer_id": "did:web:x", "recipient_identity": "mailto:a@b.org", "recipient_type": "email"},
         {"issuer_id": "Some Institute"}, "issuer_id_is_an_address", "warning"),
        ("open_badges.credentials", {"issued_at": "2026-01-01T00:00:00Z", "achievement_name": "x",
         "issuer_id": "did:web:x", "recipient_identity": "a@b.org", "verification": "unknown"},
         {"verification": "invalid"}, "no_badge_is_refuted", "warning"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_suite__passes_the_good_and_finds_the_defect(
    land: Land, reference: str, good: dict[str, Any], bad: dict[str, Any], check: str, severity: str
) -> None:
    assert found(land, reference, good) == {}
    assert found(land, reference, good | bad)[check] == (severity, 1)


def test_roster__ids_that_lost_their_leading_zeros(land: Land) -> None:
    def staff(*ids: str) -> list[dict[str, Any]]:
        return [{"staff_id": one, "school_year": 2026, "email": f"{one}@x.org"} for one in ids]

    padded = [f"{number:06}" for number in range(4000, 4018)]
    assert found(land, "files.roster", *staff(*padded)) == {}
    assert found(land, "files.roster", *staff(*padded, "4217", "93")) == {"ids_are_equally_long": ("warning", 2)}


def test_issued_badges__an_unknown_state_is_not_used(land: Land) -> None:
    """The state alone says whether an award stands: a word that nobody knows would count in silence."""
    good = [
        {"state": state, "issued_at": "2025-10-01T00:00:00Z", "recipient_email": "a@b.example"}
        for state in ("pending", "Accepted", "rejected", "revoked")
    ]
    assert found(land, "credly.issued_badges", *good) == {}
    assert found(land, "credly.issued_badges", *good, good[0] | {"state": "suspended"}) == {
        "state_is_known": ("error", 1)
    }


def test_issued_badges__a_replaced_badge_names_the_one_in_its_place(land: Land) -> None:
    replaced = {"state": "replaced", "issued_at": "2025-10-01T00:00:00Z", "recipient_email": "a@b.example"}
    assert found(land, "credly.issued_badges", replaced | {"replacement_badge_id": "b2"}) == {}
    assert found(land, "credly.issued_badges", replaced) == {"replaced_badge_names_its_replacement": ("warning", 1)}


def test_case_items__a_sentence_is_no_code(land: Land) -> None:
    item = {"fullStatement": "x", "uri": "https://c.example/1", "humanCodingScheme": "CCSS.Math.Content.6.RP.A.3a"}
    assert found(land, "case.items", item, item | {"humanCodingScheme": None}) == {}
    assert found(land, "case.items", item | {"humanCodingScheme": "The teacher asks. " * 5}) == {
        "coding_scheme_is_short": ("warning", 1)
    }
