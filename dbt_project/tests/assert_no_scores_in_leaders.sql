/*
    What: no table that leaders read has a column for a score, a mean or a rating.
    When it matters: evaluation scores are confidential personnel records; leaders see bands. The release is
        checked again before the swap; here the build stops first.
    How to resolve: take the column out of the published model; who may see scores is a setting of the release.
*/
-- depends_on: {{ ref('pub_leaders__expertise') }}
-- depends_on: {{ ref('pub_leaders__evidence') }}
-- depends_on: {{ ref('pub_leaders__coverage') }}
-- depends_on: {{ ref('pub_leaders__district_coverage') }}
-- depends_on: {{ ref('pub_leaders__equity') }}
-- depends_on: {{ ref('pub_leaders__equity_gaps') }}
select
    table_name,
    column_name
from information_schema.columns
where
    table_name like 'pub_leaders__%'
    and (column_name like '%score%' or column_name like '%mean%' or column_name like '%rating%')
