with

person_references as (
    select
        district_id,
        reference_key,
        reference_employee_id,
        reference_state_id,
        reference_person_key,
        reference_email,
        reference_email_hash,
        reference_email_salt
    from {{ ref('int_identity__person_references') }}
),

aliases as (
    select
        district_id,
        staff_key,
        alias_kind,
        alias_value
    from {{ ref('int_identity__staff_aliases') }}
),

-- ids before addresses; the methods in this order, the first that finds anybody decides
candidates as (
    {%- for method, column in [
        ('employee_id', 'reference_employee_id'),
        ('state_id', 'reference_state_id'),
        ('person_key', 'reference_person_key'),
        ('email', 'reference_email'),
    ] %}
    select
        person_references.reference_key,
        aliases.staff_key,
        {{ loop.index }} as method_order,
        '{{ method }}' as match_method
    from person_references
    inner join aliases
        on aliases.district_id = person_references.district_id
        and aliases.alias_kind = '{{ method }}'
        and aliases.alias_value = person_references.{{ column }}
    union all
    {%- endfor %}
    select
        person_references.reference_key,
        aliases.staff_key,
        5 as method_order,
        'email_hash' as match_method
    from person_references
    inner join aliases
        on aliases.district_id = person_references.district_id
        and aliases.alias_kind = 'email'
        and person_references.reference_email_hash is not null
        {%- set salted_email = "aliases.alias_value || coalesce(person_references.reference_email_salt, '')" %}
        -- Open Badges 1 and 2 also know md5
        and person_references.reference_email_hash in (
            'sha256$' || {{ sha256_hex(salted_email) }},
            'md5$' || md5({{ salted_email }})
        )
),

deciding_methods as (
    select
        reference_key,
        min(method_order) as method_order,
        count(distinct staff_key) as staff_count_of_all_methods
    from candidates
    group by reference_key
),

decided as (
    select
        candidates.reference_key,
        min(candidates.staff_key) as staff_key,
        min(candidates.match_method) as match_method,
        count(distinct candidates.staff_key) as staff_count,
        min(deciding_methods.staff_count_of_all_methods) as staff_count_of_all_methods
    from candidates
    inner join deciding_methods
        on candidates.reference_key = deciding_methods.reference_key
        and candidates.method_order = deciding_methods.method_order
    group by candidates.reference_key
),

rosters as (
    select count(*) as staff_count
    from {{ ref('int_identity__roster_records') }}
)

select
    person_references.reference_key,
    person_references.district_id,
    case when decided.staff_count = 1 then decided.staff_key end as staff_key,
    case when decided.staff_count = 1 then decided.match_method end as match_method,
    case
        when rosters.staff_count = 0 then 'no_roster'
        when decided.staff_count is null then 'no_match'
        when decided.staff_count > 1 then 'ambiguous'
    end as unmatched_reason,
    case
        when person_references.reference_employee_id is not null then 'employee number'
        when person_references.reference_state_id is not null then 'state staff id'
        when person_references.reference_person_key is not null then 'person id'
        when person_references.reference_email is not null then 'e-mail'
        when person_references.reference_email_hash is not null then 'hashed e-mail'
        else 'nothing that names a person'
    end as what,
    coalesce(decided.staff_count = 1 and decided.staff_count_of_all_methods > 1, false) as has_contradicting_ids
from person_references
cross join rosters
left join decided on person_references.reference_key = decided.reference_key
