"""The synthetic district's file drop: exports as messy as real ones, and their mappings.

Belongs here: layouts, encodings and bad habits of exports. Does not belong here: the
facts in them (district), the mappings' texts (mappings), badge files (badge_files).
"""

from __future__ import annotations

import codecs
from datetime import UTC, datetime, time
from pathlib import Path

import numpy as np
import polars as pl
import xlsxwriter  # type: ignore[import-untyped]

from connectors.sandbox import badge_files, canaries, mappings
from connectors.sandbox.district import NAME, District
from connectors.sandbox.people import Staffing
from connectors.sandbox.rubric import ELEMENTS

US_DATE, US_SHORT_DATE = "%-m/%-d/%Y", "%-m/%-d/%y"


def write(district: District, folder: Path | str) -> list[Path]:
    """Writes `drop/hr`, `drop/badges` and `mappings` below `folder`; gives back every file written.

    The same district gives the same bytes.
    """
    base = Path(folder)
    drop = base / "drop" / "hr"
    drop.mkdir(parents=True, exist_ok=True)
    written = [
        *_roster(district, drop),
        _salaries(district, drop),
        _submissions(district, drop),
        _evaluation_export(district, drop),
        _effectiveness(district, drop),
        *_pd_hours(district, drop),
        *_ledgers(district, drop),
        _survey(district, drop),
        *_short_lists(district, drop),
    ]
    names = badge_files.write(district, base / "drop" / "badges")
    written += [base / "drop" / "badges" / name for name in names]
    (base / "mappings").mkdir(exist_ok=True)
    for name, text in mappings.all_mappings(district.export_year).items():
        path = base / "mappings" / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _csv(
    frame: pl.DataFrame, path: Path, encoding: str = "utf-8", delimiter: str = ",", with_bom: bool = False
) -> Path:
    text = frame.write_csv(separator=delimiter, line_terminator="\r\n")
    body = text.encode(encoding)
    path.write_bytes(codecs.BOM_UTF8 + body if with_bom else body)
    return path


def _us(name: str, format: str = US_DATE) -> pl.Expr:
    return pl.col(name).dt.strftime(format)


def _without_zeros(name: str) -> pl.Expr:
    """What a spreadsheet does to an employee number."""
    return pl.col(name).cast(pl.Int64).cast(pl.String)


def _roster(district: District, drop: Path) -> list[Path]:
    frame = district.staffing.roster
    paths = []
    for year in district.years:
        rows = frame.filter(pl.col("school_year") == year).select(
            pl.col("staff_id").alias("Employee ID"),
            pl.col("last_name").alias("Last Name"),
            pl.col("first_name").alias("First Name"),
            pl.col("email").alias("Work Email"),
            pl.col("state_id").alias("State Staff ID"),
            pl.col("school_year").alias("SY End"),
            pl.col("school_id").alias("School"),
            pl.col("school_name").alias("School Name"),
            pl.col("role").alias("Position"),
            pl.col("grade_band").alias("Grade Band"),
            pl.col("subject").alias("Subject"),
            pl.col("years_experience").alias("Yrs Exp"),
            _us("hire_date").alias("Hire Date"),
            _us("end_date").alias("Term Date"),
            pl.col("status").alias("Emp Status"),
            pl.lit(canaries.BIRTH_DATE).alias("DOB"),
            pl.format(f"{canaries.SECRET_NUMBER}-{{}}", "person").alias("SSN"),
        )
        # the newer export tool puts a byte order mark in front
        paths.append(_csv(rows, drop / f"roster_{year}.csv", with_bom=year >= district.years[len(district.years) // 2]))
    return paths


def _salaries(district: District, drop: Path) -> Path:
    path = drop / "salaries.xlsx"
    rows = district.compensation.select(
        pl.col("staff_id").alias("Emp No"),
        pl.col("school_year").alias("Fiscal Yr"),
        pl.col("salary_usd").alias("Base Salary"),
        pl.col("benefit_rate").alias("Benefit Rate"),
        pl.col("contract_days").alias("Contract Days"),
        pl.col("hours_per_day").alias("Hours/Day"),
        pl.col("stipend_usd").alias("Stipend"),
        pl.col("credential_pay_usd").alias("Credential Pay"),
        pl.format(f"{canaries.SECRET_NUMBER}-account-{{}}", "person").alias("Bank Acct"),
    )
    workbook = xlsxwriter.Workbook(str(path))
    # without a fixed day the same district would give other bytes
    workbook.set_properties({"created": datetime.combine(district.as_of, time(), UTC)})
    sheet = workbook.add_worksheet("Salaries")
    sheet.write_string(0, 0, f"{NAME}: salaries and stipends")
    sheet.write_string(1, 0, "Confidential, SYNTHETIC")
    sheet.write_row(2, 0, rows.columns)
    for column, name in enumerate(rows.columns):
        sheet.write_column(3, column, rows[name].to_list())
    workbook.close()
    return path


def _submissions(district: District, drop: Path) -> Path:
    codes = {"awarded": "A", "returned": "R", "withdrawn": "W", "pending": "P"}
    rows = district.earned.submissions.with_row_index("row").select(
        pl.col("submission_id").alias("Submission ID"),
        # the candidate's number is not always known here
        pl.when(pl.col("row") % 10 != 0).then(pl.col("staff_id")).alias("Employee ID"),
        pl.col("email").alias("Candidate Email"),
        pl.col("badge_class_id").alias("Micro-credential ID"),
        pl.col("micro_credential_name").alias("Micro-credential"),
        pl.col("issuer_name").alias("Issuer"),
        _us("submitted_date", US_SHORT_DATE).alias("Submitted On"),
        _us("decided_date", US_SHORT_DATE).alias("Decided On"),
        pl.col("outcome").replace_strict(codes).alias("Result"),
        pl.col("assessor_id").alias("Assessor"),
        pl.col("attempt_number").alias("Attempt"),
        pl.col("award_id").alias("Award ID"),
        pl.when(pl.col("row") % 7 == 0)
        .then(pl.lit(f"{canaries.TEXT}-assessor; asks for\nmore evidence"))
        .alias("Assessor Comments"),
    )
    return _csv(rows, drop / "microcredential_submissions.csv", delimiter=";")


def _names(staffing: Staffing) -> pl.DataFrame:
    return staffing.people.select(
        "person", "staff_id", "email", name=pl.concat_str("surname", pl.lit(", "), "given_name")
    )


def _evaluation_export(district: District, drop: Path) -> Path:
    """The oldest year, as the evaluation system of that time exported it: one column per indicator."""
    people = _names(district.staffing)
    observed = district.observed
    rows = (
        observed.observations.filter(pl.col("school_year") == district.export_year)
        .join(people, on="person", how="left", maintain_order="left")
        .join(
            people.select(rater="person", rater_id="staff_id", rater_name="name"),
            on="rater",
            how="left",
            maintain_order="left",
        )
    )
    scores = observed.scores[rows["observation"].to_numpy()]
    headers = mappings.element_headers()
    # not scored: empty, or NA
    not_scored = np.where(np.arange(len(scores)) % 4 == 0, "NA", "")
    wide = {
        headers[element.code]: np.where(scores[:, at] > 0, scores[:, at].astype(str), not_scored)
        for at, element in enumerate(ELEMENTS)
    }
    frame = rows.select(
        _without_zeros("staff_id").alias("EmpID"),
        pl.col("name").alias("Teacher Name"),
        pl.col("email").alias("Email"),
        _us("observed_at").alias("Obs Date"),
        _without_zeros("rater_id").alias("Observer ID"),
        pl.concat_str(pl.lit(f"{canaries.TEXT}-observer "), "rater_name").alias("Observer"),
        pl.lit("Formal Observation").alias("Observation Type"),
    )
    frame = frame.hstack([pl.Series(name, list(values)) for name, values in wide.items()]).with_columns(
        pl.when(pl.int_range(pl.len()) % 3 == 0)
        .then(pl.lit(f'{canaries.TEXT}-export "seen", and\nwritten down'))
        .alias("Comments")
    )
    return _csv(frame, drop / f"evaluation_export_{district.export_year}.csv", encoding="cp1252")


def _effectiveness(district: District, drop: Path) -> Path:
    levels = {1: "Significantly Below", 2: "Below", 3: "At Expectations", 4: "Above", 5: "Significantly Above"}
    measures = ("level_of_effectiveness", "observation_average", "growth_level")
    rows = (
        district.observed.summaries.join(
            district.staffing.people.select("person", "staff_id"), on="person", how="left", maintain_order="left"
        )
        .with_columns(pl.col(name).cast(pl.Float64) for name in measures)
        .unpivot(list(measures), index=["staff_id", "school_year"], variable_name="measure", value_name="value")
        .select(
            _without_zeros("staff_id").alias("Emp ID"),
            pl.col("school_year").alias("Year"),
            pl.col("measure").alias("Measure"),
            pl.col("value").alias("Value"),
            pl.when(pl.col("measure") == "level_of_effectiveness")
            .then(pl.col("value").cast(pl.Int64).replace_strict(levels, default=None))
            .alias("Level"),
            pl.lit(f"{canaries.TEXT}-effectiveness").alias("Evaluator Comments"),
        )
    )
    return _csv(rows, drop / "effectiveness.csv")


def _pd_hours(district: District, drop: Path) -> list[Path]:
    codes = {"attended": "ATT", "withdrawn": "WD", "registered": "REG"}
    paths = []
    for year in district.years:
        rows = (
            district.pd_participation.filter(pl.col("school_year") == year)
            .with_row_index("row")
            .select(
                _without_zeros("staff_id").alias("Emp"),
                pl.when(pl.col("row") % 5 != 0).then(pl.col("email")).alias("E-mail"),
                pl.col("activity_id").alias("Activity"),
                pl.col("activity_title").alias("Title"),
                _us("activity_date").alias("Date"),
                pl.col("hours").cast(pl.String).fill_null("-").alias("Hrs"),
                pl.col("status").replace_strict(codes).alias("Status"),
                pl.col("format").alias("Format"),
                pl.col("provider").alias("Provider"),
                pl.col("competency_code").fill_null("NA").alias("Competency"),
                pl.when(pl.col("row") % 6 == 0)
                .then(pl.lit(f"{canaries.TEXT}-reflection très utile"))
                .alias("Reflection"),
            )
        )
        paths.append(_csv(rows, drop / f"pd_hours_{year}.csv", encoding="cp1252"))
    return paths


def _ledgers(district: District, drop: Path) -> list[Path]:
    """Three layouts: the finance system changed twice."""
    paths = []
    older = district.years[:2] if len(district.years) > 2 else district.years[:1]
    for year in district.years:
        rows = district.ledger.filter(pl.col("fiscal_year") == year)
        if year in older:
            paths.append(_ledger_debit_credit(rows, drop / f"ledger_debit_credit_{year}.csv"))
        elif year == district.years[-1]:
            paths.append(_ledger_flagged(rows, drop / f"ledger_flagged_{year}.csv"))
        else:
            paths.append(_ledger_amount(rows, drop / f"ledger_amount_{year}.csv"))
    return paths


def _thousands(amounts: pl.Series) -> pl.Series:
    return pl.Series([f"{amount:,.2f}" for amount in amounts.abs()])


def _ledger_debit_credit(rows: pl.DataFrame, path: Path) -> Path:
    amount = _thousands(rows["amount_usd"])
    is_credit = rows["amount_usd"] < 0
    frame = rows.select(
        pl.col("ledger_line_id").alias("Txn No"),
        _us("posted_date").alias("Date"),
        pl.col("fund_code").alias("Fund"),
        pl.col("function_code").alias("Func"),
        pl.col("object_code").alias("Obj"),
        pl.col("program_code").alias("Prog"),
        pl.col("school_id").alias("Loc"),
        # a non-breaking space, as pasted from a web page
        pl.col("account_name").str.replace(" ", "\u00a0").alias("Account Name"),
        pl.concat_str(pl.lit('Café "training", '), "description").alias("Description"),
        pl.col("vendor_name").alias("Vendor"),
        pl.when(~is_credit).then(amount).alias("Debit"),
        pl.when(is_credit).then(amount).alias("Credit"),
        pl.col("grant_code").alias("Grant"),
    )
    return _csv(frame, path, encoding="cp1252")


def _ledger_amount(rows: pl.DataFrame, path: Path) -> Path:
    text = [f"(${-amount:,.2f})" if amount < 0 else f"${amount:,.2f} " for amount in rows["amount_usd"]]
    frame = rows.select(
        (pl.col("fiscal_year") % 100).alias("Fiscal_Year"),
        pl.col("number").alias("Line"),
        _us("posted_date", US_SHORT_DATE).alias("Date"),
        pl.col("fund_code").alias("Fund_Code"),
        pl.col("function_code").alias("Function_Code"),
        pl.col("object_code").alias("Object_Code"),
        pl.col("program_code").alias("Program_Code"),
        pl.col("school_id").alias("School_Code"),
        pl.col("account_name").alias("Account_Name"),
        pl.col("description").alias("Description"),
        pl.col("vendor_name").alias("Vendor_Name"),
        pl.concat_str(pl.lit("INV-"), "number").alias("Invoice_Number"),
        pl.Series("Amount", text),
        pl.col("grant_code").alias("Grant"),
    )
    return _csv(frame, path, with_bom=True)


def _ledger_flagged(rows: pl.DataFrame, path: Path) -> Path:
    frame = rows.select(
        pl.col("ledger_line_id").alias("TransactionNo"),
        pl.lit("GEN").alias("Journal"),
        _us("posted_date").alias("Date"),
        _without_zeros("fund_code").alias("Fund_Code"),
        _without_zeros("object_code").alias("Object_Code"),
        pl.col("school_id").alias("School_Code"),
        _without_zeros("function_code").alias("Function_Code"),
        _without_zeros("program_code").alias("Program_Code"),
        pl.col("account_name").alias("Account_Name"),
        pl.col("description").alias("Description"),
        pl.col("vendor_name").alias("Vendor"),
        pl.Series("absolute_amount", _thousands(rows["amount_usd"])),
        pl.when(pl.col("amount_usd") < 0).then(pl.lit("C")).otherwise(pl.lit("D")).alias("Credit_Flag"),
        pl.col("grant_code").alias("ALN"),
    )
    return _csv(frame, path, with_bom=True)


def _survey(district: District, drop: Path) -> Path:
    rows = district.survey_responses.with_row_index("row").select(
        pl.col("survey_id").alias("Survey"),
        pl.col("respondent_id").alias("Respondent"),
        pl.col("staff_id").alias("Staff ID"),
        pl.col("question_code").alias("Question"),
        pl.col("response").cast(pl.String).fill_null("-").alias("Answer"),
        pl.col("scale_max").alias("Scale Max"),
        _us("survey_date", "%d-%b-%Y").alias("Date"),
        pl.when(pl.col("row") % 11 == 0).then(pl.lit(f"{canaries.TEXT}-survey ✓ noted")).alias("Comment"),
    )
    return _csv(rows, drop / "pd_survey.txt", encoding="utf-16", delimiter="\t")


def _short_lists(district: District, drop: Path) -> list[Path]:
    goals = district.growth_goals.select(
        pl.col("staff_id").alias("Staff"),
        pl.col("school_year").alias("School Year"),
        pl.col("competency_code").alias("Competency"),
        pl.col("set_date").alias("Set On"),
        pl.col("status").alias("Status"),
        pl.lit(f"{canaries.TEXT}-goal").alias("Goal"),
    )
    approvals = district.issuer_approvals.select(
        pl.col("approval_id").alias("Approval"),
        pl.col("issuer_name").alias("Issuer"),
        pl.col("approved_from").alias("From"),
        pl.lit(None, dtype=pl.String).alias("To"),
        pl.col("approved_for").alias("For"),
    )
    agreed = district.consents.select(
        pl.col("staff_id").alias("Staff"),
        pl.col("consent_kind").alias("Kind"),
        pl.when("is_granted").then(pl.lit("Y")).otherwise(pl.lit("N")).alias("Consent"),
        pl.col("recorded_date").alias("Recorded"),
    )
    growth = district.student_growth.select(
        pl.col("school_id").alias("School"),
        pl.col("school_year").alias("Year"),
        pl.col("measure").alias("Measure"),
        pl.col("value").alias("Growth"),
        pl.col("student_count").alias("Students"),
    )
    profile = district.school_characteristics.select(
        pl.col("school_id").alias("School"),
        pl.col("school_year").alias("Year"),
        # suppressed, as the state's export writes it
        pl.col("economically_disadvantaged_share").cast(pl.String).fill_null("*").alias("Econ Disadv"),
        pl.col("lowest_grade").alias("Low Grade"),
        pl.col("highest_grade").alias("High Grade"),
        pl.col("enrolment_count").alias("Enrollment"),
    )
    return [
        _csv(goals, drop / "growth_goals.csv"),
        _csv(approvals, drop / "issuer_approvals.csv"),
        _csv(agreed, drop / "consents.csv"),
        _csv(growth, drop / "school_growth.csv"),
        _csv(profile, drop / "school_profile.csv"),
    ]
