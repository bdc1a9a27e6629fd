"""The rules that every model keeps: said grain, tested grain, nobody's vendor words, portable SQL.

Belongs here: what holds for all models alike. Does not belong here: what a model computes
(dbt unit tests beside the models), what a build gives (test_builds).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.registry import PLATFORMS
from tests.dbt.conftest import DBT_PROJECT, Built

VENDOR_WORD = re.compile(r"(^|_)(badgr|canvas|parchment|ed_?fi|credly|tpdm|oneroster)(_|$)")
NOT_PORTABLE = {
    "qualify": r"\bqualify\b",
    "group by all": r"\bgroup by all\b",
    "order by all": r"\border by all\b",
    "double-colon cast": r"::",
    "* exclude": r"\*\s+exclude\b",
    "arg_max or max_by": r"\b(arg_max|arg_min|max_by|min_by)\(",
    "list or struct": r"\b(list_\w+|struct_\w+|unnest)\(",
    "read_parquet": r"\bread_parquet\b",
    "json function": r"\bjson_\w+\((?!['\"]?\w*['\"]?\s*,\s*\[)",
}


def models(built: Built) -> dict[str, dict[str, Any]]:
    return {node["name"]: node for node in built.manifest["nodes"].values() if node["resource_type"] == "model"}


def sql_files() -> list[Path]:
    return sorted((DBT_PROJECT / "models").rglob("*.sql"))


def without_comments(sql: str) -> str:
    return re.sub(r"/\*.*?\*/|--[^\n]*|\{#.*?#\}", "", sql, flags=re.DOTALL)


def test_every_landed_stream_has_a_staging_model(tiny: Built) -> None:
    expected = {f"stg_{platform.name}__{stream.name}" for platform in PLATFORMS.values() for stream in platform.streams}
    assert expected <= set(models(tiny))


def test_every_model_says_its_grain(tiny: Built) -> None:
    silent = [name for name, node in models(tiny).items() if not node["description"].startswith("One row per ")]
    assert silent == []


def test_every_model_from_intermediate_up_tests_its_grain(tiny: Built) -> None:
    tested = {
        dependency
        for node in tiny.manifest["nodes"].values()
        if node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") == "one_row_per"
        if node["config"]["severity"].lower() == "error"
        for dependency in node["depends_on"]["nodes"]
    }
    untested = [
        name for name, node in models(tiny).items() if not name.startswith("stg_") and node["unique_id"] not in tested
    ]
    assert untested == []


def test_every_warning_says_why_it_does_not_block(tiny: Built) -> None:
    unexplained = [
        node["name"]
        for node in tiny.manifest["nodes"].values()
        if node["resource_type"] == "test" and node["config"]["severity"].lower() == "warn" and not node["description"]
    ]
    assert unexplained == []


def test_singular_tests_say_what_when_and_how() -> None:
    for path in sorted((DBT_PROJECT / "tests").glob("*.sql")):
        text = path.read_text()
        assert path.name.startswith("assert_"), path.name
        assert re.search(r"What:.*When it matters:.*How to resolve:", text, re.DOTALL), path.name


def test_no_vendor_word_in_columns_above_staging(tiny: Built) -> None:
    columns = tiny.rows(
        "select table_name, column_name from duckdb_columns() "
        "where schema_name = 'main' and table_name not like 'stg_%'"
    )
    assert columns
    assert [place for place in columns if VENDOR_WORD.search(place[1].lower())] == []


def test_published_models_have_enforced_contracts_with_described_columns(tiny: Built) -> None:
    published = {name: node for name, node in models(tiny).items() if name.startswith("pub_")}
    assert published
    for name, node in published.items():
        assert node["config"]["contract"]["enforced"], name
        assert [column["name"] for column in node["columns"].values() if not column["description"]] == [], name


def test_only_exposed_models_are_published_and_all_of_them(tiny: Built) -> None:
    exposed = {
        dependency.rsplit(".", 1)[-1]
        for exposure in tiny.manifest["exposures"].values()
        for dependency in exposure["depends_on"]["nodes"]
    }
    assert exposed == {name for name in models(tiny) if name.startswith("pub_")}


@pytest.mark.parametrize("path", sql_files(), ids=lambda path: path.stem)
def test_model_sql_is_portable(path: Path) -> None:
    sql = without_comments(path.read_text())
    bare = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", sql, flags=re.DOTALL)
    assert [rule for rule, pattern in NOT_PORTABLE.items() if re.search(pattern, bare)] == []
    assert not re.search(r"\bselect\s+(\w+\.)?\*", bare), "select * past the landed tables"


def test_seed_of_rubric_holds_the_whole_rubric() -> None:
    with duckdb.connect(":memory:") as database:
        seeds = DBT_PROJECT / "seeds"
        rows = database.execute(
            f"select domain_title, count(*) from read_csv('{seeds / 'rubric_elements.csv'}') group by all order by all"
        ).fetchall()
    assert rows == [("Environment", 4), ("Instruction", 12), ("Planning", 3), ("Professionalism", 4)]
