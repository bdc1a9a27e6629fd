select
    district_id,
    school_key,
    competency_key,
    school_year,
    staff_group,
    sum(case when band <> 'not enough evidence' then 1 else 0 end) as evidence_staff_count,
    sum(case when band = 'need' then 1 else 0 end) as need_count,
    sum(case when band = 'expert' then 1 else 0 end) as expert_count,
    sum(case when band = 'strong practice' then 1 else 0 end) as strong_practice_count,
    sum(case when band = 'demonstrated' then 1 else 0 end) as demonstrated_count,
    sum(case when band = 'developing' then 1 else 0 end) as developing_count
from {{ ref('int_coverage__bands') }}
where school_key is not null
group by district_id, school_key, competency_key, school_year, staff_group
