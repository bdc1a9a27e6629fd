"""What a release must pass before anyone may read it.

Belongs here: checks of a finished file, on the file itself: is everything there, does it hold what
its audience may not see, did it shrink. Does not belong here: whether the data is right (dbt's tests
have said so before), or the swap (release).

Every check runs on a connection that has the file attached as `release` and the warehouse as
`warehouse`, both read-only. A failure says which check, table and how many rows, never a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import duckdb

from pipelines.publish.pseudonyms import is_replaced

# The columns that readers rely on. A published model may have more.
EXPECTED_COLUMNS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "leaders": {
        "expertise": (
            "expertise_key",
            "district_id",
            "staff_key",
            "staff_name",
            "school_key",
            "school_id",
            "school_name",
            "grade_band",
            "subject",
            "competency_key",
            "competency_code",
            "competency_name",
            "band",
            "band_order",
            "rank_in_band",
            "observation_count",
            "rater_count",
            "award_count",
            "latest_observation_date",
            "latest_award_date",
            "explanation",
            "is_active",
        ),
        "evidence": (
            "evidence_key",
            "staff_key",
            "competency_key",
            "evidence_type",
            "evidence_date",
            "title",
            "source_system",
            "source_record_id",
            "counts",
            "remark",
            "weight_in_words",
            "is_rater_adjusted",
        ),
        "expertise_history": (
            "staff_key",
            "staff_name",
            "school_id",
            "school_name",
            "competency_key",
            "competency_name",
            "band",
            "band_order",
            "observation_count",
            "award_count",
            "explanation",
            "known_from_date",
            "known_to_date",
            "is_active",
        ),
        "coverage": (
            "school_key",
            "competency_key",
            "school_year",
            "is_current",
            "as_of_date",
            "staff_count",
            "evidence_staff_count",
            "need_count",
            "expert_count",
            "strong_practice_count",
            "demonstrated_count",
            "developing_count",
            "supply_count",
            "gap_size",
            "cover_ratio",
            "no_evidence_share",
            "has_single_expert_risk",
            "cover_state",
        ),
        "district_coverage": (
            "competency_key",
            "school_year",
            "is_current",
            "as_of_date",
            "staff_count",
            "evidence_staff_count",
            "need_count",
            "expert_count",
            "strong_practice_count",
            "demonstrated_count",
            "developing_count",
            "supply_count",
            "gap_size",
            "cover_ratio",
            "no_evidence_share",
            "has_single_expert_risk",
            "cover_state",
            "school_count",
            "supplied_school_count",
            "gap_school_count",
            "no_evidence_school_count",
        ),
        "equity": (
            "subject_key",
            "subject_kind",
            "subject_name",
            "competency_count",
            "school_year",
            "is_current",
            "as_of_date",
            "characteristic",
            "school_group",
            "group_order",
            "is_ordered",
            "known_school_year",
            "staff_group",
            "school_count",
            "no_evidence_school_count",
            "staff_count",
            "known_staff_count",
            "reach_share",
            "evidence_staff_count",
            "supply_count",
            "supply_per_100_staff",
            "need_count",
        ),
        "equity_gaps": (
            "subject_key",
            "subject_kind",
            "subject_name",
            "school_year",
            "as_of_date",
            "characteristic",
            "staff_group",
            "most_group",
            "least_group",
            "most_staff_count",
            "least_staff_count",
            "most_reach_share",
            "least_reach_share",
            "reach_gap",
            "most_supply_per_100_staff",
            "least_supply_per_100_staff",
            "supply_gap",
            "sentence",
        ),
        "competency_groups": ("competency_group_key", "group_id", "group_name", "competency_key"),
        "renewal": (
            "staff_key",
            "staff_name",
            "school_key",
            "school_id",
            "ends_date",
            "award_units",
            "pd_units",
            "needed_units",
            "missing_units",
            "has_units_not_shown",
            "standing",
            "explanation",
        ),
        "renewal_awards": ("staff_key", "issued_date", "is_counted", "units", "reason", "remark"),
        "renewal_rules": ("jurisdiction", "unit_name", "citation", "verified_date"),
        "issuer_quality": ("subject_kind", "issuer_key", "issuer_name", "holder_in_need_share"),
        "assessor_quality": ("assessor_id", "first_time_award_share", "first_time_award_share_of_others"),
        "issuer_questions": ("subject_kind", "issuer_key", "measure", "question"),
        "competencies": ("competency_key", "competency_code", "competency_name"),
        "disputes": ("staff_key", "competency_key", "opened_date"),
        "schools": ("school_key", "school_id", "school_name"),
        "pairings": (
            "pairing_key",
            "school_year",
            "school_key",
            "school_id",
            "school_name",
            "target_staff_key",
            "target_name",
            "target_source",
            "target_id",
            "partner_staff_key",
            "partner_name",
            "partner_source",
            "partner_id",
            "partner_school_id",
            "partner_school_name",
            "status",
            "is_live",
            "status_reason",
            "decided_by",
            "decided_at",
            "focus",
            "reasons",
            "remark",
            "target_sentence",
            "partner_sentence",
            "is_weakest_match",
        ),
        "unpaired": (
            "staff_key",
            "staff_name",
            "school_key",
            "school_id",
            "school_name",
            "focus",
            "reason",
            "reason_sentence",
        ),
        "pairing_teachers": (
            "staff_key",
            "staff_name",
            "roster_source",
            "roster_id",
            "school_key",
            "school_id",
            "school_name",
            "focus_elements",
            "strong_elements",
            "unavailable_reason",
            "evaluator_staff_keys",
            "capacity",
            "pairing_mode",
        ),
        "staff": ("staff_key", "staff_name", "school_key", "school_id", "school_name", "is_active"),
        "practice": (
            "staff_key",
            "rubric_element_key",
            "element_code",
            "element_title",
            "domain_title",
            "sort_order",
            "observed_result",
            "observation_count",
            "latest_observed_date",
        ),
        "rubric_elements": ("rubric_element_key", "competency_key"),
        "micro_credentials": (
            "micro_credential_key",
            "micro_credential_name",
            "issuer_name",
            "stack_name",
            "stack_step",
            "stack_size",
            "hours_to_earn",
            "criteria_url",
            "is_approved",
            "competency_key",
        ),
        "held_micro_credentials": ("staff_key", "micro_credential_key", "standing", "issued_date", "expires_date"),
        "pd_activities": (
            "pd_activity_key",
            "activity_title",
            "format",
            "provider",
            "latest_activity_date",
            "longest_hours",
            "competency_key",
        ),
        "growth_goals": (
            "growth_goal_key",
            "staff_key",
            "school_year",
            "competency_key",
            "goal",
            "set_date",
            "is_open",
        ),
    },
    "evaluators": {
        "staff_years": (
            "staff_key",
            "school_year",
            "school_key",
            "grade_band",
            "years_experience",
            "mean_score",
            "observation_count",
            "award_count",
            "cumulative_award_count",
            "first_award_date",
            "pd_hours",
            "is_active",
        ),
        "awards": ("staff_key",),
        "element_scores": ("staff_key",),
        "pd_spending": (),
        "study_panel": (
            "staff_key",
            "district_id",
            "school_year",
            "school_key",
            "grade_band",
            "licence_type",
            "years_experience",
            "first_award_date",
            "first_award_school_year",
            "first_treated_year",
            "award_count",
            "submission_count",
            "pd_hours",
            "traditional_pd_hours",
            "rubric_version",
            "observation_count",
            "mean_score",
            "outcome_score",
            "is_retained",
            "survey_score",
            "is_never_earner_high_hours",
            "cost_usd",
            "is_current",
        ),
        "study_aligned_elements": ("staff_key", "rubric_version", "element_code"),
        "study_costs": (
            "staff_key",
            "district_id",
            "school_year",
            "arm",
            "category",
            "payer",
            "ingredient",
            "quantity",
            "unit",
            "unit_price_usd",
            "price_year",
            "amount_usd",
            "source",
        ),
        "study_flow": (
            "district_id",
            "subject",
            "reason",
            "is_counted",
            "people_count",
            "record_count",
            "amount_usd",
        ),
        "pd_spending_summary": (
            "district_id",
            "fiscal_year",
            "school_key",
            "category",
            "payer",
            "programme",
            "line_count",
            "amount_usd",
        ),
        "unmapped_spending": ("district_id", "fiscal_year", "amount_usd", "function_code", "object_code"),
    },
    "analysts": {
        "loads": (),
        "findings": (),
        "rejects": (),
        "unmatched_records": (),
        "identity_queue": ("item_id", "subject_source", "subject_id", "candidate_rank", "evidence", "target_id"),
        "identity_matches": ("source_system", "stream", "outcome", "rule", "record_count"),
        "unmapped_spending": (),
        "sources": (),
        "reconciliation": ("connection", "stream", "is_reconciled", "what_differs"),
        "expected_deliveries": ("connection", "stream", "school_year", "state"),
        "decisions": ("decision_id", "decision_kind", "decided_at", "holds"),
        "unapplied_decisions": ("decision_id", "decision_kind", "why"),
        "unmapped_items": ("item_type", "item_id", "record_count"),
        "alignments": ("item_type", "item_id", "status"),
        "competencies": ("competency_key", "competency_code"),
        "crosswalk_items": ("item_type", "item_id", "item_title"),
        "crosswalk_decisions": ("decision_id", "unapplied_reason"),
    },
}

# Who decides whose record something is has to read names and addresses; nobody else does.
TABLES_OF_PEOPLE = frozenset({"identity_queue"})

# An analyst's queue is emptied by good work; the other audiences' tables are not.
GUARDED_AGAINST_SHRINKING = ("leaders", "evaluators")
MAY_EMPTY = ("disputes", "unpaired", "unmapped_spending")  # of those audiences, the tables that good work empties too
_SHRINK_FLOOR = 20  # below this many rows, half of them is too few to mean anything

_SCORE_COLUMN = r"(^|_)(scores?|means?|average|avg|ratings?|levels?|posterior|percentile|quantile)(_|$)"
_HARMLESS_LEVEL = r"^(school|grade|education)_levels?$"
_IDENTIFYING_COLUMN = (
    r"(^|_)(e_?mails?|phone|telephone|address|birth|ssn|recipient|licen[cs]e_(number|id)|"
    r"credential_identifier|employee_(number|id)|(staff|person|teacher|educator|rater|evaluator|assessor)"
    r"(_unique)?_id|(staff|person|teacher|educator|rater|evaluator|assessor|first|last|given|family|middle|"
    r"maiden|preferred|full|display|user)_(sur)?name|surname|vendor(_name)?|notes?|comments?)($|_)"
)
_PERSONAL_COLUMN = (
    r"(^|_)(e_?mails?|(staff|person|teacher|educator|first|last|given|family|middle|maiden|preferred|full|display|"
    r"candidate|subject)_(sur)?name|surname|staff_key|person_key)$"
)
_EMAIL = r"[^\s@]+@[^\s@]+\.[A-Za-z]{2,}"
_KNOWN_IDENTIFIER_TABLE = r"^((dim|fct|bridge)_(staff|licen[cs]es|person|people)|pub_leaders__)"
_KNOWN_IDENTIFIER_COLUMN = (
    r"(^|_)(staff_name|full_name|person_name|display_name|e_?mail(_address)?|licen[cs]e_(number|id)|"
    r"(staff|person)_key|alias_value)$"
)
# a short number could as well be a code of something else
_DISTINCTIVE = "(length(value) >= 8 or (length(value) >= 4 and regexp_matches(value, '[^0-9]')))"


@dataclass(frozen=True)
class Failure:
    """One check that a release did not pass."""

    check: str
    audience: str
    table: str
    rows: int
    message: str

    def __str__(self) -> str:
        return f"{self.check} ({self.audience}): {self.message}"


@dataclass(frozen=True)
class PreviousRelease:
    """What the guard against shrinking knows of the current release."""

    release_id: str
    settings_hash: str
    rows: Mapping[str, int]


@dataclass(frozen=True)
class Subject:
    """A release under check and what it is compared with."""

    connection: duckdb.DuckDBPyConnection
    audience: str
    columns: Mapping[str, Mapping[str, str]]  # table -> column -> type
    previous: PreviousRelease | None
    settings_hash: str
    allow_shrink: bool

    def count(self, sql: str) -> int:
        """The one number that a query gives."""
        row = self.connection.execute(sql).fetchone()
        return int(row[0]) if row and row[0] is not None else 0

    def failure(self, check: str, table: str, rows: int, message: str) -> Failure:
        return Failure(check, self.audience, table, rows, message)

    def text_columns(self) -> Iterator[tuple[str, str]]:
        """Table and column of everything that can hold text, nested values too."""
        for table, columns in self.columns.items():
            for column, kind in columns.items():
                if table != "release" and ("VARCHAR" in kind or kind == "JSON"):
                    yield table, column

    def columns_like(self, pattern: str) -> list[tuple[str, str]]:
        """Table and column of every column whose name matches."""
        rows = self.connection.execute(
            "select table_name, column_name from duckdb_columns() "
            "where database_name = 'release' and table_name <> 'release' "
            "and regexp_matches(lower(column_name), ?) order by all",
            [pattern],
        ).fetchall()
        return [(str(table), str(column)) for table, column in rows]


def quoted(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def table_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Table -> column -> type of the attached release."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where database_name = 'release' order by table_name, column_index"
    ).fetchall():
        found.setdefault(table, {})[column] = kind
    return found


def everything_is_there(subject: Subject) -> Iterator[Failure]:
    """Every table of the audience is there, with the columns that readers rely on."""
    for table, expected in EXPECTED_COLUMNS[subject.audience].items():
        if table not in subject.columns:
            yield subject.failure(
                "everything_is_there",
                table,
                0,
                f"the warehouse has no table pub_{subject.audience}__{table}; build it with dbt first",
            )
            continue
        missing = [column for column in expected if column not in subject.columns[table]]
        if missing:
            yield subject.failure(
                "everything_is_there",
                table,
                0,
                f"pub_{subject.audience}__{table} lacks {len(missing)} columns that readers rely on: "
                + ", ".join(missing),
            )


def says_what_it_is(subject: Subject) -> Iterator[Failure]:
    """The release table has its one row."""
    rows = subject.count("select count(*) from release.release") if "release" in subject.columns else 0
    if rows != 1:
        yield subject.failure(
            "says_what_it_is",
            "release",
            rows,
            f"the release table has {rows} rows instead of 1",
        )


def no_blank_rows(subject: Subject) -> Iterator[Failure]:
    """No table holds a row of nothing but nulls, as some writers make of an empty table."""
    for table, columns in subject.columns.items():
        all_null = " and ".join(f"{quoted(column)} is null" for column in columns)
        rows = subject.count(f"select count(*) from release.{quoted(table)} where {all_null}")
        if rows:
            yield subject.failure("no_blank_rows", table, rows, f"{table} has {rows} rows of nulls only")


def not_shrunk(subject: Subject) -> Iterator[Failure]:
    """No table lost all or more than half of its rows since the current release, unless that was asked for."""
    previous = subject.previous
    if previous is None or subject.allow_shrink or subject.audience not in GUARDED_AGAINST_SHRINKING:
        return
    if previous.settings_hash != subject.settings_hash:
        return  # another configuration: a source taken out takes its rows with it
    for table, before in previous.rows.items():
        if table not in subject.columns or table == "release" or table in MAY_EMPTY:
            continue
        now = subject.count(f"select count(*) from release.{quoted(table)}")
        if (now == 0 and before > 0) or (before >= _SHRINK_FLOOR and now * 2 < before):
            yield subject.failure(
                "not_shrunk",
                table,
                now,
                f"{table} has {now} rows and had {before} in the current release {previous.release_id}. "
                "Look at what the sources delivered; if the rows are rightly gone, run again with --allow-shrink",
            )


def decisions_are_kept(subject: Subject) -> Iterator[Failure]:
    """No decision of the current release is missing: nothing ever leaves their log, and it holds refusals."""
    previous = subject.previous
    if previous is None or subject.allow_shrink or "decisions" not in subject.columns:
        return
    before = previous.rows.get("decisions", 0)
    now = subject.count("select count(*) from release.decisions")
    if now < before:
        yield subject.failure(
            "decisions_are_kept",
            "decisions",
            now,
            f"{now} decisions of people were read and the current release {previous.release_id} has {before}: their "
            "database is another one or an older copy. Look at `expertise doctor` and EXPERTISE_DECISIONS_URL; "
            "if that is meant, run again with --allow-shrink",
        )


def no_scores(subject: Subject) -> Iterator[Failure]:
    """Leaders see bands: no column holds a score, a mean or a rating."""
    harmless = set(subject.columns_like(_HARMLESS_LEVEL))
    found = [place for place in subject.columns_like(_SCORE_COLUMN) if place not in harmless]
    for table, column in found:
        rows = subject.count(f"select count({quoted(column)}) from release.{quoted(table)}")
        yield subject.failure(
            "no_scores",
            table,
            rows,
            f"{table}.{column} looks like a score: evaluation scores are personnel records",
        )


def one_row_per_competency(subject: Subject) -> Iterator[Failure]:
    """A staff member stands once per competency."""
    if not {"staff_key", "competency_key"} <= set(subject.columns.get("expertise", {})):
        return
    rows = subject.count(
        "select count(*) from (select 1 from release.expertise group by staff_key, competency_key having count(*) > 1)"
    )
    if rows:
        yield subject.failure(
            "one_row_per_competency",
            "expertise",
            rows,
            f"{rows} pairs of staff member and competency stand more than once in expertise",
        )


def no_identifying_columns(subject: Subject) -> Iterator[Failure]:
    """Evaluators get no column of names, e-mails, licence numbers or local staff numbers."""
    for table, column in subject.columns_like(_IDENTIFYING_COLUMN):
        rows = subject.count(f"select count({quoted(column)}) from release.{quoted(table)}")
        yield subject.failure(
            "no_identifying_columns",
            table,
            rows,
            f"{table}.{column} would identify people ({rows} rows filled); leave it out of the published model",
        )


def no_email_values(subject: Subject) -> Iterator[Failure]:
    """No cell of the evaluators' release looks like an e-mail address."""
    for table, column in subject.text_columns():
        rows = _rows_like_an_address(subject, table, column)
        if rows:
            yield subject.failure(
                "no_email_values",
                table,
                rows,
                f"{rows} rows of {table}.{column} hold something like an e-mail address",
            )


def _rows_like_an_address(subject: Subject, table: str, column: str) -> int:
    return subject.count(
        f"select count(*) from release.{quoted(table)} "
        f"where regexp_matches(cast({quoted(column)} as varchar), '{_EMAIL}')"
    )


def no_known_identifiers(subject: Subject) -> Iterator[Failure]:
    """No cell of the evaluators' release equals a name, e-mail, licence number or staff key of the warehouse."""
    connection = subject.connection
    sources = connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where database_name = 'warehouse' "
        "and regexp_matches(lower(table_name), ?) and regexp_matches(lower(column_name), ?) order by all",
        [_KNOWN_IDENTIFIER_TABLE, _KNOWN_IDENTIFIER_COLUMN],
    ).fetchall()
    if not sources:
        return
    union = " union ".join(
        f"select lower(trim(cast({quoted(column)} as varchar))) as value "
        f"from warehouse.{quoted(schema)}.{quoted(table)}"
        for schema, table, column in sources
    )
    connection.execute(
        f"create or replace temp table known_identifier as select value from ({union}) where {_DISTINCTIVE}"
    )
    try:
        for table, column in subject.text_columns():
            rows = subject.count(
                f"select count(*) from release.{quoted(table)} "
                f"where lower(trim(cast({quoted(column)} as varchar))) in (select value from known_identifier)"
            )
            if rows:
                yield subject.failure(
                    "no_known_identifiers",
                    table,
                    rows,
                    f"{rows} rows of {table}.{column} hold a name, e-mail, licence number or staff key",
                )
    finally:
        connection.execute("drop table known_identifier")


def no_people_beside_the_queue(subject: Subject) -> Iterator[Failure]:
    """For analysts one table names people, the review queue: no other has such a column, or an e-mail address."""
    for table, column in subject.columns_like(_PERSONAL_COLUMN):
        if table not in TABLES_OF_PEOPLE:
            rows = subject.count(f"select count({quoted(column)}) from release.{quoted(table)}")
            yield subject.failure(
                "no_people_beside_the_queue",
                table,
                rows,
                f"{table}.{column} would name people ({rows} rows filled); only the review queue may",
            )
    for table, column in subject.text_columns():
        rows = 0 if table in TABLES_OF_PEOPLE else _rows_like_an_address(subject, table, column)
        if rows:
            yield subject.failure(
                "no_people_beside_the_queue",
                table,
                rows,
                f"{rows} rows of {table}.{column} hold something like an e-mail address; only the review queue may",
            )


def keys_are_pseudonyms(subject: Subject) -> Iterator[Failure]:
    """Every key of a person or of one person's record is a 64-digit pseudonym."""
    for table, columns in subject.columns.items():
        for column in columns:
            if table == "release" or not is_replaced(column):
                continue
            rows = subject.count(
                f"select count(*) from release.{quoted(table)} where {quoted(column)} is not null "
                f"and not regexp_full_match(cast({quoted(column)} as varchar), '[0-9a-f]{{64}}')"
            )
            if rows:
                yield subject.failure(
                    "keys_are_pseudonyms",
                    table,
                    rows,
                    f"{rows} rows of {table}.{column} hold no pseudonym",
                )


Check = Callable[[Subject], Iterator[Failure]]

CHECKS: Mapping[str, tuple[Check, ...]] = {
    "leaders": (
        everything_is_there,
        says_what_it_is,
        no_blank_rows,
        not_shrunk,
        no_scores,
        one_row_per_competency,
    ),
    "evaluators": (
        everything_is_there,
        says_what_it_is,
        no_blank_rows,
        not_shrunk,
        no_identifying_columns,
        no_email_values,
        no_known_identifiers,
        keys_are_pseudonyms,
    ),
    "analysts": (
        everything_is_there,
        says_what_it_is,
        no_blank_rows,
        not_shrunk,
        decisions_are_kept,
        no_people_beside_the_queue,
    ),
}


def run_checks(subject: Subject) -> list[Failure]:
    """Every failure of every check of the audience; an empty list means that the release may be read."""
    return [failure for check in CHECKS[subject.audience] for failure in check(subject)]
