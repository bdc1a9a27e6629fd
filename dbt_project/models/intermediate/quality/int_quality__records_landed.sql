{% for platform, streams in landed_streams().items() -%}
{%- set is_last_platform = loop.last -%}
{%- for stream in streams -%}
select
    '{{ platform }}' as source_system,
    _connection as connection,
    '{{ stream }}' as stream,
    _run_id as run_id,
    sum(case when _change = 'delete' then 0 else 1 end) as record_count,
    sum(case when _change = 'delete' then 1 else 0 end) as delete_marker_count
from {{ source(platform, stream) }}
group by _connection, _run_id
{% if not (is_last_platform and loop.last) -%}
union all
{% endif -%}
{%- endfor -%}
{%- endfor -%}
