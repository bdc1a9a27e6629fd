"""Writes what a viewer may see of the leaders' release as Parquet, CSV or one Excel workbook.

Belongs here: choosing the rows of people that a viewer may take away, and writing files that are safe
to open. Does not belong here: who may see what (access), tables of counts (export_counts).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.analysis.small_cells import DEFAULT_THRESHOLD
from pipelines.apps.access import Viewer
from pipelines.apps.export_counts import visible_counts
from pipelines.apps.finder import (
    SEES_OBSERVATIONS,
    VISIBLE_EXPERTISE,
    confirm_viewer,
    sight_parameters,
)
from pipelines.apps.release_reader import Release, open_release
from pipelines.publish.layout import sync_file, sync_folder

FORMATS = ("parquet", "csv", "xlsx")
WORKBOOK = "leaders.xlsx"
README = "README.txt"

_EXCEL_ROWS = 1_048_575  # without the header
_AUTOFIT_ROWS = 20_000  # measuring every cell of more takes longer than it helps
_FORMULA_START = r"^[=+\-@\t\r]"


class ExportError(OSError):
    """The export could not be written."""


@dataclass(frozen=True)
class ExportedFile:
    """One file of an export; `rows` counts data rows over all its sheets, None for the README."""

    path: Path
    rows: int | None


def export(published_folder: Path, viewer: Viewer, folder: Path, format: str) -> list[ExportedFile]:
    """Write what the viewer may see of the current leaders' release into `folder`.

    Parquet and CSV give a file per table and a README; `xlsx` gives one workbook. Each file appears
    whole or not at all. Raises ExportError, AccessRefused, UnknownSchool or a ReleaseError.
    """
    if format not in FORMATS:
        raise ExportError(f"there is no export format {format!r}; the formats are {', '.join(FORMATS)}")
    with open_release(published_folder, "leaders") as release:
        tables = visible_tables(release, viewer)
        about = _about(release, viewer)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"could not make the folder {folder}: {error.strerror}") from None
    if format == "xlsx":
        _refuse_too_long(tables)
        path = folder / WORKBOOK
        write_whole(path, lambda part: _write_workbook(part, tables, about))
        return [ExportedFile(path, sum(frame.height for frame in tables.values()))]
    files = []
    for name, frame in tables.items():
        path = folder / f"{name}.{format}"
        if format == "csv":
            safe = guard_against_formulas(frame)
            write_whole(path, safe.write_csv)
        else:
            write_whole(path, frame.write_parquet)
        files.append(ExportedFile(path, frame.height))
    readme = folder / README
    text = "".join(f"{label}: {value}\n" if label else f"{value}\n" for label, value in about)
    write_whole(readme, lambda part: part.write_text(text, encoding="utf-8"))
    return [*files, ExportedFile(readme, None)]


def visible_tables(release: Release, viewer: Viewer) -> dict[str, pl.DataFrame]:
    """The tables of the leaders' release with the rows and counts that the viewer may take away."""
    confirm_viewer(release, viewer)
    sight = sight_parameters(viewer)
    evidence_sight = sight | {
        "all_inside": viewer.role.inside != "strengths",
        "all_outside": viewer.role.outside != "strengths",
    }
    return {
        "expertise": release.frame(
            f"""
            select * replace (
                if({SEES_OBSERVATIONS}, observation_count, null) as observation_count,
                if({SEES_OBSERVATIONS}, rater_count, null) as rater_count,
                if({SEES_OBSERVATIONS}, latest_observation_date, null) as latest_observation_date
            )
            from expertise where {VISIBLE_EXPERTISE}
            order by competency_code, band_order, rank_in_band, staff_key
            """,
            sight,
        ),
        "evidence": release.frame(
            f"""
            with seen as (
                select
                    staff_key,
                    competency_key,
                    case
                        when
                            $own_school is null
                            or coalesce(cast(school_id as varchar) = $own_school, false)
                            or coalesce(staff_key = $own_staff, false)
                            then $all_inside
                        else $all_outside
                    end as sees_all,
                    {SEES_OBSERVATIONS} as sees_observations
                from expertise
                where {VISIBLE_EXPERTISE}
            )
            select evidence.*
            from evidence
            inner join seen using (staff_key, competency_key)
            where seen.sees_all
                or (evidence.counts and (evidence.evidence_type <> 'observation' or seen.sees_observations))
            order by evidence_date, evidence_key
            """,
            evidence_sight,
        ),
        **visible_counts(release, viewer),
        "competencies": release.frame("select * from competencies order by all"),
        "schools": release.frame("select * from schools order by all"),
        "release": release.frame("select * from release"),
    }


def guard_against_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """Put an apostrophe before text that a spreadsheet would run as a formula."""
    return frame.with_columns(
        pl.when(pl.col(pl.String).str.contains(_FORMULA_START))
        .then("'" + pl.col(pl.String))
        .otherwise(pl.col(pl.String))
        .name.keep()
    )


def _about(release: Release, viewer: Viewer) -> list[tuple[str, str]]:
    """What the export says of itself; a line without a label is a heading."""
    info = release.info()
    heading = [("", "SYNTHETIC DATA: no person, school or award in this export is real.")]
    return [
        *(heading if info["is_synthetic"] else []),
        ("District", str(info["district_name"])),
        ("Release", str(info["release_id"])),
        ("Built at", f"{info['built_at']:%Y-%m-%d %H:%M} UTC"),
        ("Seen as", str(viewer)),
        ("Rows", "only what this role may see; people who declined to be named, or have left, are not listed"),
        (
            "Counts",
            f"of other schools than the role's own are hidden below {DEFAULT_THRESHOLD}, and so are further counts "
            "from which a hidden one would follow (is_suppressed); tables of the whole district have rows for "
            "roles that see the whole district",
        ),
        ("Keep it safe", "this export holds personnel information; share it with nobody who may not see it"),
    ]


def _refuse_too_long(tables: Mapping[str, pl.DataFrame]) -> None:
    for name, frame in tables.items():
        if frame.height > _EXCEL_ROWS:
            raise ExportError(
                f"{name} has {frame.height} rows and an Excel sheet holds {_EXCEL_ROWS}; export as parquet or csv"
            )


def _write_workbook(path: Path, tables: Mapping[str, pl.DataFrame], about: list[tuple[str, str]]) -> None:
    """One sheet to read first, then one per table, with a frozen, filterable header."""
    import xlsxwriter  # type: ignore[import-untyped,unused-ignore]
    from xlsxwriter.exceptions import FileCreateError  # type: ignore[import-untyped,unused-ignore]

    is_synthetic = about[0][0] == ""
    # text stays text: nothing in a cell is run or followed
    workbook = xlsxwriter.Workbook(
        str(path), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    warning = workbook.add_format({"bold": True, "font_size": 14, "font_color": "#B00020"})
    label_format = workbook.add_format({"bold": True, "valign": "top"})
    text_format = workbook.add_format({"text_wrap": True, "valign": "top"})
    readme = workbook.add_worksheet("Read me")
    readme.set_column(0, 0, 16)
    readme.set_column(1, 1, 90)
    for row, (label, value) in enumerate(about):
        if label:
            readme.write_string(row, 0, label, label_format)
            readme.write_string(row, 1, value, text_format)
        else:
            readme.write_string(row, 0, value, warning)
    for name, frame in tables.items():
        sheet = workbook.add_worksheet(name)
        if is_synthetic:
            sheet.set_header('&C&"Calibri,Bold"SYNTHETIC DATA')
        frame.write_excel(
            workbook,
            worksheet=name,
            autofilter=True,
            autofit=frame.height <= _AUTOFIT_ROWS,
            freeze_panes=(1, 0),
            header_format={"bold": True, "bg_color": "#1F3864", "font_color": "#FFFFFF"},
            table_style="Table Style Light 1",
        )
    try:
        workbook.close()
    except FileCreateError as error:
        raise OSError(str(error)) from error


def write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    """Write beside the target, then replace it in one step."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(part)
        sync_file(part)
        part.replace(path)
    except OSError as error:
        raise ExportError(
            f"could not write {path}: {error.strerror or error}. Close the program that has it open, "
            "or choose another folder, and export again."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    sync_folder(path.parent)
