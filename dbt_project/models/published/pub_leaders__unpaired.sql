select
    unpaired.staff_key,
    unpaired.district_id,
    case when staff.is_naming_allowed then staff.staff_name end as staff_name,
    unpaired.school_key,
    schools.school_id,
    schools.school_name,
    unpaired.focus,
    unpaired.reason,
    case unpaired.reason
        when 'not enough evidence' then 'this teacher was not observed enough to tell a focus'
        when 'open dispute' then 'what was observed is disputed'
        when 'no partner with the strength' then
            {% if var('pairing_mode') == 'school' -%}
            'nobody in this school is strong in ' || replace(unpaired.focus, '; ', ' or ')
            {%- else -%}
            'nobody in the district is strong in ' || replace(unpaired.focus, '; ', ' or ')
            {%- endif %}
        when 'all partners taken' then 'everybody strong in it is paired already'
        when 'partners rejected' then 'every partner still free was rejected'
        when 'only evaluators available' then 'the only partners have evaluated this teacher, or been evaluated by them'
        when 'no partner available' then 'whoever is strong in it declined to be paired or named'
        else 'this teacher ' || unpaired.reason
    end as reason_sentence
from {{ ref('fct_unpaired') }} as unpaired
inner join {{ ref('dim_staff') }} as staff on unpaired.staff_key = staff.staff_key
left join {{ ref('dim_schools') }} as schools on unpaired.school_key = schools.school_key
