{%- set text = dbt.type_string() -%}
with

-- a row that was read but not typed has no number, or its line in the file
rejects_listed as (
    select
        platform as source_system,
        connection,
        stream,
        run_id,
        count(distinct case when field <> '(row)' then row_number end)
        + sum(case when field = '(row)' or row_number is null then 1 else 0 end) as rejected_count
    from {{ ref('stg_pipeline__rejects') }}
    group by platform, connection, stream, run_id
),

records_staged as (
    select
        source_system,
        connection,
        stream,
        run_id,
        sum(live_count) as live_count,
        sum(deleted_count) as deleted_count
    from {{ ref('int_quality__records_staged') }}
    group by source_system, connection, stream, run_id
),

-- a run without a manifest, and a manifest without rows, both stay in sight
runs as (
    select
        coalesce(runs.platform, landed.source_system) as source_system,
        coalesce(runs.connection, landed.connection) as connection,
        coalesce(runs.stream, landed.stream) as stream,
        coalesce(runs.run_id, landed.run_id) as run_id,
        case
            when runs.run_id is null then 'unknown'
            when runs.outcome = 'failed' then 'failed'
            else runs.verdict
        end as state,
        runs.reason,
        runs.started_at,
        runs.extracted_at,
        runs.pages,
        runs.records_reported,
        runs.records_received,
        runs.records_landed,
        runs.records_rejected,
        runs.records_deleted as delete_markers_landed,
        coalesce(runs.rows_folded, 0) as rows_folded,
        coalesce(landed.record_count, 0) as records_in_files,
        coalesce(landed.delete_marker_count, 0) as delete_markers_in_files
    from {{ ref('stg_pipeline__runs') }} as runs
    full outer join {{ ref('int_quality__records_landed') }} as landed
        on runs.platform = landed.source_system
        and runs.connection = landed.connection
        and runs.stream = landed.stream
        and runs.run_id = landed.run_id
),

counted_runs as (
    select
        runs.source_system,
        runs.connection,
        runs.stream,
        runs.run_id,
        runs.state,
        runs.reason,
        runs.started_at,
        runs.extracted_at,
        runs.pages,
        runs.records_reported,
        runs.records_received,
        runs.records_landed,
        runs.records_rejected,
        runs.delete_markers_landed,
        runs.rows_folded,
        runs.records_in_files + runs.delete_markers_in_files as rows_in_files,
        coalesce(rejects_listed.rejected_count, 0) as rejects_listed,
        coalesce(staged.live_count, 0) as records_loaded,
        coalesce(staged.deleted_count, 0) as records_deleted
    from runs
    left join rejects_listed
        on runs.source_system = rejects_listed.source_system
        and runs.connection = rejects_listed.connection
        and runs.stream = rejects_listed.stream
        and runs.run_id = rejects_listed.run_id
    left join records_staged as staged
        on runs.source_system = staged.source_system
        and runs.connection = staged.connection
        and runs.stream = staged.stream
        and runs.run_id = staged.run_id
)

select
    source_system,
    connection,
    stream,
    run_id,
    state,
    reason,
    started_at,
    extracted_at,
    pages,
    records_reported,
    records_received,
    records_landed,
    records_rejected,
    delete_markers_landed,
    rows_folded,
    rows_in_files,
    rejects_listed,
    records_loaded,
    records_deleted,
    rows_in_files + rows_folded - records_loaded - records_deleted as records_superseded,
    case
        when state = 'unknown'
            then cast(rows_in_files as {{ text }}) || ' rows are read of a run that has no manifest'
        when state <> 'accepted' and rows_in_files > 0
            then cast(rows_in_files as {{ text }}) || ' rows are read of a run that is ' || state
        when state = 'accepted' and records_landed + delete_markers_landed <> rows_in_files + rows_folded
            then 'the manifest tells ' || cast(records_landed + delete_markers_landed as {{ text }})
                || ' rows and the landed files hold ' || cast(rows_in_files as {{ text }})
                || case
                    when rows_folded > 0
                        then ', with ' || cast(rows_folded as {{ text }}) || ' unchanged repeats folded'
                    else ''
                end
        when state <> 'failed' and records_received <> records_landed + records_rejected
            then cast(records_received as {{ text }}) || ' records were received, ' || cast(records_landed as {{ text }})
                || ' landed and ' || cast(records_rejected as {{ text }}) || ' rejected'
        when state <> 'failed' and records_reported > records_received
            then 'the platform reported ' || cast(records_reported as {{ text }}) || ' records and sent '
                || cast(records_received as {{ text }})
        when state = 'accepted' and records_rejected <> rejects_listed
            then cast(records_rejected as {{ text }}) || ' records were rejected and '
                || cast(rejects_listed as {{ text }}) || ' are listed with their reason'
        when records_loaded + records_deleted > rows_in_files
            then cast(records_loaded + records_deleted as {{ text }}) || ' records are in staging of '
                || cast(rows_in_files as {{ text }}) || ' rows landed'
    end as what_differs
from counted_runs
