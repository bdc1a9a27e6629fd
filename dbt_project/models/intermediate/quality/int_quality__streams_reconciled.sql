{%- set text = dbt.type_string() -%}
with

streams as (
    select platform as source_system, connection, stream
    from {{ ref('stg_pipeline__configured_sources') }}
    union
    select source_system, connection, stream
    from {{ ref('int_quality__runs_reconciled') }}
),

newest_accepted_runs as (
    select
        source_system,
        connection,
        stream,
        max(run_id) as run_id,
        max(extracted_at) as accepted_at
    from {{ ref('int_quality__runs_reconciled') }}
    where state = 'accepted'
    group by source_system, connection, stream
),

-- what came after the newest accepted run: it waits, or it failed
later_runs as (
    select
        runs.source_system,
        runs.connection,
        runs.stream,
        runs.run_id,
        runs.state,
        runs.reason,
        runs.started_at,
        runs.records_landed,
        row_number() over (
            partition by runs.source_system, runs.connection, runs.stream
            order by runs.run_id desc
        ) as recency
    from {{ ref('int_quality__runs_reconciled') }} as runs
    left join newest_accepted_runs as accepted
        on runs.source_system = accepted.source_system
        and runs.connection = accepted.connection
        and runs.stream = accepted.stream
    where accepted.run_id is null or runs.run_id > accepted.run_id
),

troubles as (
    select
        source_system,
        connection,
        stream,
        max(case when recency = 1 then state end) as newest_state,
        max(case when recency = 1 then reason end) as newest_reason,
        min(case when state in ('failed', 'rejected') then started_at end) as failing_since,
        sum(case when state in ('rejected', 'pending') then records_landed else 0 end) as records_held_back
    from later_runs
    group by source_system, connection, stream
),

-- what was rejected as a whole says why in its findings
rejections as (
    select
        findings.platform as source_system,
        findings.connection,
        findings.stream,
        min(findings.check_name || ': ' || findings.message) as reason
    from {{ ref('stg_pipeline__findings') }} as findings
    inner join later_runs
        on findings.platform = later_runs.source_system
        and findings.connection = later_runs.connection
        and findings.stream = later_runs.stream
        and findings.run_id = later_runs.run_id
        and later_runs.recency = 1
    where findings.severity = 'error'
    group by findings.platform, findings.connection, findings.stream
),

runs as (
    select
        source_system,
        connection,
        stream,
        sum(case when state = 'accepted' then 1 else 0 end) as runs_accepted,
        sum(case when state = 'failed' then 1 else 0 end) as runs_failed,
        sum(case when state = 'rejected' then 1 else 0 end) as runs_rejected,
        sum(case when state = 'pending' then 1 else 0 end) as runs_pending,
        sum(case when state = 'accepted' then pages else 0 end) as pages,
        sum(case when state = 'accepted' then records_reported end) as records_reported,
        sum(case when state = 'accepted' then records_received else 0 end) as records_received,
        sum(case when state = 'accepted' then records_landed else 0 end) as records_landed,
        sum(case when state = 'accepted' then records_rejected else 0 end) as records_rejected,
        sum(case when state = 'accepted' then delete_markers_landed else 0 end) as delete_markers_landed,
        sum(rows_in_files) as rows_in_files,
        sum(rows_folded) as rows_folded,
        sum(case when what_differs is not null then 1 else 0 end) as runs_that_differ,
        min(case when what_differs is not null then 'run ' || run_id || ': ' || what_differs end) as first_difference
    from {{ ref('int_quality__runs_reconciled') }}
    group by source_system, connection, stream
),

staged as (
    select
        source_system,
        connection,
        stream,
        sum(live_count) as records_loaded,
        sum(deleted_count) as records_deleted
    from {{ ref('int_quality__records_staged') }}
    group by source_system, connection, stream
),

unmatched as (
    select source_system, connection, stream, count(*) as records_unmatched
    from {{ ref('int_quality__records_unmatched') }}
    group by source_system, connection, stream
),

counted_streams as (
    select
        streams.source_system,
        streams.connection,
        streams.stream,
        coalesce(runs.runs_accepted, 0) as runs_accepted,
        coalesce(runs.runs_failed, 0) as runs_failed,
        coalesce(runs.runs_rejected, 0) as runs_rejected,
        coalesce(runs.runs_pending, 0) as runs_pending,
        coalesce(runs.pages, 0) as pages,
        runs.records_reported,
        coalesce(runs.records_received, 0) as records_received,
        coalesce(runs.records_landed, 0) as records_landed,
        coalesce(runs.records_rejected, 0) as records_rejected,
        coalesce(runs.delete_markers_landed, 0) as delete_markers_landed,
        coalesce(runs.rows_in_files + runs.rows_folded, 0) as rows_landed,
        coalesce(superseded.superseded_count, 0) + coalesce(runs.rows_folded, 0) as records_superseded,
        coalesce(staged.records_deleted, 0) as records_deleted,
        coalesce(staged.records_loaded, 0) as records_loaded,
        coalesce(unmatched.records_unmatched, 0) as records_unmatched,
        coalesce(troubles.records_held_back, 0) as records_held_back,
        accepted.run_id as newest_run_id,
        accepted.accepted_at as last_accepted_at,
        case when troubles.newest_state in ('failed', 'rejected') then troubles.failing_since end as failing_since,
        case
            when troubles.newest_state = 'failed' then troubles.newest_reason
            when troubles.newest_state = 'rejected' then coalesce(rejections.reason, 'rejected by its checks')
        end as reason,
        coalesce(runs.runs_that_differ, 0) as runs_that_differ,
        runs.first_difference
    from streams
    left join runs
        on streams.source_system = runs.source_system
        and streams.connection = runs.connection
        and streams.stream = runs.stream
    left join staged
        on streams.source_system = staged.source_system
        and streams.connection = staged.connection
        and streams.stream = staged.stream
    left join {{ ref('int_quality__records_superseded') }} as superseded
        on streams.source_system = superseded.source_system
        and streams.connection = superseded.connection
        and streams.stream = superseded.stream
    left join newest_accepted_runs as accepted
        on streams.source_system = accepted.source_system
        and streams.connection = accepted.connection
        and streams.stream = accepted.stream
    left join troubles
        on streams.source_system = troubles.source_system
        and streams.connection = troubles.connection
        and streams.stream = troubles.stream
    left join rejections
        on streams.source_system = rejections.source_system
        and streams.connection = rejections.connection
        and streams.stream = rejections.stream
    left join unmatched
        on streams.source_system = unmatched.source_system
        and streams.connection = unmatched.connection
        and streams.stream = unmatched.stream
)

select
    source_system,
    connection,
    stream,
    runs_accepted,
    runs_failed,
    runs_rejected,
    runs_pending,
    pages,
    records_reported,
    records_received,
    records_landed,
    records_rejected,
    delete_markers_landed,
    records_superseded,
    records_deleted,
    records_loaded,
    records_unmatched,
    records_held_back,
    newest_run_id,
    last_accepted_at,
    failing_since,
    reason,
    case
        when runs_that_differ = 1 then first_difference
        when runs_that_differ > 1
            then first_difference || '; and ' || cast(runs_that_differ - 1 as {{ text }}) || ' more runs differ'
        when records_landed + delete_markers_landed <> rows_landed
            then 'the manifests tell ' || cast(records_landed + delete_markers_landed as {{ text }})
                || ' rows and the landed files hold ' || cast(rows_landed as {{ text }})
        when rows_landed <> records_loaded + records_deleted + records_superseded
            then cast(rows_landed as {{ text }}) || ' rows landed, and '
                || cast(records_loaded + records_deleted + records_superseded as {{ text }}) || ' are named: '
                || cast(records_loaded as {{ text }}) || ' loaded, ' || cast(records_deleted as {{ text }})
                || ' deleted, ' || cast(records_superseded as {{ text }}) || ' superseded'
    end as what_differs
from counted_streams
