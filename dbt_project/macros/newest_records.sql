{#
    The newest version of each record of a landed stream, with the flag `is_deleted`.

    - What the newest full pull brought, or a run since, always comes before what was landed
      earlier (`_is_before_reset`): a full pull is the platform's word, also where it restored an
      older version, and a build from it alone must give the same rows.
    - Of several such versions the one that the platform modified last wins (`modified`, where the
      platform says so), then the one landed last, then the record hash: an older version that
      arrives in a later run stays older, and the answer never depends on page order.
    - A time of change more than a day after its pull is no time (a clock that was wrong): the
      version counts as of its pull, so that it does not stay the newest until that time comes.
      A day, since two versions changed while one pull ran must keep their order.
    - A delete counts against every version landed in its run or before; a version landed
      afterwards makes the record live again.
    - A record is deleted when no live version is left: all deleted, or all landed before the
      newest full pull, which no longer had it.

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
                    case when versions._is_before_reset then 1 else 0 end,
                    {% if modified is not none -%}
                    case when versions.{{ modified }} is null then 1 else 0 end,
                    case
                        when versions.{{ modified }} > {{ dbt.dateadd('day', 1, 'versions._extracted_at') }}
                            then versions._extracted_at
                        else versions.{{ modified }}
                    end desc,
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
