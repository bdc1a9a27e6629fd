with

settings as (
    select
        district_id,
        as_of_date
    from {{ ref('stg_pipeline__settings') }}
),

people as (
    select
        staff.staff_key,
        staff.district_id,
        renewing.jurisdiction,
        case when staff.is_naming_allowed then staff.staff_name end as staff_name,
        staff.school_key,
        schools.school_id,
        schools.school_name,
        renewing.has_licence,
        settings.as_of_date
    from {{ ref('dim_staff') }} as staff
    inner join settings on staff.district_id = settings.district_id
    inner join {{ ref('int_renewal__people') }} as renewing on staff.staff_key = renewing.staff_key
    left join {{ ref('dim_schools') }} as schools on staff.school_key = schools.school_key
    where staff.is_active
),

-- what the level of effectiveness earns would tell the level: neither it nor a sum with it is published
standings as (
    select
        people.staff_key,
        people.district_id,
        people.jurisdiction,
        people.staff_name,
        people.school_key,
        people.school_id,
        people.school_name,
        people.has_licence,
        points.renewal_cycle_key,
        points.licence_title,
        points.unit_name,
        points.purpose,
        points.begins_date,
        points.ends_date,
        coalesce(points.is_current, false) as is_current,
        points.days_left,
        points.award_count,
        points.award_units,
        points.pd_hours,
        points.pd_hours_within_awards,
        points.pd_units,
        points.needed_units,
        points.missing_units_without_effectiveness as missing_units,
        coalesce(points.is_effectiveness_counted, false) as has_units_not_shown,
        case
            when points.renewal_cycle_key is null then 'no cycle'
            when not points.is_current then 'ended'
            when points.begins_date is null then 'no cycle'
            when points.needed_units is null then 'need not on file'
            when points.missing_units_without_effectiveness = 0 then 'enough'
            -- as many units as the share of the cycle that is over, counted in days
            when
                (points.award_units + points.pd_units)
                * ({{ dbt.datediff('points.begins_date', 'points.ends_date', 'day') }} + 1)
                >= points.needed_units * ({{ dbt.datediff('points.begins_date', 'people.as_of_date', 'day') }})
                then 'on pace'
            else 'behind'
        end as standing
    from people
    left join {{ ref('fct_renewal_points') }} as points
        on people.staff_key = points.staff_key
        and people.jurisdiction = points.jurisdiction
)

select
    {{ surrogate_key(['staff_key', 'jurisdiction', "coalesce(renewal_cycle_key, '')"]) }} as renewal_key,
    district_id,
    staff_key,
    staff_name,
    school_key,
    school_id,
    school_name,
    jurisdiction,
    renewal_cycle_key,
    licence_title,
    purpose,
    begins_date,
    ends_date,
    is_current,
    cast(days_left as integer) as days_left,
    unit_name,
    award_count,
    award_units,
    pd_hours,
    pd_hours_within_awards,
    pd_units,
    needed_units,
    missing_units,
    has_units_not_shown,
    standing,
    case
        when not has_licence then 'No licence is on file.'
        when standing = 'no cycle'
            then 'No licence on file that ' || jurisdiction || ' renews says from when to when it holds.'
        else
            'The licence ' || case when is_current then 'ends on ' else 'ended on ' end || {{ iso_date('ends_date') }}
            || '; ' || {{ counted_noun('award_count', 'micro-credential') }} || ' and '
            || {{ plain_number('pd_hours') }} || case when pd_hours = 1 then ' hour' else ' hours' end
            || ' of professional development earn ' || {{ plain_number('award_units + pd_units') }}
            || case
                when needed_units is null then '; what is needed is not on file.'
                else ' of ' || {{ plain_number('needed_units') }} || ' ' || unit_name
                    || case when needed_units = 1 then '' else 's' end
                    || case
                        when missing_units = 0 then '.'
                        else ': ' || {{ plain_number('missing_units') }} || ' missing.'
                    end
            end
    end as explanation
from standings
