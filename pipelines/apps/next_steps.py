"""A teacher's own next steps: what to strengthen, and what and who can help with it.

Belongs here: whose next steps may be asked, and putting together, element by element, the
micro-credentials, professional development and colleagues that fit. Does not belong here: observed
results, alignments and the worth of a micro-credential (dbt), roles (access), how it is printed.

What somebody is in need of is personnel data: only they, in a role of scope `self`, and who sees every
band inside their own scope are told. Colleagues are named for their strengths, as far as the viewer may
see those, and only if they agreed to be named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, TypedDict, cast

from pipelines.apps.access import STRENGTHS, AccessRefused, Viewer, visible_bands
from pipelines.apps.finder import VISIBLE_EXPERTISE, QuestionRefused, confirm_viewer, sight_parameters
from pipelines.apps.release_reader import Release
from pipelines.apps.staff_directory import find_staff_member

RECENT_DAYS = 2 * 365  # what nobody took part in for two years may be offered no more
SHOWN_COLLEAGUES = 3
SHOWN_ACTIVITIES = 3
NO_RENEWAL_VALUE = "no renewal rule that the district follows says what it earns"


class RenewalValue(TypedDict):
    """What one award earns towards licence renewal in a state or district; units None where no rate is on file."""

    jurisdiction: str
    units: float | None
    unit_name: str | None
    sentence: str


class MicroCredentialStep(TypedDict):
    """A micro-credential aligned to the element. `standing`: not started, held, expired, revoked, does not count."""

    micro_credential_key: str
    name: str
    issuer: str | None
    stack: str | None
    stack_step: int | None
    stack_size: int | None
    hours_to_earn: float | None
    is_approved: bool | None
    criteria_url: str | None
    standing: str
    issued_date: date | None
    expires_date: date | None
    is_next: bool
    renewal: list[RenewalValue] | None
    why_no_renewal: str | None


class Activity(TypedDict):
    """Professional development aligned to the element that somebody took part in of late."""

    title: str
    format: str | None
    provider: str | None
    hours: float | None
    latest_date: date | None


class Colleague(TypedDict):
    """Somebody strong in the competency who agreed to be named."""

    staff_key: str
    name: str
    school: str | None
    is_same_school: bool
    grade_band: str | None
    subject: str | None
    competency: str
    band: str


class Goal(TypedDict):
    """A growth goal that the person set."""

    goal: str
    school_year: int | None
    status: str | None
    set_date: date | None
    is_open: bool


class Step(TypedDict):
    """One rubric element to strengthen (`need`) or to develop, and what fits it."""

    element_code: str
    element: str | None
    domain: str | None
    observed_result: str
    observation_count: int
    latest_observed_date: date | None
    competencies: list[str]
    goals: list[Goal]
    micro_credentials: list[MicroCredentialStep]
    activities: list[Activity]
    colleagues: list[Colleague]


class NextSteps(TypedDict):
    """The answer: needs first, and inside them what a growth goal asks for."""

    staff_key: str
    name: str
    school: str | None
    observed_element_count: int
    expert_elements: list[str]
    steps: list[Step]
    goals: list[Goal]


def next_steps(release: Release, viewer: Viewer, staff: str | None = None) -> NextSteps:
    """What a person could do next.

    `staff` is a staff key, a name, or a part of a name that fits one person only; a viewer in a role of
    scope `self` may leave it out. Raises UnknownStaff, AmbiguousStaff, QuestionRefused where nobody is
    named, or AccessRefused where the viewer may not see that person's needs.
    """
    confirm_viewer(release, viewer)
    _confirm_sees_needs(viewer, viewer.role.inside, viewer.role.outside)  # before anybody is looked for
    person = _person(release, _asked_for(release, viewer, staff))
    _confirm_sees_needs(viewer, viewer.sight(person["school_id"], person["staff_key"]))
    practice = release.query(
        """
        select rubric_element_key, element_code, element_title, domain_title, observed_result, observation_count,
            latest_observed_date
        from practice
        where staff_key = $staff_key
        order by sort_order, element_code, rubric_element_key
        """,
        {"staff_key": person["staff_key"]},
    )
    elements = [row for row in practice if row["observed_result"] in ("need", "developing")]
    competencies = _competencies(release, [row["rubric_element_key"] for row in elements])
    offers = _Offers(release, viewer, person, sorted({one["competency_key"] for one in competencies}))
    steps = [
        _step(row, [one for one in competencies if one["rubric_element_key"] == row["rubric_element_key"]], offers)
        for row in elements
    ]
    # stable: among equals the rubric's order
    steps.sort(key=lambda step: (step["observed_result"] != "need", not has_open_goal(step)))
    return NextSteps(
        staff_key=person["staff_key"],
        name=person["name"],
        school=person["school"],
        observed_element_count=sum(row["observed_result"] != "not enough observations" for row in practice),
        expert_elements=[_title(row) for row in practice if row["observed_result"] == "expert"],
        steps=steps,
        goals=[_goal(row) for row in offers.goals],
    )


def _confirm_sees_needs(viewer: Viewer, *sights: str) -> None:
    """Refuse unless one of the sights shows every band."""
    if not any(visible_bands(sight) == visible_bands("band") for sight in sights):
        raise AccessRefused(
            f"next steps tell what somebody needs, and {viewer} may not see that of this person: that is for "
            "themselves, and for a role that sees every band of their school"
        )


def _asked_for(release: Release, viewer: Viewer, staff: str | None) -> str:
    """The staff key that is meant; one person is refused whoever else is named in the same words, there or not."""
    if viewer.role.scope != "self":
        if staff is None or not staff.strip():
            raise QuestionRefused("say whose next steps: give a staff key, a full name, or a part of one")
        return find_staff_member(release, viewer, staff)["staff_key"]
    itself = cast(str, viewer.staff_key)
    own_name = find_staff_member(release, viewer, itself)["name"]
    names = {itself.casefold(), (own_name or itself).casefold()}
    if staff is not None and staff.strip().casefold() not in names:
        raise AccessRefused(f"the role {viewer.role_name} sees the next steps of one person, and these are not theirs")
    return itself


def _person(release: Release, staff_key: str) -> dict[str, Any]:
    (person,) = release.query(
        """
        select staff_key, coalesce(staff_name, 'you') as name, school_name as school, school_key,
            cast(school_id as varchar) as school_id, grade_band
        from staff
        where staff_key = $staff_key
        """,
        {"staff_key": staff_key},
    )
    return person


def _competencies(release: Release, element_keys: list[str]) -> list[dict[str, Any]]:
    """Element by element, the competencies that it is aligned to today."""
    return release.query(
        """
        select rubric_element_key, competency_key, competency_name
        from rubric_elements inner join competencies using (competency_key)
        where list_contains($elements, rubric_element_key)
        order by rubric_element_key, competency_code
        """,
        {"elements": element_keys},
    )


class _Offers:
    """Everything that could help a person with some competencies, read at once."""

    def __init__(self, release: Release, viewer: Viewer, person: Mapping[str, Any], competency_keys: list[str]) -> None:
        asked = {"competencies": competency_keys, "staff_key": person["staff_key"]}
        self.goals = release.query(
            """
            select competency_key, goal, school_year, status, set_date, is_open
            from growth_goals
            where staff_key = $staff_key
            order by school_year desc nulls last, goal, growth_goal_key
            """,
            {"staff_key": person["staff_key"]},
        )
        self.micro_credentials = release.query(
            """
            select offers.competency_key, offers.micro_credential_key, micro_credential_name as name,
                issuer_name as issuer, stack_name as stack, stack_step, stack_size, hours_to_earn, is_approved,
                criteria_url, coalesce(standing, 'not started') as standing, issued_date, expires_date
            from micro_credentials as offers
            left join held_micro_credentials as held
                on held.micro_credential_key = offers.micro_credential_key
                and held.staff_key = $staff_key
            where list_contains($competencies, offers.competency_key)
            order by coalesce(is_approved, true) desc, stack_name nulls last, stack_step, name,
                offers.micro_credential_key
            """,
            asked,
        )
        self.renewal = (
            []
            if "renewal_values" not in release.tables()
            else release.query(
                """
            select micro_credential_key, jurisdiction, cast(units as double) as units, unit_name, sentence
            from renewal_values
            where micro_credential_key in (
                select micro_credential_key from micro_credentials
                where list_contains($competencies, competency_key)
            )
            order by jurisdiction
            """,
                {"competencies": competency_keys},
            )
        )
        self.activities = release.query(
            """
            select competency_key, activity_title as title, format, provider, longest_hours as hours,
                latest_activity_date as latest_date
            from pd_activities
            where list_contains($competencies, competency_key)
                and latest_activity_date >= $since
            order by latest_date desc, title, pd_activity_key
            """,
            {
                "competencies": competency_keys,
                "since": release.info()["built_at"].date() - timedelta(days=RECENT_DAYS),
            },
        )
        self.colleagues = release.query(
            f"""
            with strong as (
                select competency_key, staff_key, staff_name as name, school_name as school,
                    coalesce(school_key = $school_key, false) as is_same_school, grade_band, subject,
                    competency_name as competency, band, band_order, rank_in_band,
                    row_number() over (
                        partition by competency_key
                        order by
                            coalesce(school_key = $school_key, false) desc,
                            coalesce(grade_band = $grade_band, false) desc,
                            band_order,
                            rank_in_band,
                            staff_key
                    ) as place
                from expertise
                where list_contains($competencies, competency_key)
                    and staff_key <> $staff_key
                    and staff_name is not null
                    and list_contains($strengths, band)
                    and {VISIBLE_EXPERTISE}
            )
            select competency_key, staff_key, name, school, is_same_school, grade_band, subject, competency, band
            from strong
            where place <= {SHOWN_COLLEAGUES}
            order by competency_key, place
            """,
            sight_parameters(viewer)
            | asked
            | {
                "school_key": person["school_key"],
                "grade_band": person["grade_band"],
                "strengths": sorted(STRENGTHS),
            },
        )


def _step(row: Mapping[str, Any], competencies: Sequence[Mapping[str, Any]], offers: _Offers) -> Step:
    keys = {competency["competency_key"] for competency in competencies}
    return Step(
        element_code=row["element_code"],
        element=row["element_title"],
        domain=row["domain_title"],
        observed_result=row["observed_result"],
        observation_count=row["observation_count"],
        latest_observed_date=row["latest_observed_date"],
        competencies=[competency["competency_name"] for competency in competencies],
        goals=[_goal(goal) for goal in offers.goals if goal["competency_key"] in keys],
        micro_credentials=_micro_credentials(
            [offer for offer in offers.micro_credentials if offer["competency_key"] in keys], offers.renewal
        ),
        activities=_activities([offer for offer in offers.activities if offer["competency_key"] in keys]),
        colleagues=_colleagues([offer for offer in offers.colleagues if offer["competency_key"] in keys]),
    )


def _micro_credentials(
    offers: Sequence[Mapping[str, Any]], renewal: Sequence[Mapping[str, Any]]
) -> list[MicroCredentialStep]:
    """Each once; the next of a stack is its first that is not held and not refused by the district."""
    found: dict[str, MicroCredentialStep] = {}
    begun: set[str] = set()
    for offer in offers:
        key = offer["micro_credential_key"]
        if key in found:
            continue
        values = [
            cast(RenewalValue, {name: row[name] for name in RenewalValue.__annotations__})
            for row in renewal
            if row["micro_credential_key"] == key
        ]
        stack = offer["stack"] or key
        is_next = offer["standing"] != "held" and offer["is_approved"] is not False and stack not in begun
        if is_next:
            begun.add(stack)
        known = {name: offer[name] for name in MicroCredentialStep.__annotations__ if name in offer}
        own = {
            "is_next": is_next,
            "renewal": values or None,
            "why_no_renewal": None if values else NO_RENEWAL_VALUE,
        }
        found[key] = cast(MicroCredentialStep, known | own)
    return list(found.values())


def _activities(offers: Sequence[Mapping[str, Any]]) -> list[Activity]:
    """The latest few, each title once: a workshop held every year is one."""
    found: dict[str, Activity] = {}
    for offer in offers:
        found.setdefault(offer["title"], cast(Activity, {name: offer[name] for name in Activity.__annotations__}))
    return list(found.values())[:SHOWN_ACTIVITIES]


def _colleagues(offers: Sequence[Mapping[str, Any]]) -> list[Colleague]:
    """Each once, of the same school first."""
    found: dict[str, Colleague] = {}
    for offer in offers:
        found.setdefault(offer["staff_key"], cast(Colleague, {name: offer[name] for name in Colleague.__annotations__}))
    return sorted(found.values(), key=lambda one: not one["is_same_school"])[:SHOWN_COLLEAGUES]


def has_open_goal(step: Step) -> bool:
    """Whether a growth goal that is under way asks for the element."""
    return any(goal["is_open"] for goal in step["goals"])


def _goal(row: Mapping[str, Any]) -> Goal:
    return cast(Goal, {name: row[name] for name in Goal.__annotations__})


def _title(row: Mapping[str, Any]) -> str:
    return str(row["element_title"] or row["element_code"])
