/*
    What: every landed element rating, score of a final observation and file score that is not deleted stands in
        fct_evaluation_scores.
    When it matters: a rating lost to a join lowers nobody's score and raises nobody's: it is just not seen.
    How to resolve: compare by source; look for a join in models/intermediate/evaluations that lost rows, or a
        rubric version that stands twice in the seed for one year.
*/
with

final_observations as (
    select
        _connection as connection,
        observation_id_grow as observation_id,
        scores
    from {{ ref('stg_grow__observations') }}
    where not is_deleted and is_final
),

observed_items as (
    {{ unnest_json_array('final_observations', 'scores', ['connection', 'observation_id']) }}
),

landed_records as (
    select
        'edfi' as source_system,
        _connection as connection,
        evaluation_element_rating_id_edfi as source_record_id
    from {{ ref('stg_edfi__evaluation_element_ratings') }}
    where not is_deleted
    union all
    select
        'files' as source_system,
        _connection as connection,
        observation_id || '|' || element_code as source_record_id
    from {{ ref('stg_files__evaluation_scores') }}
    where not is_deleted
    union all
    select
        'grow' as source_system,
        connection,
        observation_id || '|' || {{ json_text("nullif(item, '')", ['measurement']) }} as source_record_id
    from observed_items
    where {{ json_text("nullif(item, '')", ['measurement']) }} is not null and {{ json_text("nullif(item, '')", ['valueScore']) }} is not null
),

records_in_the_mart as (
    select distinct
        source_system,
        connection,
        source_record_id
    from {{ ref('fct_evaluation_scores') }}
)

select
    landed_records.source_system,
    landed_records.connection,
    landed_records.source_record_id
from landed_records
left join records_in_the_mart
    on landed_records.source_system = records_in_the_mart.source_system
    and landed_records.connection = records_in_the_mart.connection
    and landed_records.source_record_id = records_in_the_mart.source_record_id
where records_in_the_mart.source_record_id is null
