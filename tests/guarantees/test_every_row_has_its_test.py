"""The table in README.md names a test for every guarantee and row, and every test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
TABLE = Path(__file__).with_name("README.md").read_text()
GUARANTEES = range(1, 14)
ROWS = range(1, 83)
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def test_table__has_every_guarantee_and_every_row_once() -> None:
    first_cells = re.findall(r"^\| (\w+) \|", TABLE, flags=re.MULTILINE)
    for cell in [f"G{number}" for number in GUARANTEES] + [str(number) for number in ROWS]:
        assert first_cells.count(cell) == 1, cell


def test_table__names_tests_that_exist() -> None:
    named = set(NAMED.findall(TABLE))
    assert len(named) > len(ROWS)
    absent = [
        f"{file}::{name}"
        for file, name in sorted(named)
        if not (TESTS / file).is_file() or not re.search(rf"def {name}\(", (TESTS / file).read_text())
    ]
    assert absent == []


def test_guarantees__have_a_test_named_after_each() -> None:
    names = [name for _, name in NAMED.findall(TABLE)]
    for number in GUARANTEES:
        assert any(name.startswith(f"test_g{number:02d}__") for name in names), f"G{number}"


def test_rows_without_a_test__say_why() -> None:
    for line in TABLE.splitlines():
        if re.match(r"\| \d+ \|", line) and not NAMED.search(line):
            assert "to come" in line, line
