"""The last sections: how strong the evidence is, what others found, limits, privacy, methods.

Belongs here: what helps to judge and to repeat the study. Does not belong here: its figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.apps.study_report.blocks import Block, Bullets, Column, Facts, Section, Subheading, Table, Text
from pipelines.apps.study_report.words import MISSING, capital, count, listed, sentence, share, whether


def evidence_section(document: Mapping[str, Any]) -> Section:
    tier = document.get("evidence_tier")
    heading = "How strong the evidence is"
    if not tier:
        return Section("evidence", heading, (Text("The study is not rated: the document holds no rating."),))
    blocks: list[Block] = [
        Facts(
            (
                ("What Works Clearinghouse rating", tier.get("wwc_rating") or MISSING),
                ("Best rating that this design could reach", tier.get("ceiling_rating") or MISSING),
                ("ESSA tier", tier.get("essa_tier") or MISSING),
                ("Best tier that this design could reach", tier.get("ceiling_tier") or MISSING),
                ("Condition that fails", tier.get("failing_condition") or "none"),
            )
        ),
    ]
    if tier.get("ceiling_because"):
        blocks.append(Text(sentence(tier["ceiling_because"])))
    confirm = f" A reviewer has to confirm: {listed(tier['to_confirm'])}." if tier.get("to_confirm") else ""
    blocks.append(
        Text(f"This is the study’s own reading of the standards, not a review by the Clearinghouse.{confirm}")
    )
    if tier.get("conditions"):
        blocks.append(
            Table(
                "conditions",
                "Conditions of the rating",
                (
                    Column("Condition", is_number=False),
                    Column("Met", is_number=False),
                    Column("Detail", is_number=False),
                ),
                tuple(
                    (capital(one["name"]), whether(one.get("is_met")), one.get("detail") or "")
                    for one in tier["conditions"]
                ),
            )
        )
    return Section("evidence", heading, tuple(blocks))


def context_section(document: Mapping[str, Any]) -> Section:
    rows = document.get("context") or []
    if not rows:
        return Section("context", "What other studies found", (Text("No other study is cited."),))
    return Section(
        "context",
        "What other studies found",
        (
            Text("For reading this result in its place; nothing here enters its numbers."),
            Bullets(
                tuple(
                    f"{sentence(one['text'])}{' Source: ' + one['source'] + '.' if one['source'] else ''}"
                    for one in rows
                )
            ),
        ),
    )


def limitations_section(document: Mapping[str, Any]) -> Section:
    rows = document.get("limitations") or []
    blocks: tuple[Block, ...] = (
        (Bullets(tuple(sentence(one) for one in rows)),) if rows else (Text("No limitation is listed."),)
    )
    return Section("limitations", "Limitations", blocks)


def privacy_section(document: Mapping[str, Any]) -> Section:
    heading = "How people are kept private"
    disclosure = document.get("disclosure")
    if not disclosure:
        return Section(
            "privacy",
            heading,
            (Text("Small cells were not hidden and no table was audited: look before you pass this report on."),),
        )
    threshold = disclosure.get("threshold")
    found = whether(
        disclosure.get("is_safe"),
        "No hidden cell of these tables can be worked out from what is printed",
        "Some hidden cell can be worked out from what is printed: don’t pass this report on",
        "Whether a hidden cell can be worked out from what is printed isn’t known",
    )
    rule = f"Counts below {count(threshold)} are hidden, and so are further cells from which a hidden one would follow."
    if not disclosure.get("tables"):
        return Section("privacy", heading, (Text(f"{rule} No table of this report had parts to hide."),))
    blocks: list[Block] = [Text(f"{rule} {found} (audited by linear programming).")]
    if disclosure.get("tables"):
        blocks.append(
            Table(
                "disclosure",
                "What was hidden",
                (
                    Column("Table", is_number=False),
                    Column("Cells"),
                    Column("Hidden: small"),
                    Column("Hidden: to protect those"),
                    Column("Counts lost"),
                    Column("Safe", is_number=False),
                ),
                tuple(
                    (
                        one["name"],
                        count(one.get("n_cells")),
                        count(one.get("n_primary")),
                        count(one.get("n_complementary")),
                        share(one.get("information_loss")),
                        whether(one.get("is_safe")),
                    )
                    for one in disclosure["tables"]
                ),
            )
        )
    return Section("privacy", heading, tuple(blocks))


def methods_section(document: Mapping[str, Any]) -> Section:
    methods = document.get("methods") or {}
    runs, given = methods.get("landing_runs"), methods.get("input") or {}
    facts = [("Run it again with", methods.get("command") or "not reported")]
    if methods.get("seed") is not None:
        facts.append(("Seed", str(methods["seed"])))
    if methods.get("release_id"):
        facts.append(("Release", methods["release_id"]))
    if runs is not None:
        facts.append(("Landing runs", ", ".join(runs) if isinstance(runs, list) else count(runs)))
    if given.get("name"):
        facts.append(("Input file", given["name"]))
    if given.get("sha256"):
        facts.append(("Its SHA-256", given["sha256"]))
    if methods.get("code_version"):
        facts.append(("Code version", methods["code_version"]))
    facts.append(("Written at", document["created_at"]))
    facts.append(("Kind of study", _KINDS[document["kind"]]))
    blocks: list[Block] = [
        Facts(tuple(facts), code_terms=("Run it again with", "Its SHA-256", "Code version", "Landing runs"))
    ]
    if methods.get("versions"):
        blocks.append(
            Table(
                "versions",
                "Versions",
                (Column("Package", is_number=False), Column("Version", is_number=False)),
                tuple(sorted(methods["versions"].items())),
            )
        )
    if methods.get("references"):
        blocks += [Subheading("References"), Bullets(tuple(methods["references"]))]
    return Section("methods", "Methods", tuple(blocks))


_KINDS = {
    "warehouse": "on the warehouse’s evaluators’ release",
    "panel": "on the evaluator’s own panel",
    "cross_section": "on the evaluator’s own cross-section",
}
