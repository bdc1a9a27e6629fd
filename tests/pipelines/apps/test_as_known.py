"""What was known on an earlier day, asked of a planted release.

Belongs here: days, sight and consent over history. Does not belong here: how history comes about (dbt
unit tests of fct_expertise_history).

In the planted release, who is `expert` in Questioning today stood in `need` until 30 September, and
the other way round; the history begins on 1 September.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from pipelines.apps.access import AccessRefused, Viewer
from pipelines.apps.as_known import NotKnownYet, explain_as_known, find_as_known
from pipelines.apps.release_reader import Release, open_release
from pipelines.publish.release import publish
from tests.pipelines.planted_warehouse import KEY, ROLES, build_warehouse, key, name_of, release_info

TODAY = date(2026, 11, 20)
THEN = date(2026, 9, 30)
LEADER = Viewer.parse("district_leader", ROLES)
PRINCIPAL = Viewer.parse("principal:101", ROLES)
COACH = Viewer.parse("coach:101", ROLES)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    folder = tmp_path_factory.mktemp("as_known")
    publish(build_warehouse(folder / "warehouse.duckdb"), folder / "published", release_info("r-1"), KEY)
    with open_release(folder / "published", "leaders") as opened:
        yield opened


def bands(release: Release, viewer: Viewer, day: date, school: str | None = None) -> dict[str, str]:
    return {row["name"]: row["band"] for row in find_as_known(release, viewer, "Questioning", day, TODAY, school)}


@pytest.mark.parametrize(
    ("day", "band"),
    [(date(2026, 9, 1), "need"), (THEN, "need"), (date(2026, 10, 1), "expert"), (TODAY, "expert")],
)
def test_find_as_known__each_day_has_the_band_that_was_published(release: Release, day: date, band: str) -> None:
    assert bands(release, LEADER, day)[name_of("101", "expert")] == band


def test_find_as_known__spans_are_told_with_their_days(release: Release) -> None:
    row = find_as_known(release, LEADER, "C-I06", THEN, TODAY, "101")[0]
    assert (row["name"], row["known_from_date"], row["known_to_date"]) == (
        name_of("101", "need"),
        date(2026, 9, 1),
        THEN,
    )


def test_find_as_known__who_has_left_or_declined_is_not_named_in_the_past_either(release: Release) -> None:
    named = bands(release, LEADER, THEN)
    assert "Gone Elsewhere" not in named
    assert len(named) == 19, "18 people of the three schools and one without a school"
    assert all(named)


def test_find_as_known__sight_holds_for_the_band_of_that_day(release: Release) -> None:
    """A principal sees a past need inside the school only; who sees strengths sees the past strengths only."""
    assert bands(release, PRINCIPAL, THEN)[name_of("101", "expert")] == "need"
    assert name_of("102", "expert") not in bands(release, PRINCIPAL, THEN)
    assert bands(release, PRINCIPAL, THEN)[name_of("102", "need")] == "expert"
    assert set(bands(release, COACH, THEN).values()) == {"expert", "strong practice", "demonstrated"}


@pytest.mark.parametrize(
    ("day", "said"),
    [(date(2026, 8, 31), "begins on 2026-09-01"), (date(2026, 11, 21), "lies in the future")],
)
def test_find_as_known__a_day_that_history_does_not_tell_of_is_refused(release: Release, day: date, said: str) -> None:
    with pytest.raises(NotKnownYet, match=said):
        find_as_known(release, LEADER, "Questioning", day, TODAY)


def test_explain_as_known__the_sentence_of_the_day_and_no_evidence_of_later(release: Release) -> None:
    then = explain_as_known(release, LEADER, name_of("101", "expert"), "Questioning", THEN, TODAY)
    assert then["band"] == "need"
    assert then["explanation"] == "Stood as need then."
    assert {row["evidence_date"] for row in then["evidence"]} == {date(2026, 3, 4)}


def test_explain_as_known__a_past_need_and_a_past_nothing_are_refused_alike(release: Release) -> None:
    refusals = set()
    for band in ("expert", "developing"):
        with pytest.raises(AccessRefused) as refused:
            explain_as_known(release, COACH, name_of("102", band), "Questioning", THEN, TODAY)
        refusals.add(str(refused.value))
    assert len(refusals) == 1


def test_explain_as_known__evidence_of_who_is_in_need_today_is_not_shown_for_a_past_strength(release: Release) -> None:
    fallen = explain_as_known(release, COACH, name_of("101", "need"), "Questioning", THEN, TODAY)
    assert (fallen["band"], fallen["evidence"]) == ("expert", [])
    steady = explain_as_known(release, COACH, name_of("101", "demonstrated"), "Questioning", THEN, TODAY)
    assert [(row["evidence_type"], row["counts"]) for row in steady["evidence"]] == [("award", True)]


def test_find_as_known__who_sees_strengths_is_not_told_that_a_demonstrated_competency_was_observed(
    release: Release,
) -> None:
    seen = {row["name"]: row["observation_count"] for row in find_as_known(release, COACH, "C-I06", THEN, TODAY)}
    assert seen[name_of("101", "demonstrated")] is None
    assert seen[name_of("101", "need")] == 4, "an expert then: what is observed is the strength"
    known = {row["name"]: row["observation_count"] for row in find_as_known(release, LEADER, "C-I06", THEN, TODAY)}
    assert known[name_of("101", "demonstrated")] == 4


def test_explain_as_known__a_person_sees_their_own_past(release: Release) -> None:
    teacher = Viewer.parse(f"teacher:{key('101/expert')}", ROLES)
    then = explain_as_known(release, teacher, key("101/expert"), "Questioning", THEN, TODAY)
    assert then["band"] == "need"
    with pytest.raises(AccessRefused):
        explain_as_known(release, teacher, key("102/expert"), "Questioning", THEN, TODAY)
