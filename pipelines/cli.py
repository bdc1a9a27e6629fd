"""The `expertise` command.

Belongs here: the commands that load a district, and the list of all commands. Does not belong
here: the commands that ask (commands), what commands share (command_line), the work (run,
status, apps), how answers look (screen). Whatever is heavy is imported inside the command
that needs it, so that `--help` answers at once.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.command_line import (
    DISTRICT_YML,
    DONE,
    FAILED,
    WRONG_USE,
    Config,
    Json,
    complain,
    faults_become_exit_codes,
    make_folder,
    print_json,
    settings_of,
)
from pipelines.commands import (
    crosswalk,
    decisions,
    explain,
    export,
    find,
    gaps,
    issuers,
    lead,
    next_steps,
    pair,
    renewal,
    review,
    study,
)

if TYPE_CHECKING:
    from pipelines.settings import Settings

LOAD, DECIDE = "Load a district", "What only a person decides"

app = typer.Typer(
    help="The Expertise Warehouse: load a district, publish who knows what, and ask.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
sources_app = typer.Typer(help="The platforms a district reads from.", no_args_is_help=True)
app.add_typer(sources_app, name="sources", rich_help_panel=LOAD)
app.add_typer(decisions.app, name="decisions", rich_help_panel=DECIDE)
app.add_typer(crosswalk.app, name="crosswalk", rich_help_panel=DECIDE)


@app.command(rich_help_panel=LOAD)
@faults_become_exit_codes
def init(
    folder: Annotated[Path, typer.Argument(help="Where the district's folder is made.")] = Path(),
    as_json: Json = False,
) -> None:
    """Write a district.yml and a .env to fill in."""
    from pipelines.new_district import write_new_district

    make_folder(folder)
    written = write_new_district(folder)
    if as_json:
        print_json({"written": [str(path) for path in written]})
        return
    for path in written:
        typer.echo(f"wrote {path}")
    place = "" if folder.resolve() == Path.cwd() else f"`cd {folder}`, "
    typer.echo(
        f"Next: {place}fill in district.yml and .env, put a mapping of each export into mappings/, "
        "then `expertise doctor` and `expertise run`."
    )


@app.command(rich_help_panel=LOAD)
@faults_become_exit_codes
def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo district is made.")] = Path("demo"),
    teachers: Annotated[int, typer.Option(min=40, help="Size of the synthetic district.")] = 600,
    as_json: Json = False,
) -> None:
    """Load a SYNTHETIC district from local stand-ins of four platforms, and ask who knows what."""
    from pipelines.demo import run_demo
    from pipelines.screen import Quiet, Screen, show_demo

    make_folder(folder)
    with Quiet() if as_json else Screen() as screen:
        outcome = run_demo(folder, teachers, screen)
    print_json(outcome.to_json()) if as_json else show_demo(outcome)
    raise typer.Exit(DONE if outcome.report.is_published else FAILED)


@app.command(rich_help_panel=LOAD)
@faults_become_exit_codes
def doctor(config: Config = DISTRICT_YML, as_json: Json = False) -> None:
    """Look at everything a run needs: settings, secrets, platforms, disk."""
    from pipelines.doctor import examine
    from pipelines.screen import show_examination

    findings = examine(settings_of(config))
    print_json([finding.to_json() for finding in findings]) if as_json else show_examination(findings)
    raise typer.Exit(DONE if all(finding.is_well for finding in findings) else FAILED)


@sources_app.command("list")
@faults_become_exit_codes
def sources_list(config: Config = DISTRICT_YML, as_json: Json = False) -> None:
    """The configured sources and the platforms there are."""
    from connectors.registry import PLATFORMS
    from pipelines.screen import show_sources

    settings = settings_of(config)
    configured = [
        {"name": source.name, "platform": source.platform.name, "streams": [s.name for s in source.platform.streams]}
        for source in settings.sources.values()
    ]
    platforms = [{"platform": platform.name, "title": platform.title} for platform in PLATFORMS.values()]
    if as_json:
        print_json({"sources": configured, "platforms": platforms})
    else:
        show_sources(configured, platforms)


@sources_app.command("check")
@faults_become_exit_codes
def sources_check(
    name: Annotated[str, typer.Argument(help="A source of district.yml.")],
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Reach one source: its address, its credentials, its folder."""
    from pipelines.doctor import reach

    sentence = reach(_known_source(settings_of(config), name), name)
    print_json({"source": name, "answer": sentence}) if as_json else typer.echo(f"{name}: {sentence}")


@sources_app.command("pull")
@faults_become_exit_codes
def sources_pull(
    name: Annotated[str, typer.Argument(help="A source of district.yml.")],
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Everything, not only what is new.")] = False,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Land one source's streams; they are judged and built by the next `expertise run`."""
    from dataclasses import asdict

    from pipelines.pull_source import pull_source
    from pipelines.screen import Quiet, Screen, show_streams

    settings = _known_source(settings_of(config), name)
    _, connector = settings.connector(name)
    try:
        connector.streams_of()  # a missing secret or mapping is told here, before anything is written
    finally:
        connector.close()
    with Quiet() if as_json else Screen() as screen:
        lines = [pulled.line() for pulled in pull_source(settings, name, full_refresh, screen)]
    print_json([asdict(line) for line in lines]) if as_json else show_streams(lines)
    raise typer.Exit(FAILED if any(line.fault for line in lines) else DONE)


@sources_app.command("map")
@faults_become_exit_codes
def sources_map(
    file: Annotated[Path, typer.Argument(help="An export, CSV or XLSX.")],
    stream: Annotated[
        str | None, typer.Option("--stream", help="What it holds, where its columns alone don't tell.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="The source of district.yml that will read it.")
    ] = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Propose a column mapping for an unknown export, for a person to correct."""
    from pipelines.map_source import map_file, show_mapped

    mapped = map_file(settings_of(config), file, stream, source)
    print_json(mapped.to_json()) if as_json else show_mapped(mapped)
    raise typer.Exit(DONE if mapped.path else FAILED)


@app.command(rich_help_panel=LOAD)
@faults_become_exit_codes
def run(
    source: Annotated[list[str] | None, typer.Option("--source", help="Pull only this source (repeatable).")] = None,
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Everything, not only what is new.")] = False,
    allow_shrink: Annotated[
        bool, typer.Option("--allow-shrink", help="Publish though a table lost more than half of its rows.")
    ] = False,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Pull, judge, build and publish."""
    from pipelines.run import run as run_job
    from pipelines.screen import Quiet, Screen, show_report

    settings = settings_of(config)
    for name in source or []:
        _known_source(settings, name)
    with Quiet() if as_json else Screen() as screen:
        report = run_job(settings, screen, tuple(source or ()), full_refresh, allow_shrink)
    print_json(report.to_json()) if as_json else show_report(report, settings.district.name)
    raise typer.Exit(DONE if report.is_published else FAILED)


@app.command(rich_help_panel=LOAD)
@faults_become_exit_codes
def compact(
    source: Annotated[list[str] | None, typer.Option("--source", help="Fold only this source (repeatable).")] = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Fold the old runs of each stream into one base run that keeps history."""
    from pipelines.compact import compact as compact_streams
    from pipelines.screen import Quiet, Screen, show_compacted

    settings = settings_of(config)
    for name in source or []:
        _known_source(settings, name)
    with Quiet() if as_json else Screen() as screen:
        lines = compact_streams(settings, screen, tuple(source or ()))
    print_json([line.to_json() for line in lines]) if as_json else show_compacted(lines)
    raise typer.Exit(FAILED if any(line.fault for line in lines) else DONE)


@app.command(rich_help_panel=LOAD)
@faults_become_exit_codes
def status(config: Config = DISTRICT_YML, as_json: Json = False) -> None:
    """What became of every record, what failed since when, what is dark, and how old the release is."""
    from pipelines.status import read_status
    from pipelines.status_view import show_status

    answer = read_status(settings_of(config))
    print_json(answer.to_json()) if as_json else show_status(answer)
    raise typer.Exit(DONE if answer.is_well else FAILED)


def _known_source(settings: Settings, name: str) -> Settings:
    from connectors.core.documents import nearest
    from connectors.core.errors import ConfigurationError

    if name not in settings.sources:
        raise ConfigurationError(
            f"{name} is not a source of {settings.path.name}.{nearest(name, list(settings.sources))}"
        )
    return settings


ASKING = (
    find.find,
    explain.explain,
    gaps.gaps,
    lead.lead,
    next_steps.next_steps,
    pair.pair,
    renewal.renewal,
    issuers.issuers,
    study.study,
    export.export,
)
for command in ASKING:
    app.command(rich_help_panel="Ask the release")(command)
app.command(rich_help_panel=DECIDE)(review.review)


def main() -> None:
    """The console script. With --json, wrong usage is told in JSON too."""
    # a service manager's stop is the same as Ctrl-C: what holds the lock or a child process lets go of it
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if "--json" not in sys.argv[1:]:
        app()
        return
    try:
        ended_with = app(standalone_mode=False)
    except Exception as fault:
        tell = getattr(fault, "format_message", None)  # what typer's and click's usage errors have in common
        if tell is None:
            raise
        complain(tell(), as_json=True)
        sys.exit(WRONG_USE)
    sys.exit(ended_with if isinstance(ended_with, int) else DONE)


if __name__ == "__main__":
    main()
