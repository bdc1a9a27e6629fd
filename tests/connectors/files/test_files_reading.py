"""Reading exports: dialects, dirt and damage, each parsed as declared or refused with a reason."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.core.connector import Cursor, SourceFile
from connectors.core.errors import ConfigurationError, ContractBroken, DeliveryRejected, IncompleteResponse
from connectors.core.pull import pull_stream
from connectors.files.csv_file import CsvFile
from connectors.files.streams import EVALUATION_SCORES, PD_SPENDING
from connectors.files.workbook import Workbook

HEADER = "Txn No,FY,Date,Amount\n"
ROW = "1,20,7/1/2019,$570.00 \n"


def first(sink: Any) -> dict[str, Any]:
    row: dict[str, Any] = sink.rows[0]
    return row


# --- dialects ---------------------------------------------------------------------


def test_ledger__values_read_as_declared(district: Any, spending: Callable[..., None]) -> None:
    spending()
    district.write("drop/ledger_a.csv", HEADER + ROW + '0002,FY20,12/31/2019,"(1,234.56)"\n')
    sink, pulled = district.pull("pd_spending")
    assert sink.rows == [
        {"ledger_line_id": "1", "fiscal_year": "2020", "posted_date": "2019-07-01", "amount_usd": "570.00"},
        {"ledger_line_id": "0002", "fiscal_year": "2020", "posted_date": "2019-12-31", "amount_usd": "-1234.56"},
    ]
    assert pulled.is_reset
    assert pulled.pages == 1


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("cp1252", "cp1252"),
    ],
)
def test_encoding__declared_codec_is_used(
    district: Any, spending: Callable[..., None], encoding: str, written: str
) -> None:
    spending(f"encoding: {encoding}\n", '  vendor_name: "Vendor"\n')
    text = HEADER.replace("\n", ",Vendor\n") + "7,20,7/1/2019,5.00,Café Müller – “Ñandú”\n"
    district.write("drop/ledger.csv", text.encode(written))
    sink, _ = district.pull("pd_spending")
    assert first(sink)["vendor_name"] == "Café Müller – “Ñandú”"
    assert first(sink)["ledger_line_id"] == "7"


def test_encoding__wrong_one_names_file_byte_and_a_likely_one(district: Any, spending: Callable[..., None]) -> None:
    spending()
    good = (HEADER + "".join(f"{number},20,7/1/2019,5.00\n" for number in range(100_000))).encode()
    assert len(good) > 1 << 20
    tail = "x,20,7/1/2019,Café à la crème – déjà vu, Müller & Söhne “très bien”\n".encode("cp1252")
    district.write("drop/ledger.csv", good + tail)
    with pytest.raises(ContractBroken) as raised:
        district.pull("pd_spending")
    position = len(good) + tail.index(b"\xe9")
    assert f"drop/ledger.csv: byte {position} can't be utf-8 text" in str(raised.value)
    assert "try `encoding: cp1252`" in str(raised.value)


def test_encoding__utf16_declared_as_utf8(district: Any, spending: Callable[..., None]) -> None:
    spending()
    district.write("drop/ledger.csv", (HEADER + ROW).encode("utf-16"))
    with pytest.raises(ContractBroken, match=r"byte 0 can't be utf-8 text.*encoding: utf-16`"):
        district.pull("pd_spending")
    district.write("drop/ledger.csv", (HEADER + ROW).encode("utf-16-le"))
    with pytest.raises(ContractBroken, match=r"every other byte is zero.*encoding: utf-16-le`"):
        district.pull("pd_spending")


def test_encoding__utf8_declared_as_cp1252_is_refused(district: Any, spending: Callable[..., None]) -> None:
    spending("encoding: cp1252\n", '  vendor_name: "Vendor"\n')
    text = HEADER.replace("\n", ",Vendor\n") + "7,20,7/1/2019,5.00,José\n"
    district.write("drop/ledger.csv", text.encode())
    with pytest.raises(ContractBroken, match=r"says encoding cp1252, but the whole file reads as UTF-8"):
        district.pull("pd_spending")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines__any_ending_and_blank_lines(district: Any, spending: Callable[..., None], ending: str) -> None:
    spending()
    text = "\n" + HEADER + ROW + "\n,,,\n   \n" + ROW.replace("1", "2", 1) + "\n\n"
    district.write("drop/ledger.csv", text.replace("\n", ending))
    sink, pulled = district.pull("pd_spending")
    assert [row["ledger_line_id"] for row in sink.rows] == ["1", "2"]
    assert sink.rejects == []
    assert any("blank row" in note for note in pulled.notes)


def test_quotes__embedded_newlines_quotes_and_delimiters_are_kept(district: Any, spending: Callable[..., None]) -> None:
    spending('delimiter: ";"\nskip_rows: 2\n', '  description: "Memo"\n')
    district.write(
        "drop/ledger.csv",
        'Ledger export\nDistrict;"unbalanced\nTxn No;FY;Date;Amount;Memo\n'
        '1;20;7/1/2019;5.00;"line one\r\nsays ""two""; and three"\n'
        '2;20;7/1/2019;5.00;12" ruler\n',
    )
    sink, _ = district.pull("pd_spending")
    assert [row["description"] for row in sink.rows] == ['line one\r\nsays "two"; and three', '12" ruler']


def test_quotes__one_that_never_closes_is_refused_not_swallowed(district: Any, spending: Callable[..., None]) -> None:
    spending("", '  description: "Memo"\n')
    rows = "".join(f"{number},20,7/1/2019,5.00,fine\n" for number in range(50))
    text = HEADER.replace("\n", ",Memo\n") + rows + '50,20,7/1/2019,5.00,"open\n' + rows
    district.write("drop/ledger.csv", text)
    with pytest.raises(ContractBroken, match=r"a quote opened after line 51 is never closed"):
        district.pull("pd_spending")


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=20), block=st.sampled_from([300, 1 << 20]))
def test_csv__any_text_survives_quoting(tmp_path: Path, rows: list[tuple[str, str, str]], block: int) -> None:
    quoted = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows)
    path = tmp_path / "any.csv"
    path.write_text("a,b,c\n" + quoted, encoding="utf-8", newline="")
    content = CsvFile(path, "any.csv", block_bytes=block)
    content.open()
    read = [row for batch in content.batches() for row in batch.rows()]
    assert read == rows
    assert content.ragged_count == 0


# --- headers ----------------------------------------------------------------------


def test_headers__blank_and_repeated_are_told_and_kept(district: Any, spending: Callable[..., None]) -> None:
    spending()
    district.write("drop/ledger.csv", "\ufeffTxn\u00a0 No,FY,Date,Amount,Note,,Note\n1,20,7/1/2019,5.00,a,b,c\n")
    sink, pulled = district.pull("pd_spending")
    assert first(sink) == {
        "ledger_line_id": "1",
        "fiscal_year": "2020",
        "posted_date": "2019-07-01",
        "amount_usd": "5.00",
        "Note": "a",
        "column_6": "b",
        "Note__2": "c",
    }
    assert pulled.notes == (
        "drop/ledger.csv: repeated headers numbered: Note (columns 5 and 7); 1 blank headers named column_<position>",
    )


def test_headers__a_mapping_may_not_name_a_repeated_one(district: Any, spending: Callable[..., None]) -> None:
    spending("", '  description: "Note"\n')
    district.write("drop/ledger.csv", HEADER.replace("\n", ",Note,Note\n") + "1,20,7/1/2019,5.00,a,b\n")
    with pytest.raises(ContractBroken, match=r"'Note' \(for description\).*columns 5 and 6.*Note__1, Note__2"):
        district.pull("pd_spending")
    for header, value in [("Note__1", "a"), ("Note__2", "b")]:
        district.write(
            "mappings/spending.yml", (district.folder / "mappings/spending.yml").read_text().replace("Note", header, 1)
        )
        sink, _ = district.pull("pd_spending")
        assert first(sink)["description"] == value
        spending("", '  description: "Note"\n')


def test_headers__a_missing_column_is_named_with_those_found(district: Any, spending: Callable[..., None]) -> None:
    spending()
    district.write("drop/ledger.csv", "TxnNo,FY,Date,Total\n1,20,7/1/2019,5.00\n")
    with pytest.raises(ContractBroken) as raised:
        district.pull("pd_spending")
    told = str(raised.value)
    assert told.startswith("drop/ledger.csv: no column 'Txn No' (for ledger_line_id) Did you mean \"TxnNo\"?")
    assert "'Amount' (for amount_usd)" in told
    assert "mappings/spending.yml" in told
    assert "Columns found: TxnNo, FY, Date, Total." in told


def test_headers__a_file_without_header_is_not_quoted(district: Any, spending: Callable[..., None]) -> None:
    spending()
    district.write("drop/ledger.csv", "004217,Jane,jane@example.org,5.00\n004218,John,john@example.org,6.00\n")
    with pytest.raises(ContractBroken) as raised:
        district.pull("pd_spending")
    assert "is the header missing" in str(raised.value)
    assert "Jane" not in str(raised.value)
    assert "jane@example.org" not in str(raised.value)


# --- width ------------------------------------------------------------------------


def test_ragged__neither_padded_nor_cut_but_rejected_with_its_line(
    district: Any, spending: Callable[..., None]
) -> None:
    spending("", '  description: "Memo"\n')
    district.write(
        "drop/ledger.csv",
        HEADER.replace("\n", ",Memo\n")
        + '1,20,7/1/2019,5.00,"two\nlines"\n2,20,7/1/2019,5.00\n\n3,20,7/1/2019,5.00,x,y\n4,20,7/1/2019,5.00,x\n',
    )
    sink, _ = district.pull("pd_spending")
    assert [row["ledger_line_id"] for row in sink.rows] == ["1", "4"]
    assert sink.rejects == [
        (4, "(row)", "drop/ledger.csv line 4: 4 cells where the header has 5"),
        (6, "(row)", "drop/ledger.csv line 6: 6 cells where the header has 5"),
    ]


def test_ragged__wrong_delimiter_names_the_column_and_what_was_found(
    district: Any, spending: Callable[..., None]
) -> None:
    spending()
    district.write("drop/ledger.csv", (HEADER + ROW).replace(",", ";"))
    with pytest.raises(ContractBroken, match=r"no column 'Txn No'.*Columns found: Txn No;FY;Date;Amount"):
        district.pull("pd_spending")


# --- nothing there ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "drop/ledger.csv: the file is empty"),
        (b"\xef\xbb\xbf", "drop/ledger.csv: the file is empty"),
        (b" \n\n", "drop/ledger.csv: the file is empty"),
        (HEADER.encode(), "drop/ledger.csv: holds a header and no rows"),
        (HEADER.strip().encode(), "drop/ledger.csv: holds a header and no rows"),
        (HEADER.encode() + b"\n,,,\n", "drop/ledger.csv: holds a header and no rows"),
    ],
)
def test_empty__named_and_refused(district: Any, spending: Callable[..., None], content: bytes, told: str) -> None:
    spending()
    district.write("drop/ledger.csv", content)
    with pytest.raises(ContractBroken, match=told):
        district.pull("pd_spending")


def test_no_file__names_pattern_and_mapping(district: Any, spending: Callable[..., None]) -> None:
    spending()
    with pytest.raises(ContractBroken, match=r"no file matches 'drop/ledger\*\.csv' \(mapping mappings/spending\.yml"):
        district.pull("pd_spending")
    with pytest.raises(ConfigurationError, match="no mapping feeds the stream roster"):
        district.pull("roster")


# --- rules ------------------------------------------------------------------------


def test_values__what_does_not_parse_stays_as_it_stood(district: Any, spending: Callable[..., None]) -> None:
    spending()
    district.write("drop/ledger.csv", HEADER + "1,x,2019-13-45,5 dollars\n2,20,7/1/19,1.005\n3,20,45123,\n")
    sink, _ = district.pull("pd_spending")
    assert [tuple(row.values()) for row in sink.rows] == [
        ("1", "x", "2019-13-45", "5 dollars"),
        ("2", "2020", "7/1/19", "1.005"),
        ("3", "2020", "45123", None),
    ]


def test_values__a_date_without_format_is_never_guessed(district: Any, spending: Callable[..., None]) -> None:
    spending()
    mapping = (district.folder / "mappings/spending.yml").read_text()
    district.write("mappings/spending.yml", mapping.replace('{column: Date, format: "%m/%d/%Y"}', "Date"))
    district.write("drop/ledger.csv", HEADER + "1,20,02/03/2024,5.00\n2,20,2024-02-03,5.00\n")
    sink, _ = district.pull("pd_spending")
    assert [row["posted_date"] for row in sink.rows] == ["02/03/2024", "2024-02-03"]


def test_rules__debit_credit_flag_padding_values_and_blanks(district: Any) -> None:
    district.write(
        "mappings/a.yml",
        """
stream: pd_spending
files: drop/a.csv
columns:
  ledger_line_id: {concat: [Batch, Line], separator: "-"}
  fiscal_year: {constant: "2020"}
  posted_date: {column: Date, format: ["%m/%d/%Y", "%d-%b-%y"]}
  amount_usd: {debit: Debit, credit: Credit}
  function_code: {column: Func, pad_to: 4}
  object_code: {column: Obj, values: {TRV: "580"}}
blank: ["", "NA"]
ignore: [Comments]
""",
    )
    district.write(
        "mappings/b.yml",
        """
stream: pd_spending
files: drop/b.csv
columns:
  ledger_line_id: Id
  fiscal_year: {constant: "2020"}
  posted_date: Date
  amount_usd: {column: Abs, credit_flag: {column: Flag, credit: C}}
""",
    )
    district.write(
        "drop/a.csv",
        "Batch,Line,Date,Debit,Credit,Func,Obj,Comments,Extra\n"
        '7,1,7/1/2019,"$1,000.10",,350,TRV,secret,kept\n7,2,5-MAR-20,NA,12.00,0350,410,secret,\n7,,7/1/2019,1,2,A1,NA,,\n',
    )
    district.write("drop/b.csv", "Id,Date,Abs,Flag\nb1,2019-07-02,5.00,C\nb2,2019-07-02,5.00,\n")
    sink, pulled = district.pull("pd_spending")
    assert [[row.get(name) for name in ("ledger_line_id", "posted_date", "amount_usd")] for row in sink.rows] == [
        ["7-1", "2019-07-01", "1000.10"],
        ["7-2", "2020-03-05", "-12.00"],
        [None, "2019-07-01", "-1.00"],
        ["b1", "2019-07-02", "-5.00"],
        ["b2", "2019-07-02", "5.00"],
    ]
    assert [row["function_code"] for row in sink.frames[0].to_dicts()] == ["0350", "0350", "A1"]
    assert [row["object_code"] for row in sink.frames[0].to_dicts()] == ["580", "410", None]
    assert sink.frames[0]["Extra"].to_list() == ["kept", None, None]
    assert "Comments" not in sink.frames[0].columns
    assert [source.name for source in sink.sources] == ["drop/a.csv", "drop/b.csv"]
    assert pulled.pages == 2


WIDE = """
stream: evaluation_scores
files: drop/wide*.csv
columns:
  observation_id: {concat: [EmpID, "Obs Date"]}
  staff_id: {column: EmpID, pad_to: 6}
  rubric_version: {constant: team-like-2021}
  observed_date: {column: "Obs Date", format: "%m/%d/%y"}
  school_year: {school_year_of: observed_date}
unpivot:
  columns: {"I06 Questioning": I06, "I11 Thinking": I11}
  name_to: element_code
  value_to: score
"""


def test_unpivot__a_blank_cell_stays_a_row_and_never_becomes_zero(district: Any) -> None:
    district.write("mappings/wide.yml", WIDE)
    district.write(
        "drop/wide.csv",
        "EmpID,Obs Date,I06 Questioning,I11 Thinking,Room\n4217,6/30/22,3,\n".replace("3,\n", "3,,B2\n")
        + "4218,7/1/22,0,4,B3\n",
    )
    sink, _ = district.pull("evaluation_scores")
    found = {(row["observation_id"], row["element_code"]): (row["score"], row["school_year"]) for row in sink.rows}
    assert found == {
        ("4217/6/30/22", "I06"): ("3", "2022"),
        ("4217/6/30/22", "I11"): (None, "2022"),
        ("4218/7/1/22", "I06"): ("0", "2023"),
        ("4218/7/1/22", "I11"): ("4", "2023"),
    }
    assert {row["staff_id"] for row in sink.rows} == {"004217", "004218"}
    assert {row["Room"] for row in sink.rows} == {"B2", "B3"}


def test_unpivot__frames_stay_small(district: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.files.client.ROWS_PER_FRAME", 10)
    district.write("mappings/wide.yml", WIDE)
    rows = "".join(f"{number},6/30/22,3,4\n" for number in range(23))
    district.write("drop/wide.csv", "EmpID,Obs Date,I06 Questioning,I11 Thinking\n" + rows)
    sink, pulled = district.pull("evaluation_scores")
    assert max(frame.height for frame in sink.frames) == 10
    assert len(sink.rows) == 46
    assert pulled.pages == len(sink.frames) == 5


ROSTER_MAPPING = """
stream: roster
files: drop/roster*.FORMAT
format: FORMAT
columns:
  staff_id: {column: Employee, pad_to: 6}
  school_year: Year
  first_name: First
  last_name: Last
  school_id: School
  role: Role
  hire_date: Hired
"""


def test_privacy__columns_that_read_like_withheld_fields_travel_under_their_name(district: Any) -> None:
    district.write("mappings/roster.yml", ROSTER_MAPPING.replace("FORMAT", "csv"))
    district.write(
        "drop/roster.csv",
        "Employee,Year,First,Last,School,Role,Hired,SSN,Birth Date,email\n"
        "4217,2024,Ana,Ruiz,101,teacher,2019-08-01,000-00-0000,1980-01-01,x@example.org\n",
    )
    sink, _ = district.pull("roster")
    row = first(sink)
    assert row["ssn"] == "000-00-0000"
    assert row["birth_date"] == "1980-01-01"
    # a field that the mapping does not name is not taken by chance
    assert "email" not in row
    assert row["email (file)"] == "x@example.org"


# --- workbooks --------------------------------------------------------------------


def write_roster_book(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    book = xlsxwriter.Workbook(path)
    book.add_worksheet("Read me").write_string(0, 0, "about")
    sheet = book.add_worksheet("Staff")
    day = book.add_format({"num_format": "m/d/yyyy"})
    sheet.write_string(0, 0, "Cedar Valley (SYNTHETIC)")
    sheet.write_row(2, 0, ["Employee", "Year", "First", "Last", "School", "Role", "Hired", "Salary", "Rate"])
    sheet.write_row(3, 0, [4217, 2024, "Ana", " Ruiz\u00a0", 101, "teacher"])
    sheet.write_datetime(3, 6, date(2019, 8, 1), day)
    sheet.write_number(3, 7, 52000.5)
    sheet.write_formula(3, 8, "=1/0", None, "#DIV/0!")
    sheet.write_row(5, 0, ["004218", "2024", "Bo", "Li", "102", "teacher", "2020-08-03"])
    book.close()


def test_xlsx__numbers_as_ids_dates_as_iso_errors_told(district: Any) -> None:
    district.write("mappings/roster.yml", ROSTER_MAPPING.replace("FORMAT", "xlsx") + "sheet: Staff\nskip_rows: 1\n")
    write_roster_book(district.folder / "drop/roster.xlsx")
    district.write("drop/~$roster.xlsx", b"lock of an open workbook")
    sink, pulled = district.pull("roster")
    assert [list(row.values()) for row in sink.rows] == [
        ["004217", "2024", "Ana", "Ruiz", "101", "teacher", "2019-08-01", "52000.5", None],
        ["004218", "2024", "Bo", "Li", "102", "teacher", "2020-08-03", None, None],
    ]
    assert "drop/roster.xlsx: 1 blank row passed over" in pulled.notes
    assert "drop/roster.xlsx: 1 cells of the workbook hold a formula error and read as missing" in pulled.notes


def test_xlsx__a_missing_sheet_is_named_with_those_found(district: Any) -> None:
    district.write("mappings/roster.yml", ROSTER_MAPPING.replace("FORMAT", "xlsx") + "sheet: Teachers\n")
    write_roster_book(district.folder / "drop/roster.xlsx")
    with pytest.raises(ContractBroken, match=r"no sheet 'Teachers'. Sheets found: Read me, Staff"):
        district.pull("roster")


@pytest.mark.parametrize(
    "content", [b"not a workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), b"PK\x03\x04broken"]
)
def test_xlsx__what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    with pytest.raises(ContractBroken, match=r"x\.xlsx: not a readable XLSX workbook"):
        Workbook(path, "x.xlsx").open()


def test_xlsx__empty_files_and_sheets_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"")
    with pytest.raises(ContractBroken, match="the file is empty"):
        Workbook(path, "x.xlsx").open()
    book = xlsxwriter.Workbook(path)
    book.add_worksheet()
    book.close()
    with pytest.raises(ContractBroken, match="the sheet is empty"):
        Workbook(path, "x.xlsx").open()


def test_xlsx__a_bomb_is_refused_before_parsing(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(3 << 20))
    assert path.stat().st_size < 10_000
    with pytest.raises(ContractBroken, match="refused, since it inflates beyond 2 MiB"):
        Workbook(path, "bomb.xlsx", inflated_bytes_cap=2 << 20).open()


def test_xlsx__a_bomb_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(3 << 20))
    true_size, told_size = struct.pack("<I", 3 << 20), struct.pack("<I", 100)
    path.write_bytes(path.read_bytes().replace(true_size, told_size))
    with pytest.raises(ContractBroken, match="not a readable XLSX workbook"):
        Workbook(path, "bomb.xlsx", inflated_bytes_cap=2 << 20).open()


# --- cursor and landing -----------------------------------------------------------


def test_cursor__unchanged_reads_nothing_and_any_change_reads_all(district: Any, spending: Callable[..., None]) -> None:
    spending()
    district.write("drop/ledger_1.csv", HEADER + ROW)
    district.write("drop/ledger_2.csv", HEADER + ROW)
    _, pulled = district.pull("pd_spending")
    cursor: Cursor = pulled.cursor
    assert sorted(cursor["files"]) == ["drop/ledger_1.csv", "drop/ledger_2.csv"]
    sink, again = district.pull("pd_spending", cursor)
    assert (sink.rows, again.cursor, again.is_reset, again.pages) == ([], cursor, False, 0)
    district.write("drop/ledger_2.csv", HEADER + ROW + ROW)
    sink, changed = district.pull("pd_spending", cursor)
    assert (len(sink.rows), changed.is_reset) == (3, True)
    spending("blank: [NA]\n")
    sink, remapped = district.pull("pd_spending", changed.cursor)
    assert (len(sink.rows), remapped.is_reset) == (3, True)
    assert remapped.cursor["mapping"] != changed.cursor["mapping"]
    (district.folder / "drop/ledger_1.csv").unlink()
    sink, fewer = district.pull("pd_spending", remapped.cursor)
    assert (len(sink.rows), fewer.is_reset) == (2, True)


def test_delivery__a_file_still_being_written_is_not_taken(district: Any, spending: Callable[..., None]) -> None:
    spending()
    path = district.write("drop/ledger.csv", HEADER + ROW)

    class WritingSink:
        """Stands for the export that goes on while we read."""

        def add_frame(self, frame: pl.DataFrame, source_file: SourceFile) -> None:
            with path.open("a") as file:
                file.write(ROW)

    with pytest.raises(IncompleteResponse, match=r"drop/ledger\.csv: changed while it was read"):
        district.connector().pull(PD_SPENDING, None, WritingSink())


def test_check__opens_every_file(district: Any, spending: Callable[..., None]) -> None:
    spending()
    district.write("drop/ledger_1.csv", HEADER + ROW)
    assert district.connector().check() == "1 mapping, 1 file: every mapped column is there"
    district.write("drop/ledger_2.csv", "a,b\n1,2\n")
    with pytest.raises(ContractBroken, match=r"drop/ledger_2\.csv: no column"):
        district.connector().check()


def test_landing__typed_rejected_and_withheld(district: Any) -> None:
    district.write("mappings/wide.yml", WIDE)
    canary = "CANARY-OBSERVER-NOTE"
    rows = "".join(f"{number},6/30/22,3,,{canary}\n" for number in range(1000, 1300))
    district.write(
        "drop/wide.csv",
        "EmpID,Obs Date,I06 Questioning,I11 Thinking,Notes\n" + rows + f"9,6/30/22,Effective,2,{canary}\n",
    )
    landing = district.folder / "landing"
    outcome = pull_stream(district.connector(), district.connection(), EVALUATION_SCORES, landing)
    assert outcome.manifest
    assert outcome.folder
    assert (outcome.manifest.records_received, outcome.manifest.records_rejected) == (602, 1)
    assert outcome.manifest.withheld_fields["notes"] == 602
    landed = pl.read_parquet(outcome.folder / "part-*.parquet")
    assert landed["school_year"].unique().to_list() == [2022]
    assert landed.filter(pl.col("element_code") == "I11")["score"].null_count() == 300
    assert landed["staff_id"].str.len_chars().unique().to_list() == [6]
    for path in landing.rglob("*"):
        assert not path.is_file() or canary.encode() not in path.read_bytes()


def test_landing__too_many_ragged_rows_fail_the_run(district: Any, spending: Callable[..., None]) -> None:
    spending()
    district.write("drop/ledger.csv", HEADER + ROW * 50 + "9,20\n")
    with pytest.raises(DeliveryRejected):
        pull_stream(district.connector(), district.connection(), PD_SPENDING, district.folder / "landing")
    outcome = pull_stream(
        district.connector(max_reject_share=0.1),
        district.connection(max_reject_share=0.1),
        PD_SPENDING,
        district.folder / "landing",
    )
    assert outcome.manifest
    assert outcome.manifest.records_rejected == 1
