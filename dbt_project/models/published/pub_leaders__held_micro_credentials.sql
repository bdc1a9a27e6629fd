with

awards as (
    select
        awards.district_id,
        awards.staff_key,
        awards.micro_credential_key,
        awards.issued_date,
        awards.expires_date,
        case
            when awards.is_demonstrated then 'held'
            when awards.is_revoked then 'revoked'
            when awards.is_earned then 'expired'
            else 'does not count'
        end as standing,
        row_number() over (
            partition by awards.staff_key, awards.micro_credential_key
            order by
                case
                    when awards.is_demonstrated then 1
                    when awards.is_earned then 2
                    else 3
                end,
                awards.issued_date desc,
                awards.credential_award_key
        ) as award_order
    from {{ ref('fct_credential_awards') }} as awards
    inner join {{ ref('dim_staff') }} as staff
        on awards.staff_key = staff.staff_key
        and staff.is_active
)

select
    {{ surrogate_key(['staff_key', 'micro_credential_key']) }} as held_key,
    district_id,
    staff_key,
    micro_credential_key,
    standing,
    issued_date,
    expires_date
from awards
where award_order = 1
