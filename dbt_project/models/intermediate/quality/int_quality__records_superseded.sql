-- rows beyond one a record, whichever of them staging takes for the newest
{% for platform, streams in landed_streams().items() -%}
{%- set is_last_platform = loop.last -%}
{%- for stream, declared in streams.items() -%}
select
    '{{ platform }}' as source_system,
    connection,
    '{{ stream }}' as stream,
    sum(version_count - 1) as superseded_count
from (
    select
        _connection as connection,
        count(*) as version_count
    from {{ source(platform, stream) }}
    group by _connection, {{ declared.key | join(', ') }}
) as records
group by connection
{% if not (is_last_platform and loop.last) -%}
union all
{% endif -%}
{%- endfor -%}
{%- endfor -%}
