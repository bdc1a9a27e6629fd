{# The text at a path of keys inside JSON text; null where the path is absent. #}
{% macro json_text(json, path) -%}
    {{ return(adapter.dispatch('json_text')(json, path)) }}
{%- endmacro %}

{% macro duckdb__json_text(json, path) -%}
    {%- set steps = [] -%}
    {%- for step in path -%}
        {%- do steps.append('."' ~ step ~ '"' if step is string else '[' ~ step ~ ']') -%}
    {%- endfor -%}
    json_extract_string({{ json }}, '${{ steps | join("") }}')
{%- endmacro %}

{#
    One row per item of a JSON array held as text: a select with the wanted columns of the
    relation, `item` (JSON text of the item, or its plain text where it is a string) and
    `item_number` (from 1). Rows without an array, or with an empty one, are absent.
#}
{% macro unnest_json_array(relation, json, columns) -%}
    {{ return(adapter.dispatch('unnest_json_array')(relation, json, columns)) }}
{%- endmacro %}

{% macro duckdb__unnest_json_array(relation, json, columns) -%}
    select
        {% for column in columns -%}
        {{ relation }}.{{ column }},
        {% endfor -%}
        coalesce(
            json_extract_string({{ relation }}.{{ json }}, '$[' || cast(positions.position as varchar) || ']'),
            ''
        ) as item,
        positions.position + 1 as item_number
    from {{ relation }}
    cross join lateral (
        select unnest(range(cast(json_array_length({{ relation }}.{{ json }}) as bigint))) as position
    ) as positions
    where {{ relation }}.{{ json }} is not null
{%- endmacro %}
