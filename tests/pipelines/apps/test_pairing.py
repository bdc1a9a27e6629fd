"""Who sees which pair, what was decided since the release, and which decisions keep the rules.

Belongs here: the answers of apps.pairing and its files on planted pairs. Does not belong here: which
pairs are found (analysis, dbt), the command (cli).
"""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipelines.apps import pairing
from pipelines.apps.access import AccessRefused, Viewer
from pipelines.apps.finder import UnknownSchool
from pipelines.apps.pairing import Decided, NoPairs, NotEligible, UnknownPair, UnknownPartner, pairings
from pipelines.apps.pairing_files import render_page, write_csv
from pipelines.apps.release_reader import Release, open_release
from pipelines.publish.release import publish
from tests.pipelines.planted_pairings import DECIDED_AT
from tests.pipelines.planted_warehouse import KEY, ROLES, SCHOOLS, build_warehouse, key, name_of, release_info

LATER = DECIDED_AT + timedelta(days=9)
LEADER = Viewer.parse("district_leader", ROLES)


def pair_of(target: str, partner: str) -> str:
    return key(key(target) + key(partner))


def decided(target: str, partner: str, word: str, wanted: str | None = None, at: object = LATER) -> Decided:
    """A decision that cites people as planted."""
    return Decided(
        ("files", f"id {target}"),
        ("files", f"id {partner}"),
        word,
        "Pat Principal",
        at,  # type: ignore[arg-type]
        None if wanted is None else ("files", f"id {wanted}"),
    )


IN_RELEASE = [
    decided("102/need", "102/expert", "accepted", at=DECIDED_AT),
    decided("102/need", "102/strong practice", "rejected", at=DECIDED_AT),
    decided("103/need", "left", "accepted", at=DECIDED_AT),
]


def who_is_paired(release: Release, viewer: Viewer, school: str | None = None) -> set[tuple[str, str, str]]:
    answer = pairings(release, viewer, school)
    return {(one["target"], one["partner"], one["status"]) for one in [*answer["pairs"], *answer["past"]]}


def test_pairings__lists_live_past_and_unpaired(release: Release) -> None:
    answer = pairings(release, LEADER)
    assert [(pair["school_id"], pair["target"], pair["status"]) for pair in answer["pairs"]] == [
        (school, name_of(school, "need"), status)
        for school, status in zip(SCHOOLS, ("suggested", "accepted", "suggested"), strict=True)
    ]
    assert {pair["status"] for pair in answer["past"]} == {"rejected", "ended"}
    assert {one["name"] for one in answer["unpaired"]} == {name_of(school, "developing") for school in SCHOOLS}
    assert answer["pairs"][0]["focus"] == ["Questioning"]


def test_pairings__never_list_who_declined_to_be_named(release: Release) -> None:
    assert all(one["target"] and one["partner"] for one in pairings(release, LEADER)["pairs"])
    assert pair_of("declined", "103/strong practice") not in str(pairings(release, LEADER))


def test_pairings__a_principal_sees_the_pairs_of_their_school_only(release: Release) -> None:
    principal = Viewer.parse("principal:102", ROLES)
    assert {target for target, _, _ in who_is_paired(release, principal)} == {name_of("102", "need")}
    assert {one["school_id"] for one in pairings(release, principal)["unpaired"]} == {"102"}
    with pytest.raises(AccessRefused, match="who has a need"):
        pairings(release, principal, "101")


@pytest.mark.parametrize("who", ["coach:102", "assistant:102", "visitor"])
def test_pairings__whoever_sees_strengths_or_nothing_sees_no_pair(who: str, release: Release) -> None:
    for school in (None, "102"):
        with pytest.raises(AccessRefused):
            pairings(release, Viewer.parse(who, ROLES), school)


def test_pairings__a_teacher_sees_their_own_accepted_pair_without_who_decided(release: Release) -> None:
    own = pairings(release, Viewer.parse(f"teacher:{key('102/need')}", ROLES))
    assert [(pair["partner"], pair["status"]) for pair in own["pairs"]] == [(name_of("102", "expert"), "accepted")]
    assert own["past"] == [] and own["pairs"][0]["decided_by"] is None and own["pairs"][0]["status_reason"] is None
    for person in ("101/need", "102/expert", "102/developing"):
        answer = pairings(release, Viewer.parse(f"teacher:{key(person)}", ROLES))
        assert answer["pairs"] == [] and answer["past"] == []
    # that nobody is left for them is theirs to know
    assert [one["name"] for one in answer["unpaired"]] == [name_of("102", "developing")]


def test_pairings__unknown_school_and_school_without_data(release: Release, tmp_path: Path) -> None:
    with pytest.raises(UnknownSchool, match="Birch Middle"):
        pairings(release, LEADER, "Birch Midle")
    extra = "".join(f"delete from pub_leaders__{table} where school_id = 101;" for table in ("pairings", "unpaired"))
    publish(build_warehouse(tmp_path / "w.duckdb", extra_sql=extra), tmp_path / "published", release_info("r1"), KEY)
    with open_release(tmp_path / "published", "leaders") as other:
        with pytest.raises(NoPairs, match="Alder Elementary.*expertise status"):
            pairings(other, LEADER, "101")


def test_pairings__tell_what_was_decided_since_the_release(release: Release) -> None:
    since = [
        decided("101/need", "101/expert", "accepted"),
        decided("103/need", "103/expert", "edited", wanted="103/strong practice"),
        decided("102/need", "102/strong practice", "rejected", at=DECIDED_AT),
    ]
    answer = pairings(release, LEADER, None, since)
    told = {pair["target"]: pair["since_release"] for pair in answer["pairs"]}
    assert told == {
        name_of("101", "need"): "accepted by Pat Principal, counts from the next run",
        name_of("102", "need"): None,  # its decision's instant is still known, by another id of the same person
        name_of(
            "103", "need"
        ): f"replaced by Pat Principal with {name_of('103', 'strong practice')}, counts from the next run",
    }
    taken_back = pairings(release, LEADER, "102", [])["pairs"][0]["since_release"]
    assert taken_back == "the decision was taken back, counts from the next run"
    assert {pair["since_release"] for pair in pairings(release, LEADER, None, IN_RELEASE)["pairs"]} == {None}


def test_accept__gives_the_decision_with_its_focus(release: Release) -> None:
    wish = pairing.accept(release, LEADER, pair_of("101/need", "101/expert")[:8].upper(), IN_RELEASE)
    assert wish.target == ("files", "id 101/need") and wish.partner == ("files", "id 101/expert")
    assert (wish.decision, wish.detail) == ("accepted", {"focus": "Questioning"})


def test_accept__a_rejected_pair_only_once_the_accepted_one_is_gone(release: Release) -> None:
    rejected = pair_of("102/need", "102/strong practice")
    with pytest.raises(NotEligible, match=f"works with {name_of('102', 'expert')} already"):
        pairing.accept(release, LEADER, rejected, IN_RELEASE)
    since = [*IN_RELEASE, decided("102/need", "102/expert", "rejected")]
    assert pairing.accept(release, LEADER, rejected, since).decision == "accepted"


@pytest.mark.parametrize(
    ("target", "partner", "says"),
    [("102/need", "102/expert", "already accepted"), ("103/need", "left", "has ended")],
)
def test_accept__refuses_what_is_decided_or_over(target: str, partner: str, says: str, release: Release) -> None:
    with pytest.raises(NotEligible, match=says):
        pairing.accept(release, LEADER, pair_of(target, partner), IN_RELEASE)


def test_accept__counts_places_that_were_taken_since_the_release(release: Release) -> None:
    since = [*IN_RELEASE, decided("101/developing", "101/strong practice", "edited", wanted="101/expert")]
    with pytest.raises(NotEligible, match="partner of 1 colleague already"):
        pairing.accept(release, LEADER, pair_of("101/need", "101/expert"), since)


def test_reject__once(release: Release) -> None:
    pair = pair_of("101/need", "101/expert")
    assert pairing.reject(release, LEADER, pair, IN_RELEASE).decision == "rejected"
    with pytest.raises(NotEligible, match="already rejected"):
        pairing.reject(release, LEADER, pair, [decided("101/need", "101/expert", "rejected")])


def test_edit__names_the_partner_wanted(release: Release) -> None:
    wish = pairing.edit(release, LEADER, pair_of("101/need", "101/expert"), "strong practice", IN_RELEASE)
    assert (wish.partner, wish.decision) == (("files", "id 101/expert"), "edited")
    assert wish.detail == {
        "partner_source": "files",
        "partner_id": "id 101/strong practice",
        "focus": "Questioning",
    }


@pytest.mark.parametrize(
    ("school", "partner", "says"),
    [
        ("101", name_of("101", "expert"), "this pair's partner already"),
        ("101", name_of("101", "need"), "nobody is their own partner"),
        ("101", name_of("101", "not enough evidence"), "declined to be paired"),
        ("101", name_of("102", "strong practice"), "partners come from the same school"),
        ("101", name_of("101", "demonstrated"), "not observed as strong in any focus .*: Questioning"),
        ("103", name_of("103", "strong practice"), "one of them has evaluated the other"),
    ],
)
def test_edit__says_why_a_partner_is_not_eligible(school: str, partner: str, says: str, release: Release) -> None:
    with pytest.raises(NotEligible, match=says):
        pairing.edit(release, LEADER, pair_of(f"{school}/need", f"{school}/expert"), partner, IN_RELEASE)


def test_edit__of_a_partner_who_is_taken(release: Release) -> None:
    since = [*IN_RELEASE, decided("101/developing", "101/expert", "edited", wanted="101/strong practice")]
    with pytest.raises(NotEligible, match="pairing_capacity is 1"):
        pairing.edit(release, LEADER, pair_of("101/need", "101/expert"), "strong practice", since)


@pytest.mark.parametrize("partner", ["Nobody Known", "Gone Elsewhere", "  "])
def test_edit__an_unknown_partner(partner: str, release: Release) -> None:
    with pytest.raises(UnknownPartner, match="no active teacher in sight"):
        pairing.edit(release, LEADER, pair_of("101/need", "101/expert"), partner, IN_RELEASE)


def test_edit__a_name_of_several(release: Release) -> None:
    with pytest.raises(UnknownPartner, match="6 teachers fit"):
        pairing.edit(release, LEADER, pair_of("101/need", "101/expert"), "Personof", IN_RELEASE)


@pytest.mark.parametrize("pair", ["ffffffff", "", "a", "zzzz"])
def test_decide__an_unknown_pair(pair: str, release: Release) -> None:
    with pytest.raises(UnknownPair, match="expertise pair --all"):
        pairing.reject(release, LEADER, pair, [])


def test_decide__only_on_pairs_in_sight_and_never_on_ones_own(release: Release) -> None:
    pair = pair_of("101/need", "101/expert")
    with pytest.raises(UnknownPair, match="among the 2 that principal:102 may see"):
        pairing.reject(release, Viewer.parse("principal:102", ROLES), pair, [])
    with pytest.raises(AccessRefused, match="may not decide"):
        pairing.reject(release, Viewer.parse(f"teacher:{key('101/need')}", ROLES), pair, [])
    with pytest.raises(AccessRefused):
        pairing.reject(release, Viewer.parse("coach:101", ROLES), pair, [])


def test_write_csv__holds_everything_and_guards_formulas(release: Release, tmp_path: Path) -> None:
    answer = pairings(release, LEADER)
    answer["pairs"][0]["reasons"] = "=1+1"
    rows = write_csv(answer, tmp_path / "pairs.csv")
    with (tmp_path / "pairs.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert rows == len(read) == len(answer["pairs"]) + len(answer["past"]) + len(answer["unpaired"])
    assert read[0]["reasons"] == "'=1+1" and read[0]["focus"] == "Questioning"
    assert {row["status"] for row in read} == {"suggested", "accepted", "rejected", "ended", "no partner"}


class _Page(HTMLParser):
    """What a reader without eyes gets: title, language, headings, tables, and whatever is loaded."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_page__is_accessible_and_loads_nothing(release: Release) -> None:
    text = render_page(pairings(release, LEADER), "Who works with whom", str(LEADER), release.info())
    page = _Page(text)
    assert page.all("html") == [{"lang": "en"}] and len(page.all("title")) == len(page.all("h1")) == 1
    assert len(page.all("h2")) == len(SCHOOLS)
    assert all(header.get("scope") in ("col", "row") for header in page.all("th"))
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert not re.search(r"https?:|@import|url\(", text)
    assert "@media print" in text and "SYNTHETIC" in text and "No statewide effect" in text


def test_page__escapes_what_people_wrote_and_holds_no_past(release: Release) -> None:
    answer = pairings(release, LEADER)
    answer["pairs"][0]["target"] = "<script>alert(1)</script>"
    text = render_page(answer, "T", str(LEADER), release.info())
    assert "<script>" not in text and "&lt;script&gt;" in text
    assert "relatives" not in text
