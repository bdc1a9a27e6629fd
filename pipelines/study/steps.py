"""The study's four steps and what each leaves on disk: panel, design, results, report.

Belongs here: the order, the files, and that a design is on disk before outcomes are read. Does not belong
here: how any step is done, Dagster (assets/study), the command line (commands/study).

    design/question.json, candidates.parquet, candidates.json   who could be compared; nothing younger than exposure
    design/design.json, matched_sets.parquet                    who is compared, its hash, balance, detectable effect
    results.json                                                every number of the report
    report.html, report.pdf, tables.xlsx                        the report

What stands in design/ has a row per person and is not for handing on. A step that is begun anew writes its files
whole and replaces them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from pipelines.analysis.balance import Covariate
from pipelines.apps.export import write_whole
from pipelines.apps.study_report.write import write_report
from pipelines.study.candidates import Candidates, Exclusion, find_candidates
from pipelines.study.design import Design, make_design
from pipelines.study.faults import StudyInputFault
from pipelines.study.planning import Plan, plan_study
from pipelines.study.question import Question
from pipelines.study.results import Extras, tell_results

QUESTION, CANDIDATES, STEPS = "design/question.json", "design/candidates.parquet", "design/candidates.json"
DESIGN, SETS = "design/design.json", "design/matched_sets.parquet"
RESULTS = "results.json"
PARTS = (
    "who could be compared",
    "design",
    "treatment contrast",
    "effects",
    "other outcomes",
    "sensitivity",
    "costs",
    "report",
)
"""What `tick` is told, in this order; a study that is refused leaves some out."""

Tick = Callable[[str], None]


class DesignChanged(StudyInputFault):
    """The design on disk is not the one that these data and rules give."""


def run_study(question: Question, panel: pl.DataFrame, extras: Extras, folder: Path, tick: Tick) -> dict[str, Any]:
    """All four steps; returns the results document. Raises StudyInputFault, ExportError."""
    tick("who could be compared")
    write_panel(question, panel, folder)
    tick("design")
    write_design(folder)
    document = write_results(panel, extras, folder, tick)
    tick("report")
    write_study_report(folder)
    return document


def write_panel(question: Question, panel: pl.DataFrame, folder: Path) -> Candidates:
    """Step 1: who could be compared, as known before exposure."""
    (folder / DESIGN).parent.mkdir(parents=True, exist_ok=True)
    candidates = find_candidates(panel, question)
    described = {
        "covariates": [asdict(one) for one in candidates.covariates],
        "steps": [asdict(step) for step in candidates.steps],
        "n_treated": candidates.n_treated,
        "n_comparison": candidates.n_comparison,
    }
    write_whole(folder / CANDIDATES, candidates.frame.write_parquet)
    _write_json(folder / STEPS, described)
    write_whole(folder / QUESTION, lambda part: part.write_bytes(msgspec.json.encode(question)))
    return candidates


def write_design(folder: Path) -> tuple[Plan, Design]:
    """Step 2: who is compared. Reads nothing but the candidates."""
    question, candidates = _read_panel(folder)
    plan, design, beside = _designed(question, candidates)
    told = {
        "hash": design.hash,
        "also": {name: other.hash for name, other in beside.items()},
        "chosen": design.chosen,
        "chosen_because": design.chosen_because,
        "verdicts": dict(design.verdicts),
        "plan": asdict(plan),
    }
    sets = design.rows.select("cohort", "unit", "is_treated", "set_id", "matched_weight", "entropy_weight")
    write_whole(folder / SETS, sets.write_parquet)
    _write_json(folder / DESIGN, told)
    return plan, design


def write_results(panel: pl.DataFrame, extras: Extras, folder: Path, tick: Tick) -> dict[str, Any]:
    """Step 3: the design is made again from the same candidates, must have the hash on disk, and meets the outcomes.

    Raises DesignChanged where it has not.
    """
    question, candidates = _read_panel(folder)
    plan, design, beside = _designed(question, candidates)
    stored = _read_json(folder / DESIGN)["hash"]
    if stored != design.hash:
        raise DesignChanged(
            f"{folder / DESIGN} holds the design {stored[:12]}…, these candidates give {design.hash[:12]}…: a "
            "design is fixed before outcomes are read. Make it anew with the study's design step"
        )
    document = tell_results(question, plan, candidates, design, beside, panel, extras, tick)
    _write_json(folder / RESULTS, document)
    return document


def write_study_report(folder: Path) -> list[Path]:
    """Step 4: the files for people."""
    return write_report(_read_json(folder / RESULTS), folder)


def _designed(question: Question, candidates: Candidates) -> tuple[Plan, Design, dict[str, Design]]:
    plan = plan_study(candidates, question)
    beside = {}
    if "is_high_hours" in candidates.frame.columns:
        fewer = candidates.of_comparison(pl.col("is_high_hours"))
        if fewer.frame["is_treated"].n_unique() == 2:
            beside["high_hours"] = make_design(fewer, question)
    return plan, make_design(candidates, question), beside


def _read_panel(folder: Path) -> tuple[Question, Candidates]:
    described = _read_json(folder / STEPS)
    question = msgspec.json.decode((folder / QUESTION).read_bytes(), type=Question)
    return question, Candidates(
        pl.read_parquet(folder / CANDIDATES),
        tuple(Covariate(**one) for one in described["covariates"]),
        tuple(Exclusion(**step) for step in described["steps"]),
        described["n_treated"],
        described["n_comparison"],
    )


def _write_json(path: Path, document: Any) -> None:
    text = json.dumps(document, indent=1, ensure_ascii=False)
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise StudyInputFault(f"there is no {path}: the step before has not been run")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
