with

users as (
    select
        district_id,
        _connection as connection,
        user_id_grow as user_id,
        nullif(trim(internal_id), '') as typed_employee_number,
        {{ normalised_email('email') }} as email
    from {{ ref('stg_grow__users') }}
),

-- a person with two accounts of one address is one holder; a stand-in such as 999999 has many
holders as (
    select
        district_id,
        connection,
        typed_employee_number,
        count(distinct coalesce(email, user_id)) as holder_count
    from users
    where typed_employee_number is not null
    group by district_id, connection, typed_employee_number
),

numbers_of_the_roster as (
    select
        district_id,
        alias_value as employee_id
    from {{ ref('int_identity__staff_aliases') }}
    where alias_kind = 'employee_id' and not is_ambiguous
),

identified as (
    select
        users.district_id,
        users.connection,
        users.user_id,
        users.email,
        case when holders.holder_count = 1 then users.typed_employee_number end as employee_id,
        coalesce(holders.holder_count > 1, false) as is_employee_number_shared
    from users
    left join holders
        on users.district_id = holders.district_id
        and users.connection = holders.connection
        and users.typed_employee_number = holders.typed_employee_number
)

select
    identified.district_id,
    identified.connection,
    identified.user_id,
    identified.employee_id,
    identified.email,
    identified.is_employee_number_shared,
    -- of a rater only one id is compared: the one that the roster knows
    coalesce(numbers_of_the_roster.employee_id, identified.email, identified.employee_id, identified.user_id) as rater_id
from identified
left join numbers_of_the_roster
    on identified.district_id = numbers_of_the_roster.district_id
    and identified.employee_id = numbers_of_the_roster.employee_id
