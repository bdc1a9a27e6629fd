"""Awards that only a list has, beside those of a platform.

Belongs here: what becomes of `files.credential_awards`. Does not belong here: platforms' and badge files' awards
(test_builds).
"""

from __future__ import annotations

import pytest

from tests.dbt.conftest import Built, build
from tests.dbt.tiny_district import ADA, BEN, EMAILS, HOST, tiny_district

ISSUER = "Cedar Valley Learning Institute"


def listed(award_id: str, staff_id: str | None, name: str, issued: str, **more: str) -> dict[str, str | None]:
    return {
        "award_id": award_id,
        "staff_id": staff_id,
        "micro_credential_name": name,
        "issuer_name": ISSUER,
        "issued_date": issued,
    } | more


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    platform = tiny_district()
    foundations = next(row for row in platform["badgr", "badge_classes"] if row["entityId"].endswith("1"))["name"]
    issued = next(row for row in platform["badgr", "assertions"] if row["entityId"] == "a-ada-1")["issuedOn"][:10]
    lists = {
        ("files", "credential_awards"): [
            # the platform's award again, once by number and once by its address
            listed("1", ADA, foundations, issued),
            listed(f"{HOST}/assertions/a-ada-1", None, foundations, issued, email=EMAILS[ADA]),
            listed("2", BEN, "Only On A List", "2025-10-01", issuer_name="Nobody Knows Them"),
            listed("3", BEN, foundations, "2025-06-30", status="Revoked"),
        ]
    }
    return build(tmp_path_factory.mktemp("lists"), platform | lists)


def test_lists__everything_passes(built: Built) -> None:
    assert built.not_passed() == []


def test_lists__an_award_that_the_platform_has_too_is_the_platforms(built: Built) -> None:
    assert built.rows(
        "select source_system, verification, record_count from fct_credential_awards where award_id = 'a-ada-1'"
    ) == [("badgr", "platform_reported", 5)]


def test_lists__an_award_that_only_a_list_has_is_shown_and_demonstrates_nothing(built: Built) -> None:
    assert built.rows(
        "select award_id, issued_date::text, verification, is_revoked, is_demonstrated, staff_key is not null,"
        " school_year from fct_credential_awards where source_system = 'files' order by award_id"
    ) == [
        ("hr:2", "2025-10-01", "unverified", False, False, True, 2026),
        ("hr:3", "2025-06-30", "unverified", True, False, True, 2025),
    ]


def test_lists__issuer_and_micro_credential_are_found_by_their_names(built: Built) -> None:
    assert built.rows(
        "select awards.award_id, definitions.source_system, issuers.issuer_name from fct_credential_awards as awards"
        " join dim_micro_credentials as definitions using (micro_credential_key)"
        " join dim_issuers as issuers on issuers.issuer_key = awards.issuer_key"
        " where awards.source_system = 'files' order by 1"
    ) == [("hr:2", "files", "Nobody Knows Them"), ("hr:3", "badgr", ISSUER)]
