"""A crosswalk whose every row is known, for the analysts' release of the planted warehouse.

Belongs here: planted items, alignments, competencies and decisions. Does not belong here: how the
warehouse comes to them (dbt unit tests).

Mapped: an element and a micro-credential. Unmapped: two micro-credentials, the title of three
activities, an item of another framework. One decision is known to the release, and could not be applied.
"""

from __future__ import annotations

OURS = "District Teaching Competencies"
PLANTED_CROSSWALK = f"""
    create or replace table pub_analysts__competencies as
    select md5(code) as competency_key, framework, code as competency_code, name as competency_name,
        'Instruction' as domain, null::varchar as description, case_id as case_identifier, is_in_use
    from (values
        ('{OURS}', 'C-I06', 'Questioning', 'aa-06', true),
        ('{OURS}', 'C-I07', 'Academic Feedback', null, true),
        ('{OURS}', 'C-E02', 'Managing Student Behavior', null, true),
        ('Elsewhere', 'E-1', 'Questioning of Sources', 'ee-01', false),
        ('Elsewhere', 'C-I07', 'Feedback to Colleagues', 'ee-02', false)
    ) as rows (framework, code, name, case_id, is_in_use);

    create or replace table pub_analysts__crosswalk_items as
    select md5(type || id) as crosswalk_item_key, type as item_type, id as item_id, title as item_title,
        null::varchar as listed_under, type = 'rubric_element' or id = 'bc-1' as is_mapped, true as needs_mapping
    from (values
        ('rubric_element', 'team|I06', 'Questioning'),
        ('micro_credential', 'bc-1', 'Asking Questions'),
        ('micro_credential', 'bc-2', 'Giving Timely Feedback'),
        ('micro_credential', 'bc-3', 'Wellness'),
        ('pd_activity', 'PD-1-2024', 'Student Behavior Lab'),
        ('pd_activity', 'PD-1-2025', 'Student Behavior Lab'),
        ('pd_activity', 'PD-1-2026', 'Student behavior lab'),
        ('case_item', 'ee-01', 'Questioning of Sources')
    ) as rows (type, id, title);

    create or replace table pub_analysts__unmapped_items as
    select md5(type || id) as unmapped_item_key, type as item_type, id as item_id, title as item_title, description,
        null::varchar as listed_under, items as item_count, kind as record_kind, records::bigint as record_count,
        people::bigint as staff_count, 0 as proposal_count, null::varchar as proposals
    from (values
        ('micro_credential', 'bc-2', 'Giving Timely Feedback', 'Feedback to students', 1, 'awards', 12, 11),
        ('micro_credential', 'bc-3', 'Wellness', null, 1, 'awards', 1, 1),
        ('pd_activity', 'Student Behavior Lab', 'Student Behavior Lab', null, 3, 'participations', 300, 120),
        ('case_item', 'ee-01', 'Questioning of Sources', null, 1, 'records', 4, 4)
    ) as rows (type, id, title, description, items, kind, records, people);

    create or replace table pub_analysts__alignments as
    select md5(type || id || code || status) as alignment_key, type as item_type, id as item_id, title as item_title,
        null::varchar as listed_under, '{OURS}' as framework, code as competency_code, name as competency_name, status,
        begins::date as valid_from_date, null::date as valid_to_date, status = 'approved' as is_in_force,
        said as stated_by, 5::bigint as record_count, 4::bigint as staff_count
    from (values
        ('rubric_element', 'team|I06', 'Questioning', 'C-I06', 'Questioning', 'approved', null, 'district'),
        ('micro_credential', 'bc-1', 'Asking Questions', 'C-I06', 'Questioning', 'approved', '2024-08-01', 'decision'),
        ('pd_activity', 'PD-1-2024', 'Student Behavior Lab', 'C-I06', 'Questioning', 'rejected', null, 'decision'),
        ('pd_activity', 'PD-1-2025', 'Student behavior lab', 'C-I06', 'Questioning', 'rejected', null, 'decision')
    ) as rows (type, id, title, code, name, status, begins, said);

    create or replace table pub_analysts__crosswalk_decisions as
    select 'known-1' as decision_id, 'micro_credential' as item_type, 'bc-9' as item_id, 0 as item_count,
        '{OURS}' as framework, 'C-I06' as competency_code, 'Questioning' as competency_name, 'approved' as decision,
        null::date as valid_from_date, null::date as valid_to_date, timestamptz '2026-11-01 08:00:00+00' as decided_at,
        'no source that is loaded has this item' as unapplied_reason;
"""
