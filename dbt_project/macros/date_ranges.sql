{#
    Two spans of days that must both hold: the later of two first days, the earlier of two last
    days. A span without a first or last day is open there.
#}
{% macro later_start(left, right) -%}
    case when {{ left }} >= {{ right }} then {{ left }} else coalesce({{ right }}, {{ left }}) end
{%- endmacro %}

{% macro earlier_end(left, right) -%}
    case when {{ left }} <= {{ right }} then {{ left }} else coalesce({{ right }}, {{ left }}) end
{%- endmacro %}
