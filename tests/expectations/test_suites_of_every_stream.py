"""Every registered stream has a suite that can be used, in words the vocabulary knows.

Belongs here: questions about all suites. Does not belong here: what a single suite
finds (test_suites_find).
"""

from __future__ import annotations

import pytest

from connectors.core.schema import Stream
from connectors.registry import PLATFORMS
from expectations.delivery import Calendar
from expectations.suites import SUITES_FOLDER, load_suite
from expectations.vocabulary import EXPECTATIONS

STREAMS = [(platform.name, stream) for platform in PLATFORMS.values() for stream in platform.streams]
each_stream = pytest.mark.parametrize(("platform", "stream"), STREAMS, ids=[f"{p}.{s.name}" for p, s in STREAMS])


@each_stream
def test_suite__loads_and_is_short(platform: str, stream: Stream) -> None:
    suite = load_suite(platform, stream)
    assert 2 <= len(suite.checks) <= 8
    assert suite.about.startswith("One row per")
    assert all(check.why.endswith((".", "?")) and check.ask_the_vendor.endswith("?") for check in suite.checks)


@each_stream
def test_suite__repeats_nothing_that_the_schema_holds(platform: str, stream: Stream) -> None:
    required = {field.name for field in stream.fields if field.required}
    for check in load_suite(platform, stream).checks:
        if check.expect == "expect_column_values_to_not_be_null":
            assert not required & set(check.columns), f"{check.name}: a blank required field is a reject already"


def test_suites__none_is_of_an_unknown_stream() -> None:
    expected = {f"{platform}/{stream.name}.yml" for platform, stream in STREAMS}
    found = {path.relative_to(SUITES_FOLDER).as_posix() for path in SUITES_FOLDER.rglob("*") if path.is_file()}
    assert found == expected


def test_calendar__judges_against_today_unless_told() -> None:
    assert Calendar().today is not None


@pytest.mark.parametrize("name", EXPECTATIONS)
def test_vocabulary__is_known_to_the_installed_great_expectations(name: str) -> None:
    import great_expectations as gx

    expectation = getattr(gx.expectations, "".join(word.capitalize() for word in name.split("_")))
    assert EXPECTATIONS[name].arguments <= set(expectation.__fields__)
    assert {argument for argument, _ in EXPECTATIONS[name].fixed} <= set(expectation.__fields__)
