"""The mapping assistant on exports of every kind: what it proposes, what it leaves to a person, what it never shows.

Belongs here: the synthetic district's own exports and traps of one column. Does not belong here: real ledgers'
layouts (test_files_assistant_ledgers), the command (tests/pipelines/cli/test_map.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from connectors.core.errors import ContractBroken
from connectors.files.assistant.document import mapping_text
from connectors.files.assistant.profile import profile
from connectors.files.assistant.proposal import NoProposal, Proposal, propose
from connectors.files.mapping import Mapping, MappingFaults, parse_mapping
from connectors.sandbox import files_drop, mappings
from connectors.sandbox.district import generate


def written(folder: Path, text: str | bytes, name: str = "export.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def proposed(path: Path, stream: str | None = None) -> Proposal:
    proposal = propose(profile(path), stream)
    assert isinstance(proposal, Proposal), proposal
    return proposal


def columns_of(mapping: Mapping) -> dict[str, tuple[str, ...]]:
    return {target: rule.columns for target, rule in mapping.columns.items() if rule.columns}


def rules(proposal: Proposal) -> dict[str, Any]:
    return {
        line.target: line.rule["column"] if set(line.rule) == {"column"} else dict(line.rule) for line in proposal.lines
    }


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("district")
    files_drop.write(generate(teachers=30), folder)
    return folder


DROPPED = {
    "roster_2024.csv": mappings.ROSTER,
    "pd_hours_2024.csv": mappings.PD_PARTICIPATION,
    "ledger_debit_credit_2022.csv": mappings.LEDGER_DEBIT_CREDIT,
    "ledger_amount_2024.csv": mappings.LEDGER_AMOUNT,
    "ledger_flagged_2026.csv": mappings.LEDGER_FLAGGED,
    "evaluation_export_2022.csv": mappings.evaluation_scores(2022),
}
# a fingerprint of the line stands for an id that its author put together, and a name of its own means nothing
OWN_WAYS = {("ledger_amount_2024.csv", "ledger_line_id"), ("ledger_flagged_2026.csv", "grant_code")}


@pytest.mark.parametrize("name", DROPPED)
def test_district__its_exports_are_mapped_as_their_author_did(drop: Path, name: str) -> None:
    """Mappings written long before the assistant, for files that know nothing of it."""
    by_hand = parse_mapping(DROPPED[name].encode())
    proposal = proposed(next(drop.rglob(name)))
    chosen = {choice.target: choice.options[0][0] for choice in proposal.choices if len(choice.options) > 1}
    found = {line.target: line.rule for line in proposal.lines} | chosen
    assert proposal.stream.name == by_hand.stream
    wrong = {}
    for target, headers in columns_of(by_hand).items():
        if (name, target) in OWN_WAYS or target == "observation_id":
            continue
        rule = found.get(target, {})
        flag = rule.get("credit_flag", {}).get("column")
        read = tuple(each for each in (rule.get("column"), rule.get("debit"), rule.get("credit"), flag) if each)
        if read != headers:
            wrong[target] = (headers, read)
    assert wrong == {}
    assert dict(proposal.unpivot) == (dict(by_hand.unpivot.columns) if by_hand.unpivot else {})


def test_district__exports_of_other_kinds_are_not_forced_into_a_stream(drop: Path) -> None:
    names = ("consents.csv", "effectiveness.csv", "growth_goals.csv", "issuer_approvals.csv", "school_growth.csv")
    for name in (*names, "school_profile.csv", "salaries.xlsx"):
        outcome = propose(profile(next(drop.rglob(name))))
        assert isinstance(outcome, NoProposal), name
        assert outcome.nearest and "no stream could be told" in outcome.reason


LEDGER = "Fund,Object,Date,Vendor,Amount\n"


def ledger(*days: str, amount: str = "10.00") -> str:
    return LEDGER + "".join(f"10{number},410,{day},Canary Co,{amount}\n" for number, day in enumerate(days))


def test_date__that_reads_both_ways_is_a_marked_choice_and_never_guessed(tmp_path: Path) -> None:
    proposal = proposed(written(tmp_path, ledger("02/03/2024", "04/05/2024", "12/11/2024")))
    choice = next(choice for choice in proposal.choices if choice.target == "posted_date")
    assert [rule["format"] for rule, _ in choice.options] == ["%m/%d/%Y", "%d/%m/%Y"]
    assert [meaning for _, meaning in choice.options] == ["month first", "day first"]
    assert choice.is_required and not proposal.is_complete
    text = mapping_text(proposal, "export.csv")
    assert text.count("# CHOOSE posted_date") == 1 and text.count("#   posted_date") == 0
    with pytest.raises(MappingFaults, match="posted_date is required"):
        parse_mapping(text.encode())
    chosen = text.replace('  # posted_date: {column: Date, format: "%d', '  posted_date: {column: Date, format: "%d')
    assert parse_mapping(chosen.encode()).columns["posted_date"].format == ("%d/%m/%Y",)


@pytest.mark.parametrize(
    ("days", "form"),
    [
        (("02/03/2024", "02/13/2024"), "%m/%d/%Y"),
        (("02/03/2024", "13/02/2024"), "%d/%m/%Y"),
        (("02/03/24", "02/13/24"), "%m/%d/%y"),
        (("03-Feb-24", "13-Feb-24"), "%d-%b-%y"),
        (("20240203", "20240213"), "%Y%m%d"),
        (("2/3/2024 14:05", "2/13/2024 09:00"), "%m/%d/%Y %H:%M"),
        (("2024-02-03", "2024-02-13"), None),
    ],
)
def test_date__one_value_above_twelve_decides(tmp_path: Path, days: tuple[str, ...], form: str | None) -> None:
    posted = rules(proposed(written(tmp_path, ledger(*days))))["posted_date"]
    assert posted == ({"column": "Date", "format": form} if form else "Date")


def test_date__days_and_months_in_both_orders_are_no_date(tmp_path: Path) -> None:
    proposal = proposed(written(tmp_path, ledger("02/13/2024", "13/02/2024")))
    assert "posted_date" not in rules(proposal) and not proposal.is_complete


def test_date__a_spreadsheets_number_of_days_is_no_date(tmp_path: Path) -> None:
    proposal = proposed(written(tmp_path, ledger("45325", "45335")))
    assert "posted_date" not in rules(proposal) and not proposal.is_complete


def test_amount__a_credit_flag_gives_the_sign(tmp_path: Path) -> None:
    rows = "Fund,Object,Date,Amount,DR/CR\n100,410,7/31/2023,5.00,D\n100,410,8/31/2023,2.00,C\n"
    amount = rules(proposed(written(tmp_path, rows)))["amount_usd"]
    assert amount == {"column": "Amount", "credit_flag": {"column": "DR/CR", "credit": ["C"]}}


def test_amount__that_fits_neither_reading_of_debit_and_credit_is_unsure(tmp_path: Path) -> None:
    rows = "Fund,Date,Debit,Credit,Amount\n100,7/31/2023,5.00,,99.00\n100,8/31/2023,,2.00,17.00\n"
    line = next(line for line in proposed(written(tmp_path, rows)).lines if line.target == "amount_usd")
    assert line.confidence == "unsure" and "look at some rows" in line.reason


def test_fiscal_year__named_by_the_year_it_begins_in_is_taken_from_the_day(tmp_path: Path) -> None:
    rows = "Fund,FY,Date,Amount\n" + "".join(f"100,2023,{month}/28/2024,1.00\n" for month in (1, 2, 3))
    proposal = proposed(written(tmp_path, rows))
    assert rules(proposal)["fiscal_year"] == {"school_year_of": "posted_date"}
    assert any("by the year it begins in" in remark for remark in proposal.remarks)


def test_dialect__titles_above_the_header_other_delimiter_and_encoding(tmp_path: Path) -> None:
    rows = "".join(f"{number:03};Zoë;Núñez;zoe{number}@x.example;Elm;Teacher;2026\n" for number in range(20))
    text = f"Staff of the district\nprinted; yes\n\nEmp No;First Name;Last Name;Email;School;Job Title;SY\n{rows}"
    proposal = proposed(written(tmp_path, text.encode("cp1252")))
    dialect = proposal.profile.dialect
    assert (dialect.encoding, dialect.delimiter, dialect.skip_rows) == ("cp1252", ";", 3)
    assert not dialect.is_encoding_certain and "CHOOSE" in mapping_text(proposal, "x").split("delimiter")[0]
    assert proposal.stream.name == "roster" and proposal.is_complete


def test_dialect__a_workbook_with_a_title(tmp_path: Path) -> None:
    path = tmp_path / "export.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Ledger")
        sheet.write_row(1, 0, ["Ledger of the year"])
        sheet.write_row(3, 0, ["Fund", "Object", "Date", "Vendor", "Amount"])
        for row in range(4, 30):
            sheet.write_row(row, 0, ["100", "410", "2024-02-13", "Canary Co", 12.5])
    proposal = proposed(path)
    assert proposal.profile.dialect.skip_rows == 3 and proposal.is_complete
    mapping = parse_mapping(mapping_text(proposal, "export.xlsx").encode())
    assert (mapping.format, mapping.skip_rows) == ("xlsx", 3)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\xd0\xcf\x11\xe0old", "an .xls file"),
        (b"PK\x03\x04broken", "not a readable XLSX"),
        (b"one\ntwo\nthree\n", "no common number of cells"),
        (b"1,2023-01-02,5.00\n2,2023-01-03,canary@x.example\n", "no header was found"),
    ],
)
def test_dialect__what_is_no_table_is_refused_and_not_shown(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(ContractBroken, match=says) as told:
        profile(written(tmp_path, content))
    assert "canary" not in str(told.value)


def test_participation__hours_attended_count_not_hours_offered(tmp_path: Path) -> None:
    rows = "Employee ID,Course Title,Start Date,End Date,Hours Offered,Hours Attended,Status\n"
    rows += "".join(
        f"{number},Questioning workshop,9/{number}/2024,9/{number}/2024,6,3,A\n" for number in range(10, 29)
    )
    proposal = proposed(written(tmp_path, rows))
    found = rules(proposal)
    assert found["hours"] == {"column": "Hours Attended", "kind": "number"}
    assert found["activity_date"]["column"] == "Start Date" and found["activity_id"] == "Course Title"
    assert ("Hours Offered", "offered, not attended") in proposal.kept and proposal.is_complete


def test_awards__of_a_providers_export(tmp_path: Path) -> None:
    rows = "Recipient Name,Recipient Email,Badge Name,Issued On,Expires On,Status,Issuer\n" + "".join(
        f"Canary Person,ada{number}@x.example,Questioning That Opens,2024-02-{number},,Active,Open Practice\n"
        for number in range(10, 29)
    )
    proposal = proposed(written(tmp_path, rows))
    found = rules(proposal)
    assert proposal.stream.name == "credential_awards" and proposal.is_complete
    assert found["award_id"] == {"concat": ["Recipient Email", "Badge Name", "Issued On"]}
    assert found["recipient_name"] == "Recipient Name", "a withheld field: it is removed before landing"
    issuer = proposed(written(tmp_path, rows.replace(",Issuer", "").replace(",Open Practice", "")))
    assert [choice.target for choice in issuer.choices] == ["issuer_name"]


def test_scores__long_and_with_blank_words(tmp_path: Path) -> None:
    rows = "Observation ID,Emp ID,Indicator,Rating,Obs Date,Rubric\n" + "".join(
        f"o{number},{number},I0{number % 3},{'N/A' if number == 12 else 4},2024-02-{number},TEAM 2021\n"
        for number in range(10, 29)
    )
    proposal = proposed(written(tmp_path, rows))
    found = rules(proposal)
    assert proposal.stream.name == "evaluation_scores" and proposal.is_complete and not proposal.unpivot
    assert (found["element_code"], found["score"]["column"]) == ("Indicator", "Rating")
    assert parse_mapping(mapping_text(proposal, "x").encode()).blank == ("", "N/A")


def test_scores__a_lone_dash_is_missing_and_not_a_score_of_zero(tmp_path: Path) -> None:
    rows = "Emp ID,Indicator,Rating,Obs Date,Rubric\n" + "".join(
        f"{number},I0{number % 3},{'-' if number == 12 else 4},2024-02-{number},TEAM 2021\n" for number in range(10, 29)
    )
    proposal = proposed(written(tmp_path, rows))
    assert parse_mapping(mapping_text(proposal, "x").encode()).blank == ("", "-")
    assert "a lone dash is taken as missing, not as zero" in proposal.remarks


def test_stream__two_that_fit_are_not_decided(tmp_path: Path) -> None:
    rows = (
        "Employee ID,Email,Course Title,Badge Name,Date Completed,Issued On,Hours,Issuer,Status,Provider\n"
        + "".join(
            f"{number},a{number}@x.example,Some course,Some badge,2024-02-{number},2024-02-{number},3,I,A,P\n"
            for number in range(10, 29)
        )
    )
    outcome = propose(profile(written(tmp_path, rows)))
    assert isinstance(outcome, NoProposal) and "say which with --stream" in outcome.reason
    assert proposed(tmp_path / "export.csv", "credential_awards").stream.name == "credential_awards"


def test_privacy__free_text_and_personal_columns_are_left_out_and_no_value_is_said(tmp_path: Path) -> None:
    text = "canary " * 20
    rows = LEDGER.replace("Fund", "Contact Phone,Remarks,Fund") + "".join(
        f"615-555-01{number},{text},100,410,2024-02-{number},Canary Co,5.00\n" for number in range(10, 29)
    )
    proposal = proposed(written(tmp_path, rows))
    assert {header for header, _ in proposal.ignore} == {"Contact Phone", "Remarks"}
    said = mapping_text(proposal, "x") + repr([column.masks for column in proposal.profile.columns])
    assert "anary" not in said and "555" not in said


def test_text__any_header_survives_yaml(tmp_path: Path) -> None:
    rows = 'Fund,Object,"Date ""posted"": #1",Vendor,Amount,\'odd\\ [x],"y: {z}"\n'
    rows += "".join(f"100,410,2024-02-{number},V,5.00,a,b\n" for number in range(10, 29))
    proposal = proposed(written(tmp_path, rows), "pd_spending")
    text = mapping_text(proposal, "x")
    filled_in = text
    for field in ("posted_date", "fiscal_year"):
        filled_in = filled_in.replace(f'  # {field}: "..."', f'  {field}: "Some: #header"')
    mapping = parse_mapping(filled_in.encode())
    assert mapping.columns["ledger_line_id"].fingerprint_of[2:] == (
        'Date "posted": #1',
        "Vendor",
        "Amount",
        "'odd\\ [x]",
        "y: {z}",
    )
