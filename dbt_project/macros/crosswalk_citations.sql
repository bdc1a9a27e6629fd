{#
    How exactly a row of a crosswalk names an item, 1 most exactly; null where it does not.

    1: by its id (of a CASE item in any letter case). PD activities return under new ids, so they
    may also be named by 2: the beginning of their ids, written `PD-012-*`, and 3: their title, in
    any letter case.

    Arguments are SQL expressions: the item's type, what the row cites, the item's id and title.
#}
{% macro crosswalk_citation_rank(item_type, cited, item_id, item_title) -%}
    case
        when {{ cited }} = {{ item_id }} then 1
        when {{ item_type }} = 'case_item' and lower({{ cited }}) = lower({{ item_id }}) then 1
        when
            {{ item_type }} = 'pd_activity'
            and {{ cited }} like '_%*'
            and left({{ item_id }}, length({{ cited }}) - 1) = left({{ cited }}, length({{ cited }}) - 1)
            then 2
        when {{ item_type }} = 'pd_activity' and lower({{ cited }}) = lower({{ item_title }}) then 3
    end
{%- endmacro %}
