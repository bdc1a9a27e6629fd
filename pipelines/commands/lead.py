"""`expertise lead`: who could lead a competency or a reform, school by school, and who may assess."""

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
def lead(
    competencies: Annotated[
        list[str] | None, typer.Argument(metavar="COMPETENCY", help="Names or codes of what shall be led.")
    ] = None,
    stack: Annotated[
        str | None, typer.Option("--stack", help="Also all competencies of this stack of micro-credentials.")
    ] = None,
    group: Annotated[
        str | None, typer.Option("--group", help="Also all competencies of this group (seed competency_groups).")
    ] = None,
    school: Annotated[
        list[str] | None, typer.Option("--school", help="Only this school, id or name (repeatable; default: all).")
    ] = None,
    per_school: Annotated[
        int, typer.Option("--per-school", min=1, help="People that each school wants for each competency.")
    ] = 1,
    who: As = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Who could lead this: the fewest, best placed people with whom every school has somebody.

    Chosen among those who are strong in it (expert, strong practice or
    demonstrated) and agreed to be named; each serves their own school. First as
    many pairs of school and competency as can be, then the fewest people, then
    the best ranked: more of the competencies, more of them as expert, better
    bands, better places inside them. The choice is exact.

    A school that has nobody is shown who could come, of the same grade band
    first. Who holds a micro-credential of a competency and is observed as strong
    in it may assess.
    """
    from pipelines.apps.leaders_of_learning import lead as find_leaders
    from pipelines.apps.release_reader import open_release
    from pipelines.commands.lead_view import show_leaders

    settings = settings_of(config)
    viewer = viewer_of(settings, who)
    for option, value in (("--stack", stack), ("--group", group), *(("--school", one) for one in school or [])):
        if value is not None:
            refuse_blank(option, value)
    with open_release(settings.published, "leaders") as release:
        answer = find_leaders(
            release, viewer, competencies or (), stack=stack, group=group, schools=school or (), per_school=per_school
        )
        info = release.info()
    print_json(answer) if as_json else show_leaders(answer, str(viewer), info)
