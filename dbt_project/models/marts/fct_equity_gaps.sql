with

-- ordered characteristics compare their ends; grade spans have no order: those with most and least reach
ranked as (
    select
        district_id,
        subject_key,
        subject_kind,
        subject_id,
        subject_name,
        competency_count,
        school_year,
        is_current,
        as_of_date,
        characteristic,
        staff_group,
        school_group,
        is_ordered,
        known_staff_count,
        reach_share,
        supply_per_100_staff,
        row_number() over (
            partition by district_id, subject_key, school_year, characteristic, staff_group
            order by
                case when is_ordered then group_order end,
                case when not is_ordered then reach_share end desc,
                case when not is_ordered then supply_per_100_staff end desc,
                school_group
        ) as from_most,
        row_number() over (
            partition by district_id, subject_key, school_year, characteristic, staff_group
            order by
                case when is_ordered then group_order end desc,
                case when not is_ordered then reach_share end,
                case when not is_ordered then supply_per_100_staff end,
                school_group desc
        ) as from_least
    from {{ ref('fct_equity') }}
    where is_ordered or reach_share is not null
),

pairs as (
    select
        most.district_id,
        most.subject_key,
        most.subject_kind,
        most.subject_id,
        most.subject_name,
        most.competency_count,
        most.school_year,
        most.is_current,
        most.as_of_date,
        most.characteristic,
        most.staff_group,
        most.school_group as most_group,
        least_reached.school_group as least_group,
        most.known_staff_count as most_staff_count,
        least_reached.known_staff_count as least_staff_count,
        most.reach_share as most_reach_share,
        least_reached.reach_share as least_reach_share,
        most.supply_per_100_staff as most_supply_per_100_staff,
        least_reached.supply_per_100_staff as least_supply_per_100_staff
    from ranked as most
    inner join ranked as least_reached
        on most.district_id = least_reached.district_id
        and most.subject_key = least_reached.subject_key
        and most.school_year = least_reached.school_year
        and most.characteristic = least_reached.characteristic
        and most.staff_group = least_reached.staff_group
        and least_reached.from_least = 1
        and most.school_group <> least_reached.school_group
    where most.from_most = 1
)

select
    {{ surrogate_key(['subject_key', 'school_year', 'characteristic', 'staff_group']) }} as equity_gap_key,
    district_id,
    subject_key,
    subject_kind,
    subject_id,
    subject_name,
    school_year,
    is_current,
    as_of_date,
    characteristic,
    staff_group,
    most_group,
    least_group,
    most_staff_count,
    least_staff_count,
    most_reach_share,
    least_reach_share,
    most_reach_share - least_reach_share as reach_gap,
    most_supply_per_100_staff,
    least_supply_per_100_staff,
    most_supply_per_100_staff - least_supply_per_100_staff as supply_gap,
    case
        when most_reach_share is null then
            'Nothing is known of ' || subject_name || ' in ' || {{ schools_of_group('most_group') }}
            || ', so there is nothing to compare.'
        when least_reach_share is null then
            'Nothing is known of ' || subject_name || ' in ' || {{ schools_of_group('least_group') }}
            || ', so there is nothing to compare.'
        else
            'As of ' || {{ iso_date('as_of_date') }} || ', ' || {{ of_100('100 * most_reach_share') }} || ' '
            || {{ people_of_group('staff_group') }} || ' in ' || {{ schools_of_group('most_group') }}
            || ' have a colleague in their school who could share ' || subject_name
            || case
                when competency_count > 1 then
                    ' (on average over its ' || cast(competency_count as {{ dbt.type_string() }}) || ' competencies)'
                else ''
            end
            || '; in ' || {{ schools_of_group('least_group') }} || ' it is ' || {{ of_100('100 * least_reach_share') }} || '.'
            || case
                when most_supply_per_100_staff is null or least_supply_per_100_staff is null then
                    ' How many could share it themselves is not known.'
                else
                    ' Who could share it themselves: ' || {{ of_100('most_supply_per_100_staff') }} || ' and '
                    || {{ of_100('least_supply_per_100_staff') }} || '.'
            end
    end as sentence
from pairs
