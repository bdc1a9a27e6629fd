with

settings as (
    select
        district_id,
        timezone
    from {{ ref('stg_pipeline__settings') }}
),

decisions as (
    select
        decisions.decision_id,
        decisions.district_id,
        citations.staff_key,
        competencies.competency_key,
        decisions.decision,
        {{ local_date('decisions.decided_at', 'settings.timezone') }} as decided_date,
        row_number() over (
            partition by citations.staff_key, competencies.competency_key
            order by decisions.decided_at desc, decisions.recorded_order desc
        ) as recency
    from {{ ref('int_decisions__decisions_ranked') }} as decisions
    inner join settings on decisions.district_id = settings.district_id
    inner join {{ ref('int_decisions__staff_cited') }} as citations
        on decisions.decision_key = citations.decision_key
        and citations.cited_as = 'subject'
    inner join {{ ref('dim_competencies') }} as competencies
        on decisions.district_id = competencies.district_id
        and decisions.target_id = competencies.framework || '|' || competencies.competency_code
    where decisions.decision_kind = 'dispute' and not decisions.is_revoked and citations.staff_key is not null
),

newest_openings as (
    select
        staff_key,
        competency_key,
        max(decided_date) as opened_date
    from decisions
    where decision = 'opened'
    group by staff_key, competency_key
)

select
    {{ surrogate_key(
        ['decisions.staff_key', 'decisions.competency_key'], district_id='decisions.district_id'
    ) }} as dispute_key,
    decisions.district_id,
    decisions.staff_key,
    decisions.competency_key,
    newest_openings.opened_date,
    decisions.decision = 'opened' as is_open,
    case when decisions.decision <> 'opened' then decisions.decision end as outcome,
    case when decisions.decision <> 'opened' then decisions.decided_date end as closed_date,
    decisions.decision_id
from decisions
left join newest_openings
    on decisions.staff_key = newest_openings.staff_key
    and decisions.competency_key = newest_openings.competency_key
where decisions.recency = 1
