select
    runs.run_id,
    runs.connection,
    runs.platform as source_system,
    runs.stream,
    runs.outcome,
    runs.verdict,
    runs.reason,
    runs.started_at,
    runs.extracted_at,
    runs.is_reset,
    cast(runs.pages as bigint) as pages,
    cast(runs.records_reported as bigint) as records_reported,
    cast(runs.records_received as bigint) as records_received,
    cast(runs.records_landed as bigint) as records_landed,
    cast(runs.records_rejected as bigint) as records_rejected,
    cast(runs.duplicate_records as bigint) as duplicate_records,
    cast(runs.records_deleted as bigint) as records_deleted,
    cast(reconciled.records_loaded as bigint) as records_now_loaded,
    cast(reconciled.records_deleted as bigint) as records_now_deleted,
    cast(reconciled.records_superseded as bigint) as records_now_superseded,
    reconciled.what_differs,
    runs.undeclared_fields
from {{ ref('stg_pipeline__runs') }} as runs
left join {{ ref('int_quality__runs_reconciled') }} as reconciled
    on runs.platform = reconciled.source_system
    and runs.connection = reconciled.connection
    and runs.stream = reconciled.stream
    and runs.run_id = reconciled.run_id
