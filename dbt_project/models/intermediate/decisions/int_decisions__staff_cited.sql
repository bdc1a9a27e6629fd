with

decisions as (
    select
        decision_key,
        district_id,
        decision_kind,
        decision,
        subject_source,
        subject_id,
        target_source,
        target_id,
        {{ json_text('detail', ['partner_source']) }} as partner_source,
        {{ json_text('detail', ['partner_id']) }} as partner_id
    from {{ ref('int_decisions__decisions_ranked') }}
),

-- which of a decision's words name a record of a roster depends on its kind
citations as (
    select decision_key, district_id, 'subject' as cited_as, subject_source as roster_platform, subject_id as roster_id
    from decisions
    where
        decision_kind in ('pairing', 'dispute', 'consent')
        -- a dot parts the platform from the kind of identifier: a record that is no roster's
        or (decision_kind = 'identity' and subject_source not like '%.%')
    union all
    select decision_key, district_id, 'target' as cited_as, target_source as roster_platform, target_id as roster_id
    from decisions
    where decision_kind in ('identity', 'pairing')
    union all
    select decision_key, district_id, 'partner' as cited_as, partner_source as roster_platform, partner_id as roster_id
    from decisions
    where decision_kind = 'pairing' and decision = 'edited'
)

select
    {{ surrogate_key(
        ['citations.decision_key', 'citations.cited_as'], district_id='citations.district_id'
    ) }} as decision_citation_key,
    citations.decision_key,
    citations.district_id,
    citations.cited_as,
    citations.roster_platform,
    citations.roster_id,
    records.roster_record_key,
    records.staff_key
from citations
left join {{ ref('int_identity__roster_records_merged') }} as records
    on citations.district_id = records.district_id
    and citations.roster_platform = records.roster_platform
    and citations.roster_id = records.roster_id
