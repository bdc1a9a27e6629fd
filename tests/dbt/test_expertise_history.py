"""Whatever is built on whichever days, the history says of each day what was published last on it.

Belongs here: the algebra of fct_expertise_history over many builds, on the SQL that dbt compiled. Does
not belong here: single rules (dbt unit tests beside the model), which release it is read from
(tests/pipelines/test_published_history.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dbt.conftest import Built

FIRST_DAY = date(2026, 9, 1)
PAIRS = (("s1", "k1"), ("s1", "k2"), ("s2", "k1"))
STATES = ("expert", "need")
Pair = tuple[str, str]
Said = Mapping[Pair, str]
Span = tuple[str, str, str, date, date | None]

SPANS = "staff_key, competency_key, band, known_from_date, known_to_date"
KEPT = "district_id, staff_key, competency_key, competency_code, competency_name, band, observation_count, award_count, explanation, known_from_date, known_to_date"  # noqa: E501

builds_of_days = st.lists(
    st.tuples(st.integers(0, 3), st.dictionaries(st.sampled_from(PAIRS), st.sampled_from(STATES))),
    min_size=1,
    max_size=6,
)
"""The day of each build in the order of building, and what it says; days may repeat, or go back."""


class Warehouse:
    """The tables that the model reads, and the model's own SQL."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self.database = duckdb.connect(":memory:")
        self.database.execute(
            """
            attach ':memory:' as warehouse; use warehouse;
            create table stg_pipeline__settings (district_id varchar, as_of_date date);
            create table stg_pipeline__published_history (
                district_id varchar, staff_key varchar, competency_key varchar, competency_code varchar,
                competency_name varchar, band varchar, observation_count integer, award_count integer,
                explanation varchar, known_from_date date, known_to_date date);
            create table fct_expertise (
                district_id varchar, staff_key varchar, competency_key varchar, band varchar,
                observation_count integer, award_count integer, explanation varchar);
            create table dim_staff as select unnest(['s1', 's2']) as staff_key;
            create table dim_competencies as
                select key as competency_key, key as competency_code, key as competency_name
                from (select unnest(['k1', 'k2']) as key);
            """
        )

    def forget(self) -> None:
        self.database.execute("truncate stg_pipeline__published_history")

    def build(self, day: date, said: Said) -> list[Span]:
        """One build and its release: the history goes into the next."""
        self.database.execute("truncate stg_pipeline__settings; truncate fct_expertise")
        self.database.execute("insert into stg_pipeline__settings values ('d', ?)", [day])
        for (staff, competency), band in said.items():
            self.database.execute(
                "insert into fct_expertise values ('d', ?, ?, ?, 2, 0, ?)", [staff, competency, band, f"{band}."]
            )
        self.database.execute(f"create or replace temp table built as select {KEPT} from ({self.sql})")
        self.database.execute(
            "truncate stg_pipeline__published_history; insert into stg_pipeline__published_history from built"
        )
        return self.database.execute(f"select {SPANS} from built order by {SPANS}").fetchall()


@pytest.fixture(scope="module")
def warehouse(tiny: Built) -> Iterator[Warehouse]:
    model = tiny.path.parent / "target/compiled/expertise_warehouse/models/marts/fct_expertise_history.sql"
    made = Warehouse(model.read_text())
    yield made
    made.database.close()


def spans_of(published: Mapping[date, Said]) -> list[Span]:
    """The longest spans of days with one thing said, from the last thing said on each day of a build."""
    days = sorted(published)
    spans: list[Span] = []
    for staff, competency in PAIRS:
        opened: tuple[str, date] | None = None
        for day in days:
            band = published[day].get((staff, competency))
            if opened and band != opened[0]:
                spans.append((staff, competency, *opened, day - timedelta(days=1)))
                opened = None
            if band and not opened:
                opened = (band, day)
        if opened:
            spans.append((staff, competency, *opened, None))
    return sorted(spans, key=lambda span: tuple(str(part) for part in span))


@given(builds=builds_of_days)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_history__says_of_each_day_what_was_published_last_on_it(
    warehouse: Warehouse, builds: list[tuple[int, Said]]
) -> None:
    """A clock that goes back takes back what was said of that day and later."""
    warehouse.forget()
    published: dict[date, Said] = {}
    for number, said in builds:
        day = FIRST_DAY + timedelta(days=number)
        published = {earlier: known for earlier, known in published.items() if earlier < day} | {day: said}
        found = sorted(warehouse.build(day, said), key=lambda span: tuple(str(part) for part in span))
        assert found == spans_of(published)
        again = sorted(warehouse.build(day, said), key=lambda span: tuple(str(part) for part in span))
        assert again == found, "a second build without changes leaves every row as it was"
