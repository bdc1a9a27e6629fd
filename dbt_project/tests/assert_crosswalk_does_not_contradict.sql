/*
    What: no two rows of a crosswalk seed say something different of one item and one competency with equal right; every
        status is approved, proposed or rejected; no row ends before it begins.
    When it matters: which of two rows counts would be chance. A row may name a competency by its code or its CASE
        identifier, and PD activities by the beginning of an id or by a title, so rows can meet without looking alike.
        A row that names an activity more exactly outranks one that names it by title, and a decision outranks a row:
        neither is a contradiction.
    How to resolve: leave one of the rows named below in the seed, or give it the right dates.
*/
with

statements as (
    select
        statements.item_type,
        statements.item_key,
        statements.cited,
        statements.citation_rank,
        length(statements.cited) as citation_length,
        coalesce(competencies.competency_key, identifiers.competency_key) as competency_key,
        statements.competency_code,
        statements.status,
        coalesce(cast(statements.valid_from_date as {{ dbt.type_string() }}), '') as valid_from,
        coalesce(cast(statements.valid_to_date as {{ dbt.type_string() }}), '') as valid_to
    from {{ ref('int_crosswalk__district_statements') }} as statements
    left join {{ ref('int_competencies__competencies_unioned') }} as competencies
        on statements.framework = competencies.framework
        and statements.competency_code = competencies.competency_code
    left join {{ ref('int_competencies__references') }} as identifiers
        on lower(statements.competency_code) = identifiers.reference
    where statements.stated_by = 'district'
),

contradictions as (
    select
        item_type,
        item_key,
        competency_key,
        citation_rank,
        citation_length,
        min(cited) as one_row,
        max(cited) as another_row
    from statements
    where competency_key is not null
    group by item_type, item_key, competency_key, citation_rank, citation_length
    having
        count(distinct status) > 1
        or count(distinct valid_from) > 1
        or count(distinct valid_to) > 1
),

{% set seeds = {
    'rubric_element_competencies': "rubric_version || '|' || element_code",
    'micro_credential_competencies': 'micro_credential_id',
    'pd_activity_competencies': 'activity',
    'case_item_competencies': 'case_identifier',
} -%}
seed_rows as (
    {% for seed, item in seeds.items() -%}
    select
        '{{ seed }}' as seed,
        {{ item }} as item,
        competency_code,
        status,
        valid_from,
        valid_to
    from {{ ref(seed) }}
    {{ "union all" if not loop.last }}
    {% endfor -%}
)

select
    item_type as place,
    one_row as row_of_the_seed,
    another_row,
    'two rows contradict each other' as what
from contradictions
union all
select
    seed as place,
    item as row_of_the_seed,
    competency_code as another_row,
    'its status is not approved, proposed or rejected' as what
from seed_rows
where status is null or status not in ('approved', 'proposed', 'rejected')
union all
select
    seed as place,
    item as row_of_the_seed,
    competency_code as another_row,
    'it ends before it begins' as what
from seed_rows
where valid_to < valid_from
