/*
    What: every landed element rating and file score that is not deleted stands in fct_evaluation_scores.
    When it matters: a rating lost to a join lowers nobody's score and raises nobody's: it is just not seen.
    How to resolve: compare by source; look for a join in models/intermediate/evaluations that lost rows, or a
        rubric version that stands twice in the seed for one year.
*/
with

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
