{# The grain of a model: no two rows share the columns, and none of the columns is null. #}
{% test one_row_per(model, columns) %}
    select
        {% for column in columns %}{{ column }}, {% endfor -%}
        count(*) as row_count
    from {{ model }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {%- for column in columns %}
        or {{ column }} is null
        {%- endfor %}
{% endtest %}
