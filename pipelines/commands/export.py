"""`expertise export`: what a role may see, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.command_line import (
    DISTRICT_YML,
    As,
    Config,
    Json,
    faults_become_exit_codes,
    print_json,
    settings_of,
    viewer_of,
)


@faults_become_exit_codes
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
    settings = settings_of(config)
    written = export_release(settings.published, viewer_of(settings, who), folder or settings.exports, format)
    answer = [{"file": str(file.path), "rows": file.rows} for file in written]
    print_json(answer) if as_json else show_exported(answer)
