"""Who a record may mean that no rule matches, for the review queue and nothing else."""

from pipelines.identity.candidates import Roster, find_candidates


def model(dbt, session):
    dbt.config(materialized="table")
    aliases = dbt.ref("int_identity__staff_aliases")
    ids = aliases.filter("alias_kind in ('state_id', 'person_key')")
    roster = Roster(
        names=dbt.ref("int_identity__match_people").select("staff_key, first_name, last_name").pl(),
        addresses=aliases.filter("alias_kind = 'email'").select("staff_key, alias_value as address").pl(),
        places=dbt.ref("int_identity__match_places").pl(),
        records=dbt.ref("int_identity__match_staff").pl(),
        ids=ids.select("staff_key, alias_kind, alias_value").pl(),
    )
    subjects = dbt.ref("int_identity__match_subjects").pl()
    holders = dbt.ref("int_identity__match_holders").pl()
    refused = dbt.ref("int_identity__match_refusals").pl()
    return find_candidates(subjects, roster, holders, refused)
