"""Issuers: figures for who sees strengths, people and needs for who sees bands in the whole district."""

from __future__ import annotations

import json

import pytest

from pipelines.apps.access import AccessRefused, Viewer
from pipelines.apps.issuers import UnknownIssuer, issuer_quality
from pipelines.apps.release_reader import Release
from tests.pipelines.planted_warehouse import ROLES, key

LEADER = Viewer.parse("district_leader", ROLES)
OTHERS = ["principal:103", "coach:103", f"teacher:{key('103/need')}"]


def test_issuer_quality__a_district_leader_sees_all(release: Release) -> None:
    quality = issuer_quality(release, LEADER)
    assert [row["issuer"] for row in quality["issuers"]] == ["Institute", "Prairie Teaching Collaborative"]
    assert quality["issuers"][0]["holder_in_need_share"] == 0.25
    assert quality["issuers"][1]["first_time_award_share"] is None
    assert [row["assessor"] for row in quality["assessors"] or []] == ["ASR-07", "ASR-08"]
    assert quality["questions"] == [
        "Institute: 10 % are revoked: ask why.",
        "Questioning: 60 % in need: ask why.",
        "Assessor ASR-07 awards 92 %: ask how.",
    ]
    assert quality["micro_credentials"] == []


@pytest.mark.parametrize("who", OTHERS)
def test_issuer_quality__others_see_neither_assessors_nor_needs(release: Release, who: str) -> None:
    for issuer in (None, "Institute"):
        quality = issuer_quality(release, Viewer.parse(who, ROLES), issuer)
        assert quality["assessors"] is None
        assert quality["questions"] == ["Institute: 10 % are revoked: ask why."]
        told = json.dumps(quality, default=str)
        assert "ASR-" not in told
        assert "need" not in told
        assert quality["issuers"][0]["first_time_award_share"] == 0.75


def test_issuer_quality__who_may_see_nothing_is_refused(release: Release) -> None:
    with pytest.raises(AccessRefused):
        issuer_quality(release, Viewer.parse("visitor", ROLES))


@pytest.mark.parametrize("text", ["Institute", "institute", "ins", "INSTI"])
def test_issuer_quality__one_issuer_with_its_micro_credentials(release: Release, text: str) -> None:
    quality = issuer_quality(release, LEADER, text)
    assert [row["issuer"] for row in quality["issuers"]] == ["Institute"]
    assert [row["micro_credential"] for row in quality["micro_credentials"]] == ["Questioning", "Feedback"]
    assert quality["assessors"] is None


def test_issuer_quality__questions_are_those_of_the_issuer(release: Release) -> None:
    assert issuer_quality(release, LEADER, "Prairie")["questions"] == []
    assert len(issuer_quality(release, LEADER, "Institute")["questions"]) == 2


def test_issuer_quality__an_unknown_issuer_offers_the_closest(release: Release) -> None:
    with pytest.raises(UnknownIssuer, match=r"no issuer 'Prarie Teaching'.*Did you mean Prairie Teaching Coll"):
        issuer_quality(release, LEADER, "Prarie Teaching")
    with pytest.raises(UnknownIssuer, match="among the 2 of this release"):
        issuer_quality(release, LEADER, "")
