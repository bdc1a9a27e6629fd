"""`expertise study`: did it work, and what did it cost."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.command_line import (
    DISTRICT_YML,
    As,
    Config,
    Json,
    faults_become_exit_codes,
    make_folder,
    print_json,
    refuse_blank,
    settings_of,
    viewer_of,
)

if TYPE_CHECKING:
    from pipelines.study.question import Question

_OWN = "A panel of your own"


@faults_become_exit_codes
def study(
    panel: Annotated[
        Path | None,
        typer.Option(help="CSV or Parquet, one row per unit and time. Default: the warehouse.", rich_help_panel=_OWN),
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Column: who.", rich_help_panel=_OWN)] = None,
    time: Annotated[str | None, typer.Option(help="Column: when, whole numbers (years).", rich_help_panel=_OWN)] = None,
    first_treated: Annotated[
        str | None,
        typer.Option(help="Column: the first time of exposure; 0 or empty for never.", rich_help_panel=_OWN),
    ] = None,
    treated: Annotated[
        str | None,
        typer.Option(help="Column: 1 or 0; instead of the two above, for one row per unit.", rich_help_panel=_OWN),
    ] = None,
    outcome: Annotated[str | None, typer.Option(help="Column: a number.", rich_help_panel=_OWN)] = None,
    covariates: Annotated[
        list[str] | None,
        typer.Option(help="Columns known before exposure, numbers; a,b or given again.", rich_help_panel=_OWN),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Column: what shares its luck, e.g. the school.", rich_help_panel=_OWN)
    ] = None,
    strata: Annotated[
        list[str] | None,
        typer.Option(help="Columns that a match must share exactly; a,b or given again.", rich_help_panel=_OWN),
    ] = None,
    cost: Annotated[
        str | None, typer.Option(help="Column: USD per row; needs --price-year.", rich_help_panel=_OWN)
    ] = None,
    price_year: Annotated[
        str | None, typer.Option(help="The year of the dollars, or the column that holds it.", rich_help_panel=_OWN)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the report. Default: study/ beside the input.")] = None,
    who: As = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Compare credential earners with comparable colleagues: effect, cost, rating, as a report.

    The design (matched sets and weights on what was known before exposure) is written and hashed before
    outcomes are read. Below 20 treated, or where no effect under 0.40 SD could be found, no effect is
    given. Writes results.json, report.html, report.pdf and tables.xlsx.
    """
    from connectors.core.errors import ConfigurationError
    from pipelines.code_version import code_version
    from pipelines.study.results import Extras

    named = {
        "--unit": unit,
        "--time": time,
        "--first-treated": first_treated,
        "--treated": treated,
        "--outcome": outcome,
        "--cluster": cluster,
        "--cost": cost,
        "--price-year": price_year,
    }
    for option, value in named.items():
        if value is not None:
            refuse_blank(option, value)
    command = shlex.join(["expertise", *sys.argv[1:]])
    if panel is not None:
        if outcome is None:
            raise ConfigurationError("--panel needs --outcome: the column that is compared")
        from pipelines.study.panel_file import PanelColumns, read_panel

        columns = PanelColumns(
            outcome=outcome,
            unit=unit,
            time=time,
            first_treated=first_treated,
            treated=treated,
            covariates=_listed(covariates),
            cluster=cluster,
            strata=_listed(strata),
            cost=cost,
            price_year=price_year,
        )
        question, frame = read_panel(panel, columns, command, code_version())
        _run(question, frame, Extras(), out or panel.parent / f"{panel.stem}-study", as_json)
        return
    stray = [option for option, value in {**named, "--covariates": covariates, "--strata": strata}.items() if value]
    if stray:
        raise ConfigurationError(f"{', '.join(stray)} are about a panel of your own: give --panel FILE as well")
    from pipelines.apps.access import check_may_study
    from pipelines.apps.release_reader import open_release
    from pipelines.study.release_panel import read_release

    settings = settings_of(config)
    check_may_study(viewer_of(settings, who))
    with open_release(settings.published, "evaluators") as release:
        found = read_release(release, command, code_version())
        _run(found.question, found.panel, found.extras, out or settings.home / "study", as_json)


def _listed(values: list[str] | None) -> tuple[str, ...]:
    return tuple(name.strip() for value in values or [] for name in value.split(",") if name.strip())


def _run(question: Question, frame: Any, extras: Any, folder: Path, as_json: bool) -> None:
    from pipelines.commands.study_view import StudyScreen, show_study
    from pipelines.study.steps import PARTS, run_study

    make_folder(folder)
    with StudyScreen(len(PARTS), is_quiet=as_json) as screen:
        document = run_study(question, frame, extras, folder, screen.tick)
    print_json(document) if as_json else show_study(document, folder)
