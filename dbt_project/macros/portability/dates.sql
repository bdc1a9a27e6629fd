{# The calendar date of an instant in a time zone. #}
{% macro local_date(instant, timezone) -%}
    {{ return(adapter.dispatch('local_date')(instant, timezone)) }}
{%- endmacro %}

{% macro default__local_date(instant, timezone) -%}
    cast(timezone({{ timezone }}, {{ instant }}) as date)
{%- endmacro %}

{% macro spark__local_date(instant, timezone) -%}
    cast(from_utc_timestamp({{ instant }}, {{ timezone }}) as date)
{%- endmacro %}

{# The instant at which a calendar date begins in a time zone. #}
{% macro start_of_local_date(date, timezone) -%}
    {{ return(adapter.dispatch('start_of_local_date')(date, timezone)) }}
{%- endmacro %}

{% macro default__start_of_local_date(date, timezone) -%}
    timezone({{ timezone }}, cast({{ date }} as timestamp))
{%- endmacro %}

{% macro spark__start_of_local_date(date, timezone) -%}
    to_utc_timestamp(cast({{ date }} as timestamp), {{ timezone }})
{%- endmacro %}

{#
    The school year (spring year, integer) of a local date. `settings` names the relation or CTE
    that carries school_year_start_month and school_year_start_day. A year that starts on
    1 January is the calendar year.
#}
{% macro school_year_of(local_date, settings='settings') -%}
    cast(
        extract(year from {{ local_date }})
        + case
            when {{ settings }}.school_year_start_month = 1 and {{ settings }}.school_year_start_day = 1 then 0
            when
                extract(month from {{ local_date }}) * 100 + extract(day from {{ local_date }})
                >= {{ settings }}.school_year_start_month * 100 + {{ settings }}.school_year_start_day
                then 1
            else 0
        end
    as integer)
{%- endmacro %}

{# The calendar date that ISO text begins with (`2026-08-01`, `2026-08-01T00:00:00Z`); null where it is none. #}
{% macro date_from_text(text) -%}
    {{ return(adapter.dispatch('date_from_text')(text)) }}
{%- endmacro %}

{% macro default__date_from_text(text) -%}
    case when {{ text }} like '____-__-__%' then cast(left({{ text }}, 10) as date) end
{%- endmacro %}

{% macro duckdb__date_from_text(text) -%}
    try_cast(left({{ text }}, 10) as date)
{%- endmacro %}

{# First day of a school year. #}
{% macro school_year_start(school_year, settings='settings') -%}
    {{ return(adapter.dispatch('school_year_start')(school_year, settings)) }}
{%- endmacro %}

{% macro default__school_year_start(school_year, settings) -%}
    cast(make_date(
        cast({{ school_year }} as integer)
        - case
            when {{ settings }}.school_year_start_month = 1 and {{ settings }}.school_year_start_day = 1 then 0
            else 1
        end,
        {{ settings }}.school_year_start_month,
        {{ settings }}.school_year_start_day
    ) as date)
{%- endmacro %}

{# An ISO date as text, for sentences. #}
{% macro iso_date(date) -%}
    cast({{ date }} as {{ dbt.type_string() }})
{%- endmacro %}
