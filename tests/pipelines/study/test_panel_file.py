"""The door for an evaluator's own file: what is wrong is said with what, where, how often and what to do."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.study.faults import StudyInputFault
from pipelines.study.panel_file import PanelColumns, read_panel
from pipelines.study.question import Question
from tests.pipelines.study.panels import cross_section, panel

COLUMNS = PanelColumns(outcome="score", unit="id", time="year", first_treated="first_year")


def read(frame: pl.DataFrame, tmp_path: Path, columns: PanelColumns = COLUMNS) -> tuple[Question, pl.DataFrame]:
    path = tmp_path / "panel.csv"
    frame.write_csv(path)
    return read_panel(path, columns, "expertise study", "1")


def with_columns(**more: object) -> PanelColumns:
    return PanelColumns(**{**vars(COLUMNS), **more})


def test_read_panel__csv_and_parquet_give_the_same(tmp_path: Path) -> None:
    frame = panel()
    _, from_csv = read(frame, tmp_path, with_columns(cluster="school", covariates=("experience",), strata=("school",)))
    frame.write_parquet(tmp_path / "panel.parquet")
    columns = with_columns(cluster="school", covariates=("experience",), strata=("school",))
    _, from_parquet = read_panel(tmp_path / "panel.parquet", columns, "expertise study", "1")
    assert from_csv.equals(from_parquet)
    assert from_csv.height == frame.height
    assert from_csv["first_treated"].null_count() == (frame["first_year"] == 0).sum()


@pytest.mark.parametrize("never", ["", "0", "never", "Inf", "NA", "NaN"])
def test_read_panel__never_has_many_spellings(tmp_path: Path, never: str) -> None:
    frame = panel().with_columns(pl.col("first_year").cast(pl.String).replace("0", never))
    _, read_back = read(frame, tmp_path)
    assert read_back["first_treated"].null_count() == (panel()["first_year"] == 0).sum()


def test_read_panel__ids_keep_their_leading_zeros(tmp_path: Path) -> None:
    frame = panel().with_columns(id=pl.col("id").str.replace("t0", "0"))
    _, read_back = read(frame, tmp_path)
    assert read_back["unit"].n_unique() == frame["id"].n_unique()
    assert set(read_back["unit"]) == set(frame["id"])


def test_read_panel__semicolons_are_read(tmp_path: Path) -> None:
    path = tmp_path / "panel.csv"
    panel().write_csv(path, separator=";")
    _, read_back = read_panel(path, COLUMNS, "expertise study", "1")
    assert read_back.height == panel().height


FAULTS = {
    "no pre-period": (panel(first=2021), COLUMNS, r"no pre-period: all 60 treated units are treated from 2021"),
    "one cluster": (
        panel(schools=1),
        with_columns(cluster="school"),
        r"all 300 units stand in one cluster \(school\).*Name one with more clusters",
    ),
    "all treated": (panel(others=0), COLUMNS, r"all 60 units are treated from the same time on"),
    "nobody treated": (panel(first=2030), COLUMNS, r"nobody is treated between 2021 and 2026"),
    "constant outcome": (panel().with_columns(score=pl.lit(1.0)), COLUMNS, r"score has the same value in all 1,800"),
    "double rows": (
        pl.concat([panel(), panel().head(3)]),
        COLUMNS,
        r"3 pairs of id and year stand in more than one row \(6 rows\)",
    ),
    "negative cost": (
        panel().with_columns(cost=pl.when(pl.col("year") == 2021).then(-1.0).otherwise(1.0)),
        with_columns(cost="cost", price_year="2024"),
        r"cost: 300 rows hold a negative cost",
    ),
    "missing price year": (panel(), with_columns(cost="cost"), r"price year of cost is missing.*--price-year"),
    "price year without cost": (panel(), with_columns(price_year="2024"), r"--price-year is given without --cost"),
    "several price years": (panel(), with_columns(cost="cost", price_year="year"), r"holds 6 different years"),
    "no such column": (panel(), with_columns(outcome="scor"), r'--outcome scor: Did you mean "score"'),
    "a word for a number": (
        panel().with_columns(score=pl.lit("high")),
        COLUMNS,
        r"score: 1,800 rows of 1,800 hold no number",
    ),
    "a word for a covariate": (
        panel(),
        with_columns(covariates=("school",)),
        r"school: 1,800 rows of 1,800 hold no number.*--strata",
    ),
    "empty outcome": (panel().with_columns(score=pl.lit("")), COLUMNS, r"score is empty in all 1,800 rows"),
    "empty id": (
        panel().with_columns(id=pl.when(pl.col("year") == 2021).then(None).otherwise("id")),
        COLUMNS,
        r"--unit id: 300 rows of 1,800 are empty",
    ),
    "half a year": (panel().with_columns(year=pl.col("year") + 0.5), COLUMNS, r"year: 1,800 rows hold no whole number"),
    "changing exposure": (
        panel().with_columns(first_year=pl.when(pl.col("first_year") > 0).then("year").otherwise(0)),
        COLUMNS,
        r"first_year changes between the rows of 60 units",
    ),
    "infinite outcome": (
        panel().with_columns(score=pl.when(pl.col("year") == 2021).then(float("inf")).otherwise("score")),
        COLUMNS,
        r"score: 300 rows hold an infinite number",
    ),
    "half named": (panel(), PanelColumns(outcome="score", unit="id"), r"also needs --time, --first-treated"),
    "named twice": (panel(), with_columns(covariates=("score",)), r"named twice: score"),
    "both forms": (panel(), with_columns(treated="first_year"), r"name one or the other"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_read_panel__faults_are_told(tmp_path: Path, fault: str) -> None:
    frame, columns, told = FAULTS[fault]
    with pytest.raises(StudyInputFault, match=told) as caught:
        read(frame, tmp_path, columns)
    # no message quotes who
    assert not any(f"t{number:04d}" in str(caught.value) for number in range(300))


CROSS = PanelColumns(outcome="score", unit="id", treated="treated", covariates=("before",))


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (cross_section(others=0), r"all of the 60 units are treated"),
        (cross_section(treated=0), r"none of the 240 units are treated"),
        (cross_section().with_columns(treated=pl.lit(2)), r"treated: 300 rows of 300 are neither 0 nor 1"),
        (pl.concat([cross_section(), cross_section().head(2)]), r"4 rows share their id"),
    ],
)
def test_read_panel__faults_of_a_cross_section_are_told(tmp_path: Path, frame: pl.DataFrame, told: str) -> None:
    with pytest.raises(StudyInputFault, match=told):
        read(frame, tmp_path, CROSS)


def test_read_panel__files_that_are_none_are_told(tmp_path: Path) -> None:
    with pytest.raises(StudyInputFault, match="there is no file"):
        read_panel(tmp_path / "absent.csv", COLUMNS, "", "")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 not a parquet file")
    with pytest.raises(StudyInputFault, match="can't be read as parquet"):
        read_panel(broken, COLUMNS, "", "")
    sheet = tmp_path / "panel.docx"
    sheet.write_text("id")
    with pytest.raises(StudyInputFault, match="neither CSV nor Parquet"):
        read_panel(sheet, COLUMNS, "", "")
    empty = tmp_path / "empty.csv"
    empty.write_text("id,year,first_year,score\n")
    with pytest.raises(StudyInputFault, match="holds no rows"):
        read_panel(empty, COLUMNS, "", "")
