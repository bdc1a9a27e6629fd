{{ config(materialized='view') }}

-- the current year from the table that the finder reads, so that both say the same
select
    staff_years.staff_key,
    staff_years.district_id,
    staff_years.school_year,
    staff_years.is_current,
    staff_years.school_key,
    staff_years.staff_group,
    expertise.competency_key,
    expertise.band
from {{ ref('int_coverage__staff_years') }} as staff_years
inner join {{ ref('fct_expertise') }} as expertise on staff_years.staff_key = expertise.staff_key
where staff_years.is_current
union all
select
    staff_years.staff_key,
    staff_years.district_id,
    staff_years.school_year,
    staff_years.is_current,
    staff_years.school_key,
    staff_years.staff_group,
    expertise.competency_key,
    expertise.band
from {{ ref('int_coverage__staff_years') }} as staff_years
inner join {{ ref('fct_expertise_by_year') }} as expertise
    on staff_years.staff_key = expertise.staff_key
    and staff_years.school_year = expertise.school_year
where not staff_years.is_current
