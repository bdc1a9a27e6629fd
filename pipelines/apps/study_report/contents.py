"""The report's parts in their order.

Belongs here: what stands first, what follows. Does not belong here: what a part says (its own module).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.apps.study_report import closing, effects, money, people, question, robustness
from pipelines.apps.study_report.blocks import Report
from pipelines.apps.study_report.words import day, names_of, sentence

BANNER = "SYNTHETIC DATA: no person, school or dollar in this report is real."


def report_of(document: Mapping[str, Any]) -> Report:
    """The report of a checked results document: detectable effect first, then the answer, then the rest."""
    names = names_of(document)
    sections = (
        question.question_section(document, names),
        question.detectable_section(document, names),
        question.refusal_section(document),
        people.flow_section(document, names),
        people.balance_section(document, names),
        people.contrast_section(document, names),
        effects.effects_section(document, names),
        effects.event_section(document, names),
        effects.cohorts_section(document, names),
        effects.secondary_section(document, names),
        robustness.sensitivity_section(document, names),
        effects.subgroups_section(document, names),
        money.cost_section(document, names),
        money.spending_section(document),
        closing.evidence_section(document),
        closing.context_section(document),
        closing.limitations_section(document),
        closing.privacy_section(document),
        closing.methods_section(document),
    )
    about = [document.get("district_name"), f"written {day(document['created_at'])}"]
    return Report(
        title=document["title"],
        about=" · ".join(one for one in about if one),
        banner=BANNER if document["is_synthetic"] else None,
        detectable=question.detectable(document, names),
        answer=sentence(document["headline"]["sentence"]),
        is_refused=document["refusal"] is not None,
        sections=tuple(one for one in sections if one is not None),
        foot=f"Results document {document['schema']}. The same figures stand in results.json and tables.xlsx.",
    )
