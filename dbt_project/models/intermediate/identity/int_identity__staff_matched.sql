{%- set text = dbt.type_string() -%}
{%- set id_kinds = [
    ('employee_id', 'reference_employee_id'),
    ('state_id', 'reference_state_id'),
    ('person_key', 'reference_person_key'),
] -%}
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
        coalesce(reference_email_salt, '') as reference_email_salt,
        reference_school_year
    from {{ ref('int_identity__person_references') }}
),

aliases as (
    select
        district_id,
        staff_key,
        alias_kind,
        alias_value,
        first_school_year,
        last_school_year,
        -- whoever holds an address in the newest roster still holds it
        case when coalesce(is_held_now, false) then 9999 else last_school_year end as held_until,
        alias_source,
        coalesce(is_decided, false) as is_decided
    from {{ ref('int_identity__staff_aliases') }}
),

addresses_in_order as (
    select
        district_id,
        alias_value,
        first_school_year,
        held_until,
        max(held_until) over (
            partition by district_id, alias_value
            order by first_school_year, held_until, staff_key
            rows between unbounded preceding and 1 preceding
        ) as held_before_until
    from aliases
    where alias_kind = 'email'
),

-- an address of two people at one time, or at times nobody knows, is nobody's; one handed on is told apart by the year
addresses as (
    select
        district_id,
        alias_value,
        count(*) as holder_count,
        max(
            case
                when first_school_year is null or held_until is null then 1
                when held_before_until >= first_school_year then 1
                else 0
            end
        ) as is_shared
    from addresses_in_order
    group by district_id, alias_value
),

holders_of_addresses as (
    select
        aliases.district_id,
        aliases.staff_key,
        aliases.alias_value,
        aliases.first_school_year,
        aliases.last_school_year,
        aliases.held_until,
        aliases.alias_source,
        aliases.is_decided,
        addresses.holder_count > 1 and addresses.is_shared = 0 as is_handed_on
    from aliases
    inner join addresses
        on aliases.district_id = addresses.district_id
        and aliases.alias_value = addresses.alias_value
    where aliases.alias_kind = 'email'
),

-- each address is hashed once for all recipients without a salt
unsalted_hashes as (
    select district_id, alias_value, 'sha256$' || {{ sha256_hex('alias_value') }} as email_hash
    from addresses
    union all
    -- Open Badges 1 and 2 also know md5
    select district_id, alias_value, 'md5$' || md5(alias_value)
    from addresses
),

address_counts as (
    select count(*) as address_count
    from addresses
),

-- a salt of its own needs every address hashed anew: the newest come first, as many as the bound allows
salted_references as (
    select
        district_id,
        reference_key,
        reference_email_hash,
        reference_email_salt,
        row_number() over (order by coalesce(reference_school_year, 0) desc, reference_key)
        * address_counts.address_count <= {{ var('most_addresses_hashed') }} as is_tried
    from person_references
    cross join address_counts
    where reference_email_hash is not null and reference_email_salt <> ''
),

references_by_address as (
    select reference_key, district_id, reference_email as email, 'email' as match_method, 5 as method_order
    from person_references
    where reference_email is not null
    union all
    select
        person_references.reference_key,
        person_references.district_id,
        unsalted_hashes.alias_value as email,
        'email_hash' as match_method,
        6 as method_order
    from person_references
    inner join unsalted_hashes
        on person_references.district_id = unsalted_hashes.district_id
        and person_references.reference_email_hash = unsalted_hashes.email_hash
    where person_references.reference_email_salt = ''
    union all
    {%- set salted_address = 'addresses.alias_value || salted.reference_email_salt' %}
    {%- for prefix, hash in [('sha256$', sha256_hex(salted_address)), ('md5$', 'md5(' ~ salted_address ~ ')')] %}
    select
        salted.reference_key,
        salted.district_id,
        addresses.alias_value as email,
        'email_hash' as match_method,
        6 as method_order
    from salted_references as salted
    inner join addresses
        on salted.district_id = addresses.district_id
        and salted.reference_email_hash like '{{ prefix }}%'
        and salted.reference_email_hash = '{{ prefix }}' || {{ hash }}
    where salted.is_tried
    {% if not loop.last -%}
    union all
    {%- endif %}
    {%- endfor %}
),

candidates_by_address as (
    select
        named.reference_key,
        holders.staff_key,
        named.method_order,
        named.match_method,
        holders.first_school_year,
        holders.last_school_year,
        holders.alias_source,
        holders.is_decided,
        holders.is_handed_on,
        case
            when not holders.is_handed_on then 1
            when person_references.reference_school_year between holders.first_school_year and holders.held_until then 1
            else 0
        end as is_of_that_year
    from references_by_address as named
    inner join person_references on named.reference_key = person_references.reference_key
    inner join holders_of_addresses as holders
        on named.district_id = holders.district_id
        and named.email = holders.alias_value
),

-- where the year tells nobody, all who ever held the address stay
candidates_of_that_year as (
    select
        reference_key,
        staff_key,
        method_order,
        match_method,
        first_school_year,
        last_school_year,
        alias_source,
        is_decided,
        is_handed_on,
        is_of_that_year,
        max(is_of_that_year) over (partition by reference_key, method_order) as is_year_known
    from candidates_by_address
),

-- ids before addresses; the methods in this order, the first that finds anybody decides
all_candidates as (
    {%- for kind, column in id_kinds %}
    select
        person_references.reference_key,
        aliases.staff_key,
        {{ loop.index + 1 }} as method_order,
        '{{ kind }}' as match_method,
        aliases.first_school_year,
        aliases.last_school_year,
        aliases.alias_source,
        aliases.is_decided,
        false as is_handed_on
    from person_references
    inner join aliases
        on aliases.district_id = person_references.district_id
        and aliases.alias_kind = '{{ kind }}'
        and aliases.alias_value = person_references.{{ column }}
    union all
    {%- endfor %}
    select
        person_references.reference_key,
        aliases.staff_key,
        6 as method_order,
        'email_hash' as match_method,
        aliases.first_school_year,
        aliases.last_school_year,
        aliases.alias_source,
        aliases.is_decided,
        false as is_handed_on
    from person_references
    inner join aliases
        on aliases.district_id = person_references.district_id
        and aliases.alias_kind = 'email_hash'
        and aliases.alias_value = person_references.reference_email_hash
    union all
    select
        reference_key,
        staff_key,
        method_order,
        match_method,
        first_school_year,
        last_school_year,
        alias_source,
        is_decided,
        is_handed_on
    from candidates_of_that_year
    where is_of_that_year = is_year_known
),

refusals as (
    select
        decisions.district_id,
        decisions.alias_kind,
        decisions.alias_value,
        people.staff_key
    from {{ ref('int_identity__decisions_read') }} as decisions
    inner join {{ ref('int_identity__roster_records_merged') }} as people
        on decisions.target_record_key = people.roster_record_key
    where decisions.decision = 'different' and decisions.alias_kind is not null and decisions.is_known
),

-- who is decided to be somebody else is so by whatever rule
refused_candidates as (
    {%- for kind, column in id_kinds + [('email', 'reference_email'), ('email_hash', 'reference_email_hash')] %}
    select
        person_references.reference_key,
        refusals.staff_key
    from refusals
    inner join person_references
        on refusals.district_id = person_references.district_id
        and refusals.alias_kind = '{{ kind }}'
        and refusals.alias_value = person_references.{{ column }}
    {% if not loop.last -%}
    union
    {%- endif %}
    {%- endfor %}
),

candidates as (
    select
        all_candidates.reference_key,
        all_candidates.staff_key,
        case when all_candidates.is_decided then 1 else all_candidates.method_order end as method_order,
        case when all_candidates.is_decided then 'decision' else all_candidates.match_method end as match_method,
        all_candidates.first_school_year,
        all_candidates.last_school_year,
        all_candidates.alias_source,
        all_candidates.is_handed_on
    from all_candidates
    left join refused_candidates as refused
        on all_candidates.reference_key = refused.reference_key
        and all_candidates.staff_key = refused.staff_key
    where refused.reference_key is null
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
        min(candidates.first_school_year) as first_school_year,
        max(candidates.last_school_year) as last_school_year,
        min(candidates.alias_source) as alias_source,
        max(case when candidates.is_handed_on then 1 else 0 end) = 1 as is_handed_on,
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
        when decided.staff_count is null and not salted_references.is_tried then 'hash_not_tried'
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
    coalesce(decided.staff_count = 1 and decided.staff_count_of_all_methods > 1, false) as has_contradicting_ids,
    case when decided.staff_count = 1 then decided.alias_source end as match_source,
    case when decided.staff_count = 1 then decided.first_school_year end as match_first_school_year,
    case when decided.staff_count = 1 then decided.last_school_year end as match_last_school_year,
    case
        when coalesce(decided.staff_count, 0) <> 1 then null
        when decided.match_method = 'decision' then 'a person decided it'
        else case decided.match_method
            when 'employee_id' then 'same employee number'
            when 'state_id' then 'same state staff id'
            when 'person_key' then 'same person id'
            when 'email' then 'same e-mail address'
            else 'the e-mail address gives the same hash'
        end
        || ' as in ' || coalesce(decided.alias_source, 'the roster')
        || coalesce(
            ', school years ' || cast(decided.first_school_year as {{ text }})
            || ' to ' || cast(decided.last_school_year as {{ text }}),
            ''
        )
        || case
            when decided.is_handed_on
                then '; others had the address in other years, the record is of '
                    || cast(person_references.reference_school_year as {{ text }})
            else ''
        end
    end as match_evidence
from person_references
cross join rosters
left join decided on person_references.reference_key = decided.reference_key
left join salted_references on person_references.reference_key = salted_references.reference_key
