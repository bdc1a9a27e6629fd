"""`expertise next-steps`: what a teacher can do next, and what and who can help with it."""

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
def next_steps(
    staff: Annotated[
        str | None,
        typer.Argument(help="A staff key, a full name, or a part of one. A teacher asking for themselves needs none."),
    ] = None,
    who: As = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """What a teacher can do next: what to strengthen, and what and who can help.

    For each rubric element observed as a need or as developing: the
    micro-credentials aligned to it, with their place in the stack, the hours to
    earn them, whether the district approves their issuer and what they earn
    towards renewal; professional development of the last two years; colleagues
    strong in it who agreed to be named, of the same school first.

    It is told to that person (--as teacher:STAFF_KEY) and to who sees every band
    inside their scope, and to nobody else.
    """
    from pipelines.apps.next_steps import next_steps as find_next_steps
    from pipelines.apps.release_reader import open_release
    from pipelines.commands.next_steps_view import show_next_steps

    settings = settings_of(config)
    viewer = viewer_of(settings, who)
    with open_release(settings.published, "leaders") as release:
        answer = find_next_steps(release, viewer, staff)
        info = release.info()
    print_json(answer) if as_json else show_next_steps(answer, viewer.role.scope == "self", info)
