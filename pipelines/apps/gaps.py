"""Where more people need a competency than could share it, and who has expertise within reach.

Belongs here: coverage of schools and of the district by school year, the largest gaps, equity of
access, each limited to what the viewer may see. Does not belong here: how a count comes about
(dbt's), finding people (finder), roles (access), or how answers are printed (commands).

Counts are people, shares 0 to 1. Supply is who could share a competency: expert or strong practice.
A gap is more need than supply; where nothing is known there is neither a gap nor none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypedDict, cast

from pipelines.analysis.small_cells import DEFAULT_THRESHOLD
from pipelines.apps.access import SIGHTS, AccessRefused, Viewer, visible_bands
from pipelines.apps.closest import closest, did_you_mean
from pipelines.apps.finder import QuestionRefused, confirm_viewer, resolve_competency, resolve_school
from pipelines.apps.release_reader import Release

# What tells of needs, or what follows from it: shown only where every band is seen.
HIDDEN_FROM_STRENGTHS = (
    "evidence_staff_count",
    "need_count",
    "developing_count",
    "gap_size",
    "cover_ratio",
    "no_evidence_share",
    "cover_state",
    "gap_school_count",
    "no_evidence_school_count",
)
_MEASURES = (
    "staff_count",
    "evidence_staff_count",
    "need_count",
    "expert_count",
    "strong_practice_count",
    "demonstrated_count",
    "developing_count",
    "supply_count",
    "gap_size",
    "cover_ratio",
    "no_evidence_share",
    "has_single_expert_risk",
    "cover_state",
)
COVERAGE_COLUMNS = """
    cast(schools.school_id as varchar) as school_id, schools.school_name as school,
    competencies.competency_code, competencies.competency_name as competency,
    coverage.school_year, coverage.is_current, coverage.as_of_date,
""" + ", ".join(f"coverage.{name}" for name in _MEASURES)
COVERAGE_TABLES = "coverage inner join schools using (school_key) inner join competencies using (competency_key)"
DISTRICT_COLUMNS = """
    competencies.competency_code, competencies.competency_name as competency,
    coverage.school_year, coverage.is_current, coverage.as_of_date, coverage.school_count,
    coverage.supplied_school_count, coverage.gap_school_count, coverage.no_evidence_school_count,
""" + ", ".join(f"coverage.{name}" for name in _MEASURES)
DISTRICT_TABLES = "district_coverage as coverage inner join competencies using (competency_key)"


class Cover(TypedDict):
    """One competency of a school or the district in one school year; None where it is not seen or not known."""

    competency_code: str
    competency: str
    school_year: int
    is_current: bool
    as_of_date: date
    staff_count: int
    evidence_staff_count: int | None
    need_count: int | None
    expert_count: int
    strong_practice_count: int
    demonstrated_count: int
    developing_count: int | None
    supply_count: int
    gap_size: int | None
    cover_ratio: float | None
    no_evidence_share: float | None
    has_single_expert_risk: bool
    cover_state: str | None


class Coverage(Cover):
    """One school and one competency."""

    school_id: str
    school: str


class DistrictCoverage(Cover):
    """One competency over all staff of the district, and over its schools."""

    school_count: int
    supplied_school_count: int
    gap_school_count: int | None
    no_evidence_school_count: int | None


class Gaps(TypedDict):
    """An answer to `where are the gaps`: largest first.

    Each row is a Coverage or a DistrictCoverage with `change`: the gap less that of the year before
    (None where either is not known); where strengths alone are seen, the change of the supply.
    """

    scope: str
    school: str | None
    competency: str | None
    group: str | None
    school_year: int
    as_of_date: date | None
    is_current: bool
    sees_need: bool
    rows: list[dict[str, Any]]
    message: str | None


class Access(TypedDict):
    """An answer to `who has expertise within reach`: the groups of schools, and the ends compared."""

    school_year: int
    as_of_date: date | None
    sees_need: bool
    subjects: list[str]
    groups: list[dict[str, Any]]
    comparisons: list[dict[str, Any]]
    message: str | None


class UnknownGroup(QuestionRefused):
    """No competency group of that id or name."""


class UnknownYear(QuestionRefused):
    """A school year that the release holds no coverage of."""


def coverage(release: Release, viewer: Viewer, school_year: int | None = None) -> list[Coverage]:
    """School by competency in one school year, by default the current one: need, supply, cover.

    Where the viewer sees strengths only, what would tell of needs is None; schools of which the
    viewer may see nothing are left out. Raises UnknownYear, UnknownSchool or AccessRefused.
    """
    confirm_viewer(release, viewer)
    rows = release.query(
        f"""
        select {COVERAGE_COLUMNS} from {COVERAGE_TABLES}
        where case when $school_year is null then coverage.is_current else coverage.school_year = $school_year end
        order by school, competency, school_id, competency_code
        """,
        {"school_year": school_year},
    )
    seen = [limited(row, viewer.sight(row["school_id"])) for row in rows if _shows(viewer.sight(row["school_id"]))]
    return cast(list[Coverage], seen)


def district_coverage(release: Release, viewer: Viewer, school_year: int | None = None) -> list[DistrictCoverage]:
    """Competency by competency over all staff of the district in one school year.

    What the whole district needs is told to who sees every band of every school, and to nobody else:
    less what one's own school needs, it would be what the others need. Raises AccessRefused.
    """
    confirm_viewer(release, viewer)
    sight = district_sight(viewer)
    if not _shows(sight):
        raise AccessRefused(f"{viewer} may see nothing of other schools, so nothing of the district as a whole")
    rows = release.query(
        f"""
        select {DISTRICT_COLUMNS} from {DISTRICT_TABLES}
        where case when $school_year is null then coverage.is_current else coverage.school_year = $school_year end
        order by competency, competency_code
        """,
        {"school_year": school_year},
    )
    return cast(list[DistrictCoverage], [limited(row, sight) for row in rows])


def gaps(
    release: Release,
    viewer: Viewer,
    school: str | None = None,
    competency: str | None = None,
    group: str | None = None,
    school_year: int | None = None,
) -> Gaps:
    """The largest gaps first: of a school, of one competency over the schools, or of the district.

    Without `school` and `competency`, who belongs to a school is answered for it, everybody else for
    the district. `group` keeps the competencies of a competency group. Raises UnknownCompetency,
    UnknownGroup, UnknownSchool, UnknownYear or AccessRefused.
    """
    confirm_viewer(release, viewer)
    found = resolve_competency(release, competency) if competency else None
    members = resolve_group(release, group) if group else None
    if school is None and competency is None and viewer.role.scope == "school":
        school = viewer.school_id
    place = resolve_school(release, school) if school else None
    if place and not _shows(viewer.sight(place["school_id"])):
        raise AccessRefused(f"{viewer} may see nothing of {place['school_name']}")
    years = _years(release)
    year = _year_asked(years, school_year)
    wanted = {found["competency_code"]} if found else None
    if members:
        wanted = members["codes"] if wanted is None else wanted & members["codes"]

    def rows_of(asked: int) -> list[dict[str, Any]]:
        if place or found:
            rows = [dict(row) for row in coverage(release, viewer, asked)]
            if place:
                rows = [row for row in rows if row["school_id"] == place["school_id"]]
        else:
            rows = [dict(row) for row in district_coverage(release, viewer, asked)]
        return [row for row in rows if wanted is None or row["competency_code"] in wanted]

    rows = with_change(rows_of(year), rows_of(year - 1) if year - 1 in years else [])
    rows.sort(key=_largest_first)
    sees_need = _sees_need(viewer.sight(place["school_id"]) if place else district_sight(viewer))
    if found and not place:  # one's own school in full, beside the strengths of others
        sees_need = any(row["need_count"] is not None for row in rows)
    return {
        "scope": "school" if place else "schools" if found else "district",
        "school": place["school_name"] if place else None,
        "competency": found["competency_name"] if found else None,
        "group": members["group_name"] if members else None,
        "school_year": year,
        "as_of_date": rows[0]["as_of_date"] if rows else None,
        "is_current": years.get(year, False),
        "sees_need": sees_need,
        "rows": rows,
        "message": _message(place, rows, year, members),
    }


def access(
    release: Release,
    viewer: Viewer,
    competency: str | None = None,
    group: str | None = None,
    school_year: int | None = None,
) -> Access:
    """Who has expertise within reach, by groups of schools; by default of every competency group.

    It compares all schools, so who sees one school in full and of others strengths only is told no
    needs, no staff group apart from all staff, and nothing of fewer than ten people. Raises
    UnknownCompetency, UnknownGroup, UnknownYear or AccessRefused.
    """
    confirm_viewer(release, viewer)
    sight = district_sight(viewer)
    if not _shows(sight):
        raise AccessRefused(f"{viewer} may see nothing of other schools, and access compares all of them")
    keys = None
    if competency:
        keys = [resolve_competency(release, competency)["competency_key"]]
    elif group:
        keys = [resolve_group(release, group)["competency_group_key"]]
    years = _years(release)
    year = _year_asked(years, school_year)
    parameters = {
        "school_year": year,
        "keys": keys,
        "is_inside": viewer.role.scope == "district",
        "threshold": DEFAULT_THRESHOLD,
    }
    asked = """
        school_year = $school_year
        and case when $keys is null then subject_kind = 'competency group' else list_contains($keys, subject_key) end
        and ($is_inside or staff_group = 'all staff')
    """
    groups = release.query(
        f"""
        select subject_name as subject, subject_kind, competency_count, school_year, as_of_date, characteristic,
            school_group, group_order, is_ordered, known_school_year, staff_group, school_count,
            no_evidence_school_count, staff_count, known_staff_count, reach_share, evidence_staff_count,
            supply_count, supply_per_100_staff, need_count
        from equity
        where {asked} and ($is_inside or known_staff_count >= $threshold)
        order by subject, characteristic, staff_group, group_order, school_group
        """,
        parameters,
    )
    comparisons = release.query(
        f"""
        select subject_name as subject, subject_kind, school_year, as_of_date, characteristic, staff_group, most_group,
            least_group, most_reach_share, least_reach_share, reach_gap, most_supply_per_100_staff,
            least_supply_per_100_staff, supply_gap, sentence
        from equity_gaps
        where {asked}
            and ($is_inside or (most_staff_count >= $threshold and least_staff_count >= $threshold))
        order by subject, staff_group, characteristic
        """,
        parameters,
    )
    groups = [limited(row, sight) for row in groups]
    message = None
    if not groups:
        message = (
            f"Nothing to compare in {year}: it needs two schools whose characteristics are known "
            "(share of economically disadvantaged students, grades, or a roster of two years) and some evidence."
        )
    return {
        "school_year": year,
        "as_of_date": groups[0]["as_of_date"] if groups else None,
        "sees_need": _sees_need(sight),
        "subjects": sorted({row["subject"] for row in groups}),
        "groups": groups,
        "comparisons": comparisons,
        "message": message,
    }


def district_sight(viewer: Viewer) -> str:
    """The sight of numbers over the whole district: the weakest that the viewer has of any school in it."""
    if viewer.role.scope == "district":
        return viewer.role.inside
    if viewer.role.scope == "self":
        return viewer.role.outside
    return min((viewer.role.inside, viewer.role.outside), key=SIGHTS.index)


def limited(row: Mapping[str, Any], sight: str) -> dict[str, Any]:
    """A row of counts with what the sight does not reach set to None."""
    if _sees_need(sight):
        return dict(row)
    return {name: None if name in HIDDEN_FROM_STRENGTHS else value for name, value in row.items()}


def with_change(rows: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows with `change` since the year before, matched by school and competency.

    Of the gap where it is known in both years; where needs are not seen, of the supply.
    """
    known = {(row.get("school_id"), row["competency_code"]): row for row in before}
    changed = []
    for row in rows:
        earlier = known.get((row.get("school_id"), row["competency_code"]))
        name = "supply_count" if row["cover_state"] is None else "gap_size"
        old, new = (earlier or {}).get(name), row[name]
        changed.append({**row, "change": new - old if new is not None and old is not None else None})
    return changed


def resolve_group(release: Release, text: str) -> dict[str, Any]:
    """The competency group of that id or name, with its `codes`; else UnknownGroup with close matches."""
    wanted = text.strip().casefold()
    rows = release.query(
        """
        select competency_group_key, group_id, group_name, list(competency_code) as codes
        from competency_groups inner join competencies using (competency_key)
        group by competency_group_key, group_id, group_name order by group_id
        """
    )
    for row in rows:
        if wanted in (row["group_id"].casefold(), row["group_name"].casefold()):
            return row | {"codes": set(row["codes"])}
    by_word = {row["group_id"].casefold(): row for row in rows} | {row["group_name"].casefold(): row for row in rows}
    names = list(dict.fromkeys(by_word[word]["group_name"] for word in closest(wanted, by_word)))
    listed = ", ".join(row["group_name"] for row in rows) or "none; the seed competency_groups names them"
    raise UnknownGroup(f"there is no competency group {text!r}.{did_you_mean(names)} Groups: {listed}")


def _years(release: Release) -> dict[int, bool]:
    """The school years of which there is coverage; True for the current one."""
    rows = release.query("select distinct school_year, is_current from district_coverage order by school_year")
    return {row["school_year"]: row["is_current"] for row in rows}


def _year_asked(years: Mapping[int, bool], school_year: int | None) -> int:
    if school_year is None:
        return next((year for year, is_current in years.items() if is_current), max(years, default=0))
    if school_year not in years:
        known = f"{min(years)} to {max(years)}" if years else "none yet: no staff member has evidence"
        raise UnknownYear(f"there is no coverage of the school year {school_year}; years (by their spring): {known}")
    return school_year


def _message(
    place: Mapping[str, Any] | None, rows: Sequence[Mapping[str, Any]], year: int, members: Mapping[str, Any] | None
) -> str | None:
    """What to say where a table would say nothing."""
    where = place["school_name"] if place else "the district"
    if not rows:
        if members and not members["codes"]:
            return f"{members['group_name']} holds no competency that the district works with."
        return f"{where} has no staff in {year or 'any year'} that a roster tells of, so there is nothing to cover."
    if all(row["cover_state"] == "no evidence" for row in rows):
        return (
            f"Nothing is known of {where}: none of its {rows[0]['staff_count']} staff members has an observed result "
            "or a micro-credential that counts here. That is no evidence, not no gap."
        )
    return None


def _largest_first(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Gaps by size, then what is known least of; where needs are not seen, least supply first."""
    size = row["gap_size"]
    place = (0, -size) if size is not None and size > 0 else (1, 0) if row["cover_state"] == "no evidence" else (2, 0)
    if size is not None and size <= 0:
        place = (2, -size)
    return (*place, row["supply_count"], row["competency"], row.get("school") or "", row.get("school_id") or "")


def _sees_need(sight: str) -> bool:
    return visible_bands(sight) == visible_bands("band")


def _shows(sight: str) -> bool:
    return bool(visible_bands(sight))
