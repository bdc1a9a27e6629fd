"""`expertise gaps`: where more people need a competency than could share it, and who has it within reach."""

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
def gaps(
    school: Annotated[
        str | None,
        typer.Option("--school", help="This school (id or name). Default: the role's own, else the district."),
    ] = None,
    competency: Annotated[
        str | None, typer.Option("--competency", help="One competency (name or code), school by school.")
    ] = None,
    group: Annotated[
        str | None,
        typer.Option("--group", help="The competencies of a group, such as culturally-responsive-teaching."),
    ] = None,
    year: Annotated[
        int | None, typer.Option("--year", help="A school year, by its spring. Default: the current one.")
    ] = None,
    equity: Annotated[
        bool, typer.Option("--equity", help="Who has expertise within reach, by what schools are like.")
    ] = False,
    who: As = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Where more people need a competency than could share it, largest first.

    Counts are people. Who could share it: band expert (observed, and a
    micro-credential that counts) or strong practice (observed). A gap is more
    need than that; cover is how many could share it for each one in need.
    Where nothing is known it says so: that is no evidence, not no gap. Needs
    are told only to roles that see every band there. Changes are since the
    school year before.

    With --equity: the share of staff (0 to 1 in JSON) with somebody else in
    their school who could share it, by groups of schools: share of economically
    disadvantaged students, share of teachers retained from the year before,
    grade span. Without --competency or --group, of every competency group.
    """
    from connectors.core.errors import ConfigurationError
    from pipelines.apps import gaps as asked
    from pipelines.apps.release_reader import open_release
    from pipelines.commands.gaps_view import show_access, show_gaps

    if equity and school is not None:
        raise ConfigurationError("--equity compares schools with each other: leave --school out")
    if equity and competency is not None and group is not None:
        raise ConfigurationError("--equity is of a competency or of a group: leave --competency or --group out")
    for option, value in (("--school", school), ("--competency", competency), ("--group", group)):
        if value is not None:
            refuse_blank(option, value)
    settings = settings_of(config)
    viewer = viewer_of(settings, who)
    with open_release(settings.published, "leaders") as release:
        info = release.info()
        if equity:
            access = asked.access(release, viewer, competency, group, year)
            print_json(access) if as_json else show_access(access, str(viewer), info)
            return
        found = asked.gaps(release, viewer, school, competency, group, year)
    print_json(found) if as_json else show_gaps(found, str(viewer), info)
