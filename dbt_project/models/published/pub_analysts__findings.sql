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

-- raters of whole schools that nobody from elsewhere observes in
raters_out_of_comparison as (
    select distinct rater_key
    from {{ ref('int_expertise__rater_effects') }}
    where not is_connected and teacher_count >= {{ var('minimum_teachers_of_a_rater') }}
),

findings_of_raters as (
    select
        'build' as found_by,
        'all' as source_system,
        cast(null as {{ dbt.type_string() }}) as connection,
        'evaluation scores' as stream,
        cast(null as {{ dbt.type_string() }}) as run_id,
        'raters_out_of_comparison' as check_name,
        'warning' as severity,
        cast(count(*) as bigint) as record_count,
        'these raters share no teacher with most others, so their severity can not be told from their teachers'
        || ' and is left in: have somebody else observe some of those teachers' as message
    from raters_out_of_comparison
    having count(*) > 0
),

findings as (
    select found_by, source_system, connection, stream, run_id, check_name, severity, record_count, message
    from findings_of_deliveries
    union all
    select found_by, source_system, connection, stream, run_id, check_name, severity, record_count, message
    from findings_of_the_build
    union all
    select found_by, source_system, connection, stream, run_id, check_name, severity, record_count, message
    from findings_of_raters
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
