{#
    Text hash of a natural key. Always includes the district; null when any part is null.

    Arguments: parts (list of SQL expressions, in the order of the key), district_id (expression).
#}
{% macro surrogate_key(parts, district_id='district_id') %}
    {%- set texts = [] -%}
    {%- for part in [district_id] + parts -%}
        {%- do texts.append("cast(" ~ part ~ " as " ~ dbt.type_string() ~ ")") -%}
    {%- endfor -%}
    md5({{ texts | join(" || '|' || ") }})
{%- endmacro %}
