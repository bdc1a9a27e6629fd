"""Deliveries over time and hostile ones: the same file twice, files out of order, links, archives that lie.

Belongs here: rows 71, 73, 75 and 76 of the fault table for mapped files. Does not belong
here: reading one sound file (test_files_reading).
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.core.errors import ConfigurationError, ContractBroken
from connectors.core.pull import PullOutcome, pull_stream
from connectors.files.streams import PD_SPENDING, ROSTER
from connectors.files.workbook import Workbook

HEADER = "Txn No,FY,Date,Amount,Memo\n"
SNAPSHOTS = """
stream: roster
files: drop/roster_*.csv
columns:
  staff_id: {column: Id, pad_to: 6}
  school_year: {constant: "2026"}
  first_name: First
  last_name: Last
  email: Mail
  school_id: School
  role: {constant: Teacher}
  as_of_date: {from_file_name: "roster_%Y-%m-%d.csv"}
"""


def landed(district: Any, stream: Any) -> tuple[PullOutcome, pl.DataFrame]:
    """Pull into the district's landing; the manifest and the landed rows."""
    outcome = pull_stream(district.connector(), district.connection(), stream, district.folder / "landing")
    assert outcome.folder and outcome.manifest
    return outcome, pl.read_parquet(outcome.folder / "part-*.parquet")


def test_delivery__rows_bear_the_date_in_their_files_name(district: Any) -> None:
    district.write("mappings/roster.yml", SNAPSHOTS)
    # August stands before July in the folder's order of names only if dates were not read
    district.write("drop/roster_2026-08-01.csv", "Id,First,Last,Mail,School\n4217,Ada,Expert,august@x.example,101\n")
    district.write("drop/roster_2026-07-01.csv", "Id,First,Last,Mail,School\n4217,Ada,Expert,july@x.example,101\n")
    outcome, rows = landed(district, ROSTER)
    assert {str(day): mail for day, mail in rows.select("as_of_date", "email").rows()} == {
        "2026-07-01": "july@x.example",
        "2026-08-01": "august@x.example",
    }
    assert outcome.manifest is not None and outcome.manifest.duplicate_records == 1


@pytest.mark.parametrize("name", ["roster_final.csv", "roster_2026-13-01.csv", "roster_2026-07-01 (1).csv"])
def test_delivery__a_file_whose_name_holds_no_date_is_told(district: Any, name: str) -> None:
    district.write("mappings/roster.yml", SNAPSHOTS)
    district.write(f"drop/{name}", "Id,First,Last,Mail,School\n4217,Ada,Expert,,101\n")
    with pytest.raises(ContractBroken, match="the mapping reads the date of the file from a name like"):
        district.pull("roster")


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ('as_of_date: {from_file_name: "roster.csv"}', "does not name year, month and day"),
        ('state_id: {from_file_name: "roster_%Y-%m-%d.csv"}', "from_file_name gives a date, and the field is text"),
        ('as_of_date: {from_file_name: "r_%Y-%m-%d.csv", column: Day}', "names column and from_file_name"),
    ],
)
def test_mapping__a_date_in_the_files_name_must_be_one(district: Any, rule: str, says: str) -> None:
    named = '  as_of_date: {from_file_name: "roster_%Y-%m-%d.csv"}'
    district.write("mappings/roster.yml", SNAPSHOTS.replace(named, f"  {rule}"))
    with pytest.raises(ConfigurationError, match=says):
        district.connector().streams_of()


def test_delivery__the_same_file_under_two_names_adds_nothing(district: Any, spending: Callable[..., None]) -> None:
    spending()
    rows = "".join(f"{number},2024,7/1/2023,10.00,\n" for number in range(5))
    district.write("drop/ledger.csv", HEADER + rows)
    district.write("drop/ledger (1).csv", HEADER + rows)
    outcome, frame = landed(district, PD_SPENDING)
    assert outcome.manifest is not None
    assert (outcome.manifest.records_landed, outcome.manifest.duplicate_records) == (10, 5)
    assert frame["_record_hash"].n_unique() == 5, "the copies are told by their content"


def test_delivery__a_file_that_went_is_named(district: Any, spending: Callable[..., None]) -> None:
    spending()
    district.write("drop/ledger_1.csv", HEADER + "1,2024,7/1/2023,10.00,\n")
    gone = district.write("drop/ledger_2.csv", HEADER + "2,2024,7/1/2023,10.00,\n")
    _, pulled = district.pull("pd_spending")
    gone.unlink()
    _, again = district.pull("pd_spending", pulled.cursor)
    assert again.is_reset
    assert again.notes == ("drop/ledger_2.csv: was read before and is no longer there, so its rows count as deleted",)


def test_delivery__a_file_changed_between_its_hash_and_its_reading_is_not_taken(
    district: Any, spending: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the manifest would name content that was never landed."""
    from connectors.core.errors import IncompleteResponse
    from connectors.files import client

    spending()
    path = district.write("drop/ledger.csv", HEADER + "1,2024,7/1/2023,10.00,\n")
    hashed = client._sha256

    def and_then_the_export_goes_on(file: Path) -> str:
        answer = hashed(file)
        with path.open("a") as export:
            export.write("2,2024,7/1/2023,10.00,\n")
        return answer

    monkeypatch.setattr(client, "_sha256", and_then_the_export_goes_on)
    with pytest.raises(IncompleteResponse, match="changed while it was read"):
        district.pull("pd_spending")


@pytest.mark.parametrize("leads_to", ["secret.env", "nowhere"])
def test_delivery__a_symbolic_link_is_not_followed(district: Any, spending: Callable[..., None], leads_to: str) -> None:
    spending()
    district.write("secret.env", "A_PASSWORD=canary\n")
    district.write("drop/ledger.csv", HEADER + "1,2024,7/1/2023,10.00,\n")
    os.symlink(district.folder / leads_to, district.folder / "drop" / "ledger_2.csv")  # noqa: PTH211
    with pytest.raises(ContractBroken, match=r"drop/ledger_2\.csv: a symbolic link") as told:
        district.pull("pd_spending")
    assert "canary" not in str(told.value)


@pytest.mark.parametrize(
    "text", ["Zoë", "Zoe\u0308", "\u202eabc\u202c", "👩\u200d🏫", "a\x00b", "\x07bell", "line\u2028line"]
)
def test_csv__unusual_text_is_stored_as_it_stands(district: Any, spending: Callable[..., None], text: str) -> None:
    spending(columns="  description: Memo\n")
    district.write("drop/ledger.csv", HEADER + f"1,2024,7/1/2023,10.00,{text}\n")
    _, frame = landed(district, PD_SPENDING)
    assert frame["description"].to_list() == [text]


def test_csv__half_a_surrogate_pair_is_refused_by_its_byte(district: Any, spending: Callable[..., None]) -> None:
    spending()
    district.write("drop/ledger.csv", HEADER.encode() + b"1,2024,7/1/2023,10.00,\xed\xa0\x80\n")
    with pytest.raises(ContractBroken, match=r"ledger\.csv: byte \d+ can't be utf-8"):
        district.pull("pd_spending")


@pytest.mark.parametrize("written", ["02/03/2024", "45000", "7/1/24", "2024-13-01", "July 1"])
def test_dates__what_is_not_in_the_declared_form_is_rejected_and_never_guessed(
    district: Any, spending: Callable[..., None], written: str
) -> None:
    """Day or month first, a spreadsheet's number of days, a year of two digits."""
    spending()
    mapping = district.folder / "mappings/spending.yml"
    mapping.write_text(mapping.read_text().replace('format: "%m/%d/%Y"', 'format: "%Y%m%d"'))
    rows = "".join(f"{number},2024,20230701,10.00,\n" for number in range(200))
    district.write("drop/ledger.csv", HEADER + rows + f"200,2024,{written},10.00,\n")
    outcome, frame = landed(district, PD_SPENDING)
    assert outcome.manifest is not None and outcome.manifest.records_rejected == 1
    assert frame["posted_date"].n_unique() == 1


SHEET = (
    '<?xml version="1.0"?>{doctype}'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    '<row r="1"><c r="A1" t="inlineStr"><is><t>Name</t></is></c></row>'
    '<row r="2"><c r="A2" t="inlineStr"><is><t>{value}</t></is></c></row></sheetData></worksheet>'
)
PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<sheets><sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}
OUTSIDE_FILE = '<!DOCTYPE worksheet [<!ENTITY e SYSTEM "file://{path}">]>'
LAUGHS = (
    '<!DOCTYPE worksheet [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + '<!ENTITY e "&j;">]>'
)


def workbook(path: Path, doctype: str = "", value: str = "plain") -> Path:
    """A minimal workbook of one sheet, made by hand."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in PARTS.items():
            archive.writestr(name, content)
        archive.writestr("xl/worksheets/sheet1.xml", SHEET.format(doctype=doctype, value=value))
    return path


def cells(path: Path) -> list[Any]:
    """What is read of the sheet: the values, or nothing where it is refused."""
    book = Workbook(path, path.name)
    with suppress(ContractBroken):
        book.open()
        return [value for frame in book.batches() for row in frame.rows() for value in row]
    return []


def test_xlsx__a_plain_workbook_made_by_hand_is_read(tmp_path: Path) -> None:
    assert cells(workbook(tmp_path / "plain.xlsx")) == ["plain"]


@pytest.mark.parametrize("doctype", [OUTSIDE_FILE, LAUGHS], ids=["a file of this machine", "a billion laughs"])
def test_xlsx__entities_are_not_expanded(tmp_path: Path, doctype: str) -> None:
    secret = tmp_path / "secret.env"
    secret.write_text("A_PASSWORD=canary")
    found = cells(workbook(tmp_path / "entity.xlsx", doctype.replace("{path}", str(secret)), "&e;"))
    assert all("canary" not in str(value) and len(str(value)) < 100 for value in found)


def test_xlsx__members_are_never_written_anywhere(tmp_path: Path) -> None:
    """A name that climbs out of the archive, and a member that is a link: both are only inflated to nowhere."""
    inside = tmp_path / "drop"
    inside.mkdir()
    path = workbook(inside / "slip.xlsx")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../slipped.txt", "out")
        archive.writestr("../slipped.txt", "out")
        link = zipfile.ZipInfo("xl/media/link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc")
    assert cells(path) == ["plain"]
    assert sorted(entry.relative_to(tmp_path).as_posix() for entry in tmp_path.rglob("*")) == ["drop", "drop/slip.xlsx"]
    assert not (tmp_path.parent / "slipped.txt").exists()
