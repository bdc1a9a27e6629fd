with

pairs as (
    select
        pairings.pairing_key,
        pairings.district_id,
        pairings.school_year,
        pairings.school_key,
        schools.school_id,
        schools.school_name,
        pairings.target_staff_key,
        case when targets.is_naming_allowed then targets.staff_name end as target_name,
        targets.roster_platform as target_source,
        targets.roster_id as target_id,
        pairings.partner_staff_key,
        case when partners.is_naming_allowed then partners.staff_name end as partner_name,
        partners.roster_platform as partner_source,
        partners.roster_id as partner_id,
        pairings.partner_school_key,
        partner_schools.school_id as partner_school_id,
        partner_schools.school_name as partner_school_name,
        pairings.status,
        pairings.is_live,
        pairings.status_reason,
        pairings.decided_by,
        pairings.decided_at,
        pairings.focus,
        -- three at most: the whole list stands in `focus`
        case
            when coalesce({{ dbt.split_part('pairings.focus', "'; '", 4) }}, '') = '' then replace(pairings.focus, '; ', ', ')
            else
                {{ dbt.split_part('pairings.focus', "'; '", 1) }}
                || ', ' || {{ dbt.split_part('pairings.focus', "'; '", 2) }}
                || ', ' || {{ dbt.split_part('pairings.focus', "'; '", 3) }} || ' and more'
        end as focus_in_words,
        pairings.match_count,
        pairings.priority_count,
        pairings.is_same_grade_band,
        pairings.is_same_subject,
        pairings.has_aligned_credential,
        pairings.has_unidentified_rater,
        pairings.is_weakest_match
    from {{ ref('fct_pairings') }} as pairings
    inner join {{ ref('dim_staff') }} as targets on pairings.target_staff_key = targets.staff_key
    inner join {{ ref('dim_staff') }} as partners on pairings.partner_staff_key = partners.staff_key
    left join {{ ref('dim_schools') }} as schools on pairings.school_key = schools.school_key
    left join {{ ref('dim_schools') }} as partner_schools on pairings.partner_school_key = partner_schools.school_key
)

select
    pairing_key,
    district_id,
    school_year,
    school_key,
    school_id,
    school_name,
    target_staff_key,
    target_name,
    target_source,
    target_id,
    partner_staff_key,
    partner_name,
    partner_source,
    partner_id,
    partner_school_key,
    partner_school_id,
    partner_school_name,
    status,
    is_live,
    status_reason,
    decided_by,
    decided_at,
    focus,
    match_count,
    {{ counted_noun('match_count', 'shared focus element') }}
    || case when priority_count > 0 then ', ' || cast(priority_count as {{ dbt.type_string() }}) || ' of district priority' else '' end
    || case when is_same_grade_band then ', same grade band' else '' end
    || case when is_same_subject then ', same subject' else '' end
    || case when has_aligned_credential then ', the partner holds a micro-credential aligned to the focus' else '' end
    as reasons,
    case
        when has_unidentified_rater
            then 'some observations name raters whom the roster does not know: make sure that neither has evaluated the other'
    end as remark,
    'This year you and ' || partner_name || ' share a focus on ' || focus_in_words
    || '; plan, watch and talk it through together.' as target_sentence,
    'Your practice in ' || focus_in_words || ' is a strength to share; this year it is a focus of '
    || target_name || ' too.' as partner_sentence,
    is_weakest_match
from pairs
