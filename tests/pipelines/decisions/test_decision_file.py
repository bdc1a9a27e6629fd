"""A CSV file of decisions: what is read, and every fault of it with its line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipelines.decisions import decision_file
from pipelines.decisions.decision_file import read_decision_file
from pipelines.decisions.faults import DecisionRefused
from pipelines.decisions.kinds import NewDecision

ZONE = ZoneInfo("America/Chicago")
HEADER = "kind,subject_source,subject_id,target_source,target_id,decision,reason,decided_by"
ROW = "consent,files,{},consent,named,refused,asked by letter,Robin Registrar"


def read(folder: Path, content: str | bytes) -> list[tuple[int, NewDecision]]:
    path = folder / "decisions.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_decision_file(path, ZONE)


def faults(folder: Path, content: str | bytes) -> list[str]:
    with pytest.raises(DecisionRefused) as refused:
        read(folder, content)
    return list(refused.value.faults)


def test_decision_file__rows_become_decisions_with_their_lines(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "\ufeff"
        + f"{HEADER.upper()},detail,decided_at\r\n"
        + f"{ROW.format('000123')},,2026-09-01\r\n\r\n"
        + 'crosswalk,pd_activity,PD-1,F,C,approved,"two lines,\r\nand a comma",Robin,'
        + '"{""valid_from"": ""2026-08-01""}",2026-09-01T08:00:00-05:00\r\n'
        + f"{ROW.format('000124')},,\r\n",
    )
    assert [line for line, _ in rows] == [2, 4, 6]
    first, second, third = (decision for _, decision in rows)
    assert first.subject_id == "000123" and first.detail is None
    assert first.decided_at == datetime(2026, 9, 1, 5, tzinfo=UTC)  # the day's beginning in Chicago
    assert second.reason == "two lines, and a comma" and second.detail == '{"valid_from": "2026-08-01"}'
    assert second.decided_at == datetime(2026, 9, 1, 13, tzinfo=UTC)
    assert third.decided_at is None


def test_decision_file__every_fault_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    content = "\n".join(
        [
            f"{HEADER},decided_at",
            f"{ROW.format('1')},",
            f"{ROW.format('')},",
            f"{ROW.format('2')}",
            f"{ROW.format('3').replace('Robin Registrar', '')},yesterday",
            f"{ROW.format('1').replace('refused', 'granted')},",
            f"{ROW.format('4').replace('consent,files', 'consnt,files')},",
            f"{ROW.format('5')},2999-01-01",
        ]
    )
    assert faults(tmp_path, content) == [
        "line 3: subject_id is blank",
        "line 4: 8 cells under a header of 9",
        "line 5: decided_at is no date such as 2026-11-15, nor 2026-11-15T09:30:00Z",
        "line 6: decides the same thing as line 2; leave one of them out",
        'line 7: unknown kind of decision. Did you mean "consent"?',
        "line 8: decided_at lies in the future",
    ]


def test_decision_file__two_words_of_different_days_on_one_thing_are_history(tmp_path: Path) -> None:
    days = f"{ROW.format('1')},2026-09-01", f"{ROW.format('1').replace('refused', 'granted')},2026-09-02"
    assert len(read(tmp_path, "\n".join([f"{HEADER},decided_at", *days]))) == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", f"the file is empty; its header is {HEADER}"),
        ("\n , \n", f"the file is empty; its header is {HEADER}"),
        (HEADER, "the file has a header and no decision below it"),
        (HEADER.replace("reason", "resaon") + "\n", "the column reason is missing"),
        (HEADER.replace("reason", "resaon") + "\n", 'column 7 of the header is unknown. Did you mean "reason"?'),
        (f"{HEADER},kind\n", "the column kind stands twice"),
        (f'{HEADER}\n{ROW.format("1")}\nconsent,"files', "line 3: no CSV row"),
        (f"{HEADER}\n".encode() + b"\xff\xfe\x00", "save it as CSV in UTF-8"),
        (HEADER.replace(",", ";"), "the column kind is missing"),
    ],
)
def test_decision_file__what_is_no_such_file_is_told(content: str | bytes, sentence: str, tmp_path: Path) -> None:
    assert any(sentence in fault for fault in faults(tmp_path, content))


def test_decision_file__a_faulty_row_is_never_quoted(tmp_path: Path) -> None:
    found = faults(tmp_path, f"{HEADER}\nAlice Example,a@d.example,,,,Alice,,\nAlice,Example\n")
    assert len(found) == 7
    assert "Alice" not in "".join(found) and "example" not in "".join(found)


def test_decision_file__one_too_large_is_not_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_file, "MOST_BYTES", 1 << 20)
    assert faults(tmp_path, b"x" * (2 << 20)) == ["the file is larger than 1 MiB. Is it another one?"]


def test_decision_file__a_missing_file_is_the_operating_systems_fault(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_decision_file(tmp_path / "none.csv", ZONE)
