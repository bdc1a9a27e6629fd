"""A small warehouse with published tables whose every row is known.

Belongs here: what the tests of publishing and of the apps build on. Does not belong here: anything
that dbt computes; the rows are planted, not derived.

Every school has one person in each band of Questioning, and everybody is a `strong practice` in
Academic Feedback. Beside them: one who declined to be named, one who left, one without a school.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl

from pipelines.apps.access import BANDS, Role
from pipelines.publish.release import ReleaseInfo
from tests.pipelines.planted_coverage import coverage_tables
from tests.pipelines.planted_issuers import issuer_tables
from tests.pipelines.planted_next_steps import next_steps_tables
from tests.pipelines.planted_pairings import pairing_tables
from tests.pipelines.planted_renewal import renewal_tables
from tests.pipelines.planted_study import study_tables

KEY = b"a long enough key for tests"
SCHOOLS = {"101": "Alder Elementary", "102": "Birch Middle", "103": "Cedar High"}
COMPETENCIES = {
    "C-I06": "Questioning",
    "C-I07": "Academic Feedback",
    "C-E02": "Managing Student Behavior",
}
ORDER = ("expert", "strong practice", "demonstrated", "developing", "need", "not enough evidence")
DECLINED, LEFT, NO_SCHOOL = "declined", "left", "no school"
ROLES = {
    "district_leader": Role(scope="district", inside="band"),
    "principal": Role(scope="school", inside="band", outside="strengths"),
    "coach": Role(scope="school", inside="strengths", outside="strengths"),
    "assistant": Role(scope="school", inside="strengths", outside="none"),
    "visitor": Role(scope="district", inside="none", outside="none"),
    "teacher": Role(scope="self", inside="band", outside="strengths"),
    "novice": Role(scope="self", inside="strengths", outside="none"),
}


def key(text: str) -> str:
    """A surrogate key as the warehouse makes them."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def name_of(school_id: str, band: str) -> str:
    """The name of the person of a school who stands in a band of Questioning."""
    return f"{band.title()} Personof{school_id}"


def people() -> pl.DataFrame:
    """One row per staff member."""
    rows = [
        {"person": f"{school_id}/{band}", "staff_name": name_of(school_id, band), "school_id": school_id, "band": band}
        for school_id in SCHOOLS
        for band in BANDS
    ]
    rows.append({"person": DECLINED, "staff_name": None, "school_id": "103", "band": "expert"})
    rows.append({"person": LEFT, "staff_name": "Gone Elsewhere", "school_id": "103", "band": "expert"})
    rows.append({"person": NO_SCHOOL, "staff_name": "Itinerant Specialist", "school_id": None, "band": "expert"})
    return pl.DataFrame(
        [
            row
            | {
                "staff_key": key(row["person"]),
                "email": f"{row['person'].replace('/', '.').replace(' ', '.')}@district.example",
                "licence_number": f"LIC-{number:06d}",
                "is_active": row["person"] != LEFT,
            }
            for number, row in enumerate(rows)
        ]
    )


def build_warehouse(path: Path, *, reverse: bool = False, extra_sql: str = "") -> Path:
    """Write the warehouse; `reverse` inserts every table's rows in the opposite order."""
    staff = people()
    direction = "desc" if reverse else "asc"
    schools = pl.DataFrame({"school_id": list(SCHOOLS), "school_name": list(SCHOOLS.values())})
    competencies = pl.DataFrame({"code": list(COMPETENCIES), "name": list(COMPETENCIES.values())})
    bands = pl.DataFrame({"band": ORDER, "band_order": range(1, len(ORDER) + 1)})
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        for name, frame in (("staff", staff), ("school", schools), ("competency", competencies), ("band", bands)):
            connection.register(f"planted_{name}", frame.to_arrow())
        connection.execute(
            f"""
            create schema marts;
            create table marts.dim_staff as
            select staff_key, staff_name as full_name, email, school_id from planted_staff;
            create table marts.dim_licences as select staff_key, licence_number from planted_staff;

            create table pub_leaders__schools as
            select md5(school_id) as school_key, cast(school_id as bigint) as school_id, school_name
            from planted_school order by school_id {direction};

            create table pub_leaders__competencies as
            select md5(code) as competency_key, code as competency_code, name as competency_name,
                'Instruction' as domain, 'District Teaching Competencies' as framework
            from planted_competency order by code {direction};

            create table pub_leaders__staff as
            select staff_key, 'cedar-valley' as district_id, staff_name, md5(school_id) as school_key,
                cast(school_id as bigint) as school_id, school_name, 'elementary' as grade_band,
                'mathematics' as subject, is_active
            from planted_staff left join planted_school using (school_id)
            where is_active order by staff_key {direction};

            create table pub_leaders__expertise (
                expertise_key varchar not null, district_id varchar not null, staff_key varchar not null,
                staff_name varchar, school_key varchar, school_id bigint, school_name varchar, grade_band varchar,
                subject varchar, competency_key varchar not null, competency_code varchar not null,
                competency_name varchar not null, band varchar not null, band_order integer not null,
                rank_in_band integer not null, observation_count bigint not null, rater_count bigint,
                award_count bigint not null, latest_observation_date date, latest_award_date date,
                explanation varchar, is_active boolean not null
            );
            insert into pub_leaders__expertise
            with standing as (
                select staff.*, competency.*, if(code = 'C-I06', staff.band, 'strong practice') as stands
                from planted_staff as staff cross join planted_competency as competency
                where code in ('C-I06', 'C-I07')
            )
            select md5(staff_key || code), 'cedar-valley', staff_key, staff_name, md5(standing.school_id),
                cast(standing.school_id as bigint), school_name, 'elementary', 'mathematics', md5(code), code, name,
                stands, band_order,
                row_number() over (partition by code, stands order by person), 4, 2, 1, date '2026-03-04',
                date '2026-02-01', 'Observed 4 times by 2 raters; one micro-credential.', is_active
            from standing
            left join planted_school as school on school.school_id = standing.school_id
            inner join planted_band as band on band.band = standing.stands
            order by staff_key {direction};

            create table pub_leaders__evidence as
            select md5(staff_key || competency_key || evidence_type) as evidence_key, staff_key, competency_key,
                evidence_type, date '2026-03-04' as evidence_date, 'Classroom Observation' as title,
                'edfi' as source_system, 'record-' || md5(staff_key) as source_record_id,
                evidence_type <> 'revoked award' as counts,
                if(evidence_type = 'revoked award', 'revoked on 2025-03-02: does not count', null) as remark,
                if(evidence_type = 'observation', 'recent: counts almost in full', null) as weight_in_words,
                if(evidence_type = 'observation', true, null) as is_rater_adjusted
            from pub_leaders__expertise
            cross join (values ('observation'), ('award'), ('revoked award')) as types (evidence_type)
            order by evidence_key {direction};

            -- until September, who is expert now was in need, and the other way round
            create table pub_leaders__expertise_history as
            select md5(expertise_key || known_from_date) as expertise_history_key, district_id, staff_key, staff_name,
                school_key, school_id, school_name, competency_key, competency_code, competency_name,
                stood as band, planted_band.band_order, observation_count, award_count,
                if(known_to_date is null, explanation, 'Stood as ' || stood || ' then.') as explanation,
                cast(known_from_date as date) as known_from_date,
                cast(known_to_date as date) as known_to_date, is_active
            from (
                select expertise.*, spans.*,
                    case
                        when known_to_date is null then band
                        when band = 'expert' then 'need'
                        when band = 'need' then 'expert'
                        else band
                    end as stood
                from pub_leaders__expertise as expertise
                cross join (values ('2026-09-01', '2026-09-30'), ('2026-10-01', null))
                    as spans (known_from_date, known_to_date)
            ) as spans_of_people
            inner join planted_band on planted_band.band = stood
            order by expertise_history_key {direction};

            {coverage_tables(direction)}
            {next_steps_tables(direction)}
            {pairing_tables(direction)}
            {renewal_tables(direction)}
            {issuer_tables(direction)}

            create table pub_evaluators__staff_years as
            select staff_key, school_year, md5(school_id) as school_key, 'elementary' as grade_band,
                5 as years_experience, 3.25 as mean_score, 3 as observation_count, 1 as award_count,
                1 as cumulative_award_count, date '2025-10-01' as first_award_date, 12.5 as pd_hours, is_active
            from planted_staff cross join (values (2025), (2026)) as years (school_year)
            order by staff_key, school_year {direction};

            create table pub_evaluators__awards as
            select md5('award' || staff_key) as award_key, staff_key, md5('C-I06') as competency_key,
                date '2025-10-01' as issued_date
            from planted_staff order by staff_key {direction};

            create table pub_evaluators__element_scores as
            select staff_key, md5('rater' || staff_key) as rater_staff_key, 2026 as school_year, 'I06' as element_code,
                4.0 as score
            from planted_staff order by staff_key {direction};

            create table pub_evaluators__pd_spending as
            select md5(i::varchar) as spending_key, cast(100 * i as decimal(18, 2)) as amount_usd,
                '2213' as function_code
            from range(5) as lines (i) order by i {direction};

            {study_tables(direction)}

            create table pub_analysts__loads (connection varchar, run_id varchar, started_at timestamptz);
            insert into pub_analysts__loads values ('badges', 'run-1', '2026-11-20 03:00:00+00');
            create table pub_analysts__findings (check_name varchar, record_count bigint);
            create table pub_analysts__rejects (field varchar, reason varchar, value varchar);
            create table pub_analysts__unmatched_records (record_id varchar, reason varchar);
            create table pub_analysts__identity_queue
                (item_id varchar, district_id varchar, reason varchar, subject_source varchar, subject_id varchar,
                subject_name varchar, subject_email varchar, record_count integer, first_school_year integer,
                last_school_year integer, candidate_rank integer, score integer, evidence varchar,
                target_source varchar, target_id varchar, candidate_name varchar, candidate_school varchar,
                candidate_last_school_year integer, is_candidate_active boolean);
            create table pub_analysts__identity_matches
                (source_system varchar, stream varchar, outcome varchar, rule varchar, record_count integer);
            create table pub_analysts__unmapped_spending (code varchar, amount_usd decimal(18, 2));
            create table pub_analysts__sources (entity varchar, state varchar);
            insert into pub_analysts__sources values ('awards', 'loaded');
            create table pub_analysts__reconciliation
                (connection varchar, stream varchar, is_reconciled boolean, what_differs varchar);
            insert into pub_analysts__reconciliation values ('badges', 'assertions', true, null);
            create table pub_analysts__expected_deliveries
                (connection varchar, stream varchar, school_year integer, state varchar);
            create table pub_analysts__unmapped_items (item_type varchar, item_id varchar, record_count bigint);
            create table pub_analysts__alignments (item_type varchar, item_id varchar, status varchar);
            create table pub_analysts__competencies (competency_key varchar, competency_code varchar);
            create table pub_analysts__crosswalk_items (item_type varchar, item_id varchar, item_title varchar);
            create table pub_analysts__crosswalk_decisions (decision_id varchar, unapplied_reason varchar);

            create table pub_leaders__disputes (
                dispute_key varchar not null, district_id varchar not null, staff_key varchar not null,
                competency_key varchar not null, opened_date date not null
            );
            insert into pub_leaders__disputes values
                ('dispute 1', 'cedar-valley', '{key("103/need")}', '{key("C-I06")}', '2026-10-05'),
                ('dispute 2', 'cedar-valley', '{key("101/expert")}', '{key("C-I06")}', '2026-10-06');
            create table pub_analysts__decisions (
                decision_id varchar not null, district_id varchar not null, decision_kind varchar not null,
                decision varchar not null, decided_at timestamptz not null, holds boolean not null,
                is_revoked boolean not null
            );
            insert into pub_analysts__decisions values
                ('d1', 'cedar-valley', 'consent', 'refused', '2026-10-01 15:00:00+00', false, false),
                ('d2', 'cedar-valley', 'consent', 'granted', '2026-10-02 15:00:00+00', true, false);
            create table pub_analysts__unapplied_decisions
                (decision_id varchar, decision_kind varchar, cited_as varchar, why varchar);
            {extra_sql}
            """
        )
    return path


def release_info(release_id: str, **changes: object) -> ReleaseInfo:
    """What a release says of itself, with some of it changed."""
    values: dict[str, object] = {
        "release_id": release_id,
        "built_at": datetime(2026, 11, 20, 3, 0, tzinfo=UTC),
        "landing_runs": ["run-1", "run-2"],
        "code_version": "0.1.0",
        "settings_hash": "settings-1",
        "is_synthetic": True,
        "district_name": "Cedar Valley Schools (SYNTHETIC)",
    }
    return ReleaseInfo(**(values | changes))  # type: ignore[arg-type]
