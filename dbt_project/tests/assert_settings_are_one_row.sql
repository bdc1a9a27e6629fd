/*
    What: a build is given the settings of exactly one district.
    When it matters: the settings are joined to every model; two rows would double the warehouse, none would
        empty it.
    How to resolve: the pipeline writes settings.parquet from district.yml before the build; run it again.
*/
select count(*) as row_count
from {{ ref('stg_pipeline__settings') }}
having count(*) <> 1
