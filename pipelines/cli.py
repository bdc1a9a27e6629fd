"""The `expertise` command.

Belongs here: commands, their options, and turning faults into exit codes (0 done, 1 a
check or source failed, 2 wrong usage or configuration). Does not belong here: the work
(run, status, apps), how answers look (screen). Whatever is heavy is imported inside the
command that needs it, so that `--help` answers at once.
"""

from __future__ import annotations

import functools
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from pipelines.apps.access import Viewer
    from pipelines.settings import Settings

DONE, FAILED, WRONG_USE = 0, 1, 2

app = typer.Typer(
    help="The Expertise Warehouse: load a district, publish who knows what, and ask.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
sources_app = typer.Typer(help="The platforms a district reads from.", no_args_is_help=True)
app.add_typer(sources_app, name="sources")

Config = Annotated[Path, typer.Option("--config", "-c", help="The district's settings.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
As = Annotated[
    str | None, typer.Option("--as", help="Who asks: ROLE or ROLE:SCHOOL_ID. Default: cli.as in district.yml.")
]
DISTRICT_YML = Path("district.yml")

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _faults_become_exit_codes(command: _Command) -> _Command:
    """Print a known fault as one clear message and end with its exit code."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        as_json = bool(kwargs.get("as_json"))
        try:
            return command(*args, **kwargs)
        except typer.Exit:
            raise
        except KeyboardInterrupt:
            _complain("stopped; what was landed so far counts, run again to go on", as_json)
            raise typer.Exit(FAILED) from None
        except Exception as fault:
            code = _exit_code(fault)
            if code is None:
                raise
            _complain(_sentence(fault), as_json)
            raise typer.Exit(code) from None

    return wrapped  # type: ignore[return-value]


def _exit_code(fault: Exception) -> int | None:
    """The exit code of a fault that we know how to explain; None for a bug of ours."""
    from connectors.core.errors import ConfigurationError, ConnectorError
    from pipelines.apps.access import AccessRefused
    from pipelines.apps.finder import QuestionRefused
    from pipelines.apps.release_reader import ReleaseError
    from pipelines.publish.layout import PublishError
    from pipelines.writer_lock import AnotherRunHolds

    if isinstance(fault, ConfigurationError | AccessRefused | QuestionRefused):
        return WRONG_USE
    if isinstance(fault, ConnectorError | ReleaseError | PublishError | AnotherRunHolds | OSError):
        return FAILED
    return None


def _sentence(fault: Exception) -> str:
    """What a fault says; of the operating system's own, the place and the reason without their number."""
    if type(fault).__str__ is OSError.__str__ and isinstance(fault, OSError) and fault.filename and fault.strerror:
        return f"{fault.filename}: {fault.strerror[0].lower()}{fault.strerror[1:]}"
    return str(fault)


def _complain(message: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"error": message}))
    else:
        typer.secho(message, fg=typer.colors.RED if sys.stderr.isatty() else None, err=True)


def _print_json(document: Any) -> None:
    typer.echo(json.dumps(document, indent=1, default=str, ensure_ascii=False))


def _settings(config: Path) -> Settings:
    from pipelines.settings import load_settings

    return load_settings(config)


def _viewer(settings: Settings, who: str | None) -> Viewer:
    from pipelines.apps.access import Viewer

    if who is not None:
        _refuse_blank("--as", who)
    return Viewer.parse(settings.document.cli.role if who is None else who, settings.roles)


def _refuse_blank(option: str, value: str) -> None:
    """An option given without a word (a script's empty variable) is a mistake, never `none given`."""
    from connectors.core.errors import ConfigurationError

    if not value.strip():
        raise ConfigurationError(f"{option} was given without a value; give one, or leave {option} out")


def _make_folder(folder: Path) -> None:
    from connectors.core.errors import ConfigurationError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise ConfigurationError(f"the folder {folder} can't be made: {(fault.strerror or '').lower()}") from None


@app.command()
@_faults_become_exit_codes
def init(
    folder: Annotated[Path, typer.Argument(help="Where the district's folder is made.")] = Path(),
    as_json: Json = False,
) -> None:
    """Write a district.yml and a .env to fill in."""
    from pipelines.new_district import write_new_district

    _make_folder(folder)
    written = write_new_district(folder)
    if as_json:
        _print_json({"written": [str(path) for path in written]})
        return
    for path in written:
        typer.echo(f"wrote {path}")
    place = "" if folder.resolve() == Path.cwd() else f"`cd {folder}`, "
    typer.echo(
        f"Next: {place}fill in district.yml and .env, put a mapping of each export into mappings/, "
        "then `expertise doctor` and `expertise run`."
    )


@app.command()
@_faults_become_exit_codes
def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo district is made.")] = Path("demo"),
    teachers: Annotated[int, typer.Option(min=40, help="Size of the synthetic district.")] = 600,
    as_json: Json = False,
) -> None:
    """Load a SYNTHETIC district from local stand-ins of four platforms, and ask who knows what."""
    from pipelines.demo import run_demo
    from pipelines.screen import Quiet, Screen, show_demo

    _make_folder(folder)
    with Quiet() if as_json else Screen() as screen:
        outcome = run_demo(folder, teachers, screen)
    _print_json(outcome.to_json()) if as_json else show_demo(outcome)
    raise typer.Exit(DONE if outcome.report.is_published else FAILED)


@app.command()
@_faults_become_exit_codes
def doctor(config: Config = DISTRICT_YML, as_json: Json = False) -> None:
    """Look at everything a run needs: settings, secrets, platforms, disk."""
    from pipelines.doctor import examine
    from pipelines.screen import show_examination

    findings = examine(_settings(config))
    _print_json([finding.to_json() for finding in findings]) if as_json else show_examination(findings)
    raise typer.Exit(DONE if all(finding.is_well for finding in findings) else FAILED)


@sources_app.command("list")
@_faults_become_exit_codes
def sources_list(config: Config = DISTRICT_YML, as_json: Json = False) -> None:
    """The configured sources and the platforms there are."""
    from connectors.registry import PLATFORMS
    from pipelines.screen import show_sources

    settings = _settings(config)
    configured = [
        {"name": source.name, "platform": source.platform.name, "streams": [s.name for s in source.platform.streams]}
        for source in settings.sources.values()
    ]
    platforms = [{"platform": platform.name, "title": platform.title} for platform in PLATFORMS.values()]
    if as_json:
        _print_json({"sources": configured, "platforms": platforms})
    else:
        show_sources(configured, platforms)


@sources_app.command("check")
@_faults_become_exit_codes
def sources_check(
    name: Annotated[str, typer.Argument(help="A source of district.yml.")],
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Reach one source: its address, its credentials, its folder."""
    from pipelines.doctor import reach

    sentence = reach(_known_source(_settings(config), name), name)
    _print_json({"source": name, "answer": sentence}) if as_json else typer.echo(f"{name}: {sentence}")


@sources_app.command("pull")
@_faults_become_exit_codes
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

    settings = _known_source(_settings(config), name)
    _, connector = settings.connector(name)
    try:
        connector.streams_of()  # a missing secret or mapping is told here, before anything is written
    finally:
        connector.close()
    with Quiet() if as_json else Screen() as screen:
        lines = [pulled.line() for pulled in pull_source(settings, name, full_refresh, screen)]
    _print_json([asdict(line) for line in lines]) if as_json else show_streams(lines)
    raise typer.Exit(FAILED if any(line.fault for line in lines) else DONE)


@sources_app.command("map")
@_faults_become_exit_codes
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

    mapped = map_file(_settings(config), file, stream, source)
    _print_json(mapped.to_json()) if as_json else show_mapped(mapped)
    raise typer.Exit(DONE if mapped.path else FAILED)


def _known_source(settings: Settings, name: str) -> Settings:
    from connectors.core.documents import nearest
    from connectors.core.errors import ConfigurationError

    if name not in settings.sources:
        raise ConfigurationError(
            f"{name} is not a source of {settings.path.name}.{nearest(name, list(settings.sources))}"
        )
    return settings


@app.command()
@_faults_become_exit_codes
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

    settings = _settings(config)
    for name in source or []:
        _known_source(settings, name)
    with Quiet() if as_json else Screen() as screen:
        report = run_job(settings, screen, tuple(source or ()), full_refresh, allow_shrink)
    _print_json(report.to_json()) if as_json else show_report(report, settings.district.name)
    raise typer.Exit(DONE if report.is_published else FAILED)


@app.command()
@_faults_become_exit_codes
def compact(
    source: Annotated[list[str] | None, typer.Option("--source", help="Fold only this source (repeatable).")] = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Fold the old runs of each stream into one base run that keeps history."""
    from pipelines.compact import compact as compact_streams
    from pipelines.screen import Quiet, Screen, show_compacted

    settings = _settings(config)
    for name in source or []:
        _known_source(settings, name)
    with Quiet() if as_json else Screen() as screen:
        lines = compact_streams(settings, screen, tuple(source or ()))
    _print_json([line.to_json() for line in lines]) if as_json else show_compacted(lines)
    raise typer.Exit(FAILED if any(line.fault for line in lines) else DONE)


@app.command()
@_faults_become_exit_codes
def status(config: Config = DISTRICT_YML, as_json: Json = False) -> None:
    """What became of every record, what failed since when, what is dark, and how old the release is."""
    from pipelines.status import read_status
    from pipelines.status_view import show_status

    answer = read_status(_settings(config))
    _print_json(answer.to_json()) if as_json else show_status(answer)
    raise typer.Exit(DONE if answer.is_well else FAILED)


@app.command()
@_faults_become_exit_codes
def find(
    competency: Annotated[str, typer.Argument(help="A competency's name or code.")],
    school: Annotated[str | None, typer.Option("--school", help="Only this school (id or name).")] = None,
    who: As = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Who knows this, best evidence first, as far as the role may see."""
    from pipelines.apps.finder import find as find_experts
    from pipelines.apps.release_reader import open_release
    from pipelines.screen import show_experts

    settings = _settings(config)
    viewer = _viewer(settings, who)
    if school is not None:
        _refuse_blank("--school", school)
    with open_release(settings.published, "leaders") as release:
        experts = find_experts(release, viewer, competency, school)
        info = release.info()
    _print_json(experts) if as_json else show_experts(experts, competency, str(viewer), info, school)


@app.command()
@_faults_become_exit_codes
def explain(
    staff: Annotated[str, typer.Argument(help="A staff key, a full name, or a part of one.")],
    competency: Annotated[str, typer.Argument(help="A competency's name or code.")],
    who: As = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Why a staff member stands where they stand: the sentence and the evidence."""
    from pipelines.apps.finder import explain as explain_band
    from pipelines.apps.release_reader import open_release
    from pipelines.screen import show_explanation

    settings = _settings(config)
    viewer = _viewer(settings, who)
    with open_release(settings.published, "leaders") as release:
        explanation = explain_band(release, viewer, staff, competency)
        info = release.info()
    _print_json(explanation) if as_json else show_explanation(explanation, str(viewer), info)


@app.command()
@_faults_become_exit_codes
def export(
    format: Annotated[str, typer.Option("--format", help="parquet, csv or xlsx.")] = "xlsx",
    folder: Annotated[Path | None, typer.Option(help="Default: exports/ beside district.yml.")] = None,
    who: As = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Write what the role may see of the leaders' release to files."""
    from connectors.core.errors import ConfigurationError
    from pipelines.apps.export import FORMATS
    from pipelines.apps.export import export as export_release
    from pipelines.screen import show_exported

    if format not in FORMATS:
        raise ConfigurationError(f"--format is one of {', '.join(FORMATS)}, not {format}")
    settings = _settings(config)
    written = export_release(settings.published, _viewer(settings, who), folder or settings.exports, format)
    answer = [{"file": str(file.path), "rows": file.rows} for file in written]
    _print_json(answer) if as_json else show_exported(answer)


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
        _complain(tell(), as_json=True)
        sys.exit(WRONG_USE)
    sys.exit(ended_with if isinstance(ended_with, int) else DONE)


if __name__ == "__main__":
    main()
