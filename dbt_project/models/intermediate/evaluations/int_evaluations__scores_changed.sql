with

landed_versions as (
    select
        district_id,
        _connection as connection,
        observation_id_grow as observation_id,
        scores,
        is_published,
        modified_at,
        _extracted_at as extracted_at,
        row_number() over (
            partition by _connection, observation_id_grow
            order by modified_at, _run_id, _record_hash
        ) as landed_number,
        lag(scores) over (
            partition by _connection, observation_id_grow
            order by modified_at, _run_id, _record_hash
        ) as scores_before
    from {{ ref('stg_grow__observation_versions') }}
),

-- the same content comes back with every pull
distinct_versions as (
    select
        district_id,
        connection,
        observation_id,
        scores,
        is_published,
        modified_at,
        extracted_at,
        row_number() over (partition by connection, observation_id order by landed_number) as version_number,
        count(*) over (partition by connection, observation_id) as version_count
    from landed_versions
    where landed_number = 1 or coalesce(scores, '') <> coalesce(scores_before, '')
),

changed_versions as (
    select
        district_id,
        connection,
        observation_id,
        scores,
        is_published,
        modified_at,
        extracted_at,
        version_number,
        lag(is_published) over (partition by connection, observation_id order by version_number) as was_published
    from distinct_versions
    where version_count > 1
),

items as (
    {{ unnest_json_array('changed_versions', 'scores', ['connection', 'observation_id', 'version_number']) }}
),

numbered_items as (
    select
        connection,
        observation_id,
        version_number,
        {{ json_text("nullif(item, '')", ['measurement']) }} as measurement_id,
        {{ number_from_text(json_text("nullif(item, '')", ['valueScore'])) }} as score,
        row_number() over (
            partition by connection, observation_id, version_number, {{ json_text("nullif(item, '')", ['measurement']) }}
            order by {{ json_text("nullif(item, '')", ['measurementGroup']) }}, item_number
        ) as result_number
    from items
    where {{ json_text("nullif(item, '')", ['measurement']) }} is not null
),

-- a line that a version no longer has is a change too
lines as (
    select distinct
        connection,
        observation_id,
        measurement_id,
        result_number
    from numbered_items
),

scores_by_version as (
    select
        versions.district_id,
        versions.connection,
        versions.observation_id,
        lines.measurement_id,
        lines.result_number,
        versions.version_number,
        versions.modified_at,
        versions.extracted_at,
        versions.was_published,
        items.score,
        lag(items.score) over (
            partition by versions.connection, versions.observation_id, lines.measurement_id, lines.result_number
            order by versions.version_number
        ) as score_before
    from changed_versions as versions
    inner join lines
        on versions.connection = lines.connection
        and versions.observation_id = lines.observation_id
    left join numbered_items as items
        on versions.connection = items.connection
        and versions.observation_id = items.observation_id
        and versions.version_number = items.version_number
        and lines.measurement_id = items.measurement_id
        and lines.result_number = items.result_number
)

select
    {{ surrogate_key(["'grow'", 'connection', 'observation_id', 'measurement_id', 'result_number', 'version_number']) }} as evaluation_score_change_key,
    {{ surrogate_key(["'grow'", 'connection', "observation_id || '|' || measurement_id", 'result_number']) }} as evaluation_score_key,
    district_id,
    'grow' as source_system,
    connection,
    observation_id || '|' || measurement_id as source_record_id,
    cast(result_number as integer) as result_number,
    cast(version_number as integer) as version_number,
    score_before,
    score,
    modified_at as changed_at,
    extracted_at as first_seen_at,
    was_published as is_after_publication
from scores_by_version
where version_number > 1
    and (
        score <> score_before
        or (score is null and score_before is not null)
        or (score is not null and score_before is null)
    )
