with

-- an award counts on a day on or after its issue, until it expires; no platform tells when one was revoked,
-- so a revoked one counts on no day
awards as (
    select
        items.district_id,
        items.staff_key,
        items.competency_key,
        items.micro_credential_key,
        items.issued_date,
        years.school_year,
        years.is_current,
        items.is_earned and (items.expires_date is null or items.expires_date >= years.as_of_date) as counts
    from {{ ref('int_expertise__awards_listed') }} as items
    inner join {{ ref('int_expertise__school_years_listed') }} as years
        on items.district_id = years.district_id
        and (items.issued_date <= years.as_of_date or years.is_current)
)

-- a micro-credential awarded again is still one micro-credential
select
    {{ surrogate_key(['staff_key', 'competency_key', 'school_year']) }} as expertise_year_key,
    district_id,
    staff_key,
    competency_key,
    school_year,
    is_current,
    cast(count(distinct case when counts then micro_credential_key end) as integer) as award_count,
    max(case when counts then issued_date end) as latest_award_date
from awards
group by district_id, staff_key, competency_key, school_year, is_current
