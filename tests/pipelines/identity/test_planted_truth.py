"""What the rules must do on planted hard cases, over real dbt; the table of 20 seeds is in the README.

Belongs here: bounds. Does not belong here: the cases (connectors.sandbox.identity_cases), counting
(validation), single rules (dbt unit tests beside the models).
"""

from __future__ import annotations

import polars as pl
import pytest

from tests.pipelines.identity.validation import Measured, cases_of, measure, table

SEEDS = (1, 2, 3)
DECIDABLE_SHARE = 0.97


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    return measure(tmp_path_factory.mktemp("identity"), SEEDS)


def test_cases__each_stands_at_least_ten_times_a_seed() -> None:
    cases = cases_of(SEEDS[:1])
    counted = pl.DataFrame({"case": [told.case for told in cases.told]}).group_by("case").len()
    assert counted.height == 17 and counted["len"].min() >= 10
    waiting = pl.DataFrame({"case": [one.case for one in cases.waiting]}).group_by("case").len()
    assert waiting["len"].to_list() == [10] * 5


def test_rules__match_nobody_wrongly(measured: Measured) -> None:
    assert measured.records.filter(pl.col("outcome") == "wrong").is_empty()
    assert measured.wrongly_merged == 0


def test_rules__find_the_person_of_an_id_or_an_address_of_one_person(measured: Measured) -> None:
    decidable = measured.records.filter("is_decidable")
    assert decidable.height > 1_000
    assert (decidable["outcome"] == "right").mean() >= DECIDABLE_SHARE
    by_case = decidable.group_by("case").agg(share=(pl.col("outcome") == "right").mean())
    assert by_case.filter(pl.col("share") < DECIDABLE_SHARE).is_empty()


def test_rules__never_decide_what_the_record_leaves_open(measured: Measured) -> None:
    """Above all an address that two people have."""
    open_records = measured.records.filter(~pl.col("is_decidable"))
    assert "one address of two" in open_records["case"].to_list()
    assert open_records.filter(pl.col("outcome") != "none").is_empty()


def test_queue__lists_the_right_person_and_mostly_first(measured: Measured) -> None:
    queue = measured.queue
    assert queue["place"].is_not_null().mean() >= 0.95
    # of two people of one name in one school nobody can tell, and both are shown
    told_apart = queue.filter(pl.col("case") != "two of one name in one school")
    assert (told_apart["place"].fill_null(9) == 1).mean() >= 0.9
    assert queue.filter(pl.col("case") == "two of one name in one school")["place"].is_not_null().all()


def test_table__tells_every_case(measured: Measured) -> None:
    lines = table(measured).splitlines()
    assert len(lines) == 2 + 17
    assert all(line.count("|") == lines[0].count("|") for line in lines)
