/*
    What: no evaluation title has two rubric versions in one school year.
    When it matters: a score would stand on both scales and be counted twice.
    How to resolve: end the older version's last_school_year in the seed rubric_versions.
*/
select
    earlier.rubric_version as earlier_version,
    later.rubric_version as later_version
from {{ ref('rubric_versions') }} as earlier
inner join {{ ref('rubric_versions') }} as later
    on {{ normalised_name('earlier.evaluation_title') }} = {{ normalised_name('later.evaluation_title') }}
    and earlier.rubric_version < later.rubric_version
    and earlier.first_school_year <= later.last_school_year
    and later.first_school_year <= earlier.last_school_year
