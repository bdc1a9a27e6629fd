with

decisions as (
    select
        decision_key,
        district_id,
        decision_id,
        decision_kind,
        target_id
    from {{ ref('int_decisions__decisions_ranked') }}
    where is_newest
),

citations as (
    select
        citations.decision_key,
        citations.cited_as,
        citations.roster_record_key,
        citations.staff_key
    from {{ ref('int_decisions__staff_cited') }} as citations
    inner join decisions on citations.decision_key = decisions.decision_key
),

unknown_staff as (
    select
        decision_key,
        cited_as,
        case
            when roster_record_key is null then 'no roster that is loaded has this person'
            else 'the roster record may be that of several people'
        end as why
    from citations
    where staff_key is null
),

-- two records that have turned out to be one person's
paired_with_themselves as (
    select
        subjects.decision_key,
        partners.cited_as,
        'teacher and partner are one person' as why
    from citations as subjects
    inner join citations as partners
        on subjects.decision_key = partners.decision_key
        and subjects.staff_key = partners.staff_key
    inner join decisions on subjects.decision_key = decisions.decision_key
    where
        decisions.decision_kind = 'pairing'
        and subjects.cited_as = 'subject'
        and partners.cited_as <> 'subject'
),

unknown_competencies as (
    select
        decisions.decision_key,
        'target' as cited_as,
        'no framework that is loaded has this competency' as why
    from decisions
    left join {{ ref('int_competencies__competencies_unioned') }} as competencies
        on decisions.district_id = competencies.district_id
        and decisions.target_id = competencies.framework || '|' || competencies.competency_code
    where decisions.decision_kind = 'dispute' and competencies.competency_key is null
),

crosswalk_decisions as (
    select
        decisions.decision_key,
        case when crosswalk.item_count = 0 then 'subject' else 'target' end as cited_as,
        crosswalk.unapplied_reason as why
    from decisions
    inner join {{ ref('int_crosswalk__decisions') }} as crosswalk
        on decisions.district_id = crosswalk.district_id
        and decisions.decision_id = crosswalk.decision_id
    where crosswalk.unapplied_reason is not null
),

contradicted_identities as (
    select
        decisions.decision_key,
        'subject' as cited_as,
        'other decisions name another person for this roster record' as why
    from decisions
    inner join {{ ref('int_identity__decisions_read') }} as identities
        on decisions.district_id = identities.district_id
        and decisions.decision_id = identities.decision_id
    where identities.is_contradicted
),

reasons as (
    select decision_key, cited_as, why, 1 as precedence from contradicted_identities
    union all
    select decision_key, cited_as, why, 2 as precedence from unknown_staff
    union all
    select decision_key, cited_as, why, 2 as precedence from paired_with_themselves
    union all
    select decision_key, cited_as, why, 2 as precedence from unknown_competencies
    union all
    select decision_key, cited_as, why, 2 as precedence from crosswalk_decisions
),

-- two records that decisions contradict each other on are nobody's for that very reason
reasons_in_order as (
    select
        decision_key,
        cited_as,
        why,
        row_number() over (partition by decision_key, cited_as order by precedence, why) as reason_order
    from reasons
)

select
    {{ surrogate_key(['reasons.decision_key', 'reasons.cited_as'], district_id='decisions.district_id') }}
        as unapplied_decision_key,
    reasons.decision_key,
    decisions.district_id,
    reasons.cited_as,
    reasons.why
from reasons_in_order as reasons
inner join decisions on reasons.decision_key = decisions.decision_key
where reasons.reason_order = 1
