{#
    What follows from counts of people in bands, for a school or a district: select-list lines.

    - supply_count: people who could share it, expert or strong practice.
    - gap_size: need less supply; above 0 is a gap. Null without any evidence: missing is not zero.
    - cover_ratio: supply per person in need; null where nobody is known to need it.
    - no_evidence_share: 0 to 1, the share of the staff of whom nothing is known in it.
    - has_single_expert_risk: exactly one person could share it; with them it would be gone.
    - cover_state: no evidence, gap, covered, or no need seen.

    Argument: counts (relation with staff_count, evidence_staff_count and the counts of bands, none null).
#}
{% macro coverage_measures(counts) -%}
    {%- set supply = '(' ~ counts ~ '.expert_count + ' ~ counts ~ '.strong_practice_count)' -%}
    {%- set evidence = counts ~ '.evidence_staff_count' -%}
    {%- set need = counts ~ '.need_count' -%}
    cast({{ supply }} as integer) as supply_count,
    cast(case when {{ evidence }} > 0 then {{ need }} - {{ supply }} end as integer) as gap_size,
    case when {{ need }} > 0 then cast({{ supply }} as double precision) / {{ need }} end as cover_ratio,
    case
        when {{ counts }}.staff_count > 0
            then cast({{ counts }}.staff_count - {{ evidence }} as double precision) / {{ counts }}.staff_count
    end as no_evidence_share,
    {{ supply }} = 1 as has_single_expert_risk,
    case
        when {{ evidence }} = 0 then 'no evidence'
        when {{ need }} > {{ supply }} then 'gap'
        when {{ need }} > 0 then 'covered'
        else 'no need seen'
    end as cover_state
{%- endmacro %}

{# The day as of which a school year's coverage is known: its last day, or today for the current one. #}
{% macro known_as_of(school_year, is_current, settings='settings') -%}
    case
        when {{ is_current }} then {{ settings }}.as_of_date
        else cast({{ dbt.dateadd('day', -1, school_year_start(school_year ~ ' + 1', settings)) }} as date)
    end
{%- endmacro %}
