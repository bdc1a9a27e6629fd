"""`expertise explain`: why one person stands in a band, with the rows behind it."""

from __future__ import annotations

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

    settings = settings_of(config)
    viewer = viewer_of(settings, who)
    with open_release(settings.published, "leaders") as release:
        explanation = explain_band(release, viewer, staff, competency)
        info = release.info()
    print_json(explanation) if as_json else show_explanation(explanation, str(viewer), info)
