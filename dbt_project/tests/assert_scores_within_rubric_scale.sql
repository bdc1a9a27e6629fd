/*
    What: every score of a known rubric version lies on its scale and names one of its elements.
    When it matters: a 6 on a scale of 1 to 5, or an element nobody has declared, is a wrong export or a
        changed rubric; averaged, it would move people's bands. Such scores are never averaged, and the
        release waits. Scores of unknown rubric versions are kept, not interpreted, and only reported.
    How to resolve: look the records up in pub_analysts__findings. A new rubric version gets its own rows in
        the seeds rubric_versions and rubric_elements; a wrong score is corrected at the source.
*/
select
    evaluation_score_key,
    source_system,
    source_record_id
from {{ ref('fct_evaluation_scores') }}
where
    rubric_version is not null
    and (element_code is null or not is_within_scale)
