with

settings as (
    select timezone
    from {{ ref('stg_pipeline__settings') }}
),

configured_streams as (
    select distinct
        platform,
        stream
    from {{ ref('stg_pipeline__configured_sources') }}
)

select
    entities.entity,
    entities.platform as source_system,
    entities.stream,
    configured_streams.stream is not null as is_configured,
    case
        when counts.record_count > 0 then 'loaded'
        when configured_streams.stream is null then 'dark'
        else 'empty'
    end as state,
    cast(coalesce(counts.record_count, 0) as bigint) as record_count,
    {{ local_date('counts.newest_extracted_at', 'settings.timezone') }} as newest_date,
    entities.what_goes_dark
from {{ ref('entities') }} as entities
cross join settings
left join configured_streams
    on entities.platform = configured_streams.platform
    and entities.stream = configured_streams.stream
left join {{ ref('int_quality__streams_counted') }} as counts
    on entities.platform = counts.source_system
    and entities.stream = counts.stream
