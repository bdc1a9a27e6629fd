"""Who knew what, as known on an earlier day: what the release that was current then said.

Belongs here: the finder's two questions asked of the history that the leaders' release carries. Does
not belong here: how history comes about (dbt's fct_expertise_history), the same questions of today (finder).

What may be seen of the past is what may be seen today: names, schools and roles are today's, so a
consent that was withdrawn, a person who left or a sight that was narrowed hide the past as well.
"""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from pipelines.apps.access import AccessRefused, Viewer, visible_bands
from pipelines.apps.finder import (
    EVIDENCE_COLUMNS,
    SEES_OBSERVATIONS,
    SHOWN_OBSERVATION_COUNT,
    VISIBLE_EXPERTISE,
    Evidence,
    Expert,
    QuestionRefused,
    confirm_viewer,
    resolve_competency,
    resolve_school,
    resolve_staff,
    sight_parameters,
)
from pipelines.apps.release_reader import Release


class NotKnownYet(QuestionRefused):
    """The day lies before the first of which the history tells, or in the future."""


class ExpertAsKnown(Expert):
    """One person and one competency as a release said, from the first day to the last (None: still)."""

    known_from_date: date
    known_to_date: date | None


class ExplanationAsKnown(ExpertAsKnown):
    """The same with the evidence dated until that day, as it counts today."""

    evidence: list[Evidence]


_COLUMNS = f"""
    staff_key, coalesce(staff_name, 'you') as name, school_name as school, competency_name as competency,
    band, {SHOWN_OBSERVATION_COUNT}, award_count, explanation, known_from_date, known_to_date
"""
_ON_THE_DAY = "known_from_date <= $day and (known_to_date is null or known_to_date >= $day)"


def find_as_known(
    release: Release, viewer: Viewer, competency: str, day: date, today: date, school: str | None = None
) -> list[ExpertAsKnown]:
    """The people of whom it was known on a day that they know a competency, within what the viewer may see today.

    Inside a band who had more observations and awards stands first: the rank of that day is not kept.
    Raises NotKnownYet, UnknownCompetency, UnknownSchool or AccessRefused.
    """
    confirm_viewer(release, viewer)
    parameters = sight_parameters(viewer)
    parameters["competency_key"] = resolve_competency(release, competency)["competency_key"]
    parameters["school_key"] = resolve_school(release, school)["school_key"] if school else None
    parameters["day"] = _confirm_day(release, day, today)
    rows = release.query(
        f"""
        select {_COLUMNS}
        from expertise_history
        where competency_key = $competency_key
            and ($school_key is null or school_key = $school_key)
            and {_ON_THE_DAY}
            and {VISIBLE_EXPERTISE}
        order by band_order, case when {SEES_OBSERVATIONS} then expertise_history.observation_count else 0 end desc,
            award_count desc, name, staff_key
        """,
        parameters,
    )
    return cast(list[ExpertAsKnown], rows)


def explain_as_known(
    release: Release, viewer: Viewer, staff: str, competency: str, day: date, today: date
) -> ExplanationAsKnown:
    """One person's band as it was published on a day, with the evidence dated until then.

    Evidence is what today's release lists, so what was removed since is missing and `counts` is
    today's. Who sees strengths only is shown the awards that count, where the band of today may be seen too.
    Raises NotKnownYet, UnknownCompetency, UnknownStaff, AmbiguousStaff, or AccessRefused with the same
    words whether there is a band to hide or none.
    """
    confirm_viewer(release, viewer)
    found = resolve_competency(release, competency)
    person = resolve_staff(release, viewer, staff)
    parameters = sight_parameters(viewer) | {
        "staff_key": person["staff_key"],
        "competency_key": found["competency_key"],
        "day": _confirm_day(release, day, today),
    }
    rows = release.query(
        f"""
        select {_COLUMNS}
        from expertise_history
        where staff_key = $staff_key and competency_key = $competency_key and {_ON_THE_DAY} and {VISIBLE_EXPERTISE}
        """,
        parameters,
    )
    sight = viewer.sight(person["school_id"], person["staff_key"])
    sees_every_band = visible_bands(sight) == visible_bands("band")
    if not rows and sees_every_band:
        raise NotKnownYet(f"on {day} nothing was known of this person in {found['competency_name']}")
    if not rows:
        raise AccessRefused(
            f"{viewer} may see only strengths of this person, and on {day} there was none to show in "
            f"{found['competency_name']}"
        )
    return cast(ExplanationAsKnown, {**rows[0], "evidence": _evidence(release, parameters, sees_every_band)})


def _evidence(release: Release, parameters: dict[str, Any], sees_every_band: bool) -> list[dict[str, Any]]:
    return release.query(
        f"""
        select {EVIDENCE_COLUMNS}
        from evidence
        where staff_key = $staff_key and competency_key = $competency_key
            and (evidence_date is null or evidence_date <= $day)
            and ($everything or (
                counts and evidence_type = 'award' and exists (
                    select 1 from expertise
                    where expertise.staff_key = $staff_key and expertise.competency_key = $competency_key
                        and {VISIBLE_EXPERTISE}
                )
            ))
        order by evidence_date desc nulls last, evidence_type, evidence_key
        """,
        parameters | {"everything": sees_every_band},
    )


def _confirm_day(release: Release, day: date, today: date) -> date:
    """The day, where the history tells of it; today is the district's."""
    if day > today:
        raise NotKnownYet(f"{day} lies in the future; give a day until {today}")
    first = release.query("select min(known_from_date) as first_date from expertise_history")[0]["first_date"]
    if first is None:
        raise NotKnownYet("this release holds no history yet: it begins with the first evidence that is published")
    if day < first:
        raise NotKnownYet(f"what was known on {day} was not kept: the history of this district begins on {first}")
    return day
