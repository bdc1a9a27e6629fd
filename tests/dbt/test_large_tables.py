"""The longest table is read past the others in a join, never held in memory.

Belongs here: which side of its joins the engine would hold, asked of the engine's own plan over tables
with a state's proportions. Does not belong here: how long a build takes (tests/benchmarks).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from tests.dbt.conftest import Built

SCORES = "int_evaluations__scores_interpreted"
PEOPLE, SCHOOL_YEARS, OBSERVATIONS_A_YEAR = 400, 8, 3


def fill(warehouse: Path) -> None:
    """Rows that only have the right numbers and keys: the plan follows from them."""
    years = f"range(2027 - {SCHOOL_YEARS}, 2027) as years(school_year)"
    with duckdb.connect(str(warehouse)) as database:
        database.execute(
            f"""
            create temp table people as
            select md5(cast(person as varchar)) as staff_key, 'tiny' as district_id
            from range({PEOPLE}) as people(person);
            create temp table elements as
            select elements.rubric_element_key, elements.rubric_version, alignments.competency_key
            from dim_rubric_elements as elements
            join int_credentials__alignments_unioned as alignments on alignments.item_key = elements.rubric_element_key;
            insert into dim_staff by name from people;
            insert into int_expertise__element_estimates by name
            select district_id, staff_key, school_year, school_year = 2026 as is_current, rubric_element_key,
                current_date as latest_observed_date
            from people, elements, {years};
            insert into int_expertise__observations_summarised by name
            select district_id, staff_key, competency_key, school_year, school_year = 2026 as is_current, rubric_version
            from people, elements, {years};
            insert into {SCORES} by name
            select district_id, staff_key, rubric_element_key, rubric_version, true as is_usable,
                current_date as observed_date,
                md5(concat_ws('|', staff_key, rubric_element_key, school_year, nth)) as evaluation_score_key
            from people, elements, {years}, range({OBSERVATIONS_A_YEAR}) as numbers(nth);
            analyze;
            """
        )


def plan_of(warehouse: Path, sql: str) -> list[dict[str, Any]]:
    with duckdb.connect(":memory:") as database:
        database.execute(f"attach '{warehouse}' as warehouse (read_only); use warehouse")
        row = database.execute(f"explain (format json) {sql}").fetchone()
    assert row is not None
    plan: list[dict[str, Any]] = json.loads(row[1])
    return plan


def operators(plan: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for operator in plan:
        yield operator
        yield from operators(operator["children"])


def tables_read(plan: list[dict[str, Any]]) -> set[str]:
    return {operator["extra_info"].get("Table", "").split(".")[-1] for operator in operators(plan)}


def test_evidence_holds_no_scores_in_memory(tiny: Built, tmp_path: Path) -> None:
    """Held, 70,000 teachers' scores took more memory than there was: the build had not ended after five minutes."""
    warehouse = tmp_path / "warehouse.duckdb"
    shutil.copy(tiny.path, warehouse)
    fill(warehouse)
    model = tiny.manifest["nodes"]["model.expertise_warehouse.pub_leaders__evidence"]
    plan = plan_of(warehouse, model["compiled_code"])
    joins = [operator for operator in operators(plan) if operator["name"].strip() == "HASH_JOIN"]
    assert SCORES in tables_read(plan)
    assert joins
    held = set().union(*(tables_read(join["children"][1:]) for join in joins))
    assert "int_expertise__element_estimates" in held
    assert SCORES not in held
