{# A number with at most two places as a person writes it: `6`, `0.5`. #}
{% macro plain_number(number) -%}
    rtrim(rtrim(cast(cast({{ number }} as decimal(18, 2)) as {{ dbt.type_string() }}), '0'), '.')
{%- endmacro %}
