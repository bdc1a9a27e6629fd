"""The mapping assistant against the layouts of ten real ledgers: what it maps, and that what it maps lands whole.

Belongs here: rows made up from the layouts' notes (no row of a real ledger is known here), one expectation per
layout. Does not belong here: other exports (test_files_assistant).
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.core.connector import Connection
from connectors.core.pull import pull_stream
from connectors.files.assistant.document import mapping_text
from connectors.files.assistant.profile import profile
from connectors.files.assistant.proposal import Proposal, propose
from connectors.files.client import FilesConnector, FilesOptions
from connectors.files.streams import PD_SPENDING

DATA = os.environ.get("EXPERTISE_REFERENCE_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="EXPERTISE_REFERENCE_DATA is not set: no ledger layouts to check")
LAYOUTS: dict[str, Any] = (
    json.loads((Path(DATA) / "ledger" / "layouts.json").read_text()) if DATA else {"(layouts)": {}}
)
ROWS = 300
# the notes say that one file holds transaction ids there, not which
IDS_FOR_YEARS = "CSD20"

CODES = {
    "fund_code": "Fund_Code",
    "function_code": "Function_Code",
    "object_code": "Object_Code",
    "program_code": "Program_Code",
    "account_name": "Account_Name",
    "description": "Description",
}
MUNIS = {
    "fund_code": "Fund_Code",
    "object_code": "Object_Code",
    "grant_code": "Project",
    "description": "Description",
    "vendor_name": "Vendor_Name",
}
CLAIMS = CODES | {"school_id": "School_Code", "vendor_name": "Vendor_Name"}
DAY = {"column": "Date", "format": "%m/%d/%Y"}
FY = {"column": "Fiscal_Year", "kind": "year"}
FROM_DAY = {"school_year_of": "posted_date"}
BOTH = {"debit": "Debit", "credit": "Credit"}
EXPECTED: dict[str, dict[str, Any]] = {
    "ARSD19": CODES | {"school_id": "School_Code", "amount_usd": "amount", "posted_date": DAY, "fiscal_year": FY},
    "CRSD20": CLAIMS | {"amount_usd": "Amount", "posted_date": DAY, "fiscal_year": FY},
    "CSD20": CODES | {"school_id": "School_Code", "amount_usd": "Amount", "posted_date": DAY, "fiscal_year": FROM_DAY},
    "Cordova20": CLAIMS | {"amount_usd": BOTH, "posted_date": DAY, "fiscal_year": FY, "ledger_line_id": "V_Counter"},
    "CraigCity20": CODES
    | {
        "school_id": "Site",
        "vendor_name": "Vendor_Name",
        "amount_usd": "Amount",
        "posted_date": DAY,
        "fiscal_year": FY,
    },
    "DGSD20": CLAIMS | {"amount_usd": "Amount", "posted_date": DAY, "fiscal_year": FY},
    "KakeCity20": CODES | {"school_id": "School_Code", "amount_usd": BOTH, "posted_date": DAY, "fiscal_year": FY},
    "Petersburg20": CODES
    | {"school_id": "School_Code", "vendor_name": "Name", "amount_usd": "Amount", "fiscal_year": FY},
    "Valdez19": MUNIS | {"amount_usd": "Amount", "posted_date": DAY, "fiscal_year": FY},
    "Yupiit20": MUNIS | {"amount_usd": "Amount", "posted_date": DAY, "fiscal_year": FY},
}
NEEDS_A_PERSON = {
    "Petersburg20": ("posted_date", "no column holds a date"),
}
NO_FUNCTION = {"Valdez19", "Yupiit20"}


@dataclass
class Ledger:
    """A made-up export in a layout, and what its lines come to."""

    content: bytes
    total: Decimal = Decimal(0)
    amounts: list[Decimal] = field(default_factory=list)


def made_up(name: str, layout: dict[str, Any], rows: int = ROWS) -> Ledger:
    """An export with the layout's header and dialect. Two lines in it are equal in every cell."""
    chance = random.Random(name)
    header, ledger = layout["header"], Ledger(b"")
    lines: list[list[str]] = []
    for number in range(rows):
        if number == rows // 2:
            lines.append(lines[-1])
            ledger.amounts.append(ledger.amounts[-1])
            if "V_Counter" in header:  # a counter is never the same
                lines[-1] = [
                    str(number) if head == "V_Counter" else cell for head, cell in zip(header, lines[-1], strict=True)
                ]
            continue
        amount = Decimal(chance.randrange(1, 9_000_000)) / 100 * chance.choice((1, 1, 1, -1))
        ledger.amounts.append(amount)
        lines.append([cell(head, number, amount, layout, name, chance) for head in header])
    ledger.total = sum(ledger.amounts, Decimal(0))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(lines)
    ledger.content = (b"\xef\xbb\xbf" if layout["bom"] else b"") + text.getvalue().encode()
    return ledger


def money(amount: Decimal, layout: dict[str, Any]) -> str:
    """As the notes say: `$13,779.60`, `70,033.87`, `$570.00 `, plain, or no needless decimals."""
    comma = "," if layout["with_comma"] else ""
    size = f"{abs(amount):{comma}.2f}"
    if layout["with_dollar"]:
        return f"-${size}" if amount < 0 else f"${size} "
    plain = size if layout["with_comma"] else size.removesuffix(".00")
    return f"-{plain}" if amount < 0 else plain


def cell(head: str, number: int, amount: Decimal, layout: dict[str, Any], name: str, chance: random.Random) -> str:
    year = 2000 + int(name[-2:])
    day = chance.randrange(365)
    month, spring = (day // 31 + 6) % 12 + 1, (day // 31 + 6) >= 12
    date = f"{month}/{day % 28 + 1}/{year if spring else year - 1}"
    known = {
        "District_Name": f"{name}\u00a0School District",
        "School_District": f"{name} School District",
        "Fiscal_Year": str(1_048_000 + number) if name == IDS_FOR_YEARS else str(year)[2:],
        # leading zeros lost in some rows
        "Fund_Code": chance.choice(("100", "255", "0")),
        "Function_Code": chance.choice(("100", "220", "0", "350")),
        "Object_Code": chance.choice(("410", "450", "329")),
        "Program_Code": chance.choice(("0", "12", "100")),
        "School_Code": chance.choice(("0", "10", "20")),
        "Site": chance.choice(("10", "20")),
        "Account_Name": chance.choice(("Supplies, Materals", "Stafff Travel", "Profesional Services")),
        "Description": chance.choice(("Inv 12", "PO", "Reverse entry", "Workshop fee, June")),
        "Demo_Desc": chance.choice(("A", "B")),
        "Date": date,
        "Invoice_Date": date,
        "Debit": money(amount, layout) if amount > 0 else "",
        "Credit": money(-amount, layout) if amount < 0 else "",
        "absolute_amount": money(abs(amount), layout),
        "Credit_Flag": "C" if amount < 0 else "D",
        "amount": money(amount, layout),
        # beside debits and credits one real file may repeat the size alone
        "Amount": money(abs(amount) if name == "KakeCity20" else amount, layout),
        "Budget": "0",
        "Encumbrance": "0",
        "TransactionNo": str(9000 + number // 2),
        "V_Counter": str(number),
        "Vendor_Name": chance.choice(("Canary Supply Co", "Canary Learning LLC", "")),
        "Name": chance.choice(("Canary Supply Co", "Canary Learning LLC")),
        "Vendor_Number": str(chance.randrange(50)),
        "Vendor_ID": str(chance.randrange(50)),
        "Org": str(chance.randrange(1000, 9999)),
        "Account": chance.choice(("410", "420")),
        "Project": chance.choice(("", "22T1")),
        "Doc_Line_Number": str(chance.randrange(1, 40)),
        "Period": str(month),
        "Batch_Year": str(year),
        "Batch_year": str(year),
        "": "",
    }
    return known.get(head, str(chance.randrange(10_000)) if chance.random() < 0.7 else "")


Proposals = dict[str, tuple[Proposal, Ledger]]


@pytest.fixture(scope="module")
def proposals(tmp_path_factory: pytest.TempPathFactory) -> Proposals:
    found: Proposals = {}
    for name, layout in LAYOUTS.items():
        ledger = made_up(name, layout)
        file = tmp_path_factory.mktemp(name) / "ledger.csv"
        file.write_bytes(ledger.content)
        proposal = propose(profile(file))
        assert isinstance(proposal, Proposal), proposal
        assert proposal.stream is PD_SPENDING
        found[name] = proposal, ledger
    return found


def rules(proposal: Proposal) -> dict[str, Any]:
    return {
        line.target: line.rule["column"] if set(line.rule) == {"column"} else dict(line.rule) for line in proposal.lines
    }


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout__every_column_is_mapped_rightly(proposals: Proposals, name: str) -> None:
    proposal, _ = proposals[name]
    found = rules(proposal)
    made = found.pop("ledger_line_id")
    expected = dict(EXPECTED[name])
    if "ledger_line_id" in expected:
        assert made == expected.pop("ledger_line_id")
    else:
        assert set(made) == {"fingerprint_of"}, "no column of this layout tells one line from another"
    right = sum(found.get(target) == rule for target, rule in expected.items())
    print(f"{name}: {right} of {len(expected)} fields, {proposal.mapped_share:.0%} of the columns used")
    assert found == expected


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout__what_needs_a_person_is_said_and_only_that(proposals: Proposals, name: str) -> None:
    proposal, _ = proposals[name]
    open_fields = [choice.target for choice in proposal.choices]
    assert open_fields == ([NEEDS_A_PERSON[name][0]] if name in NEEDS_A_PERSON else [])
    assert proposal.is_complete == (name not in NEEDS_A_PERSON)
    assert ("function_code" not in rules(proposal)) == (name in NO_FUNCTION)
    if name == IDS_FOR_YEARS:
        assert any("Fiscal_Year holds no years" in remark for remark in proposal.remarks)


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name not in NEEDS_A_PERSON])
def test_layout__the_proposed_mapping_lands_every_line_unchanged(
    proposals: Proposals, tmp_path: Path, name: str
) -> None:
    proposal, ledger = proposals[name]
    (tmp_path / "ledger.csv").write_bytes(ledger.content)
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "ledger.yml").write_text(mapping_text(proposal, "ledger.csv"))
    connection = Connection(
        "cedar-valley",
        "erp",
        "America/Anchorage",
        FilesOptions(mappings="mappings/*.yml"),
        tmp_path,
        tmp_path / "state",
    )
    outcome = pull_stream(FilesConnector(connection), connection, PD_SPENDING, tmp_path / "landing")
    assert outcome.manifest and outcome.folder
    assert (outcome.manifest.records_rejected, outcome.manifest.duplicate_records) == (0, 0)
    landed = pl.read_parquet(outcome.folder / "part-*.parquet")
    assert landed["ledger_line_id"].n_unique() == ROWS, "of two equal lines none is lost"
    assert landed["amount_usd"].sum() == ledger.total
    assert sorted(landed["amount_usd"]) == sorted(ledger.amounts)
    assert set(landed["fiscal_year"]) == {2000 + int(name[-2:])}


def test_layouts__how_many_need_a_person() -> None:
    complete = len(LAYOUTS) - len(NEEDS_A_PERSON)
    print(f"{complete} of {len(LAYOUTS)} layouts are mapped whole; {', '.join(NEEDS_A_PERSON)}: {NEEDS_A_PERSON}")
    assert set(EXPECTED) == set(LAYOUTS) and complete == 9


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout__no_value_of_the_file_is_in_the_proposal(proposals: Proposals, name: str) -> None:
    proposal, _ = proposals[name]
    said = mapping_text(proposal, "ledger.csv") + repr(
        [(column.header, column.masks) for column in proposal.profile.columns]
    )
    assert "Canary" not in said and "Workshop fee" not in said
