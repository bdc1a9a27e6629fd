"""The door for a panel of the evaluator's own: a CSV or Parquet file becomes the canonical panel.

Belongs here: reading the named columns, their types, and every fault that can be seen in the file.
Does not belong here: whether the design can answer (design), or an estimate.

A panel has one row per unit and time, a cross-section one row per unit. Canonical columns: `unit`,
`time`, `first_treated` (null: never), or `is_treated`; `cluster`, `stratum`, `outcome`, `cost_usd`,
and the covariates and strata under their own names. Every message counts; none quotes a cell.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl
from polars.exceptions import PolarsError

from connectors.core.documents import nearest
from pipelines.analysis.balance import Covariate
from pipelines.study.faults import StudyInputFault
from pipelines.study.question import Measure, Provenance, Question

_SUFFIXES = {".csv", ".tsv", ".txt", ".parquet", ".pq"}
_RESERVED = {"unit", "time", "first_treated", "is_treated", "cluster", "stratum", "block", "outcome", "cost_usd"}
_NEVER = ("", "0", "inf", "never", "na", "nan", "none", "null")
_TRUTHS = {"1": True, "0": False, "1.0": True, "0.0": False, "true": True, "false": False}
_MISSING = ("", "na", "nan", "null", "none", ".")


@dataclass(frozen=True)
class PanelColumns:
    """Which column of the file is what. `time` and `first_treated` for a panel, `treated` for a cross-section."""

    outcome: str
    unit: str | None = None
    time: str | None = None
    first_treated: str | None = None
    treated: str | None = None
    covariates: tuple[str, ...] = ()
    cluster: str | None = None
    strata: tuple[str, ...] = ()
    cost: str | None = None
    price_year: str | None = None

    @property
    def is_panel(self) -> bool:
        return self.treated is None


def read_panel(path: Path, columns: PanelColumns, command: str, code_version: str) -> tuple[Question, pl.DataFrame]:
    """The question that the columns ask, and the canonical frame. Raises StudyInputFault."""
    _refuse_half_named(columns)
    raw = _read(path)
    _refuse_missing_columns(raw, columns, path)
    frame = raw.select(
        *_keys(raw, columns),
        _numbers(raw, columns.outcome, "outcome").alias("outcome"),
        *(_numbers(raw, name, "covariate").alias(_own_name(name)) for name in columns.covariates),
        *(_texts(name).fill_null("not given").alias(_own_name(name)) for name in columns.strata),
        *([_numbers(raw, columns.cost, "cost").alias("cost_usd")] if columns.cost else []),
    )
    frame = frame.with_columns(
        cluster=_texts(columns.cluster, raw) if columns.cluster else pl.col("unit"),
        stratum=pl.concat_str([pl.col(_own_name(name)) for name in columns.strata], separator=" · ")
        if columns.strata
        else pl.lit("all"),
    )
    _refuse_blank_cells(frame, columns)
    price_year = _price_year(raw, columns)
    if columns.is_panel:
        _refuse_double_rows(frame, columns)
        frame = _one_exposure(frame, columns)
        frame = _first_cluster(frame)
    elif columns.unit and frame["unit"].is_duplicated().any():
        doubled = int(frame["unit"].is_duplicated().sum())
        raise StudyInputFault(
            f"{_rows(doubled)} share their {columns.unit} with another row: a cross-section "
            "has one row per unit. Name --time and --first-treated if this is a panel."
        )
    _refuse_unusable(frame, columns)
    return _question(path, columns, frame, price_year, command, code_version), frame


def _refuse_half_named(columns: PanelColumns) -> None:
    if columns.treated is not None:
        if columns.time or columns.first_treated:
            raise StudyInputFault(
                "--treated is for a cross-section, --time and --first-treated are for a panel: name one or the other"
            )
        return
    missing = [
        option
        for option, value in (
            ("--unit", columns.unit),
            ("--time", columns.time),
            ("--first-treated", columns.first_treated),
        )
        if value is None
    ]
    if missing:
        raise StudyInputFault(
            f"a panel also needs {', '.join(missing)}; a cross-section needs --treated instead of --time and "
            "--first-treated"
        )


def _read(path: Path) -> pl.DataFrame:
    """The file with every cell of a CSV as text, so that no id loses its leading zeros."""
    if not path.is_file():
        raise StudyInputFault(f"there is no file {path}")
    if path.suffix.lower() not in _SUFFIXES:
        raise StudyInputFault(f"{path.name} is neither CSV nor Parquet by its ending; known: .csv, .tsv, .parquet")
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            raw = pl.read_parquet(path)
        else:
            with path.open(encoding="utf-8-sig", errors="replace") as lines:
                heading = lines.readline()
            separator = max((",", ";", "\t"), key=heading.count)
            raw = pl.read_csv(path, infer_schema=False, separator=separator, encoding="utf8")
    except (PolarsError, OSError, UnicodeError) as fault:
        # what the library says may quote a cell
        raise StudyInputFault(
            f"{path.name} can't be read as {path.suffix.lower().strip('.')} ({type(fault).__name__}): check that it is "
            "whole, has one heading line, the same number of cells in every line, and is saved as UTF-8"
        ) from None
    if raw.height == 0:
        raise StudyInputFault(f"{path.name} holds no rows")
    return raw


def _refuse_missing_columns(raw: pl.DataFrame, columns: PanelColumns, path: Path) -> None:
    named = [
        ("--outcome", columns.outcome),
        ("--unit", columns.unit),
        ("--time", columns.time),
        ("--first-treated", columns.first_treated),
        ("--treated", columns.treated),
        *(("--covariates", name) for name in columns.covariates),
        ("--cluster", columns.cluster),
        *(("--strata", name) for name in columns.strata),
        ("--cost", columns.cost),
    ]
    absent = [(option, name) for option, name in named if name is not None and name not in raw.columns]
    if absent:
        told = "; ".join(f"{option} {name}:{nearest(name, raw.columns)}" for option, name in absent)
        raise StudyInputFault(f"{path.name} has no such column: {told} It has: {', '.join(raw.columns)}.")
    wanted = [*columns.covariates, *columns.strata]
    doubled = sorted({name for name in wanted if wanted.count(name) > 1} | ({columns.outcome} & set(wanted)))
    if doubled:
        raise StudyInputFault(f"named twice: {', '.join(doubled)}; a column is an outcome, a covariate or a stratum")


def _own_name(name: str) -> str:
    """A column's name beside the canonical ones."""
    return f"own_{name}" if name in _RESERVED or name.startswith("prior_") else name


def _keys(raw: pl.DataFrame, columns: PanelColumns) -> list[pl.Expr | pl.Series]:
    unit: pl.Expr | pl.Series
    if columns.unit:
        unit = _texts(columns.unit).alias("unit")
    else:
        unit = pl.int_range(1, pl.len() + 1).cast(pl.String).alias("unit")
    if columns.treated is not None:
        return [unit, _truths(raw, columns.treated).alias("is_treated")]
    # a panel's columns are all named: half-named ones were refused
    time = _numbers(raw, str(columns.time), "time")
    _refuse_fractions(time, str(columns.time))
    return [
        unit,
        time.cast(pl.Int64).alias("time"),
        _first_treated(raw, str(columns.first_treated)).alias("first_treated"),
    ]


def _texts(name: str, raw: pl.DataFrame | None = None) -> pl.Expr:
    column = pl.col(name) if raw is None else pl.lit(raw[name])
    text = column.cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text)


def _numbers(raw: pl.DataFrame, name: str, what: str) -> pl.Series:
    """The column as numbers; what stands for `missing` is null, anything else that is no number is a fault."""
    column = raw[name]
    if column.dtype == pl.Boolean or column.dtype.is_numeric():
        found = column.cast(pl.Float64).fill_nan(None)
    else:
        text = column.cast(pl.String).str.strip_chars()
        text = text.set(text.str.to_lowercase().is_in(list(_MISSING)), None)
        found = text.cast(pl.Float64, strict=False).fill_nan(None)
        unread = int((found.is_null() & text.is_not_null()).sum())
        if unread:
            hint = " For a covariate that is a word, add a 0/1 column for each, or name it with --strata."
            raise StudyInputFault(
                f"{name}: {_rows(unread)} of {raw.height:,} hold no number, though a {what} must be one."
                f"{hint if what == 'covariate' else ''}"
            )
    endless = int(found.is_infinite().sum())
    if endless:
        raise StudyInputFault(
            f"{name}: {_rows(endless)} hold an infinite number; leave the cell empty where it is unknown"
        )
    return found


def _truths(raw: pl.DataFrame, name: str) -> pl.Series:
    text = raw[name].cast(pl.String).str.strip_chars().str.to_lowercase()
    found = text.replace_strict(_TRUTHS, default=None, return_dtype=pl.Boolean)
    unread = int(found.is_null().sum())
    if unread:
        raise StudyInputFault(f"{name}: {_rows(unread)} of {raw.height:,} are neither 0 nor 1 (or true, false)")
    return found


def _first_treated(raw: pl.DataFrame, name: str) -> pl.Series:
    """First time of exposure; 0, empty, `never` and infinity stand for never."""
    text = raw[name].cast(pl.String).str.strip_chars()
    text = text.set(text.str.to_lowercase().is_in(list(_NEVER)), None)
    found = text.cast(pl.Float64, strict=False).fill_nan(None)
    unread = int((found.is_null() & text.is_not_null()).sum())
    if unread:
        raise StudyInputFault(f"{name}: {_rows(unread)} hold neither a time nor 0, empty or `never`")
    found = found.set(found.is_infinite() | (found == 0), None)
    _refuse_fractions(found, name)
    return found.cast(pl.Int64)


def _refuse_fractions(values: pl.Series, name: str) -> None:
    broken = int((values.round() != values).sum())
    if broken:
        raise StudyInputFault(f"{name}: {_rows(broken)} hold no whole number; number the periods, e.g. 2024, 2025")


def _refuse_blank_cells(frame: pl.DataFrame, columns: PanelColumns) -> None:
    for column, option, name in (
        ("unit", "--unit", columns.unit),
        ("time", "--time", columns.time),
        ("cluster", "--cluster", columns.cluster),
    ):
        if name is None or column not in frame.columns:
            continue
        empty = frame[column].null_count()
        if empty:
            raise StudyInputFault(
                f"{option} {name}: {_rows(empty)} of {frame.height:,} are empty; fill them or drop them"
            )


def _refuse_double_rows(frame: pl.DataFrame, columns: PanelColumns) -> None:
    doubled = frame.group_by("unit", "time").len().filter(pl.col("len") > 1)
    if doubled.height:
        raise StudyInputFault(
            f"{doubled.height:,} pairs of {columns.unit} and {columns.time} stand in more than one row "
            f"({int(doubled['len'].sum()):,} rows): keep one row for each, or name the column that tells them apart "
            "as part of --unit"
        )


def _one_exposure(frame: pl.DataFrame, columns: PanelColumns) -> pl.DataFrame:
    changing = frame.group_by("unit").agg(pl.col("first_treated").n_unique()).filter(pl.col("first_treated") > 1)
    if changing.height:
        raise StudyInputFault(
            f"{columns.first_treated} changes between the rows of {changing.height:,} units: it is the first time of "
            "exposure and the same in every row of a unit (empty or 0 for never)"
        )
    return frame


def _first_cluster(frame: pl.DataFrame) -> pl.DataFrame:
    """The cluster of a unit's first row for all of its rows: clusters must hold whole units."""
    return frame.with_columns(cluster=pl.col("cluster").sort_by("time").first().over("unit"))


def _price_year(raw: pl.DataFrame, columns: PanelColumns) -> int | None:
    """The year of the prices: the option itself, or the one year that its column holds."""
    if columns.cost is None:
        if columns.price_year is not None:
            raise StudyInputFault("--price-year is given without --cost: name the column of costs")
        return None
    if columns.price_year is None:
        raise StudyInputFault(
            f"the price year of {columns.cost} is missing: dollars of different years can't be added. Give "
            "--price-year with the year, or with the column that holds it"
        )
    if columns.price_year.isdecimal() and columns.price_year not in raw.columns:
        return int(columns.price_year)
    if columns.price_year not in raw.columns:
        raise StudyInputFault(
            f"--price-year {columns.price_year} is no year and no column.{nearest(columns.price_year, raw.columns)}"
        )
    years = _numbers(raw, columns.price_year, "price year")
    costs = _numbers(raw, columns.cost, "cost")
    undated = int((years.is_null() & costs.is_not_null()).sum())
    if undated:
        raise StudyInputFault(f"{columns.price_year}: {_rows(undated)} with a cost have no price year")
    found = years.drop_nulls().unique()
    if found.len() != 1:
        raise StudyInputFault(
            f"{columns.price_year} holds {found.len()} different years: put all costs into dollars of one year first "
            "(e.g. by the consumer price index), since this file holds no index"
        )
    return int(found.item())


def _refuse_unusable(frame: pl.DataFrame, columns: PanelColumns) -> None:
    known = frame["outcome"].drop_nulls()
    if known.is_empty():
        raise StudyInputFault(f"{columns.outcome} is empty in all {frame.height:,} rows")
    if known.n_unique() == 1:
        raise StudyInputFault(
            f"{columns.outcome} has the same value in all {known.len():,} rows that have one: an outcome that does not "
            "vary can't differ between earners and others"
        )
    for name in columns.covariates:
        if frame[_own_name(name)].is_null().all():
            raise StudyInputFault(f"{name} is empty in all {frame.height:,} rows: leave it out of --covariates")
    if columns.cluster and frame["cluster"].n_unique() < 2:
        raise StudyInputFault(
            f"all {frame['unit'].n_unique():,} units stand in one cluster ({columns.cluster}): what sets it apart "
            "can't be told from the treatment, so there is no standard error. Name one with more clusters, or none"
        )
    if columns.cost:
        negative = int((frame["cost_usd"] < 0).sum())
        if negative:
            raise StudyInputFault(
                f"{columns.cost}: {_rows(negative)} hold a negative cost; costs are 0 or more (enter refunds where the "
                "cost itself stands)"
            )
        if frame["cost_usd"].is_null().all():
            raise StudyInputFault(f"{columns.cost} is empty in all {frame.height:,} rows")
    _refuse_one_arm(frame, columns)


def _refuse_one_arm(frame: pl.DataFrame, columns: PanelColumns) -> None:
    if not columns.is_panel:
        treated = int(frame["is_treated"].sum())
        if treated in (0, frame.height):
            everyone = "all" if treated else "none"
            raise StudyInputFault(
                f"{everyone} of the {frame.height:,} units are treated ({columns.treated}): there is nobody to compare "
                f"{'them ' if treated else ''}with"
            )
        return
    first, last = int(frame["time"].min()), int(frame["time"].max())  # type: ignore[arg-type]
    starts = frame.group_by("unit").agg(pl.col("first_treated").first())["first_treated"]
    begun = starts.filter(starts <= last)
    if begun.is_empty():
        raise StudyInputFault(
            f"nobody is treated between {first} and {last}: {columns.first_treated} holds no time up to {last}"
        )
    if (begun > first).sum() == 0:
        raise StudyInputFault(
            f"no pre-period: all {begun.len():,} treated units are treated from {first}, the first time in the file, "
            "so nothing is known of them before. Add earlier times"
        )
    if starts.drop_nulls().len() == starts.len() and starts.n_unique() == 1:
        raise StudyInputFault(
            f"all {starts.len():,} units are treated from the same time on: there is nobody to compare them with. Add "
            "units that are never treated, or treated later"
        )


def _question(
    path: Path, columns: PanelColumns, frame: pl.DataFrame, price_year: int | None, command: str, code_version: str
) -> Question:
    begins = columns.first_treated if columns.is_panel else columns.treated
    return Question(
        kind="panel" if columns.is_panel else "cross_section",
        title=f"Study of {columns.outcome}",
        text=f"Did {columns.outcome} change for those treated ({begins}), beside comparable others who were not?",
        exposure=f"from {columns.first_treated} on" if columns.is_panel else f"{columns.treated} is 1",
        outcome_name=columns.outcome,
        outcome_label=columns.outcome,
        outcome_unit=f"units of {columns.outcome}",
        cluster_label=columns.cluster,
        covariates=tuple(
            Covariate(_own_name(name), name, _kind(frame[_own_name(name)])) for name in columns.covariates
        ),
        staggered_covariates=tuple(map(_own_name, columns.covariates)) if columns.is_panel else (),
        exact_on=columns.strata,
        subgroups=tuple(Measure(_own_name(name), name, "") for name in columns.strata),
        contrasts=(Measure("cost_usd", columns.cost, f"USD of {price_year}"),) if columns.cost else (),
        has_cost=columns.cost is not None,
        price_year=price_year,
        provenance=Provenance(
            command=command,
            code_version=code_version,
            input_name=path.name,
            input_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        ),
    )


def _kind(values: pl.Series) -> Literal["continuous", "binary"]:
    return "binary" if set(values.drop_nulls().unique().to_list()) <= {0.0, 1.0} else "continuous"


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
