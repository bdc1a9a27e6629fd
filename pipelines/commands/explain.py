"""`expertise explain`: why one person stands in a band, with the rows behind it."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.command_line import (
    DISTRICT_YML,
    As,
    AsKnownOn,
    Config,
    Json,
    day_of,
    faults_become_exit_codes,
    print_json,
    settings_of,
    today_of,
    viewer_of,
)


@faults_become_exit_codes
def explain(
    staff: Annotated[str, typer.Argument(help="A staff key, a full name, or a part of one.")],
    competency: Annotated[str, typer.Argument(help="A competency's name or code.")],
    as_known_on: AsKnownOn = None,
    who: As = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Why a staff member stands where they stand: the sentence and the evidence."""
    from pipelines.apps.as_known import explain_as_known
    from pipelines.apps.finder import explain as explain_band
    from pipelines.apps.release_reader import open_release
    from pipelines.commands.as_known_view import show_explanation_as_known
    from pipelines.screen import show_explanation

    settings = settings_of(config)
    viewer = viewer_of(settings, who)
    day = None if as_known_on is None else day_of("--as-known-on", as_known_on)
    with open_release(settings.published, "leaders") as release:
        info = release.info()
        if day is not None:
            known = explain_as_known(release, viewer, staff, competency, day, today_of(settings))
        else:
            explanation = explain_band(release, viewer, staff, competency)
    if day is not None:
        print_json(known) if as_json else show_explanation_as_known(known, day, str(viewer), info)
    else:
        print_json(explanation) if as_json else show_explanation(explanation, str(viewer), info)
