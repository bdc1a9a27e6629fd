"""Expertise, coverage and pairing at the size of a state: how long, how much memory, how it grows.

`make bench-expertise`, or `python tests/benchmarks/expertise.py [--teachers N …] [--folder F]`.
Fills the tables that those models read (the joined scores, awards, people and schools) with
a drawn district of eight years, 23 elements, three observations a year and some fourteen
awards a teacher, and lets dbt build them in a process of its own. Prints Markdown tables.
Ratios hold from machine to machine; seconds don't.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import duckdb

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

from build import DBT_PROJECT, Taken, print_table, take  # noqa: E402

from pipelines.dbt_process import DBT_COMMAND  # noqa: E402
from tests.dbt.conftest import write_build_input  # noqa: E402

SIZES = (7_000, 35_000, 70_000)
YEARS, OBSERVATIONS, AWARDS_PER_TEACHER = 8, 3, 14.3
TEACHERS_PER_SCHOOL, RATERS_PER_SCHOOL = 40, 3
AS_OF_YEAR = 2026
MODELS = (
    "path:models/intermediate/expertise",
    "path:models/intermediate/coverage",
    "path:models/intermediate/pairing",
    "fct_element_expertise",
    "fct_expertise",
    "fct_expertise_by_year",
    "fct_coverage",
    "fct_district_coverage",
    "fct_equity",
    "fct_equity_gaps",
    "fct_pairings",
    "fct_unpaired",
    "pub_leaders__expertise",
    "pub_leaders__evidence",
    "pub_leaders__coverage",
    "pub_leaders__district_coverage",
    "pub_leaders__equity",
    "pub_leaders__equity_gaps",
    "pub_leaders__pairings",
    "pub_leaders__unpaired",
)
LARGEST_SHOWN = 10


def dbt(folder: Path, *arguments: str) -> Taken:
    """dbt over the warehouse in `folder`, as a run starts it."""
    places = {"project-dir": DBT_PROJECT, "profiles-dir": DBT_PROJECT, "target-path": folder, "log-path": folder}
    command = [*DBT_COMMAND, "--log-level-file", "info", "--quiet", *arguments]
    return take(
        [*command, *(part for name, path in places.items() for part in (f"--{name}", str(path)))],
        {
            "EXPERTISE_WAREHOUSE": str(folder / "warehouse.duckdb"),
            "EXPERTISE_BUILD_INPUT": str(folder / "build_input"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "PYTHONPATH": str(ROOT),
        },
    )


def normal(*parts: str) -> str:
    """SQL of a standard normal that the parts decide (Box–Muller over two hashes)."""
    first, second = (f"(hash({', '.join(parts)}, {salt}) / 18446744073709551616.0)" for salt in (1, 2))
    return f"(sqrt(-2 * ln(greatest({first}, 1e-12))) * cos(2 * pi() * {second}))"


def fill(warehouse: Path, teachers: int) -> tuple[int, int]:
    """Draw the district; returns its scores and awards."""
    schools = math.ceil(teachers / TEACHERS_PER_SCHOOL)
    with duckdb.connect(str(warehouse)) as database:
        database.execute("set preserve_insertion_order = false")
        (district,) = database.execute("select district_id from landed.settings").fetchone() or ("",)
        database.execute(
            f"""
            create temp table people as
            select person, md5('person' || person) as staff_key, person // {TEACHERS_PER_SCHOOL} as school,
                md5('school' || person // {TEACHERS_PER_SCHOOL}) as school_key, '{district}' as district_id
            from range({teachers}) as people(person);
            insert into dim_schools by name
            select md5('school' || school) as school_key, '{district}' as district_id,
                cast(100 + school as varchar) as school_id, 'School ' || school as school_name
            from range({schools}) as schools(school);
            insert into dim_staff by name
            select staff_key, district_id, 'files' as roster_platform, cast(person as varchar) as roster_id,
                'Given' as first_name, 'Family' || person as last_name, 'Given Family' || person as staff_name,
                school_key, cast(100 + school as varchar) as school_id, 'Teacher' as classification,
                ['elementary', 'middle', 'high'][1 + school % 3] as grade_band,
                ['English', 'Mathematics', 'Science'][1 + person % 3] as subject,
                person % 30 as years_experience, {AS_OF_YEAR} as last_school_year,
                true as is_active, true as is_naming_allowed
            from people;
            insert into int_staff__school_years_covered by name
            select md5(staff_key || school_year) as staff_assignment_key, district_id, staff_key,
                school_year, school_key, 'Teacher' as classification,
                ['elementary', 'middle', 'high'][1 + school % 3] as grade_band,
                make_date(school_year - 1, 8, 1) as begin_date
            from people, range({AS_OF_YEAR - YEARS + 1}, {AS_OF_YEAR + 1}) as years(school_year);
            create temp table elements as
            select rubric_element_key, rubric_version, element_code,
                row_number() over (order by element_code) as element
            from dim_rubric_elements;
            create temp table observed as
            select person, staff_key, school, district_id, school_year, nth,
                md5(concat_ws('|', person, school_year, nth)) as observation_key,
                -- one in ten is seen by a rater of the next school, so that raters can be told from schools
                (school + (hash(person, school_year, nth, 'away') % 10 = 0)::int) % {schools} as rater_school,
                hash(person, school_year, nth, 'who') % {RATERS_PER_SCHOOL} as rater,
                make_date(school_year - 1, 9, 1) + cast(nth * 80 + hash(person, nth) % 60 as integer) as observed_date
            from people, range({AS_OF_YEAR - YEARS + 1}, {AS_OF_YEAR + 1}) as years(school_year),
                range({OBSERVATIONS}) as numbers(nth);
            """
        )
        for (element,) in database.execute("select element from elements order by all").fetchall():
            database.execute(
                f"""
                insert into int_evaluations__scores_interpreted by name
                select md5(observation_key || element_code) as evaluation_score_key, district_id,
                    'edfi' as source_system, 'sis' as connection, 'evaluation_element_ratings' as stream,
                    observation_key || element_code as source_record_id, 1 as result_number, observation_key,
                    staff_key, rubric_version, element_code, rubric_element_key, observed_date, school_year,
                    'Observation' as observation_type, true as is_final, true as is_within_scale,
                    false as is_second_copy, true as is_usable,
                    md5(concat_ws('|', 'rater', rater_school, rater)) as rater_key,
                    greatest(1, least(5, round(
                        3.2 + 0.28 * {normal("person")} + 0.28 * {normal("person", "element")}
                        - 0.22 * {normal("rater_school", "rater", "'severity'")}
                        + 0.43 * {normal("person", "element", "school_year", "nth")}))) as score
                from observed, elements where element = {element}
                """
            )
        database.execute(
            f"""
            create temp table definitions as
            select 'mc-' || element || '-' || step as micro_credential_id,
                md5('mc' || element || step) as micro_credential_key,
                element, step
            from elements, range(1, 6) as steps(step);
            insert into dim_micro_credentials by name
            select micro_credential_key, '{district}' as district_id, micro_credential_id,
                'Micro-credential ' || micro_credential_id as micro_credential_name
            from definitions;
            insert into int_credentials__alignments_unioned by name
            select md5(definitions.micro_credential_key || aligned.competency_key) as alignment_key,
                '{district}' as district_id, 'micro_credential' as item_type,
                definitions.micro_credential_key as item_key,
                aligned.competency_key, 'approved' as status
            from definitions
            inner join elements using (element)
            inner join int_credentials__alignments_unioned as aligned
                on aligned.item_type = 'rubric_element' and aligned.item_key = elements.rubric_element_key;
            insert into int_credentials__awards_assessed by name
            select md5('award' || person || '-' || number) as credential_award_key, district_id, staff_key,
                definitions.micro_credential_key, definitions.micro_credential_id, 'badgr' as source_system,
                'award-' || person || '-' || number as source_record_id,
                make_date({AS_OF_YEAR} - cast(hash(person, number) % 6 as integer), 3, 1) as issued_date,
                false as is_revoked, false as is_expired, 'platform_reported' as verification,
                true as is_earned, true as is_demonstrated
            from people
            inner join range({math.ceil(AWARDS_PER_TEACHER)}) as numbers(number)
                on number < {math.floor(AWARDS_PER_TEACHER)} or hash(person) % 10 < {round(AWARDS_PER_TEACHER % 1 * 10)}
            inner join definitions
                on definitions.element = 1 + hash(person, number, 'element') % 23
                and definitions.step = 1 + hash(person, number, 'step') % 5;
            """
        )
        counted = database.execute(
            "select (select count(*) from int_evaluations__scores_interpreted),"
            " (select count(*) from int_credentials__awards_assessed)"
        ).fetchone()
        assert counted is not None
        return int(counted[0]), int(counted[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teachers", type=int, nargs="+", default=SIZES)
    parser.add_argument("--folder", type=Path, help="keep everything here")
    options = parser.parse_args()
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        folder = options.folder or Path(temporary)
        empty = folder / "empty"
        write_build_input(empty / "build_input", {})
        dbt(empty, "build", "--exclude-resource-type", "unit_test", "test")
        taken: dict[int, tuple[Taken, int, int, dict[str, float]]] = {}
        for teachers in options.teachers:
            home = folder / str(teachers)
            shutil.copytree(empty, home)
            before = time.monotonic()
            scores, awards = fill(home / "warehouse.duckdb", teachers)
            print(f"{teachers:,} teachers drawn in {time.monotonic() - before:.0f} s", file=sys.stderr)
            built = dbt(home, "run", "--select", *MODELS)
            results = json.loads((home / "run_results.json").read_text())["results"]
            nodes = {result["unique_id"].split(".")[-1]: result["execution_time"] for result in results}
            taken[teachers] = (built, scores, awards, nodes)
            print(f"{teachers:,} teachers built in {built.wall:.0f} s", file=sys.stderr)
            if not options.folder:
                shutil.rmtree(home)
    print_table(
        "teachers | scores | awards | seconds | processor seconds | peak MB",
        [
            (
                f"{teachers:,}",
                f"{scores:,}",
                f"{awards:,}",
                f"{built.wall:.0f}",
                f"{built.cpu:.0f}",
                f"{built.peak_mb:,.0f}",
            )
            for teachers, (built, scores, awards, _) in taken.items()
        ],
    )
    print_table(
        "from | to | times the teachers | times the seconds | exponent",
        [
            (
                f"{small:,}", f"{large:,}", f"{large / small:.1f}",
                f"{taken[large][0].wall / taken[small][0].wall:.1f}",
                f"{math.log(taken[large][0].wall / taken[small][0].wall) / math.log(large / small):.2f}",
            )
            for small, large in pairwise(sorted(taken))
        ],
    )  # fmt: skip
    largest = max(taken)
    print_table(
        f"model at {largest:,} teachers | seconds",
        [
            (name, f"{seconds:.1f}")
            for name, seconds in sorted(taken[largest][3].items(), key=lambda item: -item[1])[:LARGEST_SHOWN]
        ],
    )


if __name__ == "__main__":
    main()
