with

aligned_awards as (
    select distinct
        awards.credential_award_key,
        awards.district_id,
        awards.staff_key,
        awards.issued_date,
        awards.school_year,
        alignments.competency_key
    from {{ ref('fct_credential_awards') }} as awards
    inner join {{ ref('bridge_alignments') }} as alignments
        on awards.micro_credential_key = alignments.item_key
        and alignments.item_type = 'micro_credential'
        and alignments.status = 'approved'
        and coalesce(alignments.valid_from_date <= awards.issued_date, true)
        and coalesce(alignments.valid_to_date >= awards.issued_date, true)
    where awards.staff_key is not null
),

-- a goal of the year of the award or of the year before, set by then
goals as (
    select distinct
        aligned_awards.credential_award_key,
        aligned_awards.competency_key
    from aligned_awards
    inner join {{ ref('fct_growth_goals') }} as goals
        on aligned_awards.staff_key = goals.staff_key
        and aligned_awards.competency_key = goals.competency_key
        and goals.school_year in (aligned_awards.school_year, aligned_awards.school_year - 1)
        and coalesce(goals.set_date <= aligned_awards.issued_date, true)
),

-- what was observed by the end of the school year before the award
observed_before as (
    select
        aligned_awards.credential_award_key,
        aligned_awards.competency_key,
        expertise.observed_result
    from aligned_awards
    inner join {{ ref('fct_expertise_by_year') }} as expertise
        on aligned_awards.staff_key = expertise.staff_key
        and aligned_awards.competency_key = expertise.competency_key
        and expertise.school_year = aligned_awards.school_year - 1
)

-- of several competencies one in need is a tie, and only an expert in all of them had nothing to earn
select
    aligned_awards.credential_award_key,
    aligned_awards.district_id,
    count(goals.competency_key) > 0
    or sum(case when observed_before.observed_result = 'observed_need' then 1 else 0 end) > 0 as has_goal_or_need,
    sum(case when observed_before.observed_result = 'observed_expert' then 1 else 0 end) = count(*) as is_already_expert
from aligned_awards
left join goals
    on aligned_awards.credential_award_key = goals.credential_award_key
    and aligned_awards.competency_key = goals.competency_key
left join observed_before
    on aligned_awards.credential_award_key = observed_before.credential_award_key
    and aligned_awards.competency_key = observed_before.competency_key
group by aligned_awards.credential_award_key, aligned_awards.district_id
