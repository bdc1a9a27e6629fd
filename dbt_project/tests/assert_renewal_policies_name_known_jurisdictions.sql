/*
    What: every jurisdiction that the district follows has a rule in the seed renewal_rules.
    When it matters: a mistyped jurisdiction would leave every award without a rule, and everybody short.
    How to resolve: correct the jurisdiction in the seed renewal_policies, or add its rule to renewal_rules.
*/
select distinct policies.jurisdiction
from {{ ref('int_renewal__policies') }} as policies
left join {{ ref('renewal_rules') }} as rules on policies.jurisdiction = rules.jurisdiction
where rules.rule_id is null
