"""A study of a made-up frame, from the file to the document, without the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from pipelines.study.candidates import Candidates, find_candidates
from pipelines.study.design import Design, make_design
from pipelines.study.panel_file import PanelColumns, read_panel
from pipelines.study.planning import Plan, plan_study
from pipelines.study.question import Question
from pipelines.study.results import Extras, tell_results

COLUMNS = PanelColumns(
    outcome="score", unit="id", time="year", first_treated="first_year", cluster="school", covariates=("experience",)
)


def read(frame: pl.DataFrame, folder: Path, columns: PanelColumns = COLUMNS) -> tuple[Question, pl.DataFrame]:
    path = folder / "panel.parquet"
    frame.write_parquet(path)
    return read_panel(path, columns, "expertise study --panel panel.parquet", "1")


def designed(
    frame: pl.DataFrame, folder: Path, columns: PanelColumns = COLUMNS
) -> tuple[Question, pl.DataFrame, Candidates, Plan, Design]:
    question, panel = read(frame, folder, columns)
    candidates = find_candidates(panel, question)
    return question, panel, candidates, plan_study(candidates, question), make_design(candidates, question)


def studied(frame: pl.DataFrame, folder: Path, columns: PanelColumns = COLUMNS) -> dict[str, Any]:
    question, panel, candidates, plan, design = designed(frame, folder, columns)
    return tell_results(question, plan, candidates, design, {}, panel, Extras(), lambda part: None)
