with

definitions_best_source_first as (
    select
        micro_credential_key,
        district_id,
        micro_credential_id,
        issuer_key,
        micro_credential_name,
        description,
        criteria_url,
        stack_name,
        hours_to_earn,
        alignments,
        source_system,
        is_defined,
        row_number() over (
            partition by micro_credential_key
            order by
                case source_system when 'open_badges' then 1 when 'files' then 2 else 0 end,
                case when is_defined then 0 else 1 end,
                source_micro_credential_id,
                source_system
        ) as source_order
    from {{ ref('int_credentials__micro_credential_ids') }}
)

select
    micro_credential_key,
    district_id,
    micro_credential_id,
    issuer_key,
    micro_credential_name,
    description,
    criteria_url,
    stack_name,
    hours_to_earn,
    alignments,
    source_system,
    is_defined
from definitions_best_source_first
where source_order = 1
