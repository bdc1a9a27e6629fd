with

issuers_best_source_first as (
    select
        issuer_key,
        district_id,
        issuer_id,
        issuer_name,
        website_url,
        source_system,
        is_defined,
        row_number() over (
            partition by issuer_key
            order by
                case when is_defined then 0 else 1 end,
                case source_system when 'open_badges' then 1 when 'files' then 2 else 0 end,
                source_issuer_id,
                source_system
        ) as source_order
    from {{ ref('int_credentials__issuer_ids') }}
)

select
    issuer_key,
    district_id,
    issuer_id,
    issuer_name,
    {{ normalised_name('issuer_name') }} as comparable_name,
    website_url,
    source_system,
    is_defined
from issuers_best_source_first
where source_order = 1
