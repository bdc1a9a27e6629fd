{# A share (0 to 1) as whole per cent, for sentences: `92`. #}
{% macro percent(share) -%}
    cast(cast(round(cast(100 * {{ share }} as decimal(18, 6)), 0) as integer) as {{ dbt.type_string() }})
{%- endmacro %}
