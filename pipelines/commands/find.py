"""`expertise find`: who knows a competency, best evidence first."""

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
    refuse_blank,
    settings_of,
    today_of,
    viewer_of,
)


@faults_become_exit_codes
def find(
    competency: Annotated[str, typer.Argument(help="A competency's name or code.")],
    school: Annotated[str | None, typer.Option("--school", help="Only this school (id or name).")] = None,
    as_known_on: AsKnownOn = None,
    who: As = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Who knows this, best evidence first, as far as the role may see; or who was known to, on an earlier day."""
    from pipelines.apps.as_known import find_as_known
    from pipelines.apps.finder import find as find_experts
    from pipelines.apps.release_reader import open_release
    from pipelines.commands.as_known_view import show_experts_as_known
    from pipelines.screen import show_experts

    settings = settings_of(config)
    viewer = viewer_of(settings, who)
    if school is not None:
        refuse_blank("--school", school)
    day = None if as_known_on is None else day_of("--as-known-on", as_known_on)
    with open_release(settings.published, "leaders") as release:
        info = release.info()
        if day is not None:
            known = find_as_known(release, viewer, competency, day, today_of(settings), school)
        else:
            experts = find_experts(release, viewer, competency, school)
    if day is not None:
        print_json(known) if as_json else show_experts_as_known(known, competency, day, str(viewer), info, school)
    else:
        print_json(experts) if as_json else show_experts(experts, competency, str(viewer), info, school)
