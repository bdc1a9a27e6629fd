{#-
    What a build may use of the machine's memory, where the environment says so
    (EXPERTISE_MEMORY_LIMIT, for example 4GB); beyond it a build spills to disk beside the
    warehouse. Unset: the engine's own limit, 80 % of the machine.
-#}
{% macro limit_memory() -%}
    {{ adapter.dispatch('limit_memory')() }}
{%- endmacro %}

{% macro default__limit_memory() -%}{%- endmacro %}

{% macro duckdb__limit_memory() -%}
    {%- set limit = env_var('EXPERTISE_MEMORY_LIMIT', '') -%}
    {%- if limit -%} set global memory_limit = '{{ limit }}' {%- endif -%}
{%- endmacro %}
