"""`expertise renewal`: what counts for a licence, and who is short of it."""

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
def renewal(
    staff: Annotated[
        str | None, typer.Argument(help="A staff key, a full name, or a part of one. Default: all in sight.")
    ] = None,
    school: Annotated[str | None, typer.Option("--school", help="Only this school (id or name).")] = None,
    who: As = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Licence renewal: each award counted or not and why, units earned, needed and missing.

    Units are those of the rule of the district's jurisdiction (seeds renewal_policies and renewal_rules); the
    rule of the day of an award counts. On pace means as large a share of the units as of the cycle's days.
    Units by the level of effectiveness would tell the level: they are not shown, nor in any sum.
    """
    from connectors.core.errors import ConfigurationError
    from pipelines.apps.release_reader import open_release
    from pipelines.apps.renewal import renewal_of_person, renewals
    from pipelines.commands.renewal_view import show_person, show_renewals

    settings = settings_of(config)
    viewer = viewer_of(settings, who)
    if school is not None:
        refuse_blank("--school", school)
        if staff is not None:
            raise ConfigurationError("give a staff member or --school, not both")
    staff = viewer.staff_key if staff is None else staff  # who asks for themselves need not say for whom
    with open_release(settings.published, "leaders") as release:
        info = release.info()
        if staff is not None:
            persons = renewal_of_person(release, viewer, staff)
            print_json(persons) if as_json else show_person(persons, str(viewer), info)
        else:
            everybody = renewals(release, viewer, school)
            print_json(everybody) if as_json else show_renewals(everybody, str(viewer), info)
