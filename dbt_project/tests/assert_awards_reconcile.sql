/*
    What: every landed award that is not deleted stands in fct_credential_awards, alone or as a counted copy
        of another record.
    When it matters: an award that vanishes between landing and the mart takes an expert with it, in silence.
    How to resolve: compare the two counts below by source; look for a join in models/intermediate/credentials
        that lost or doubled rows.
*/
with

landed_awards as (
    select count(*) as record_count
    from {{ ref('stg_badgr__assertions') }}
    where not is_deleted
    union all
    select count(*) as record_count
    from {{ ref('stg_open_badges__credentials') }}
    where not is_deleted
    union all
    select count(*) as record_count
    from {{ ref('stg_credly__issued_badges') }}
    where not is_deleted
    union all
    select count(*) as record_count
    from {{ ref('stg_files__credential_awards') }}
    where not is_deleted
),

landed as (
    select coalesce(sum(record_count), 0) as record_count
    from landed_awards
),

in_the_mart as (
    select coalesce(sum(record_count), 0) as record_count
    from {{ ref('fct_credential_awards') }}
)

select
    landed.record_count as landed_count,
    in_the_mart.record_count as mart_count
from landed
cross join in_the_mart
where landed.record_count <> in_the_mart.record_count
