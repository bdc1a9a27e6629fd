"""`expertise issuers`: what became of submissions and awards, and what to ask."""

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
def issuers(
    issuer: Annotated[
        str | None, typer.Argument(help="An issuer's name, id, or a part of the name. Default: all.")
    ] = None,
    who: As = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Issuer and assessment quality: figures, then questions to ask, never verdicts.

    First-time awards are a share of decided first attempts with its 95 % Wilson interval; none below 10. A
    question is raised from 20 on, where the interval excludes the others and at most 5 % of such questions are
    expected to be false (Benjamini and Hochberg). Days run from submission to decision.
    """
    from pipelines.apps.issuers import issuer_quality
    from pipelines.apps.release_reader import open_release
    from pipelines.commands.issuers_view import show_quality

    settings = settings_of(config)
    viewer = viewer_of(settings, who)
    if issuer is not None:
        refuse_blank("ISSUER", issuer)
    with open_release(settings.published, "leaders") as release:
        quality = issuer_quality(release, viewer, issuer)
        info = release.info()
    print_json(quality) if as_json else show_quality(quality, str(viewer), info)
