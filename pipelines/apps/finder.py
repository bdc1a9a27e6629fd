"""Who knows what: the questions that a leader asks of the leaders' release.

Belongs here: finding experts, explaining one person's band with its evidence, each limited to what the
viewer may see; finding what a question names. Does not belong here: how a band comes about (dbt's),
counts of people (gaps), roles (access), or how answers are printed (the command line).

A person without a name (consent declined, or no roster) and one who has left is never listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypedDict, cast

from pipelines.apps.access import AccessRefused, Viewer, visible_bands
from pipelines.apps.closest import closest, did_you_mean
from pipelines.apps.release_reader import Release

# The bands that the viewer may see of the person of a row; needs the parameters of `sight_parameters`.
_BANDS_SEEN = """
    case
        when
            $own_school is null
            or coalesce(cast(school_id as varchar) = $own_school, false)
            or coalesce(staff_key = $own_staff, false)
            then $inside_bands
        else $outside_bands
    end
"""
# Rows of `expertise` that the viewer may see. Who declined to be named is shown to nobody but themselves.
VISIBLE_EXPERTISE = f"""
    is_active
    and (staff_name is not null or coalesce(staff_key = $own_staff, false))
    and list_contains({_BANDS_SEEN}, band)
"""
# Who demonstrated a competency and was observed in it has not come to expert level there: whoever sees
# strengths only is not told that there are observations, and reads null.
SEES_OBSERVATIONS = f"(band <> 'demonstrated' or list_contains({_BANDS_SEEN}, 'developing'))"
SHOWN_OBSERVATION_COUNT = f"case when {SEES_OBSERVATIONS} then observation_count end as observation_count"
EVIDENCE_COLUMNS = (
    "evidence_type, evidence_date, title, source_system, source_record_id, counts, remark, weight_in_words, "
    "is_rater_adjusted"
)
NO_SCHOOL = ""  # no school has this id: the scope of a single person holds no school


class Expert(TypedDict):
    """One person and one competency, as the finder lists them.

    `observation_count` is None where the viewer may not know whether the person was observed.
    """

    staff_key: str
    name: str
    school: str | None
    competency: str
    band: str
    observation_count: int | None
    award_count: int
    explanation: str


class Evidence(TypedDict):
    """One observation or award behind a band.

    `weight_in_words` and `is_rater_adjusted` are None for awards and for what does not count.
    """

    evidence_type: str
    evidence_date: date | None
    title: str | None
    source_system: str | None
    source_record_id: str | None
    counts: bool
    remark: str | None
    weight_in_words: str | None
    is_rater_adjusted: bool | None


class Explanation(Expert):
    """Why a person stands in a band; since when they dispute it, where that is open and the viewer sees all."""

    evidence: list[Evidence]
    disputed_since: date | None


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
        select staff_key, coalesce(staff_name, 'you') as name, school_name as school, competency_name as competency,
            band, {SHOWN_OBSERVATION_COUNT}, award_count, explanation
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
    only is shown the evidence that counts and no other, and of a `demonstrated` band the awards alone.
    Raises UnknownCompetency, UnknownStaff, AmbiguousStaff, or AccessRefused where the viewer may not see
    the band. The refusal is the same whether there is a band to hide or none, so that it tells nothing.
    """
    confirm_viewer(release, viewer)
    found = resolve_competency(release, competency)
    person = resolve_staff(release, viewer, staff)
    parameters = sight_parameters(viewer)
    parameters |= {"staff_key": person["staff_key"], "competency_key": found["competency_key"]}
    rows = release.query(
        f"""
        select staff_key, coalesce(staff_name, 'you') as name, school_name as school, competency_name as competency,
            band, {SHOWN_OBSERVATION_COUNT}, award_count, explanation
        from expertise
        where staff_key = $staff_key and competency_key = $competency_key and {VISIBLE_EXPERTISE}
        """,
        parameters,
    )
    if not rows:
        sight = viewer.sight(person["school_id"], person["staff_key"])
        if visible_bands(sight) == visible_bands("band"):
            raise UnknownStaff(f"there is no evidence of this person in {found['competency_name']}")
        raise AccessRefused(
            f"{viewer} may see {_in_words(sight)} of this person, and there is none to show in "
            f"{found['competency_name']}"
        )
    everything = viewer.sight(person["school_id"], person["staff_key"]) != "strengths"
    evidence = release.query(
        f"""
        select {EVIDENCE_COLUMNS}
        from evidence
        where staff_key = $staff_key and competency_key = $competency_key
            and ($everything or (counts and (evidence_type <> 'observation' or $band <> 'demonstrated')))
        order by evidence_date desc nulls last, evidence_type, evidence_key
        """,
        {
            "staff_key": person["staff_key"],
            "competency_key": found["competency_key"],
            "everything": everything,
            "band": rows[0]["band"],
        },
    )
    disputes = release.query(
        "select opened_date from disputes"
        " where $everything and staff_key = $staff_key and competency_key = $competency_key",
        {"staff_key": person["staff_key"], "competency_key": found["competency_key"], "everything": everything},
    )
    disputed_since = disputes[0]["opened_date"] if disputes else None
    return cast(Explanation, {**rows[0], "evidence": evidence, "disputed_since": disputed_since})


def sight_parameters(viewer: Viewer) -> dict[str, Any]:
    """The parameters of VISIBLE_EXPERTISE for a viewer."""
    return {
        "own_school": own_school(viewer),
        "own_staff": viewer.staff_key if viewer.role.scope == "self" else None,
        "inside_bands": sorted(visible_bands(viewer.role.inside)),
        "outside_bands": sorted(visible_bands(viewer.role.outside)),
    }


def own_school(viewer: Viewer) -> str | None:
    """The school that is the viewer's scope: None for the whole district, NO_SCHOOL for a single person."""
    if viewer.role.scope == "district":
        return None
    return viewer.school_id or NO_SCHOOL


def confirm_viewer(release: Release, viewer: Viewer) -> None:
    """Refuse a viewer who may see nothing at all, or whose school or self the release does not know."""
    if not viewer.sees_anything():
        raise AccessRefused(f"the role {viewer.role_name} may see nothing; its sight is a setting in district.yml")
    if viewer.role.scope == "self":
        _confirm_self(release, viewer)
    if viewer.role.scope != "school":
        return
    if viewer.school_id is None:
        raise AccessRefused(f"the role {viewer.role_name} belongs to a school: write {viewer.role_name}:SCHOOL_ID")
    schools = _schools(release)
    if viewer.school_id not in {school["school_id"] for school in schools}:
        names = [f"{viewer.role_name}:{school['school_id']}" for school in _close_schools(viewer.school_id, schools)]
        raise UnknownSchool(f"there is no school with the id {viewer.school_id!r}.{did_you_mean(names)}")


def _confirm_self(release: Release, viewer: Viewer) -> None:
    """Refuse a staff key that is no active staff member's, in the same words whoever it is or was."""
    known = release.query(
        "select staff_key from staff where staff_key = $staff_key and is_active", {"staff_key": viewer.staff_key}
    )
    if not known:
        raise AccessRefused(
            f"the role {viewer.role_name} is one active staff member's, and this release has none of the key given, "
            f"so nothing is shown. Write {viewer.role_name}:STAFF_KEY with the key in full"
        )


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
    close = (by_word[word] for word in closest(wanted, by_word))
    names = [f"{row['competency_name']} ({row['competency_code']})" for row in close]
    raise UnknownCompetency(
        f"there is no competency {text!r} among the {len(known)} of this release.{did_you_mean(names)}"
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
    raise UnknownSchool(f"there is no school {text!r} among the {len(schools)} of this release.{did_you_mean(names)}")


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
        where is_active and (staff_name is not null or coalesce(staff_key = $own_staff, false))
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
        if person["is_visible"] or viewer.is_inside(person["school_id"], person["staff_key"])
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
    return list({by_word[word]["school_id"]: by_word[word] for word in closest(wanted, by_word)}.values())


def _in_words(sight: str) -> str:
    return {"none": "nothing", "strengths": "only the strengths"}.get(sight, "every band")
