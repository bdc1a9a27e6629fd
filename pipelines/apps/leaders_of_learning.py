"""Leaders of learning: who could lead a competency or a reform in their school, and who may assess.

Belongs here: what a reform asks for (competencies, a stack, a group), whose strengths can be offered,
and how the choice is told. Does not belong here: the choice itself (analysis.set_cover), how a band
comes about (dbt), roles (access), how answers are printed (commands).

Strengths are enough for all of it: nobody's need is read. Who declined to be named, or left, is never
proposed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict, cast

import polars as pl

from pipelines.analysis.set_cover import Choice, choose_leaders
from pipelines.apps.access import STRENGTHS, Viewer, visible_bands
from pipelines.apps.closest import closest, did_you_mean
from pipelines.apps.finder import (
    VISIBLE_EXPERTISE,
    QuestionRefused,
    confirm_viewer,
    resolve_competency,
    resolve_school,
    sight_parameters,
)
from pipelines.apps.release_reader import Release

EVERY_SCHOOL = "all"
SHOWN_HELPERS = 3


class Strength(TypedDict):
    """A competency that a person brings, the band in it, and the sentence that explains it."""

    competency_code: str
    competency: str
    band: str
    explanation: str


class Leader(TypedDict):
    """One chosen person, the school they serve, what they bring to it, and why they were chosen."""

    rank: int
    staff_key: str
    name: str
    school_id: str
    school: str
    brings: list[Strength]
    why: str


class Helper(TypedDict):
    """Somebody of another school who could come."""

    staff_key: str
    name: str
    school: str | None
    grade_band: str | None
    brings: list[Strength]


class Lacking(TypedDict):
    """A school that has fewer people than wanted for some competencies, and who could come."""

    school_id: str
    school: str
    has_nobody: list[str]
    has_too_few: list[str]
    helpers: list[Helper]


class Assessor(TypedDict):
    """A holder of a micro-credential whose practice is strong, for one competency."""

    staff_key: str
    name: str
    school: str | None
    competency: str


class Leaders(TypedDict):
    """The answer; a pair is one school and one competency."""

    competencies: list[str]
    per_school: int
    school_count: int
    pairs_wanted: int
    pairs_covered: int
    leaders: list[Leader]
    lacking: list[Lacking]
    assessors: list[Assessor]
    is_proven_best: bool
    gap: float


class UnknownStack(QuestionRefused):
    """No stack of that name."""


class UnknownGroup(QuestionRefused):
    """No group of competencies of that id or name."""


def lead(
    release: Release,
    viewer: Viewer,
    competencies: Sequence[str] = (),
    *,
    stack: str | None = None,
    group: str | None = None,
    schools: Sequence[str] = (),
    per_school: int = 1,
) -> Leaders:
    """The fewest, best placed people with whom each school has `per_school` for each competency.

    A reform is any of: competencies (names or codes), the competencies of a stack, those of a group of
    the seed `competency_groups`. `schools` are ids or names; none, or `all`, is every school with active
    staff. Raises UnknownCompetency, UnknownStack, UnknownGroup, UnknownSchool, QuestionRefused where
    nothing is asked for, or AccessRefused.
    """
    confirm_viewer(release, viewer)
    if per_school < 1:
        raise QuestionRefused("a school wants at least one person for each competency: give 1 or more")
    wanted = _wanted(release, competencies, stack, group)
    served = _served(release, viewer, schools)
    strengths = _ranked(_strengths(release, viewer, list(wanted)))
    offers = strengths.filter(pl.col("school_key").is_in(list(served)))
    choice = choose_leaders(
        offers.select(
            pl.col("staff_key").alias("person"),
            pl.col("school_key").alias("school"),
            pl.col("competency_key").alias("competency"),
            "rank",
        ),
        per_school,
    )
    counts = {
        (school, competency): count
        for school, competency, count in offers.group_by("school_key", "competency_key").len().iter_rows()
    }
    lacking = [
        _lacking(school, wanted, counts, strengths, per_school)
        for school in served.values()
        if any(counts.get((school["school_key"], key), 0) < per_school for key in wanted)
    ]
    return Leaders(
        competencies=[competency["competency_name"] for competency in wanted.values()],
        per_school=per_school,
        school_count=len(served),
        pairs_wanted=len(served) * len(wanted) * per_school,
        pairs_covered=choice.objective.covered_count,
        leaders=_leaders(choice, offers, wanted, counts, per_school),
        lacking=lacking,
        assessors=_assessors(strengths),
        is_proven_best=choice.is_proven,
        gap=choice.gap,
    )


def _wanted(
    release: Release, competencies: Sequence[str], stack: str | None, group: str | None
) -> dict[str, dict[str, Any]]:
    """Competency key -> competency, of all that is asked for."""
    found = [resolve_competency(release, text) for text in competencies]
    if stack is not None:
        found += _of_stack(release, stack)
    if group is not None:
        found += _of_group(release, group)
    if not found:
        raise QuestionRefused("say what shall be led: a competency or several, a stack, or a group of competencies")
    return {competency["competency_key"]: competency for competency in found}


def _of_stack(release: Release, stack: str) -> list[dict[str, Any]]:
    known = release.query("select distinct stack_name from micro_credentials where stack_name is not null")
    by_name = {row["stack_name"].casefold(): row["stack_name"] for row in known}
    name = by_name.get(stack.strip().casefold())
    if name is None:
        raise UnknownStack(
            f"there is no stack {stack!r} among the {len(by_name)} of this release.{_close(stack, by_name)}"
        )
    return release.query(
        """
        select distinct competency_key, competency_code, competency_name
        from micro_credentials inner join competencies using (competency_key)
        where stack_name = $stack
        order by competency_code
        """,
        {"stack": name},
    )


def _of_group(release: Release, group: str) -> list[dict[str, Any]]:
    rows = release.query(
        """
        select group_id, group_name, competency_key, competency_code, competency_name
        from competency_groups inner join competencies using (competency_key)
        order by competency_code
        """
    )
    by_name = {row["group_name"].casefold(): row["group_id"] for row in rows}
    by_name |= {row["group_id"].casefold(): row["group_id"] for row in rows}
    wanted = by_name.get(group.strip().casefold())
    if wanted is None:
        count = len({row["group_id"] for row in rows})
        raise UnknownGroup(f"there is no group {group!r} among the {count} of this release.{_close(group, by_name)}")
    return [row for row in rows if row["group_id"] == wanted]


def _close(text: str, known: Mapping[str, str]) -> str:
    close = closest(text.strip().casefold(), known)
    return did_you_mean(list(dict.fromkeys(known[word] for word in close)))


def _served(release: Release, viewer: Viewer, schools: Sequence[str]) -> dict[str, dict[str, Any]]:
    """School key -> school with its commonest grade band: those asked for of which the viewer sees anything."""
    named = [text for text in schools if text.strip().casefold() != EVERY_SCHOOL]
    asked = {resolve_school(release, text)["school_key"] for text in named} if named else None
    rows = release.query(
        """
        with grade_bands as (
            select
                school_key,
                any_value(cast(school_id as varchar)) as school_id,
                any_value(school_name) as school_name,
                grade_band,
                row_number() over (partition by school_key order by count(*) desc, grade_band) as place
            from staff
            where school_key is not null
            group by school_key, grade_band
        )
        select school_key, school_id, school_name, grade_band
        from grade_bands
        where place = 1
        order by school_name, school_id
        """
    )
    return {
        row["school_key"]: row
        for row in rows
        if (asked is None or row["school_key"] in asked) and visible_bands(viewer.sight(row["school_id"]))
    }


def _strengths(release: Release, viewer: Viewer, competency_keys: list[str]) -> pl.DataFrame:
    """One row per named person and wanted competency that the viewer may see them strong in."""
    return release.frame(
        f"""
        select staff_key, staff_name as name, school_key, cast(school_id as varchar) as school_id,
            school_name as school, grade_band, competency_key, competency_code, competency_name as competency,
            band, band_order, rank_in_band, explanation
        from expertise
        where list_contains($competency_keys, competency_key)
            and staff_name is not null
            and list_contains($strengths, band)
            and {VISIBLE_EXPERTISE}
        """,
        sight_parameters(viewer) | {"competency_keys": competency_keys, "strengths": sorted(STRENGTHS)},
    )


def _ranked(strengths: pl.DataFrame) -> pl.DataFrame:
    """With each person's rank: most competencies, most of them as expert, best bands, best places in them."""
    ranks = (
        strengths.group_by("staff_key")
        .agg(
            pl.len().alias("brought"),
            (pl.col("band") == "expert").sum().alias("experts"),
            pl.col("band_order").sum().alias("bands"),
            pl.col("rank_in_band").sum().alias("places"),
        )
        .sort(["brought", "experts", "bands", "places", "staff_key"], descending=[True, True, False, False, False])
        .with_row_index("rank", offset=1)
        .select("staff_key", pl.col("rank").cast(pl.Int64))
    )
    return strengths.join(ranks, on="staff_key").sort("rank", "competency_code")


def _brings(rows: pl.DataFrame) -> list[Strength]:
    return [cast(Strength, strength) for strength in rows.select(list(Strength.__annotations__)).iter_rows(named=True)]


def _leaders(
    choice: Choice,
    offers: pl.DataFrame,
    wanted: Mapping[str, Mapping[str, Any]],
    counts: Mapping[tuple[str, str], int],
    per_school: int,
) -> list[Leader]:
    people = {key[0]: rows for key, rows in offers.group_by("staff_key", maintain_order=True)}
    in_school: dict[str, int] = {}
    for person in choice.people:
        school = people[person]["school_key"][0]
        in_school[school] = in_school.get(school, 0) + 1
    leaders = []
    for rank, person in enumerate(choice.people, start=1):
        rows = people[person]
        school_key = rows["school_key"][0]
        leaders.append(
            Leader(
                rank=rank,
                staff_key=person,
                name=rows["name"][0],
                school_id=rows["school_id"][0],
                school=rows["school"][0],
                brings=_brings(rows),
                why=_why(rows, wanted, counts, in_school[school_key], per_school),
            )
        )
    return leaders


def _why(
    rows: pl.DataFrame,
    wanted: Mapping[str, Mapping[str, Any]],
    counts: Mapping[tuple[str, str], int],
    chosen_here: int,
    per_school: int,
) -> str:
    """Why this person: nobody else here, the best placed, or part of the smallest group that has it all."""
    here = {key: counts[rows["school_key"][0], key] for key in rows["competency_key"]}
    alone = [wanted[key]["competency_name"] for key, count in here.items() if count == 1]
    if alone:
        return f"Nobody else at this school is known to be strong in {_listed(alone)}."
    few = [wanted[key]["competency_name"] for key, count in here.items() if count <= per_school]
    if few:
        return f"Few at this school are strong in {_listed(few)}, and all of them are needed."
    if len(wanted) == 1:
        (count,) = here.values()
        return f"{'First' if per_school == 1 else 'Among the first'} of {count} at this school, by band and evidence."
    if rows.height == len(wanted):
        return "Strong in all of it" + (": this school needs nobody else." if chosen_here == 1 else ".")
    return f"One of the {chosen_here} who together bring all that this school has; fewer would not do."


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _lacking(
    school: Mapping[str, Any],
    wanted: Mapping[str, Mapping[str, Any]],
    counts: Mapping[tuple[str, str], int],
    strengths: pl.DataFrame,
    per_school: int,
) -> Lacking:
    """What a school lacks, and the nearest help: its own grade band first, then who brings most of it."""
    found = {key: counts.get((school["school_key"], key), 0) for key in wanted}
    short = [key for key, count in found.items() if count < per_school]
    others = strengths.filter(
        pl.col("competency_key").is_in(short) & pl.col("school_key").ne_missing(school["school_key"])
    )
    nearest = (
        others.group_by("staff_key")
        .agg(
            pl.col("grade_band").first().eq_missing(school["grade_band"]).alias("is_same_grade_band"),
            pl.len().alias("brought"),
            pl.col("rank").first(),
        )
        .sort(["is_same_grade_band", "brought", "rank"], descending=[True, True, False])
        .head(SHOWN_HELPERS)["staff_key"]
        .to_list()
    )
    return Lacking(
        school_id=school["school_id"],
        school=school["school_name"],
        has_nobody=[wanted[key]["competency_name"] for key in short if not found[key]],
        has_too_few=[wanted[key]["competency_name"] for key in short if found[key]],
        helpers=[_helper(others.filter(pl.col("staff_key") == person)) for person in nearest],
    )


def _helper(rows: pl.DataFrame) -> Helper:
    return Helper(
        staff_key=rows["staff_key"][0],
        name=rows["name"][0],
        school=rows["school"][0],
        grade_band=rows["grade_band"][0],
        brings=_brings(rows),
    )


def _assessors(strengths: pl.DataFrame) -> list[Assessor]:
    """Who holds a micro-credential of the competency and is observed as strong in it: the band `expert`."""
    experts: Iterable[tuple[str, str, str | None, str]] = (
        strengths.filter(pl.col("band") == "expert")
        .sort("competency_code", "rank_in_band")
        .select("staff_key", "name", "school", "competency")
        .iter_rows()
    )
    return [
        Assessor(staff_key=staff_key, name=name, school=school, competency=competency)
        for staff_key, name, school, competency in experts
    ]
