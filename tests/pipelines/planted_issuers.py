"""Issuers and assessors of the planted warehouse.

Belongs here: the published tables that `expertise issuers` reads. Does not belong here: what dbt computes.

Institute has two micro-credentials, Prairie Teaching Collaborative one with too few decisions for a share; assessor
ASR-07 awards more than the others.
"""

from __future__ import annotations


def issuer_tables(direction: str) -> str:
    """The statements that make them."""
    return f"""
        create table pub_leaders__issuer_quality as
        select md5(kind || issuer || coalesce(definition, '')) as issuer_quality_key, 'cedar-valley' as district_id,
            kind as subject_kind, md5(issuer) as issuer_key, lower(issuer[1:3]) as issuer_id, issuer as issuer_name,
            md5(definition) as micro_credential_key, lower(definition) as micro_credential_id,
            definition as micro_credential_name, 1 as micro_credential_count, 2 as assessor_count,
            decisions + 1 as submission_count, decisions as decided_count, 1 as withdrawn_count, 0 as pending_count,
            decisions as first_decision_count, if(decisions < 10, null, 0.75) as first_time_award_share,
            if(decisions < 10, null, 0.65) as first_time_award_low,
            if(decisions < 10, null, 0.83) as first_time_award_high, 0.74 as first_time_award_share_of_others,
            1.2 as attempts_per_award, 1.0 as median_attempts, 7.0 as median_days_to_decision,
            13.0 as p90_days_to_decision, decisions as award_count, 3 as revoked_count, 2 as expired_count,
            1 as unverifiable_count, decisions as observed_holder_count,
            if(decisions < 10, null, decisions // 4) as holder_in_need_count,
            if(decisions < 10, null, 0.25) as holder_in_need_share, 10.0 as least_hours_to_earn,
            12.0 as median_hours_to_earn, 15.0 as most_hours_to_earn
        from (values
            ('issuer', 'Institute', null, 80), ('issuer', 'Prairie Teaching Collaborative', null, 6),
            ('micro_credential', 'Institute', 'Questioning', 50), ('micro_credential', 'Institute', 'Feedback', 30),
            ('micro_credential', 'Prairie Teaching Collaborative', 'Thinking', 6)
        ) as subjects (kind, issuer, definition, decisions)
        order by issuer_quality_key {direction};

        create table pub_leaders__assessor_quality as
        select md5(assessor) as assessor_quality_key, 'cedar-valley' as district_id, assessor as assessor_id,
            60 as decided_count, 50 as first_decision_count, share as first_time_award_share,
            share - 0.1 as first_time_award_low, share + 0.05 as first_time_award_high,
            0.74 as first_time_award_share_of_others, 7.0 as median_days_to_decision, 13.0 as p90_days_to_decision
        from (values ('ASR-07', 0.92), ('ASR-08', 0.74)) as assessors (assessor, share)
        order by assessor_quality_key {direction};

        create table pub_leaders__issuer_questions as
        select md5(question) as issuer_question_key, 'cedar-valley' as district_id, kind as subject_kind,
            md5(issuer) as issuer_key, md5(definition) as micro_credential_key, assessor as assessor_id, measure,
            50 as trial_count, question
        from (values
            ('assessor', null, null, 'ASR-07', 'first_time_award', 'Assessor ASR-07 awards 92 %: ask how.'),
            ('micro_credential', 'Institute', 'Questioning', null, 'need', 'Questioning: 60 % in need: ask why.'),
            ('issuer', 'Institute', null, null, 'revoked', 'Institute: 10 % are revoked: ask why.')
        ) as questions (kind, issuer, definition, assessor, measure, question)
        order by issuer_question_key {direction};
    """
