"""Ids made of a line's own content: equal lines are numbered, copies add nothing, order does not matter."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from connectors.core.pull import pull_stream
from connectors.files.headers import Header
from connectors.files.mapping import MappingFaults, NamedMapping, parse_mapping
from connectors.files.shaping import Shaper
from connectors.files.streams import PD_SPENDING

MAPPING = """
stream: pd_spending
files: drop/ledger*.csv
columns:
  ledger_line_id: {fingerprint_of: [Date, Amount, Payee, Batch]}
  fiscal_year: {school_year_of: posted_date}
  posted_date: Date
  amount_usd: Amount
ignore: Payee
"""
LINES = ["2023-07-01,5.00,Canary,1", "2023-07-01,5.00,Canary,1", "2023-07-02,7.00,,2", "2023-07-01,5.00,Canary,1"]


def landed(district: Any) -> pl.DataFrame:
    outcome = pull_stream(district.connector(), district.connection(), PD_SPENDING, district.folder / "landing")
    assert outcome.folder
    return pl.read_parquet(outcome.folder / "part-*.parquet")


def write(district: Any, name: str, lines: list[str]) -> None:
    district.write("mappings/spending.yml", MAPPING)
    district.write(name, "Date,Amount,Payee,Batch\n" + "\n".join(lines) + "\n")


def test_fingerprint__equal_lines_are_numbered_and_none_is_lost(district: Any) -> None:
    write(district, "drop/ledger.csv", LINES)
    ids = landed(district)["ledger_line_id"].to_list()
    assert len(set(ids)) == 4
    assert ids[1] == f"{ids[0]}#2" and ids[3] == f"{ids[0]}#3" and "#" not in ids[2]
    assert not any("Canary" in each or "5.00" in each for each in ids), "an id shows nothing of the line"


def test_fingerprint__a_line_keeps_its_id_wherever_it_stands(district: Any) -> None:
    write(district, "drop/ledger.csv", LINES)
    before = set(landed(district)["ledger_line_id"])
    write(district, "drop/ledger.csv", [LINES[2], "2023-08-01,9.00,New,3", *LINES[:2], LINES[3]])
    assert before < set(landed(district)["ledger_line_id"])


def test_fingerprint__a_copy_of_the_file_adds_nothing(district: Any) -> None:
    write(district, "drop/ledger.csv", LINES)
    write(district, "drop/ledger (1).csv", LINES)
    rows = landed(district)
    assert rows.height == 8 and rows["ledger_line_id"].n_unique() == 4


def test_fingerprint__what_only_makes_an_id_is_kept_or_ignored_as_any_other_column(district: Any) -> None:
    write(district, "drop/ledger.csv", LINES)
    extra = landed(district)["_extra"].to_list()
    assert all("Batch" in each and "Payee" not in each for each in extra)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_fingerprint__numbers_go_on_from_batch_to_batch(size: int) -> None:
    named = NamedMapping("m", parse_mapping(MAPPING.encode()))
    shaper = Shaper(named, Header.of(["Date", "Amount", "Payee", "Batch"]), "ledger.csv", (7, 1))
    raw = pl.DataFrame(
        [line.split(",") for line in LINES * 2], schema=["Date", "Amount", "Payee", "Batch"], orient="row"
    )
    ids = [each for part in raw.iter_slices(size) for each in shaper.shape(part).frame["ledger_line_id"]]
    assert sorted(each.partition("#")[2] for each in ids) == ["", "", "2", "2", "3", "4", "5", "6"]


def test_fingerprint__makes_an_id_only() -> None:
    with pytest.raises(MappingFaults, match="fingerprint_of makes an id, and the field is money"):
        parse_mapping(MAPPING.replace("amount_usd: Amount", "amount_usd: {fingerprint_of: [Amount]}").encode())
