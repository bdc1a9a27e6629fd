"""No assertion stands both in a suite and in dbt, where the two would drift apart.

Belongs here: comparing suites with the tests of staging models, which are one to one
with landed streams. Does not belong here: tests of later models; they are of other data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.core.schema import Stream
from connectors.registry import PLATFORMS
from expectations.suites import Suite, load_suite

MODELS = Path(__file__).parents[2] / "dbt_project" / "models"

# dbt test to the expectation that asserts the same; one_row_per also asserts that no part is null
SAME = {
    "not_null": "expect_column_values_to_not_be_null",
    "accepted_values": "expect_column_values_to_be_in_set",
    "unique": "expect_column_values_to_be_unique",
    "one_row_per": "expect_column_values_to_not_be_null",
}

Assertion = tuple[str, str, str]
"""Stream reference, expectation, landed column."""


def words(expression: str, columns: set[str]) -> set[str]:
    """The columns that an SQL expression names."""
    lower = {column.lower(): column for column in columns}
    return {lower[word] for word in re.findall(r"\w+", expression.lower()) if word in lower}


def staged_columns(sql: str, stream: Stream) -> dict[str, str]:
    """Staging column to the one landed column it renames."""
    declared = {field.name for field in stream.fields}
    renamed = {}
    final_select = sql.rpartition("\nselect")[2].partition("\nfrom")[0]
    for line in filter(None, (line.strip().rstrip(",") for line in final_select.splitlines())):
        expression, _, alias = line.rpartition(" as ") if " as " in line else (line, "", line)
        named = words(expression, declared)
        if len(named) == 1:
            renamed[alias] = named.pop()
    return renamed


def dbt_tests_of(node: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and arguments of the dbt tests of a model or column."""
    for test in [*node.get("data_tests", []), *node.get("tests", [])]:
        name, arguments = (test, {}) if isinstance(test, str) else next(iter(test.items()))
        yield name, {**(arguments or {}), **(arguments or {}).get("arguments", {})}


def dbt_assertions(document: Mapping[str, Any], folder: Path) -> Iterator[Assertion]:
    """Assertions of the staging models and sources that a dbt YAML file describes."""
    streams = {
        f"{platform.name}.{stream.name}": stream for platform in PLATFORMS.values() for stream in platform.streams
    }
    described = []
    for source in document.get("sources") or []:
        for table in source.get("tables", []):
            reference = f"{source['name']}.{table['name']}"
            if reference in streams:
                described.append((table, reference, {field.name: field.name for field in streams[reference].fields}))
    for model in document.get("models") or []:
        reference = model["name"].removeprefix("stg_").replace("__", ".", 1)
        if model["name"].startswith("stg_") and reference in streams:
            sql = (folder / f"{model['name']}.sql").read_text(encoding="utf-8")
            described.append((model, reference, staged_columns(sql, streams[reference])))
    for node, reference, renamed in described:
        for name, arguments in dbt_tests_of(node):
            for column in arguments.get("columns", []):
                if name in SAME and column in renamed:
                    yield reference, SAME[name], renamed[column]
        for column in node.get("columns", []):
            for name, _ in dbt_tests_of(column):
                if name in SAME and column["name"] in renamed:
                    yield reference, SAME[name], renamed[column["name"]]


def suite_assertions(suite: Suite, stream: Stream) -> Iterator[Assertion]:
    """Assertions of a suite; a derived column counts as the one landed column it reads."""
    declared = {field.name for field in stream.fields}
    for check in suite.checks:
        for column in check.columns:
            read = words(suite.derived.get(column, column), declared)
            if len(read) == 1:
                yield suite.stream, check.expect, read.pop()


def all_suite_assertions() -> set[Assertion]:
    return {
        assertion
        for platform in PLATFORMS.values()
        for stream in platform.streams
        for assertion in suite_assertions(load_suite(platform.name, stream), stream)
    }


def test_no_assertion_stands_in_a_suite_and_in_dbt() -> None:
    files = sorted([*MODELS.rglob("*.yml"), *MODELS.rglob("*.yaml")])
    assert files, "no dbt YAML found: the comparison would be empty"
    in_dbt = {
        assertion
        for path in files
        for assertion in dbt_assertions(yaml.safe_load(path.read_text(encoding="utf-8")) or {}, path.parent)
    }
    twice = sorted(in_dbt & all_suite_assertions())
    assert not twice, "keep each in one home (delivery: suite; keys, relations, rules: dbt): " + "; ".join(
        f"{reference} {column}: {expectation}" for reference, expectation, column in twice
    )


@pytest.mark.parametrize(
    ("yaml_text", "assertion"),
    [
        (
            "models: [{name: stg_files__credential_submissions, columns: [{name: outcome, data_tests:"
            " [{accepted_values: {arguments: {values: [awarded]}}}]}]}]",
            ("files.credential_submissions", "expect_column_values_to_be_in_set", "outcome"),
        ),
        (
            "models: [{name: stg_edfi__staffs, columns: [{name: staff_person_id, tests: [not_null]}]}]",
            ("edfi.staffs", "expect_column_values_to_not_be_null", "personId"),
        ),
        (
            "sources: [{name: files, tables: [{name: roster, columns: [{name: email, data_tests: [not_null]}]}]}]",
            ("files.roster", "expect_column_values_to_not_be_null", "email"),
        ),
        (
            "models: [{name: stg_edfi__staffs, data_tests: [{one_row_per: {arguments: {columns:"
            " [staff_person_id]}}}]}]",
            ("edfi.staffs", "expect_column_values_to_not_be_null", "personId"),
        ),
    ],
    ids=["accepted values, derived here", "not null, renamed there", "source column", "part of a grain"],
)
def test_the_comparison__sees_through_renaming(tmp_path: Path, yaml_text: str, assertion: Assertion) -> None:
    staged = {
        "stg_files__credential_submissions": "select\n    lower(trim(outcome)) as outcome\nfrom newest",
        "stg_edfi__staffs": "with a as (select 1)\n\nselect\n    id,\n    personId as staff_person_id,\n    x\nfrom a",
    }
    for name, sql in staged.items():
        (tmp_path / f"{name}.sql").write_text(sql, encoding="utf-8")
    assert set(dbt_assertions(yaml.safe_load(yaml_text), tmp_path)) == {assertion}
    assert assertion in all_suite_assertions()
