with

settings as (
    select district_id
    from {{ ref('stg_pipeline__settings') }}
),

numbered_rejects as (
    select
        settings.district_id,
        rejects.platform as source_system,
        rejects.connection,
        rejects.stream,
        rejects.run_id,
        cast(rejects.row_number as bigint) as row_number,
        rejects.field,
        rejects.reason,
        rejects.value,
        row_number() over (
            partition by rejects.platform, rejects.connection, rejects.stream, rejects.run_id
            order by rejects.row_number, rejects.field, rejects.reason, rejects.value
        ) as reject_number
    from {{ ref('stg_pipeline__rejects') }} as rejects
    cross join settings
)

select
    {{ surrogate_key(['source_system', 'connection', 'stream', 'run_id', 'reject_number']) }} as reject_key,
    source_system,
    connection,
    stream,
    run_id,
    row_number,
    field,
    reason,
    value
from numbered_rejects
