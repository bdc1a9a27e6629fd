"""Workbooks made to fill the memory: refused by name before anything parses them, and the memory stays flat.

Belongs here: row 76 of the fault table, as far as files are archives. Does not belong here: entities, links and names
that climb (test_files_deliveries), sound workbooks (test_files_reading).
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from connectors.core.errors import ContractBroken
from connectors.files import archive
from connectors.files.archive import inspect
from connectors.files.workbook import Workbook

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
MOST_RESIDENT_MIB = 160
"""Python and Polars take about 60 MiB before they read anything."""


def packed(path: Path, **members: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(name.replace("__", "/"), content)
    return path


def sheet(rows: str) -> str:
    return f"<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>"


def text_cell(place: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>x</t></is></c>'


def far_cell(path: Path) -> Path:
    """One cell in the last row and column: a rectangle of 17 thousand million cells."""
    rows = f'<row r="1">{text_cell("A1")}</row><row r="1048576">{text_cell("XFD1048576")}</row>'
    return packed(path, **{"xl__worksheets__sheet1.xml": sheet(rows)})


def far_cell_elsewhere(path: Path) -> Path:
    """The same in a member that is not named like a sheet: the workbook's relations may call any member one."""
    rows = f'<row r="1"><x:c  t="n"  r = \'XFD1048576\'><x:v>1</x:v></x:c></row><row r="1">{text_cell("A1")}</row>'
    return packed(path, **{"media__picture.bin": sheet(rows)})


def one_long_text(path: Path) -> Path:
    """32 KB of text that each of 200,000 cells refers to: 6 GB out of one megabyte."""
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>1</v></c></row>' for n in range(1, 200_001))
    texts = f"<sst {MAIN}><si><t>Name</t></si><si><t>{'a' * 32_000}</t></si></sst>"
    return packed(path, **{"xl__worksheets__sheet1.xml": sheet(rows), "xl__sharedStrings.xml": texts})


def says_gigabytes(path: Path) -> Path:
    packed(path, **{"xl__worksheets__sheet1.xml": bytes(3 << 20)})
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", 3 << 20), struct.pack("<I", 3 << 30)))
    return path


def says_little(path: Path) -> Path:
    """Declares a hundred bytes and inflates to 256 MiB."""
    packed(path, **{"xl__worksheets__sheet1.xml": bytes(256 << 20)})
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", 256 << 20), struct.pack("<I", 100)))
    return path


def many_members(path: Path) -> Path:
    """A list of 300,000 members, all of them the same one."""
    content = packed(path, a=b"").read_bytes()
    start, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    listed = content[start:end] * 300_000
    path.write_bytes(
        content[:start] + listed + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 65_000, 65_000, len(listed), start, 0)
    )
    return path


BOMBS = {
    far_cell: "makes the sheet one of 17,179,869,184 cells",
    far_cell_elsewhere: "makes the sheet one of 17,179,869,184 cells",
    one_long_text: "repeats texts until they come to more than 256 MiB",
    says_gigabytes: "inflates beyond 512 MiB",
    says_little: "not a readable XLSX workbook",
    many_members: "lists more members than any workbook has",
}
IN_A_PROCESS = """
import json, re, sys
from pathlib import Path
from connectors.core.errors import ContractBroken
from connectors.files.workbook import Workbook
said = {}
for path in sorted(Path(sys.argv[1]).glob("*.xlsx")):
    try:
        Workbook(path, path.name).open()
    except ContractBroken as fault:
        said[path.stem] = str(fault)
# not ru_maxrss: that begins with what the parent process held
most = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print(json.dumps({"said": said, "mib": most >> 10}))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak memory is read from Linux's /proc")
def test_bombs__are_refused_by_name_and_the_memory_stays_flat(tmp_path: Path) -> None:
    for make in BOMBS:
        assert make(tmp_path / f"{make.__name__}.xlsx").stat().st_size < 20 << 20
    done = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS, str(tmp_path)], capture_output=True, text=True, check=True, timeout=120
    )
    answer = json.loads(done.stdout)
    for make, says in BOMBS.items():
        assert says in answer["said"].get(make.__name__, "(it was read)"), make.__name__
        assert answer["said"][make.__name__].startswith(f"{make.__name__}.xlsx: ")
    print(f"{len(BOMBS)} bombs, {answer['mib']} MiB at most")
    assert answer["mib"] < MOST_RESIDENT_MIB


def test_archive__cells_that_hold_only_a_format_do_not_count(tmp_path: Path) -> None:
    """Spreadsheet programs leave formats behind far below a table."""
    formats = "".join(f'<row r="{row}"><c r="XFD{row}" s="1"/></row>' for row in (999_999, 1_048_576))
    path = packed(
        tmp_path / "x.xlsx", **{"xl__worksheets__sheet1.xml": sheet(f'<row r="1">{text_cell("A1")}</row>{formats}')}
    )
    inspect(path, path.name)


@pytest.mark.parametrize("rows", [3, 20_000])
def test_archive__counts_what_a_real_workbook_holds(tmp_path: Path, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the block boundaries: no cell is missed, none counted twice."""
    monkeypatch.setattr(archive, "_READ_BYTES", 7919)
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        for row in range(rows):
            page.write_row(row, 0, [f"text {row % 7} ä", row, "longer " * 20])
        page.write_formula(rows, 0, "=1/0", None, "#DIV/0!")
    contents = inspect(path, path.name)
    texts = [f"text {number} ä" for number in range(min(7, rows))] + ["longer " * 20]
    least = sorted(len(text.encode()) for text in texts)
    assert all(length >= shortest for length, shortest in zip(sorted(contents.text_lengths), least, strict=True))
    (indexes,) = contents.references.values()
    assert indexes.len() == 2 * rows and set(contents.unplaced.values()) == {0}
    assert contents.error_cells == 1


@pytest.mark.parametrize("member", ["content.xml", "xl/workbook.bin"])
def test_archive__other_kinds_of_workbook_are_refused(tmp_path: Path, member: str) -> None:
    path = tmp_path / "book.ods"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr(member, '<table:table-cell table:number-columns-repeated="1000000"/>')
    with pytest.raises(ContractBroken, match="OpenDocument or binary workbook"):
        Workbook(path, path.name).open()
