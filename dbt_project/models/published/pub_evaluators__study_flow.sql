with

staff_years as (
    select
        years.district_id,
        years.staff_key,
        case
            when not years.is_teacher then 'not a teacher'
            when not years.has_worked then 'not at work in the year'
            when panel.outcome_score is null then 'studied without an outcome'
            else 'studied with an outcome'
        end as reason
    from {{ ref('int_study__staff_years') }} as years
    left join {{ ref('pub_evaluators__study_panel') }} as panel
        on years.staff_key = panel.staff_key
        and years.school_year = panel.school_year
),

studied_people as (
    select distinct staff_key
    from {{ ref('pub_evaluators__study_panel') }}
),

awards as (
    select
        awards.district_id,
        awards.staff_key,
        case
            when awards.staff_key is null then 'of nobody on the roster'
            when awards.is_earned and awards.is_reissue then 'issued again'
            when awards.is_earned and studied_people.staff_key is null then 'of somebody who is not studied'
            when awards.is_earned then 'counted'
            when awards.is_revoked then 'revoked'
            when awards.verification not in ({{ sql_list(var('counted_verifications')) }}) then 'not verified'
            when awards.is_issuer_approved = false then 'issuer not approved'
            else 'dated in the future'
        end as reason
    from {{ ref('fct_credential_awards') }} as awards
    left join studied_people on awards.staff_key = studied_people.staff_key
),

pd_records as (
    select
        participation.district_id,
        participation.staff_key,
        case
            when participation.staff_key is null then 'of nobody on the roster'
            when not participation.is_attended then 'not attended'
            when studied_people.staff_key is null then 'of somebody who is not studied'
            else 'counted'
        end as reason
    from {{ ref('fct_pd_participation') }} as participation
    left join studied_people on participation.staff_key = studied_people.staff_key
),

-- scores by the tens of millions are summed up first
scores_by_person as (
    select
        district_id,
        staff_key,
        is_usable,
        count(*) as record_count
    from {{ ref('fct_evaluation_scores') }}
    group by district_id, staff_key, is_usable
),

scores as (
    select
        scores_by_person.district_id,
        scores_by_person.staff_key,
        scores_by_person.record_count,
        case
            when scores_by_person.staff_key is null then 'of nobody on the roster'
            when not scores_by_person.is_usable then 'not finished, or not on the scale of a known rubric'
            when studied_people.staff_key is null then 'of somebody who is not studied'
            else 'counted'
        end as reason
    from scores_by_person
    left join studied_people on scores_by_person.staff_key = studied_people.staff_key
),

ledger_years as (
    select
        district_id,
        fiscal_year,
        count(*) as line_count,
        sum(amount_usd) as amount_usd
    from {{ ref('fct_pd_spending') }}
    where is_pd
    group by district_id, fiscal_year
),

costs_of_ledger as (
    select
        district_id,
        school_year,
        sum(amount_usd) as amount_usd
    from {{ ref('pub_evaluators__study_costs') }}
    where source = 'ledger'
    group by district_id, school_year
),

dollars as (
    select
        ledger_years.district_id,
        'counted' as reason,
        ledger_years.line_count,
        costs_of_ledger.amount_usd
    from ledger_years
    inner join costs_of_ledger
        on ledger_years.district_id = costs_of_ledger.district_id
        and ledger_years.fiscal_year = costs_of_ledger.school_year
    union all
    select
        ledger_years.district_id,
        case
            when costs_of_ledger.school_year is null then 'of a year without attended hours of teachers'
            else 'spent on people who are not studied'
        end as reason,
        case when costs_of_ledger.school_year is null then ledger_years.line_count else 0 end as line_count,
        cast(ledger_years.amount_usd as double precision) - coalesce(costs_of_ledger.amount_usd, 0) as amount_usd
    from ledger_years
    left join costs_of_ledger
        on ledger_years.district_id = costs_of_ledger.district_id
        and ledger_years.fiscal_year = costs_of_ledger.school_year
),

counted as (
    select
        district_id,
        'school years of staff' as subject,
        reason,
        count(distinct staff_key) as people_count,
        count(*) as record_count,
        cast(null as double precision) as amount_usd
    from staff_years
    group by district_id, reason
    union all
    select
        district_id,
        'awards' as subject,
        reason,
        count(distinct staff_key) as people_count,
        count(*) as record_count,
        cast(null as double precision) as amount_usd
    from awards
    group by district_id, reason
    union all
    select
        district_id,
        'records of PD' as subject,
        reason,
        count(distinct staff_key) as people_count,
        count(*) as record_count,
        cast(null as double precision) as amount_usd
    from pd_records
    group by district_id, reason
    union all
    select
        district_id,
        'evaluation scores' as subject,
        reason,
        count(distinct staff_key) as people_count,
        sum(record_count) as record_count,
        cast(null as double precision) as amount_usd
    from scores
    group by district_id, reason
    union all
    select
        district_id,
        'dollars of PD' as subject,
        reason,
        cast(null as bigint) as people_count,
        sum(line_count) as record_count,
        sum(amount_usd) as amount_usd
    from dollars
    group by district_id, reason
)

select
    district_id,
    subject,
    reason,
    reason in ('counted', 'studied with an outcome', 'studied without an outcome') as is_counted,
    cast(people_count as integer) as people_count,
    cast(record_count as bigint) as record_count,
    cast(amount_usd as decimal(18, 2)) as amount_usd
from counted
