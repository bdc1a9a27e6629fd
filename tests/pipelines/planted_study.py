"""The published tables of the study and of PD spending, over the planted people.

Belongs here: rows as the evaluators' release carries them, enough to publish and to read.
Does not belong here: a panel with an effect in it (the tests of the study plant their own).
"""

from __future__ import annotations


def study_tables(direction: str) -> str:
    """SQL that makes the study's tables beside `planted_staff`, in rising or falling order of their rows."""
    return f"""
            create table pub_evaluators__study_panel as
            select staff_key, 'cedar-valley' as district_id, school_year, md5(school_id) as school_key,
                'elementary' as grade_band, 'Professional' as licence_type, cast(5 as double) as years_experience,
                date '2025-10-01' as first_award_date, 2026 as first_award_school_year, 2027 as first_treated_year,
                1 as award_count, 1 as cumulative_award_count, 1 as submission_count, cast(12.5 as double) as pd_hours,
                cast(10 as double) as traditional_pd_hours, 'team-like-2021' as rubric_version,
                3 as observation_count, cast(3.25 as double) as mean_score, cast(0.5 as double) as outcome_score,
                true as is_retained, cast(4 as double) as survey_score, false as is_never_earner_high_hours,
                cast(250.5 as double) as cost_usd, false as is_current
            from planted_staff cross join (values (2025), (2026)) as years (school_year)
            order by staff_key, school_year {direction};

            create table pub_evaluators__study_aligned_elements as
            select staff_key, 'cedar-valley' as district_id, 'team-like-2021' as rubric_version, 'I06' as element_code,
                'Questioning' as element_title, 2026 as first_award_school_year
            from planted_staff order by staff_key {direction};

            create table pub_evaluators__study_costs as
            select staff_key, 'cedar-valley' as district_id, 2026 as school_year, arm, 'participant' as category,
                payer, 'participant time' as ingredient, cast(10 as double) as quantity, 'hour' as unit,
                cast(25.05 as double) as unit_price_usd, 2026 as price_year, cast(250.5 as double) as amount_usd,
                'estimate' as source
            from planted_staff
            cross join (values ('traditional', 'district'), ('micro_credential', 'teacher')) as arms (arm, payer)
            order by staff_key, arm {direction};

            create table pub_evaluators__study_flow as
            select 'cedar-valley' as district_id, 'school years of staff' as subject,
                'studied with an outcome' as reason, true as is_counted,
                cast(count(distinct staff_key) as integer) as people_count, count(*) as record_count,
                cast(null as decimal(18, 2)) as amount_usd
            from pub_evaluators__study_panel;

            create table pub_evaluators__pd_spending_summary as
            select 'cedar-valley' as district_id, 2026 as fiscal_year, cast(null as varchar) as school_key,
                'training' as category, 'personnel' as cost_category, true as is_pd, payer, programme,
                5 as line_count, cast(1000 as decimal(18, 2)) as amount_usd
            from (values ('federal', 'Title II-A'), ('district', 'general fund')) as payers (payer, programme)
            order by payer {direction};

            create table pub_evaluators__unmapped_spending as
            select md5('unmapped' || i) as pd_spending_key, 'cedar-valley' as district_id, 2026 as fiscal_year,
                date '2025-10-01' as posted_date, cast(10 * i as decimal(18, 2)) as amount_usd, '010' as fund_code,
                '1100' as function_code, '610' as object_code, cast(null as varchar) as program_code,
                cast(null as varchar) as grant_code, cast(null as varchar) as school_key,
                'district' as payer, 'general fund' as programme
            from range(1, 4) as lines (i) order by i {direction};
    """
