"""A lenient assessor in a landed district is found, and nobody else is.

Belongs here: what comes of planted submissions in a whole build. Does not belong here: how often chance alone would
flag somebody (tests/analysis/issuers), single rules (dbt unit tests beside the models).
"""

from __future__ import annotations

from tests.dbt.conftest import Built
from tests.dbt.tiny_submissions import ASSESSORS, LENIENT


def test_issuers__the_lenient_assessor_is_asked_about_and_nobody_else(tiny: Built) -> None:
    """76 of 80 where the others award 220 of 400: 5 · (28 + 16), on the same micro-credentials in equal numbers."""
    assert tiny.rows(
        "select assessor_id, question from pub_leaders__issuer_questions where subject_kind = 'assessor'"
    ) == [
        (
            LENIENT,
            "Assessor ASR-06 awards 95 % at first attempt (interval 88-98) where others award 55 % of the same "
            "micro-credentials: ask how evidence is judged.",
        )
    ]
    assert tiny.rows("select count(*) from pub_leaders__assessor_quality") == [(len(ASSESSORS),)]


def test_issuers__the_harder_micro_credential_is_asked_about_too(tiny: Built) -> None:
    """118 of 240 beside 178 of 240: a share, not a verdict."""
    assert tiny.rows(
        "select micro_credential_id, decided_count, first_decision_count, round(first_time_award_share, 4), "
        "attempts_per_award, median_attempts, median_days_to_decision, p90_days_to_decision, assessor_count "
        "from pub_leaders__issuer_quality where micro_credential_id in ('bc-i06-1', 'bc-i06-2') order by 1"
    ) == [
        ("bc-i06-1", 302, 240, round(178 / 240, 4), 302 / 240, 1, 7, 7, 6),
        ("bc-i06-2", 362, 240, round(118 / 240, 4), 362 / 240, 2, 7, 7, 6),
    ]


def test_issuers__without_submissions_there_are_no_shares_and_no_questions(without_roster: Built) -> None:
    assert without_roster.rows("select count(*) from pub_leaders__issuer_questions") == [(0,)]
    assert without_roster.rows(
        "select distinct submission_count, first_time_award_share from pub_leaders__issuer_quality"
    ) == [(0, None)]


def test_issuers__all_dark_is_empty(all_dark: Built) -> None:
    for table in ("issuer_quality", "assessor_quality", "issuer_questions", "renewal", "renewal_awards"):
        assert all_dark.rows(f"select count(*) from pub_leaders__{table}") == [(0,)], table


def test_renewal__a_district_without_a_policy_has_rules_on_file_and_no_ledger(tiny: Built) -> None:
    assert tiny.rows("select count(*) from fct_renewal_rules") == [(9,)]
    for table in ("fct_renewal_ledger", "fct_renewal_points", "pub_leaders__renewal", "pub_leaders__renewal_rules"):
        assert tiny.rows(f"select count(*) from {table}") == [(0,)], table
