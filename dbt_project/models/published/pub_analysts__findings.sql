with

findings_of_deliveries as (
    select
        'delivery' as found_by,
        platform as source_system,
        connection,
        stream,
        run_id,
        check_name,
        severity,
        cast(record_count as bigint) as record_count,
        message
    from {{ ref('stg_pipeline__findings') }}
),

findings_of_the_build as (
    select
        'build' as found_by,
        source_system,
        connection,
        stream,
        cast(null as {{ dbt.type_string() }}) as run_id,
        check_name,
        severity,
        cast(count(*) as bigint) as record_count,
        min(message) as message
    from {{ ref('int_quality__records_flagged') }}
    group by source_system, connection, stream, check_name, severity
),

findings as (
    select found_by, source_system, connection, stream, run_id, check_name, severity, record_count, message
    from findings_of_deliveries
    union all
    select found_by, source_system, connection, stream, run_id, check_name, severity, record_count, message
    from findings_of_the_build
),

settings as (
    select district_id
    from {{ ref('stg_pipeline__settings') }}
),

-- an expectation may fail for several columns of one delivery: its message tells them apart
numbered_findings as (
    select
        settings.district_id,
        findings.found_by,
        findings.source_system,
        findings.connection,
        findings.stream,
        findings.run_id,
        findings.check_name,
        findings.severity,
        findings.record_count,
        findings.message,
        row_number() over (
            partition by
                findings.found_by, findings.source_system, findings.connection, findings.stream, findings.run_id,
                findings.check_name, findings.severity
            order by findings.message, findings.record_count
        ) as finding_number
    from findings
    cross join settings
)

select
    {{ surrogate_key([
        'found_by', 'source_system', "coalesce(connection, '')", 'stream', "coalesce(run_id, '')", 'check_name',
        'severity', 'finding_number',
    ]) }} as finding_key,
    found_by,
    source_system,
    connection,
    stream,
    run_id,
    check_name,
    severity,
    record_count,
    message
from numbered_findings
