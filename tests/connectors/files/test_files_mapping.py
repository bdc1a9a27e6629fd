"""The mapping file: what is accepted, and that every fault is told at once, with a way out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.core.errors import ConfigurationError
from connectors.files import mapping as mapping_module
from connectors.files.mapping import MappingFaults, Rule, parse_mapping

README = Path(mapping_module.__file__).with_name("README.md")

GOOD = """
stream: consents
files: drop/*.csv
columns:
  staff_id: {column: Emp, pad_to: 6}
  consent_kind: {constant: named}
  is_granted: {column: Consent, true: [Y, "1"], false: [N]}
  recorded_date: {column: On, format: "%m/%d/%y", century_pivot: 80}
blank: ["", NA, "-"]
ignore: Comments
"""


def faults(text: str) -> str:
    with pytest.raises(MappingFaults) as raised:
        parse_mapping(text.encode())
    return "\n".join(raised.value.faults)


def test_mapping__scalars_stay_text() -> None:
    mapping = parse_mapping(GOOD.replace("named", "007").replace("[N]", "[NO]").encode())
    assert mapping.columns["consent_kind"].constant == "007"
    assert mapping.columns["is_granted"].true == ("Y", "1")
    assert mapping.columns["is_granted"].false == ("NO",)
    assert mapping.blank == ("", "NA", "-")
    assert mapping.ignore == ("Comments",)


def test_mapping__all_faults_at_once_with_suggestions() -> None:
    told = faults(
        GOOD.replace("stream:", "strem:")
        .replace("century_pivot: 80", "centry_pivot: 80")
        .replace("pad_to: 6", "pad_to: x")
    )
    assert 'strem: unknown key. Did you mean "stream"?' in told
    assert "stream: missing" in told
    assert 'columns.recorded_date.centry_pivot: unknown key. Did you mean "century_pivot"?' in told
    assert "columns.staff_id.pad_to" in told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("stream: consents", "stream: consent", 'Did you mean "consents"?'),
        ("  staff_id: ", "  staf_id: ", 'Did you mean "staff_id"?'),
        ("  consent_kind: {constant: named}\n", "", "consent_kind is required by stream consents and not mapped"),
        ("{constant: named}", "{constant: named, column: Kind}", "names column and constant"),
        ("{constant: named}", "{separator: x}", "says not where the value comes from"),
        ("{constant: named}", "{constant: named, pad_to: 3}", "pad_to does not go with constant"),
        ("{constant: named}", "{debit: A, credit: B}", "debit and credit make an amount"),
        ("{constant: named}", "{debit: A}", "come as a pair"),
        ("{constant: named}", "{column: K, kind: money}", "kind money does not fit a field that is text"),
        ("{constant: named}", "{column: K, format: '%Y'}", "format is for dates"),
        ("{constant: named}", "{school_year_of: recorded_date}\n  school_year_of: x", "no field 'school_year_of'"),
        ('format: "%m/%d/%y"', 'format: "%d.%m"', "does not name year, month and day"),
        ('format: "%m/%d/%y"', 'format: ["%m/%d/%Y", "%d/%m/%Y"]', "read the same text as different dates"),
        ('format: "%m/%d/%y"', 'format: "%Y-%W"', "uses %W"),
        (", false: [N]", "", "true and false come as a pair"),
        ("false: [N]", "false: [Y]", "'Y' is both true and false"),
        ("ignore: Comments", "ignore: Consent", "both mapped and in ignore"),
        ("files: drop/*.csv", "files: drop/*.csv\nencoding: utf-88", "unknown encoding 'utf-88'"),
        ("files: drop/*.csv", "files: drop/*.csv\nencoding: base64", "not a text encoding"),
        ("files: drop/*.csv", "files: drop/*.csv\ndelimiter: '::'", "not one plain character"),
        ("files: drop/*.csv", "files: drop/*.csv\nsheet: S", "sheet has no meaning where format is csv"),
        ("files: drop/*.csv", "files: drop/*.csv\nformat: xlsx\ndelimiter: ';'", "delimiter has no meaning"),
        ("files: drop/*.csv", "files: drop/*.csv\nformat: pdf", "format: Input should be 'csv' or 'xlsx'"),
        ("files: drop/*.csv", "files: a\nfiles: b", "the key 'files' stands twice"),
        ("columns:", "columns: [", "not YAML at line"),
    ],
)
def test_mapping__faults_say_what_and_where(old: str, new: str, told: str) -> None:
    assert old in GOOD
    assert told in faults(GOOD.replace(old, new))


def test_mapping__school_year_of_needs_a_mapped_date() -> None:
    text = """
stream: evaluation_scores
files: drop/x.csv
columns:
  observation_id: {concat: [Emp, Date]}
  staff_id: Emp
  rubric_version: {constant: team-like-2021}
  element_code: Element
  observed_date: {column: Date, format: "%m/%d/%Y"}
  school_year: {school_year_of: SOURCE}
"""
    assert "not a mapped date of this stream (observed_date)" in faults(text.replace("SOURCE", "staff_id"))
    parse_mapping(text.replace("SOURCE", "observed_date").encode())


@pytest.mark.parametrize("text", ["", "- a\n- b", "just words"])
def test_mapping__a_file_that_is_no_mapping(text: str) -> None:
    assert "holds no mapping" in faults(text)


def test_mapping__not_utf8(district: Any) -> None:
    district.write("mappings/a.yml", b"stream: caf\xe9")
    with pytest.raises(ConfigurationError, match=r"mappings/a\.yml: not YAML.*UTF-8"):
        district.connector().streams_of()


def test_connector__names_each_faulty_mapping_file(district: Any, spending: Callable[..., None]) -> None:
    spending()
    district.write("mappings/a.yml", GOOD.replace("stream: consents", "stream: concents"))
    district.write("mappings/b.yml", GOOD.replace("On,", "On, fromat: x,"))
    with pytest.raises(ConfigurationError) as raised:
        district.connector().check()
    told = str(raised.value)
    assert "2 faults" in told
    assert "mappings/a.yml: unknown stream 'concents'. Did you mean \"consents\"?" in told
    assert 'mappings/b.yml: columns.recorded_date.fromat: unknown key. Did you mean "format"?' in told


def test_connector__no_mapping_file(district: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"no mapping file matches 'mappings/\*\.yml'"):
        district.connector().streams_of()


def test_connector__carries_only_mapped_streams(district: Any, spending: Callable[..., None]) -> None:
    spending()
    district.write("mappings/consents.yml", GOOD)
    assert [stream.name for stream in district.connector().streams_of()] == ["pd_spending", "consents"]


def test_readme__its_mappings_and_rules_are_sound() -> None:
    text = README.read_text(encoding="utf-8")
    blocks = [block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if block.startswith("stream:")]
    assert len(blocks) == 2
    for block in blocks:
        parse_mapping(block.encode())
    rules = re.findall(r"\| `(\{.*?\})`", text)
    assert len(rules) >= 12
    for rule in rules:
        Rule.model_validate(yaml.load(rule, yaml.BaseLoader))  # noqa: S506 - builds text, lists and mappings only
