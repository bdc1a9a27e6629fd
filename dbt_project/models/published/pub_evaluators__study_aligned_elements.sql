with

first_awards as (
    select
        staff_key,
        min(school_year) as school_year
    from {{ ref('fct_credential_awards') }}
    where staff_key is not null and is_earned and not is_reissue
    group by staff_key
),

-- the competencies of what was earned in the year of the first award, as aligned on the day of each award
aligned_competencies as (
    select distinct
        awards.staff_key,
        awards.district_id,
        first_awards.school_year,
        listed.competency_key
    from {{ ref('fct_credential_awards') }} as awards
    inner join first_awards
        on awards.staff_key = first_awards.staff_key
        and awards.school_year = first_awards.school_year
    inner join {{ ref('int_expertise__awards_listed') }} as listed
        on awards.credential_award_key = listed.credential_award_key
    where awards.is_earned and not awards.is_reissue
)

select distinct
    aligned.staff_key,
    aligned.district_id,
    elements.rubric_version,
    elements.element_code,
    elements.element_title,
    aligned.school_year as first_award_school_year
from aligned_competencies as aligned
inner join {{ ref('bridge_alignments') }} as alignments
    on aligned.competency_key = alignments.competency_key
    and alignments.item_type = 'rubric_element'
    and alignments.status = 'approved'
inner join {{ ref('dim_rubric_elements') }} as elements
    on alignments.item_key = elements.rubric_element_key
