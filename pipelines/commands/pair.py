"""`expertise pair`: who works with whom on what, and what a person decides of a pair.

Belongs here: the command. Does not belong here: who may see or be paired (apps.pairing), how it looks
(pair_view), files (apps.pairing_files), recording (pipelines.decisions).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

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

if TYPE_CHECKING:
    from pipelines.apps.access import Viewer
    from pipelines.apps.pairing import Decided, Wish
    from pipelines.settings import Settings


@faults_become_exit_codes
def pair(
    school: Annotated[str | None, typer.Option("--school", help="The pairs of this school (id or name).")] = None,
    all_schools: Annotated[bool, typer.Option("--all", help="The pairs of every school in sight.")] = False,
    accept: Annotated[
        str | None, typer.Option("--accept", metavar="PAIR", help="Keep this pair, also in later runs.")
    ] = None,
    reject: Annotated[
        str | None, typer.Option("--reject", metavar="PAIR", help="Never suggest this pair again.")
    ] = None,
    edit: Annotated[
        str | None, typer.Option("--edit", metavar="PAIR", help="Another partner instead, see --partner.")
    ] = None,
    partner: Annotated[
        str | None,
        typer.Option("--partner", metavar="STAFF", help="With --edit: a staff key, full name or part of one."),
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who decides; with --accept, --reject and --edit.")] = None,
    why: Annotated[str | None, typer.Option("--why", help="Why; with --accept, --reject and --edit.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Also write the list as CSV.")] = None,
    page: Annotated[
        Path | None, typer.Option("--page", metavar="FILE", help="Also write a page to print (one HTML file).")
    ] = None,
    who: As = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Who works with whom: a colleague strong where a teacher is in need.

    Both are active teachers of one school (pairing_mode) who agreed, share at
    least one element of one rubric version, and have never evaluated each
    other. In need is a mean raw score of the latest year below 3, strong one
    of 4 or more; by the rule `posterior`, the observed results decide. A
    partner has one colleague (pairing_capacity).

    Of all sets of pairs this is the best: most teachers with a partner, then
    most shared elements, most of district priority, same grade band, same
    subject, aligned credential. Nobody's scores are shown.

    A decision counts from the next `expertise run`: an accepted pair stays
    while both are active and agree, a rejected one is never suggested again.
    PAIR is the id in the first column, STAFF a key, a full name or a part.
    """
    from pipelines.apps.pairing import pairings
    from pipelines.apps.pairing_files import write_csv, write_page
    from pipelines.apps.release_reader import open_release
    from pipelines.commands.pair_view import show_pairings

    chosen = _one_question(school, all_schools, accept, reject, edit, partner)
    settings = settings_of(config)
    viewer = viewer_of(settings, who)
    if chosen != "list":
        _refuse_files(csv, page)
        answer = _decide(settings, viewer, chosen, accept or reject or edit or "", partner, by, why)
        print_json(answer) if as_json else typer.echo(f"{answer['told']} ({answer['decision_id']})")
        return
    if by is not None or why is not None:
        _refuse("--by and --why go with --accept, --reject or --edit")
    with open_release(settings.published, "leaders") as release:
        found = pairings(release, viewer, school, _decided(settings))
        info = release.info()
    if csv is not None:
        write_csv(found, csv)
    if page is not None:
        years = {one["school_year"] for one in found["pairs"]}
        when = f" in {max(years) - 1}–{max(years) % 100:02d}" if years else ""
        write_page(found, page, f"Who works with whom{when}", str(viewer), info)
    if as_json:
        print_json(found)
    else:
        show_pairings(found, str(viewer), info, [file for file in (csv, page) if file is not None])


def _one_question(
    school: str | None, all_schools: bool, accept: str | None, reject: str | None, edit: str | None, partner: str | None
) -> str:
    """What is asked: list, accept, reject or edit; refused where that is not exactly one thing."""
    for option, value in (
        ("--school", school),
        ("--accept", accept),
        ("--reject", reject),
        ("--edit", edit),
        ("--partner", partner),
    ):
        if value is not None:
            refuse_blank(option, value)
    deciding = {"accept": accept, "reject": reject, "edit": edit}
    asked = [name for name, value in deciding.items() if value is not None]
    if (school is not None) + all_schools + len(asked) != 1:
        _refuse("say one of --school SCHOOL, --all, --accept PAIR, --reject PAIR, --edit PAIR --partner STAFF")
    if (partner is not None) != (asked == ["edit"]):
        _refuse("--edit PAIR and --partner STAFF go together")
    return asked[0] if asked else "list"


def _decide(
    settings: Settings, viewer: Viewer, decision: str, pair: str, partner: str | None, by: str | None, why: str | None
) -> dict[str, str]:
    """Record what a person decided, after it was found to keep the rules."""
    from pipelines.apps import pairing
    from pipelines.apps.release_reader import open_release
    from pipelines.decisions.store import DecisionStore, NewDecision

    if by is None or why is None:
        _refuse("a decision says who and why: --by WHO --why TEXT")
    refuse_blank("--by", by)
    refuse_blank("--why", why)
    with open_release(settings.published, "leaders") as release:
        decided = _decided(settings)
        if decision == "accept":
            wish: Wish = pairing.accept(release, viewer, pair, decided)
        elif decision == "reject":
            wish = pairing.reject(release, viewer, pair, decided)
        else:
            wish = pairing.edit(release, viewer, pair, partner or "", decided)
    new = NewDecision(
        kind="pairing",
        subject_source=wish.target[0],
        subject_id=wish.target[1],
        target_source=wish.partner[0],
        target_id=wish.partner[1],
        decision=wish.decision,
        reason=why,
        decided_by=by,
        detail=wish.detail or None,
    )
    with DecisionStore.open(settings) as store:
        return {"decision_id": store.record(new), "decision": wish.decision, "told": wish.sentence}


def _decided(settings: Settings) -> Sequence[Decided]:
    """The pairing decisions that stand today."""
    from pipelines.apps.pairing import Decided
    from pipelines.decisions.store import DecisionStore

    store = DecisionStore.open_existing(settings)
    if store is None:
        return ()
    with store:
        return [
            Decided(
                target=(one.subject_source, one.subject_id),
                partner=(one.target_source, one.target_id),
                decision=one.decision,
                decided_by=one.decided_by,
                decided_at=one.decided_at,
                wanted=(str((one.detail or {})["partner_source"]), str((one.detail or {})["partner_id"]))
                if one.decision == "edited"
                else None,
            )
            for one in store.newest("pairing")
        ]


def _refuse_files(csv: Path | None, page: Path | None) -> None:
    if csv is not None or page is not None:
        _refuse("--csv and --page go with --school or --all")


def _refuse(message: str) -> NoReturn:
    from connectors.core.errors import ConfigurationError

    raise ConfigurationError(message)
