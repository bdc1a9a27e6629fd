"""`expertise find`: who knows a competency, best evidence first."""

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
    refuse_blank,
    settings_of,
    viewer_of,
)


@faults_become_exit_codes
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

    settings = settings_of(config)
    viewer = viewer_of(settings, who)
    if school is not None:
        refuse_blank("--school", school)
    with open_release(settings.published, "leaders") as release:
        experts = find_experts(release, viewer, competency, school)
        info = release.info()
    print_json(experts) if as_json else show_experts(experts, competency, str(viewer), info, school)
