with

jurisdictions as (
    select distinct
        district_id,
        jurisdiction
    from {{ ref('int_renewal__policies') }}
),

licence_holders as (
    select distinct staff_key
    from {{ ref('fct_licences') }}
)

select
    staff.staff_key,
    staff.district_id,
    jurisdictions.jurisdiction,
    licence_holders.staff_key is not null as has_licence
from {{ ref('dim_staff') }} as staff
inner join jurisdictions on staff.district_id = jurisdictions.district_id
left join licence_holders on staff.staff_key = licence_holders.staff_key
