"""The column mappings that go with the synthetic file drop.

Belongs here: one mapping per file layout, as a district would write it. Does not
belong here: the files (files_drop), the mapping format (connectors.files).
"""

from __future__ import annotations

from connectors.sandbox.rubric import ELEMENTS, RUBRIC_VERSION

ROSTER = """\
# SYNTHETIC: one roster per school year, from the HR system
stream: roster
files: drop/hr/roster_*.csv
columns:
  staff_id: "Employee ID"
  school_year: "SY End"
  first_name: "First Name"
  last_name: "Last Name"
  email: "Work Email"
  school_id: "School"
  school_name: "School Name"
  role: "Position"
  grade_band: "Grade Band"
  subject: "Subject"
  years_experience: "Yrs Exp"
  state_id: "State Staff ID"
  hire_date: {column: "Hire Date", format: "%m/%d/%Y"}
  end_date: {column: "Term Date", format: "%m/%d/%Y"}
  status: "Emp Status"
  birth_date: "DOB"
  ssn: "SSN"
"""

COMPENSATION = """\
# SYNTHETIC: the payroll office's workbook, two title rows above the header
stream: compensation
files: drop/hr/salaries.xlsx
format: xlsx
sheet: Salaries
skip_rows: 2
columns:
  staff_id: {column: "Emp No", pad_to: 6}
  school_year: "Fiscal Yr"
  salary_usd: "Base Salary"
  benefit_rate: "Benefit Rate"
  contract_days: "Contract Days"
  hours_per_day: "Hours/Day"
  stipend_usd: "Stipend"
  credential_pay_usd: "Credential Pay"
  bank_account: "Bank Acct"
"""

SUBMISSIONS = """\
# SYNTHETIC: attempts at micro-credentials, as the programme office tracks them
stream: credential_submissions
files: drop/hr/microcredential_submissions.csv
delimiter: ";"
columns:
  submission_id: "Submission ID"
  staff_id: "Employee ID"
  email: "Candidate Email"
  micro_credential_id: "Micro-credential ID"
  micro_credential_name: "Micro-credential"
  issuer_name: "Issuer"
  submitted_date: {column: "Submitted On", format: "%m/%d/%y"}
  decided_date: {column: "Decided On", format: "%m/%d/%y"}
  outcome: {column: "Result", values: {"A": "awarded", "R": "returned", "W": "withdrawn", "P": "pending"}}
  assessor_id: "Assessor"
  attempt_number: "Attempt"
  award_id: "Award ID"
ignore: ["Assessor Comments"]
"""

SUMMARIES = """\
# SYNTHETIC: level of effectiveness and its parts
stream: evaluation_summaries
files: drop/hr/effectiveness.csv
columns:
  staff_id: {column: "Emp ID", pad_to: 6}
  school_year: "Year"
  measure: "Measure"
  value: "Value"
  level: "Level"
ignore: ["Evaluator Comments"]
"""

PD_PARTICIPATION = """\
# SYNTHETIC: PD hours by school year; the export drops leading zeros
stream: pd_participation
files: drop/hr/pd_hours_*.csv
encoding: cp1252
columns:
  staff_id: {column: "Emp", pad_to: 6}
  email: "E-mail"
  activity_id: "Activity"
  activity_title: "Title"
  activity_date: {column: "Date", format: "%m/%d/%Y"}
  hours: "Hrs"
  status: {column: "Status", values: {"ATT": "attended", "WD": "withdrawn", "REG": "registered"}}
  format: "Format"
  provider: "Provider"
  competency_code: "Competency"
  reflection: "Reflection"
blank: ["", "NA", "-"]
"""

LEDGER_DEBIT_CREDIT = """\
# SYNTHETIC: the ledger's older layout, debits and credits in two columns
stream: pd_spending
files: drop/hr/ledger_debit_credit_*.csv
encoding: cp1252
columns:
  ledger_line_id: "Txn No"
  fiscal_year: {school_year_of: posted_date}
  posted_date: {column: "Date", format: "%m/%d/%Y"}
  amount_usd: {debit: "Debit", credit: "Credit"}
  fund_code: "Fund"
  function_code: "Func"
  object_code: "Obj"
  program_code: "Prog"
  school_id: "Loc"
  account_name: "Account Name"
  description: "Description"
  vendor_name: "Vendor"
  grant_code: "Grant"
"""

LEDGER_AMOUNT = """\
# SYNTHETIC: the ledger's middle layout: "$570.00 ", ($1,234.56), two-digit years
stream: pd_spending
files: drop/hr/ledger_amount_*.csv
columns:
  ledger_line_id: {concat: ["Fiscal_Year", "Line"], separator: "/"}
  fiscal_year: {school_year_of: posted_date}
  posted_date: {column: "Date", format: "%m/%d/%y"}
  amount_usd: {column: "Amount", kind: money}
  fund_code: "Fund_Code"
  function_code: "Function_Code"
  object_code: "Object_Code"
  program_code: "Program_Code"
  school_id: "School_Code"
  account_name: "Account_Name"
  description: "Description"
  vendor_name: "Vendor_Name"
  grant_code: "Grant"
ignore: ["Invoice_Number"]
"""

LEDGER_FLAGGED = """\
# SYNTHETIC: the ledger's newest layout: amounts without sign and a credit flag; leading zeros lost
stream: pd_spending
files: drop/hr/ledger_flagged_*.csv
columns:
  ledger_line_id: "TransactionNo"
  fiscal_year: {school_year_of: posted_date}
  posted_date: {column: "Date", format: "%m/%d/%Y"}
  amount_usd: {column: "absolute_amount", credit_flag: {column: "Credit_Flag", credit: "C"}}
  fund_code: {column: "Fund_Code", pad_to: 3}
  function_code: {column: "Function_Code", pad_to: 4}
  object_code: {column: "Object_Code", pad_to: 3}
  program_code: {column: "Program_Code", pad_to: 3}
  school_id: "School_Code"
  account_name: "Account_Name"
  description: "Description"
  vendor_name: "Vendor"
  grant_code: "ALN"
ignore: ["Journal"]
"""

SURVEY = """\
# SYNTHETIC: the yearly PD survey, saved by a spreadsheet as Unicode text
stream: survey_responses
files: drop/hr/pd_survey.txt
encoding: utf-16
delimiter: "\\t"
columns:
  survey_id: "Survey"
  respondent_id: "Respondent"
  staff_id: "Staff ID"
  question_code: "Question"
  response: "Answer"
  scale_max: "Scale Max"
  survey_date: {column: "Date", format: "%d-%b-%Y"}
  comment: "Comment"
blank: ["", "-"]
"""

GROWTH_GOALS = """\
# SYNTHETIC: what teachers set out to grow in
stream: growth_goals
files: drop/hr/growth_goals.csv
columns:
  staff_id: "Staff"
  school_year: "School Year"
  competency_code: "Competency"
  set_date: "Set On"
  status: "Status"
  goal_text: "Goal"
"""

ISSUER_APPROVALS = """\
# SYNTHETIC: issuers whose micro-credentials the district recognises
stream: issuer_approvals
files: drop/hr/issuer_approvals.csv
columns:
  approval_id: "Approval"
  issuer_name: "Issuer"
  approved_from: "From"
  approved_to: "To"
  approved_for: "For"
"""

CONSENTS = """\
# SYNTHETIC: who agrees to be named or paired
stream: consents
files: drop/hr/consents.csv
columns:
  staff_id: "Staff"
  consent_kind: "Kind"
  is_granted: {column: "Consent", true: ["Y"], false: ["N"]}
  recorded_date: "Recorded"
"""

STUDENT_GROWTH = """\
# SYNTHETIC: growth by school
stream: student_growth
files: drop/hr/school_growth.csv
columns:
  school_id: "School"
  school_year: "Year"
  measure: "Measure"
  value: "Growth"
  student_count: "Students"
"""

SCHOOL_CHARACTERISTICS = """\
# SYNTHETIC: the state's yearly profile of each school; a suppressed share is a star
stream: school_characteristics
files: drop/hr/school_profile.csv
columns:
  school_id: "School"
  school_year: "Year"
  economically_disadvantaged_share: "Econ Disadv"
  lowest_grade: "Low Grade"
  highest_grade: "High Grade"
  enrolment_count: "Enrollment"
blank: ["", "*"]
"""


def element_headers() -> dict[str, str]:
    """The wide export's column of each element code."""
    return {element.code: f"{element.code} {element.title}" for element in ELEMENTS}


def evaluation_scores(school_year: int) -> str:
    """The mapping of the wide evaluation export of one school year."""
    columns = "\n".join(f'    "{header}": "{code}"' for code, header in element_headers().items())
    return f"""\
# SYNTHETIC: the evaluation system's export of {school_year}, one column per indicator
stream: evaluation_scores
files: drop/hr/evaluation_export_*.csv
encoding: cp1252
columns:
  observation_id: {{concat: ["EmpID", "Obs Date"], separator: "/"}}
  staff_id: {{column: "EmpID", pad_to: 6}}
  email: "Email"
  rubric_version: {{constant: "{RUBRIC_VERSION}"}}
  observed_date: {{column: "Obs Date", format: "%m/%d/%Y"}}
  school_year: {{constant: "{school_year}"}}
  rater_id: {{column: "Observer ID", pad_to: 6}}
  observation_type: "Observation Type"
  observer_name: "Observer"
unpivot:
  columns:
{columns}
  name_to: element_code
  value_to: score
blank: ["", "NA", "-"]
ignore: ["Teacher Name", "Comments"]
"""


def all_mappings(export_year: int) -> dict[str, str]:
    """File name to text of every mapping of the drop."""
    return {
        "roster.yml": ROSTER,
        "compensation.yml": COMPENSATION,
        "credential_submissions.yml": SUBMISSIONS,
        "evaluation_scores.yml": evaluation_scores(export_year),
        "evaluation_summaries.yml": SUMMARIES,
        "pd_participation.yml": PD_PARTICIPATION,
        "pd_spending_debit_credit.yml": LEDGER_DEBIT_CREDIT,
        "pd_spending_amount.yml": LEDGER_AMOUNT,
        "pd_spending_flagged.yml": LEDGER_FLAGGED,
        "survey_responses.yml": SURVEY,
        "growth_goals.yml": GROWTH_GOALS,
        "issuer_approvals.yml": ISSUER_APPROVALS,
        "consents.yml": CONSENTS,
        "student_growth.yml": STUDENT_GROWTH,
        "school_characteristics.yml": SCHOOL_CHARACTERISTICS,
    }
