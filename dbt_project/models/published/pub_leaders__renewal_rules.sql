-- the rules of today, so that an answer can name what it rests on
select
    rules.renewal_rule_key,
    rules.district_id,
    rules.rule_id,
    rules.jurisdiction,
    rules.unit_name,
    rules.effective_from_date,
    rules.effective_to_date,
    rules.citation,
    rules.verified_date,
    rules.remark
from {{ ref('fct_renewal_rules') }} as rules
inner join (
    select distinct
        district_id,
        jurisdiction
    from {{ ref('int_renewal__policies') }}
) as jurisdictions
    on rules.district_id = jurisdictions.district_id
    and rules.jurisdiction = jurisdictions.jurisdiction
