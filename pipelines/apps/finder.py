"""Who knows what: the questions that a leader asks of the leaders' release.

Belongs here: finding experts, explaining one person's band with its evidence, coverage of schools,
each limited to what the viewer may see. Does not belong here: how a band comes about (dbt's), roles
(access), or how answers are printed (the command line).

A person without a name (consent declined, or no roster) and one who has left is never listed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypedDict, cast

from pipelines.apps.access import AccessRefused, Viewer, visible_bands
from pipelines.apps.release_reader import Release

# Rows of `expertise` that the viewer may see; needs the parameters of `sight_parameters`.
VISIBLE_EXPERTISE = """
    is_active
    and staff_name is not null
    and list_contains(
        case
            when $own_school is null or coalesce(cast(school_id as varchar) = $own_school, false) then $inside_bands
            else $outside_bands
        end,
        band
    )
"""


class Expert(TypedDict):
    """One person and one competency, as the finder lists them."""

    staff_key: str
    name: str
    school: str | None
    competency: str
    band: str
    observation_count: int
    award_count: int
    explanation: str


class Evidence(TypedDict):
    """One observation or award behind a band."""

    evidence_type: str
    evidence_date: date | None
    title: str | None
    source_system: str | None
    source_record_id: str | None
    counts: bool
    remark: str | None


class Explanation(Expert):
    """Why a person stands in a band."""

    evidence: list[Evidence]


class Coverage(TypedDict):
    """One school and one competency; a count is None where the viewer may not see it."""

    school_id: str
    school: str
    competency: str
    staff_count: int
    evidence_staff_count: int | None
    need_count: int | None
    expert_count: int
    strong_practice_count: int
    demonstrated_count: int
    has_single_expert_risk: bool


class QuestionRefused(Exception):
    """The question names something that the release does not hold, or not clearly enough."""


class UnknownCompetency(QuestionRefused):
    """No competency of that name or code."""


class UnknownSchool(QuestionRefused):
    """No school of that id or name."""


class UnknownStaff(QuestionRefused):
    """No staff member of that key or name."""


class AmbiguousStaff(QuestionRefused):
    """More than one staff member fits the name."""


def find(release: Release, viewer: Viewer, competency: str, school: str | None = None) -> list[Expert]:
    """The people who know a competency (its name or code), best evidence first, within the viewer's sight.

    Raises UnknownCompetency, UnknownSchool or AccessRefused.
    """
    confirm_viewer(release, viewer)
    parameters = sight_parameters(viewer)
    parameters["competency_key"] = resolve_competency(release, competency)["competency_key"]
    parameters["school_key"] = resolve_school(release, school)["school_key"] if school else None
    rows = release.query(
        f"""
        select staff_key, staff_name as name, school_name as school, competency_name as competency,
            band, observation_count, award_count, explanation
        from expertise
        where competency_key = $competency_key
            and ($school_key is null or school_key = $school_key)
            and {VISIBLE_EXPERTISE}
        order by band_order, rank_in_band, staff_key
        """,
        parameters,
    )
    return cast(list[Expert], rows)


def explain(release: Release, viewer: Viewer, staff: str, competency: str) -> Explanation:
    """One person's band in a competency as a sentence, with the evidence behind it.

    `staff` is a staff key, a name, or a part of a name that fits one person only. Who sees strengths
    only is shown the evidence that counts and no other. Raises UnknownCompetency, UnknownStaff,
    AmbiguousStaff, or AccessRefused where the viewer may not see the band. The refusal is the same
    whether there is a band to hide or none, so that it tells nothing.
    """
    confirm_viewer(release, viewer)
    found = resolve_competency(release, competency)
    person = resolve_staff(release, viewer, staff)
    parameters = sight_parameters(viewer)
    parameters |= {"staff_key": person["staff_key"], "competency_key": found["competency_key"]}
    rows = release.query(
        f"""
        select staff_key, staff_name as name, school_name as school, competency_name as competency,
            band, observation_count, award_count, explanation
        from expertise
        where staff_key = $staff_key and competency_key = $competency_key and {VISIBLE_EXPERTISE}
        """,
        parameters,
    )
    if not rows:
        sight = viewer.sight(person["school_id"])
        if visible_bands(sight) == visible_bands("band"):
            raise UnknownStaff(f"there is no evidence of this person in {found['competency_name']}")
        raise AccessRefused(
            f"{viewer} may see {_in_words(sight)} of this person, and there is none to show in "
            f"{found['competency_name']}"
        )
    everything = viewer.sight(person["school_id"]) != "strengths"
    evidence = release.query(
        """
        select evidence_type, evidence_date, title, source_system, source_record_id, counts, remark
        from evidence
        where staff_key = $staff_key and competency_key = $competency_key and (counts or $everything)
        order by evidence_date desc nulls last, evidence_type, evidence_key
        """,
        {"staff_key": person["staff_key"], "competency_key": found["competency_key"], "everything": everything},
    )
    return cast(Explanation, {**rows[0], "evidence": evidence})


def coverage(release: Release, viewer: Viewer) -> list[Coverage]:
    """School by competency: how many need it, how many are strong in it.

    Where the viewer sees strengths only, the counts that would tell of needs are None; schools of
    which the viewer may see nothing are left out.
    """
    confirm_viewer(release, viewer)
    rows = release.query(
        f"select {COVERAGE_COLUMNS} from {COVERAGE_TABLES} order by school, competency, school_id, competency_code"
    )
    return [_limited(row, viewer.sight(row["school_id"])) for row in rows if _shows(viewer, row["school_id"])]


COVERAGE_COLUMNS = """
    cast(schools.school_id as varchar) as school_id, schools.school_name as school,
    competencies.competency_code, competencies.competency_name as competency,
    coverage.staff_count, coverage.evidence_staff_count, coverage.need_count, coverage.expert_count,
    coverage.strong_practice_count, coverage.demonstrated_count, coverage.has_single_expert_risk
"""
COVERAGE_TABLES = "coverage inner join schools using (school_key) inner join competencies using (competency_key)"


def sight_parameters(viewer: Viewer) -> dict[str, Any]:
    """The parameters of VISIBLE_EXPERTISE for a viewer."""
    return {
        "own_school": viewer.school_id if viewer.role.scope == "school" else None,
        "inside_bands": sorted(visible_bands(viewer.role.inside)),
        "outside_bands": sorted(visible_bands(viewer.role.outside)),
    }


def confirm_viewer(release: Release, viewer: Viewer) -> None:
    """Refuse a viewer who may see nothing at all, or whose school the release does not know."""
    if not viewer.sees_anything():
        raise AccessRefused(f"the role {viewer.role_name} may see nothing; its sight is a setting in district.yml")
    if viewer.role.scope != "school":
        return
    if viewer.school_id is None:
        raise AccessRefused(f"the role {viewer.role_name} belongs to a school: write {viewer.role_name}:SCHOOL_ID")
    schools = _schools(release)
    if viewer.school_id not in {school["school_id"] for school in schools}:
        names = [f"{viewer.role_name}:{school['school_id']}" for school in _close_schools(viewer.school_id, schools)]
        raise UnknownSchool(f"there is no school with the id {viewer.school_id!r}.{_did_you_mean(names)}")


def resolve_competency(release: Release, text: str) -> dict[str, Any]:
    """The competency of that name or code, in whatever case; else UnknownCompetency with close matches."""
    wanted = text.strip().casefold()
    known = release.query(
        "select competency_key, competency_code, competency_name from competencies order by competency_code"
    )
    for column in ("competency_code", "competency_name"):
        for row in known:
            if str(row[column] or "").casefold() == wanted:
                return row
    by_word = {str(row["competency_name"] or "").casefold(): row for row in known}
    by_word |= {str(row["competency_code"] or "").casefold(): row for row in known}
    close = difflib.get_close_matches(wanted, [word for word in by_word if word], n=3, cutoff=0.5)
    close += [word for word in by_word if wanted and wanted in word and word not in close][:3]
    names = [f"{by_word[word]['competency_name']} ({by_word[word]['competency_code']})" for word in close]
    raise UnknownCompetency(
        f"there is no competency {text!r} among the {len(known)} of this release.{_did_you_mean(names)}"
    )


def resolve_school(release: Release, text: str | int) -> dict[str, Any]:
    """The school of that id or name, in whatever case; else UnknownSchool with close matches."""
    wanted = str(text).strip().casefold()
    schools = _schools(release)
    for column in ("school_id", "school_name"):
        for school in schools:
            if str(school[column] or "").casefold() == wanted:
                return school
    names = [f"{school['school_name']} ({school['school_id']})" for school in _close_schools(wanted, schools)]
    raise UnknownSchool(f"there is no school {text!r} among the {len(schools)} of this release.{_did_you_mean(names)}")


def resolve_staff(release: Release, viewer: Viewer, text: str) -> dict[str, Any]:
    """The one active, named staff member of that key, name or part of a name.

    Where several fit, only those of whom the viewer may see something are listed.
    """
    people = release.query(
        f"""
        select staff_key, any_value(staff_name) as staff_name, any_value(school_name) as school_name,
            any_value(cast(school_id as varchar)) as school_id, bool_or({VISIBLE_EXPERTISE}) as is_visible,
            staff_key = $text as is_key,
            strip_accents(lower(any_value(staff_name))) = strip_accents(lower($text)) as is_name
        from expertise
        where is_active and staff_name is not null
            and (staff_key = $text or contains(strip_accents(lower(staff_name)), strip_accents(lower($text))))
        group by staff_key
        order by staff_name, school_name, staff_key
        """,
        {**sight_parameters(viewer), "text": text.strip()},
    )
    if not text.strip() or not people:
        raise UnknownStaff("no staff member with evidence fits; give a staff key, a full name, or a part of one")
    for exactly in ("is_key", "is_name"):
        fitting = [person for person in people if person[exactly]]
        if fitting:
            people = fitting
            break
    if len(people) == 1:
        return people[0]
    shown = [
        f"{person['staff_name']} ({person['school_name'] or 'no school'}, {person['staff_key']})"
        for person in people
        if person["is_visible"] or viewer.is_inside(person["school_id"])
    ]
    listed = "; ".join(shown[:10]) or "none of whom you may see anything"
    more = len(people) - len(shown[:10])
    rest = f"; and {more} more" if more and shown else ""
    raise AmbiguousStaff(f"{len(people)} staff members fit: {listed}{rest}. Give the staff key or the full name.")


def _schools(release: Release) -> list[dict[str, Any]]:
    return release.query(
        "select school_key, cast(school_id as varchar) as school_id, school_name from schools order by all"
    )


def _close_schools(text: str, schools: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The schools whose id or name is most like the text."""
    wanted = text.casefold()
    by_word: dict[str, Mapping[str, Any]] = {}
    for school in schools:
        by_word[str(school["school_id"])] = school
        by_word[str(school["school_name"] or "").casefold()] = school
    close = difflib.get_close_matches(wanted, [word for word in by_word if word], n=3, cutoff=0.5)
    close += [word for word in by_word if wanted and wanted in word and word not in close][:3]
    return list({by_word[word]["school_id"]: by_word[word] for word in close}.values())


def _did_you_mean(names: list[str]) -> str:
    return f" Did you mean {', '.join(names)}?" if names else ""


def _in_words(sight: str) -> str:
    return {"none": "nothing", "strengths": "only the strengths"}.get(sight, "every band")


def _shows(viewer: Viewer, school_id: str) -> bool:
    return bool(visible_bands(viewer.sight(school_id)))


def _limited(row: Mapping[str, Any], sight: str) -> Coverage:
    """A coverage row with the counts that the sight does not reach set to None."""
    kept = {name: row[name] for name in Coverage.__annotations__}
    if sight == "strengths":
        kept |= {"need_count": None, "evidence_staff_count": None}
    return cast(Coverage, kept)
