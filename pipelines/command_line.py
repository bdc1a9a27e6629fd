"""What every command shares: its common options, how faults become exit codes, where settings come from.

Belongs here: what two commands or more need. Does not belong here: a command (cli, commands),
how answers look (screen). Nothing heavy is imported before it is needed, so that `--help`
answers at once.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from pipelines.apps.access import Viewer
    from pipelines.settings import Settings

DONE, FAILED, WRONG_USE = 0, 1, 2

Config = Annotated[Path, typer.Option("--config", "-c", help="The district's settings.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
As = Annotated[
    str | None,
    typer.Option("--as", help="Who asks: ROLE, ROLE:SCHOOL_ID or ROLE:STAFF_KEY. Default: cli.as in district.yml."),
]
AsKnownOn = Annotated[
    str | None,
    typer.Option("--as-known-on", metavar="DATE", help="What the release of that day said (2026-09-30); not today's."),
]
DISTRICT_YML = Path("district.yml")

_Command = TypeVar("_Command", bound=Callable[..., Any])


def faults_become_exit_codes(command: _Command) -> _Command:
    """Print a known fault as one clear message and end with its exit code."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        as_json = bool(kwargs.get("as_json"))
        try:
            return command(*args, **kwargs)
        except typer.Exit:
            raise
        except KeyboardInterrupt:
            complain("stopped; what was landed so far counts, run again to go on", as_json)
            raise typer.Exit(FAILED) from None
        except Exception as fault:
            code = _exit_code(fault)
            if code is None:
                raise
            complain(_sentence(fault), as_json)
            raise typer.Exit(code) from None

    return wrapped  # type: ignore[return-value]


def _exit_code(fault: Exception) -> int | None:
    """The exit code of a fault that we know how to explain; None for a bug of ours."""
    from connectors.core.errors import ConfigurationError, ConnectorError
    from pipelines.apps.access import AccessRefused
    from pipelines.apps.finder import QuestionRefused
    from pipelines.apps.release_reader import ReleaseError
    from pipelines.decisions.faults import DecisionRefused, DecisionsUnavailable
    from pipelines.publish.layout import PublishError
    from pipelines.study.faults import StudyInputFault
    from pipelines.writer_lock import AnotherRunHolds

    if isinstance(fault, ConfigurationError | AccessRefused | QuestionRefused | DecisionRefused | StudyInputFault):
        return WRONG_USE
    if isinstance(
        fault, ConnectorError | ReleaseError | PublishError | DecisionsUnavailable | AnotherRunHolds | OSError
    ):
        return FAILED
    return None


def _sentence(fault: Exception) -> str:
    """What a fault says; of the operating system's own, the place and the reason without their number."""
    if type(fault).__str__ is OSError.__str__ and isinstance(fault, OSError) and fault.filename and fault.strerror:
        return f"{fault.filename}: {fault.strerror[0].lower()}{fault.strerror[1:]}"
    return str(fault)


def complain(message: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"error": message}))
    else:
        typer.secho(message, fg=typer.colors.RED if sys.stderr.isatty() else None, err=True)


def print_json(document: Any) -> None:
    typer.echo(json.dumps(document, indent=1, default=str, ensure_ascii=False))


def settings_of(config: Path) -> Settings:
    from pipelines.settings import load_settings

    return load_settings(config)


def viewer_of(settings: Settings, who: str | None) -> Viewer:
    from pipelines.apps.access import Viewer

    if who is not None:
        refuse_blank("--as", who)
    return Viewer.parse(settings.document.cli.role if who is None else who, settings.roles)


def refuse_blank(option: str, value: str) -> None:
    """An option given without a word (a script's empty variable) is a mistake, never `none given`."""
    from connectors.core.errors import ConfigurationError

    if not value.strip():
        raise ConfigurationError(f"{option} was given without a value; give one, or leave {option} out")


def day_of(option: str, value: str) -> date:
    """The day that an option gives, written 2026-09-30."""
    from connectors.core.errors import ConfigurationError

    refuse_blank(option, value)
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        raise ConfigurationError(f"{option} is a day written as 2026-09-30, not {value!r}") from None


def today_of(settings: Settings) -> date:
    """The district's today."""
    return datetime.now(settings.time_zone).date()


def make_folder(folder: Path) -> None:
    from connectors.core.errors import ConfigurationError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise ConfigurationError(f"the folder {folder} can't be made: {(fault.strerror or '').lower()}") from None
