{%- if var('pairing_rule') not in ['raw', 'posterior'] -%}
    {{ exceptions.raise_compiler_error("pairing_rule is raw or posterior, not '" ~ var('pairing_rule') ~ "'") }}
{%- endif -%}
with

settings as (
    select
        district_id,
        timezone,
        as_of_date
    from {{ ref('stg_pipeline__settings') }}
),

-- to nine places: a mean that is the level is not below it for its last bit
results as (
    select
        elements.district_id,
        elements.staff_key,
        elements.rubric_element_key,
        elements.latest_observed_date,
        case
            {% if var('pairing_rule') == 'raw' -%}
            when round(elements.latest_year_mean_score, 9) < rubric_versions.need_level then 'need'
            when round(elements.latest_year_mean_score, 9) >= rubric_versions.partner_level then 'strong'
            {%- else -%}
            when elements.observed_result = 'observed_need' then 'need'
            when elements.observed_result = 'observed_expert' then 'strong'
            {%- endif %}
        end as side
    from {{ ref('fct_element_expertise') }} as elements
    inner join {{ ref('rubric_versions') }} as rubric_versions
        on elements.rubric_version = rubric_versions.rubric_version
    inner join {{ ref('int_pairing__teachers') }} as teachers on elements.staff_key = teachers.staff_key
    where elements.is_current
),

alignments as (
    select
        bridge.item_key as rubric_element_key,
        bridge.competency_key,
        bridge.framework,
        bridge.competency_code
    from {{ ref('bridge_alignments') }} as bridge
    inner join settings on bridge.district_id = settings.district_id
    where
        bridge.item_type = 'rubric_element' and bridge.status = 'approved'
        and (bridge.valid_from_date is null or bridge.valid_from_date <= settings.as_of_date)
        and (bridge.valid_to_date is null or bridge.valid_to_date >= settings.as_of_date)
),

-- whoever is right, while it is open the result speaks for nobody; one found wrong does so once observed anew
disputes as (
    select
        roster.staff_key,
        alignments.rubric_element_key,
        max(case when decisions.decision = 'opened' then 1 else 0 end) = 1 as is_open,
        max({{ local_date('decisions.decided_at', 'settings.timezone') }}) as decided_date
    from {{ ref('fct_decisions') }} as decisions
    inner join settings on decisions.district_id = settings.district_id
    inner join {{ ref('int_identity__roster_records_merged') }} as roster
        on {{ surrogate_key(['decisions.subject_source', 'decisions.subject_id'], district_id='decisions.district_id') }}
            = roster.roster_record_key
    inner join alignments
        on decisions.target_id = alignments.framework || '|' || alignments.competency_code
    where
        decisions.decision_kind = 'dispute' and decisions.is_newest and decisions.decision in ('opened', 'upheld')
        and roster.staff_key is not null
    group by roster.staff_key, alignments.rubric_element_key
),

priorities as (
    select distinct alignments.rubric_element_key
    from alignments
    inner join {{ ref('district_priorities') }} as priorities
        on alignments.framework = priorities.framework
        and alignments.competency_code = priorities.competency_code
),

demonstrated_elements as (
    select distinct
        awards.staff_key,
        alignments.rubric_element_key
    from {{ ref('int_expertise__awards_listed') }} as awards
    inner join alignments on awards.competency_key = alignments.competency_key
    where awards.is_demonstrated and awards.staff_key is not null
)

select
    {{ surrogate_key(['results.staff_key', 'results.rubric_element_key'], district_id='results.district_id') }} as pairing_element_key,
    results.district_id,
    results.staff_key,
    results.rubric_element_key,
    results.side,
    coalesce(disputes.is_open or results.latest_observed_date <= disputes.decided_date, false) as is_disputed,
    priorities.rubric_element_key is not null as is_priority,
    demonstrated_elements.staff_key is not null as is_demonstrated
from results
left join disputes
    on results.staff_key = disputes.staff_key
    and results.rubric_element_key = disputes.rubric_element_key
left join priorities on results.rubric_element_key = priorities.rubric_element_key
left join demonstrated_elements
    on results.staff_key = demonstrated_elements.staff_key
    and results.rubric_element_key = demonstrated_elements.rubric_element_key
where results.side is not null
