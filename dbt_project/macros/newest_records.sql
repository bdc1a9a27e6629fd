{#
    The newest version of each record of a landed stream, with the flag `is_deleted`.

    - Of several versions the one that the platform modified last wins (`modified`, where the
      platform says so), then the one landed last, then the record hash: an older version that
      arrives in a later run stays older, and the answer never depends on page order.
    - A delete counts against every version landed in its run or before; a version landed
      afterwards makes the record live again.
    - A record is deleted when no live version is left: all deleted, or all landed before the
      newest full pull (`_is_before_reset`), which no longer had it.

    A deleted record keeps the content of its newest version.

    Arguments: relation, key (list of columns), modified (column or none).
#}
{% macro newest_records(relation, key, modified=none) %}
    {%- set record = (['_connection'] + key) | join(', ') -%}
    select
        ranked.*,
        ranked._live_versions = 0 as is_deleted
    from (
        select
            versions.*,
            sum(
                case
                    when versions._change = 'delete' or versions._is_before_reset then 0
                    when versions._run_id <= versions._last_delete_run_id then 0
                    else 1
                end
            ) over (partition by {{ record }}) as _live_versions,
            row_number() over (
                partition by {{ record }}
                order by
                    case when versions._change = 'delete' then 1 else 0 end,
                    case when versions._run_id <= versions._last_delete_run_id then 1 else 0 end,
                    {% if modified is not none -%}
                    case when versions.{{ modified }} is null then 1 else 0 end,
                    versions.{{ modified }} desc,
                    {% endif -%}
                    versions._run_id desc,
                    versions._record_hash
            ) as _recency
        from (
            select
                landed.*,
                max(case when landed._change = 'delete' then landed._run_id end)
                    over (partition by {{ record }}) as _last_delete_run_id
            from {{ relation }} as landed
        ) as versions
    ) as ranked
    where ranked._recency = 1
{%- endmacro %}
