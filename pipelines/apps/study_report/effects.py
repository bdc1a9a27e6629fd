"""The effects: overall, by estimator, over time, by cohort, on other outcomes, in subgroups.

Belongs here: every section that tells an effect on an outcome. Does not belong here: what would overturn
it (robustness), what it cost (money).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.apps.study_report.blocks import Block, Column, Figure, Section, Subheading, Table, Text
from pipelines.apps.study_report.effect_table import effect_table, excludes_zero, told
from pipelines.apps.study_report.words import (
    HIDDEN,
    HIDDEN_MEANS,
    MISSING,
    Names,
    count,
    distinct,
    effect,
    interval,
    p_value,
    sentence,
    share,
    whether,
)

REFUSED = "Not given: the study is refused, for the reason above."
_LONG = 24


def absent(document: Mapping[str, Any], reason: str) -> Text:
    """The sentence that stands for what is not there."""
    return Text(REFUSED if document["refusal"] is not None else reason)


def effects_section(document: Mapping[str, Any], names: Names) -> Section:
    att, estimates = document.get("att") or {}, document.get("estimates") or []
    if not any(att.get(key) for key in _AVERAGES) and not estimates:
        reason = "No effect could be estimated: the document holds none."
        return Section("effects", "The effect", (absent(document, reason),))
    blocks: list[Block] = []
    headline = document["headline"]
    if headline["estimate"]:
        by = f" It was estimated by: {headline['estimator']}." if headline.get("estimator") else ""
        found = headline["estimate"]
        blocks.append(
            Text(
                f"Effect on {names.treated}: {told(found, names.outcome_unit)}. It rests on "
                f"{count(found['n_treated'])} {names.treated} and {count(found['n_comparison'])} {names.comparison} in "
                f"{count(found['n_clusters'])} clusters; its standard error is {effect(found['std_error'])}.{by}"
            )
        )
    averages = [(key, att[key]) for key in _AVERAGES if att.get(key)]
    if averages:
        labels = _AVERAGES if document["kind"] != "cross_section" else _AVERAGES | {"simple": "Adjusted difference"}
        blocks.append(
            effect_table(
                "att",
                "Average effect on the treated",
                ["Average"],
                [([labels[key]], row) for key, row in averages],
                names,
            )
        )
    blocks += _estimators(estimates, names)
    for key, time, caption in (
        ("group", "group", "Effect by cohort"),
        ("calendar", "time", "Effect by calendar time"),
    ):
        rows = (att.get(key) or {}).get("by") or []
        if rows:
            first = names.group if key == "group" else "School year" if names.is_school_years else "Time"
            blocks.append(
                effect_table(f"att_{key}", caption, [first], [([names.time(row[time])], row) for row in rows], names)
            )
    att_gt = document.get("att_gt") or []
    if att_gt:
        blocks.append(
            effect_table(
                "att_gt",
                f"Effect of each cohort at each time ({len(att_gt)} of them); before a cohort began it should be 0",
                [names.group, "At"],
                [([names.time(row["group"]), names.time(row["time"])], row) for row in att_gt],
                names,
                is_long=len(att_gt) > _LONG,
            )
        )
    elif document["kind"] != "cross_section":
        blocks.append(absent(document, "Effects of each cohort at each time are not reported."))
    return Section("effects", "The effect", tuple(blocks))


_AVERAGES = {
    "simple": "Over all treated times",
    "group": "Over cohorts, by their size",
    "dynamic": "Over times since the start",
    "calendar": "Over calendar times",
}


def _estimators(estimates: Sequence[Mapping[str, Any]], names: Names) -> list[Block]:
    if not estimates:
        return []
    labels = estimator_labels(estimates)
    table = effect_table(
        "estimates",
        "Every estimator side by side; the primary one was chosen beforehand",
        ["Estimator"],
        [
            ([f"{label}, primary" if row.get("is_primary") else label], row)
            for label, row in zip(labels, estimates, strict=True)
        ],
        names,
        last=["Effect size, SD"],
        after=[[effect(row.get("effect_size"))] for row in estimates],
    )
    known = [row for row in estimates if row["estimate"] is not None]
    values = [row["estimate"] for row in known]
    primary = next((row for row in known if row.get("is_primary")), None)
    alt = ""
    if known:
        alt = (
            f"One row per estimator with its 95% interval, against a line at 0. Effects range from "
            f"{effect(min(values))} to {effect(max(values))} {names.outcome_unit}; "
            f"{sum(excludes_zero(row) for row in known)} of {len(known)} intervals exclude 0."
        )
    if primary:
        alt += f" Primary: {primary['label']}, {told(primary, names.outcome_unit)}."
    assumptions = Table(
        "assumptions",
        "What each estimator compares, and what must hold for it to be the effect",
        (
            Column("Estimator", is_number=False),
            Column("Short name", is_number=False),
            Column("Compared with", is_number=False),
            Column("What must hold", is_number=False),
        ),
        tuple(
            (label, row["estimator"], row.get("comparison") or MISSING, row.get("assumption") or MISSING)
            for label, row in zip(labels, estimates, strict=True)
        ),
    )
    return [
        Subheading("Does it depend on the estimator?"),
        Figure("estimators", "The effect by estimator", alt, table) if known else table,
        assumptions,
    ]


def estimator_labels(estimates: Sequence[Mapping[str, Any]]) -> list[str]:
    """A name of its own for each estimator: where two share theirs, with whom they compare."""
    return distinct(
        [row["label"] for row in estimates], [row.get("comparison") or row["estimator"] for row in estimates]
    )


def event_section(document: Mapping[str, Any], names: Names) -> Section:
    rows = document.get("event_study") or []
    if not rows:
        reason = (
            "There is none: a cross-section has no times before and after."
            if document["kind"] == "cross_section"
            else "There is none: no cohort has times before and after."
        )
        return Section("event-study", "Before and after: the event study", (absent(document, reason),))
    table = effect_table(
        "event_study",
        "Effect by time since the start, with the pointwise interval and the simultaneous band",
        ["Time since the start"],
        [([names_of_event(row["event_time"])], row) for row in rows],
        names,
        last=["95% band"],
        after=[[interval(row.get("band_low"), row.get("band_high"))] for row in rows],
    )
    blocks = [
        Text(
            "Before the start (below 0) effects should be about 0: there the two groups should move alike. The "
            "simultaneous band covers all times together; the pointwise interval one time only."
        ),
        table
        if all(row["estimate"] is None for row in rows)
        else Figure(
            "event_study", f"Effect by time since the start ({names.outcome_unit})", _event_alt(rows, names), table
        ),
    ]
    return Section("event-study", "Before and after: the event study", tuple(blocks))


def names_of_event(time: int) -> str:
    return f"{time:+d}".replace("-", "−") if time else "0"


def _event_alt(rows: Sequence[Mapping[str, Any]], names: Names) -> str:
    told_parts = []
    for heading, part in (
        ("Before the start", [row for row in rows if row["event_time"] < 0]),
        ("From the start on", [row for row in rows if row["event_time"] >= 0]),
    ):
        known = [row for row in part if row["estimate"] is not None]
        if not known:
            continue
        values = [row["estimate"] for row in known]
        outside = [
            names_of_event(row["event_time"])
            for row in known
            if row.get("band_low") is not None
            and row.get("band_high") is not None
            and (row["band_low"] > 0 or row["band_high"] < 0)
        ]
        where = f"the simultaneous band excludes 0 at {', '.join(outside)}" if outside else "no band excludes 0"
        told_parts.append(
            f"{heading} effects run from {effect(min(values))} to {effect(max(values))} {names.outcome_unit}; {where}."
        )
    return "A mark and two intervals per time since the start. " + " ".join(told_parts)


def cohorts_section(document: Mapping[str, Any], names: Names) -> Section:
    rows = document.get("cohorts") or []
    if not rows:
        reason = (
            "There are none: a cross-section has no times of first treatment."
            if document["kind"] == "cross_section"
            else "They are not reported."
        )
        return Section("cohorts", "Cohorts and their weights", (absent(document, reason),))
    is_hidden = any(row.get("n_treated") is None for row in rows)
    table = Table(
        "cohorts",
        "Cohorts by the time of first treatment",
        (Column(names.group, is_number=False), Column(names.treated_column), Column("Weight in the average")),
        tuple(
            (names.time(row["group"]), count(row.get("n_treated"), HIDDEN), share(row.get("weight"))) for row in rows
        ),
        (HIDDEN_MEANS,) if is_hidden else (),
    )
    weighed = [row for row in rows if row.get("weight") is not None]
    if not weighed:
        return Section("cohorts", "Cohorts and their weights", (table,))
    top = max(weighed, key=lambda row: row["weight"])
    alt = (
        f"A bar per cohort, {len(weighed)} in all. The largest weight is {share(top['weight'])}, of the cohort of "
        f"{names.time(top['group'])}."
    )
    return Section(
        "cohorts",
        "Cohorts and their weights",
        (Figure("cohorts", "How much each cohort counts in the average effect", alt, table),),
    )


def secondary_section(document: Mapping[str, Any], names: Names) -> Section:
    rows = document.get("secondary") or []
    if not rows:
        return Section("secondary", "Other outcomes", (absent(document, "No other outcome was studied."),))
    return Section(
        "secondary",
        "Other outcomes",
        (
            Text(
                "Looking at many outcomes finds something by chance; so p-values are corrected inside each domain "
                "(Benjamini–Hochberg), and q is what to read."
            ),
            effect_table(
                "secondary",
                "Effects on other outcomes",
                ["Outcome", "Unit"],
                [([row["label"], row.get("unit") or MISSING], row) for row in rows],
                names,
                unit="each in its own unit",
            ),
            Table(
                "corrected",
                "Corrected for their number: does an effect still stand out at 5%?",
                (
                    Column("Outcome", is_number=False),
                    Column("Column", is_number=False),
                    Column("Domain", is_number=False),
                    Column("p"),
                    Column("q"),
                    Column("Stands out", is_number=False),
                ),
                tuple(
                    (
                        row["label"],
                        row["outcome"],
                        row.get("domain") or MISSING,
                        p_value(row.get("p_value")),
                        p_value(row.get("q_value")),
                        whether(row.get("is_rejected"), unknown=MISSING),
                    )
                    for row in rows
                ),
            ),
        ),
    )


def subgroups_section(document: Mapping[str, Any], names: Names) -> Section:
    rows = document.get("subgroups") or []
    if not rows:
        return Section("subgroups", "Subgroups", (absent(document, "No subgroup was studied."),))
    return Section(
        "subgroups",
        "Subgroups",
        (
            Text(
                "Subgroups are smaller and many: they raise questions, they answer none. "
                + sentence(f"A row is {HIDDEN_MEANS}")
            ),
            effect_table(
                "subgroups",
                "Effects in subgroups",
                ["Group", "Divided by"],
                [([row["level"], row["by"]], row) for row in rows],
                names,
            ),
        ),
    )
