with

mentioned_schools as (
    select
        district_id,
        school_id,
        school_name,
        1 as source_order,
        cast(null as integer) as school_year
    from {{ ref('stg_edfi__schools') }}
    where not is_deleted
    union all
    select
        district_id,
        school_id,
        school_name,
        2 as source_order,
        cast(school_year as integer) as school_year
    from {{ ref('stg_files__roster') }}
    where not is_deleted
    union all
    select
        district_id,
        education_organization_id as school_id,
        cast(null as {{ dbt.type_string() }}) as school_name,
        3 as source_order,
        cast(null as integer) as school_year
    from {{ ref('stg_edfi__staff_assignments') }}
    where not is_deleted
    union all
    select
        district_id,
        school_id,
        cast(null as {{ dbt.type_string() }}) as school_name,
        4 as source_order,
        cast(null as integer) as school_year
    from {{ ref('stg_files__pd_spending') }}
    where not is_deleted
    union all
    select
        district_id,
        school_id,
        cast(null as {{ dbt.type_string() }}) as school_name,
        5 as source_order,
        cast(null as integer) as school_year
    from {{ ref('stg_files__student_growth') }}
    where not is_deleted
    union all
    select
        district_id,
        school_id,
        org_name as school_name,
        6 as source_order,
        cast(null as integer) as school_year
    from {{ ref('stg_oneroster__orgs') }}
    where not is_deleted and org_type = 'school'
    union all
    select
        district_id,
        school_id,
        cast(null as {{ dbt.type_string() }}) as school_name,
        8 as source_order,
        cast(null as integer) as school_year
    from {{ ref('stg_files__school_characteristics') }}
    where not is_deleted
    union all
    select
        roles.district_id,
        coalesce(organisations.school_id, roles.org_id) as school_id,
        organisations.org_name as school_name,
        7 as source_order,
        cast(null as integer) as school_year
    from {{ ref('int_staff__roster_roles_unioned') }} as roles
    left join {{ ref('stg_oneroster__orgs') }} as organisations
        on organisations._connection = roles.connection
        and organisations.org_id_oneroster = roles.org_id
),

schools_best_name_first as (
    select
        district_id,
        trim(school_id) as school_id,
        school_name,
        row_number() over (
            partition by district_id, trim(school_id)
            order by
                case when school_name is null then 1 else 0 end,
                source_order,
                school_year desc,
                school_name
        ) as name_order
    from mentioned_schools
    where nullif(trim(school_id), '') is not null
)

select
    {{ surrogate_key(['school_id']) }} as school_key,
    district_id,
    school_id,
    coalesce(school_name, school_id) as school_name
from schools_best_name_first
where name_order = 1
