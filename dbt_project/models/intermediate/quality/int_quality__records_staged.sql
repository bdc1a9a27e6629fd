with

settings as (
    select
        district_id,
        school_year_start_month,
        school_year_start_day
    from {{ ref('stg_pipeline__settings') }}
),

staged_records as (
    {%- for platform, streams in landed_streams().items() %}
    {%- set is_last_platform = loop.last %}
    {%- for stream, declared in streams.items() %}
    select
        '{{ platform }}' as source_system,
        records._connection as connection,
        '{{ stream }}' as stream,
        records._run_id as run_id,
        {% if declared.school_year_date -%}
        {{ school_year_of('records.' ~ declared.school_year_date) }} as school_year,
        {%- else -%}
        cast({{ 'records.' ~ declared.school_year if declared.school_year else 'null' }} as integer) as school_year,
        {%- endif %}
        records.is_deleted,
        records._extracted_at as extracted_at
    from {{ ref('stg_' ~ platform ~ '__' ~ stream) }} as records
    {%- if declared.school_year_date %}
    cross join settings
    {%- endif %}
    {% if not (is_last_platform and loop.last) -%}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
),

counted_records as (
    select
        source_system,
        connection,
        stream,
        run_id,
        school_year,
        sum(case when is_deleted then 0 else 1 end) as live_count,
        sum(case when is_deleted then 1 else 0 end) as deleted_count,
        max(extracted_at) as newest_extracted_at
    from staged_records
    group by source_system, connection, stream, run_id, school_year
)

select
    {{ surrogate_key(
        ['source_system', 'connection', 'stream', 'run_id', "coalesce(cast(school_year as " ~ dbt.type_string() ~ "), '')"],
        district_id='settings.district_id',
    ) }} as records_staged_key,
    counted_records.source_system,
    counted_records.connection,
    counted_records.stream,
    counted_records.run_id,
    counted_records.school_year,
    counted_records.live_count,
    counted_records.deleted_count,
    counted_records.newest_extracted_at
from counted_records
cross join settings
