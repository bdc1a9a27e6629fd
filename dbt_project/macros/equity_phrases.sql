{# `12 of 100 teachers`: a group of staff as a sentence calls them. #}
{% macro people_of_group(staff_group) -%}
    case
        when {{ staff_group }} in ('teachers', 'leaders and coaches') then {{ staff_group }}
        when {{ staff_group }} = 'other staff' then 'other staff members'
        else 'staff members'
    end
{%- endmacro %}

{# `the lowest-poverty quarter of schools`, `elementary schools`, `schools of several grade bands`. #}
{% macro schools_of_group(school_group) -%}
    case
        when {{ school_group }} like '% quarter' or {{ school_group }} like '% half'
            then 'the ' || {{ school_group }} || ' of schools'
        when {{ school_group }} = 'several grade bands' then 'schools of several grade bands'
        else {{ school_group }} || ' schools'
    end
{%- endmacro %}

{# `12 of 100`, from a number per hundred. #}
{% macro of_100(per_100) -%}
    cast(cast(round({{ per_100 }}) as integer) as {{ dbt.type_string() }}) || ' of 100'
{%- endmacro %}
