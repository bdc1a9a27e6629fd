with

chosen_pairs as (
    select
        partner_staff_key,
        count(*) as pair_count
    from {{ ref('int_pairing__decisions_resolved') }}
    where status in ('accepted', 'edited')
    group by partner_staff_key
)

select
    teachers.staff_key as partner_staff_key,
    teachers.district_id,
    teachers.pool_key,
    cast(coalesce(chosen_pairs.pair_count, 0) as integer) as pair_count,
    cast(greatest({{ var('pairing_capacity') | int }} - coalesce(chosen_pairs.pair_count, 0), 0) as integer) as free_places
from {{ ref('int_pairing__teachers') }} as teachers
left join chosen_pairs on teachers.staff_key = chosen_pairs.partner_staff_key
where teachers.unavailable_reason is null
