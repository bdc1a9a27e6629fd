"""The marts that the study reads, drawn at any size.

Belongs here: a district of eight years, 23 elements and three observations a year, in which one teacher in five
earns, having started low, and what its study reads beside scores. Does not belong here: running or timing
anything (study, study_stages).
"""

from __future__ import annotations

import math
from pathlib import Path

import duckdb

from tests.benchmarks.expertise import (
    AS_OF_YEAR,
    OBSERVATIONS,
    RATERS_PER_SCHOOL,
    TEACHERS_PER_SCHOOL,
    YEARS,
    normal,
)

FIRST_YEAR = AS_OF_YEAR - YEARS + 1
FIRST_AWARD_YEAR = FIRST_YEAR + 2
AWARD_YEARS = AS_OF_YEAR - FIRST_AWARD_YEAR
LEAVES = 10
"""One position in so many changes hands in some year."""
EARNER_LOG_ODDS, EARNER_SLOPE, EFFECT_POINTS = -1.5, -0.6, 0.08


def uniform(name: str, part: str) -> str:
    """SQL of a number from 0 to 1 that the name and the part decide; hashes of several columns are not independent."""
    return f"(hash('{name}' || {part}) / 18446744073709551616.0)"


def fill(warehouse: Path, teachers: int) -> int:
    """Draw the marts of a district with that many teaching positions; returns its element scores."""
    schools = math.ceil(teachers / TEACHERS_PER_SCHOOL)
    chance = f"1 / (1 + exp(-({EARNER_LOG_ODDS} + {EARNER_SLOPE} * {normal('person')})))"
    with duckdb.connect(str(warehouse)) as database:
        database.execute("set preserve_insertion_order = false")
        (district,) = database.execute("select district_id from landed.settings").fetchone() or ("",)
        database.execute(
            f"""
            create temp table people as
            with positions as (
                select
                    position,
                    position // {TEACHERS_PER_SCHOOL} as school,
                    case when hash(position, 'leaves') % {LEAVES} = 0
                        then {FIRST_YEAR} + 1 + cast(hash(position, 'when') % {YEARS - 2} as integer) end as change
                from range({teachers}) as positions(position)
            ), holders as (
                select 2 * position as person, school, {FIRST_YEAR} as first_year,
                    coalesce(change - 1, {AS_OF_YEAR}) as last_year
                from positions
                union all
                select 2 * position + 1, school, change, {AS_OF_YEAR} from positions where change is not null
            )
            select *, md5('person' || person) as staff_key, md5('school' || school) as school_key,
                case when {uniform("earns", "person")} < {chance}
                    then {FIRST_AWARD_YEAR} + cast(hash(person, 'award') % {AWARD_YEARS} as integer)
                end as award_year,
                ['elementary', 'middle', 'high'][1 + school % 3] as grade_band,
                ['Practitioner', 'Professional'][1 + cast(hash(person, 'licence') % 4 = 0 as integer)] as licence
            from holders;
            update people set award_year = null where award_year not between first_year and last_year;
            create temp table years as
            select people.*, school_year
            from people inner join range({FIRST_YEAR}, {AS_OF_YEAR + 1}) as years(school_year)
                on school_year between first_year and last_year;

            insert into dim_schools by name
            select distinct school_key, '{district}' as district_id, cast(100 + school as varchar) as school_id,
                'School ' || school as school_name
            from people;
            insert into dim_staff by name
            select staff_key, '{district}' as district_id, 'files' as roster_platform,
                cast(person as varchar) as roster_id, 'Given' as first_name, 'Family' || person as last_name,
                'Given Family' || person as staff_name, school_key, 'Teacher' as classification, grade_band,
                last_year = {AS_OF_YEAR} as is_active, true as is_naming_allowed
            from people;
            insert into int_staff__school_years_covered by name
            select md5(staff_key || school_year) as staff_assignment_key, '{district}' as district_id, staff_key,
                school_year, school_key, 'Teacher' as classification, grade_band,
                hash(person, 'experience') % 25 + school_year - first_year as years_experience,
                make_date(first_year - 1, 8, 1) as begin_date,
                case when last_year < {AS_OF_YEAR} then last_year end as left_school_year
            from years;
            insert into fct_licences by name
            select md5('licence' || person) as licence_key, '{district}' as district_id, staff_key,
                licence as licence_type, make_date(first_year - 2, 7, 1) as issued_date
            from people;
            insert into fct_compensation by name
            select md5('pay' || person || school_year) as compensation_key, '{district}' as district_id, staff_key,
                school_year, person || '-' || school_year as source_record_id,
                45000 + hash(person, 'salary') % 30000 as salary_usd, 0.3 as benefit_share, 190 as contract_days,
                7.5 as hours_per_day, 0 as stipend_usd, 0 as credential_pay_usd
            from years;
            insert into fct_pd_participation by name
            select md5(concat_ws('|', 'pd', person, school_year, nth)) as pd_participation_key,
                '{district}' as district_id, staff_key,
                'workshop-' || hash(person, school_year, nth) % 400 as activity_id,
                make_date(school_year - 1, 9 + nth, 15) as activity_date, school_year,
                2 + hash(person, school_year, nth, 'hours') % 12 as attended_hours, true as is_attended,
                'workshop' as format
            from years, range(4) as numbers(nth);
            insert into fct_survey_responses by name
            select md5('survey' || person || school_year) as survey_response_key, '{district}' as district_id,
                staff_key, 'yearly' as survey_id, 'useful' as question_code,
                1 + hash(person, school_year, 'survey') % 5 as response, 5 as scale_max,
                make_date(school_year, 4, 1) as survey_date
            from years;
            insert into fct_pd_spending by name
            select md5(concat_ws('|', 'line', school, fiscal_year, crosswalk_id)) as pd_spending_key,
                '{district}' as district_id, fiscal_year, make_date(fiscal_year, 2, 1) as posted_date,
                500 + hash(school, fiscal_year, crosswalk_id) % 9000 as amount_usd, '10' as fund_code,
                md5('school' || school) as school_key, crosswalk_id, pd_category, cost_category, study_arm, is_pd,
                true as is_mapped, 'district' as payer, 'local' as programme
            from range({schools}) as schools(school), range({FIRST_YEAR}, {AS_OF_YEAR + 1}) as years(fiscal_year),
                pd_spending_crosswalk;

            create temp table elements as
            select rubric_element_key, rubric_version, element_code, competency_key,
                row_number() over (order by element_code) as element
            from dim_rubric_elements
            inner join bridge_alignments on item_type = 'rubric_element' and item_key = rubric_element_key;
            insert into dim_micro_credentials by name
            select md5('mc' || element || step) as micro_credential_key, '{district}' as district_id,
                'mc-' || element || '-' || step as micro_credential_id, 'Micro-credential' as micro_credential_name,
                15 as hours_to_earn, true as is_defined
            from elements, range(1, 6) as steps(step);
            create temp table awards as
            select people.*, nth, award_year + nth as school_year, elements.element, elements.competency_key,
                md5('award' || person || '-' || nth) as credential_award_key,
                md5('mc' || elements.element || 1 + hash(person, nth, 'step') % 5) as micro_credential_key,
                make_date(award_year + nth, 3, 1) as issued_date
            from people
            inner join range(3) as numbers(nth) on award_year + nth <= last_year
            inner join elements on elements.element = 1 + hash(person, nth, 'element') % 23;
            insert into fct_credential_awards by name
            select credential_award_key, '{district}' as district_id, staff_key, micro_credential_key, issued_date,
                school_year, 'platform_reported' as verification, false as is_revoked, false as is_expired,
                true as is_earned, true as is_demonstrated, false as is_reissue
            from awards;
            insert into int_expertise__awards_listed by name
            select credential_award_key as award_item_key, '{district}' as district_id, staff_key, competency_key,
                credential_award_key, micro_credential_key, issued_date, true as is_earned, true as is_demonstrated
            from awards;
            -- one attempt in three is returned
            insert into fct_credential_submissions by name
            select md5('submission' || credential_award_key || attempt) as credential_submission_key,
                '{district}' as district_id, staff_key, micro_credential_key, school_year,
                case attempt when 0 then 'awarded' else 'returned' end as outcome
            from awards inner join range(2) as attempts(attempt) on attempt = 0 or hash(person, nth) % 2 = 0;

            create temp table observed as
            select person, staff_key, school, school_year, nth,
                md5(concat_ws('|', person, school_year, nth)) as observation_key,
                hash(person, school_year, nth, 'who') % {RATERS_PER_SCHOOL} as rater,
                make_date(school_year - 1, 9, 1) + cast(nth * 80 + hash(person, nth) % 60 as integer) as observed_date,
                coalesce(school_year > award_year, false) as is_exposed
            from years, range({OBSERVATIONS}) as numbers(nth);
            """
        )
        for (element,) in database.execute("select element from elements order by all").fetchall():
            database.execute(
                f"""
                insert into fct_evaluation_scores by name
                select md5(observation_key || element_code) as evaluation_score_key, '{district}' as district_id,
                    staff_key, observation_key, rubric_version, element_code, rubric_element_key, observed_date,
                    school_year, true as is_final, true as is_within_scale, true as is_usable,
                    md5(concat_ws('|', 'rater', school, rater)) as rater_key,
                    greatest(1, least(5, round(
                        3.2 + 0.28 * {normal("person")} + 0.15 * {normal("person", "school_year", "'year'")}
                        - 0.22 * {normal("school", "rater", "'severity'")}
                        + {EFFECT_POINTS} * is_exposed::integer
                        + 0.43 * {normal("person", "element", "school_year", "nth")}))) as score
                from observed, elements where element = {element}
                """
            )
        counted = database.execute("select count(*) from fct_evaluation_scores").fetchone()
        assert counted is not None
        return int(counted[0])
