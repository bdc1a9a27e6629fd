{#
    The band of one person and competency, the first that holds; a credential never overrides an
    observed need, and missing is never need. Needs the columns observed_result (null: none) and
    is_demonstrated.
#}
{% macro expertise_band() -%}
case
            when observed_result = 'observed_need' then 'need'
            when observed_result = 'observed_expert' and is_demonstrated then 'expert'
            when observed_result = 'observed_expert' then 'strong practice'
            when is_demonstrated then 'demonstrated'
            when observed_result = 'observed_developing' then 'developing'
            else 'not enough evidence'
        end
{%- endmacro %}
