"""`expertise review`: the queue of records that may be somebody's, and deciding them.

Belongs here: the command. Does not belong here: what stands in the queue (apps.identity_queue), what a
decision is (pipelines.decisions), how the queue looks (review_view).
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.command_line import DISTRICT_YML, Config, Json, faults_become_exit_codes, print_json, settings_of

if TYPE_CHECKING:
    from pipelines.apps.identity_queue import Item
    from pipelines.decisions.store import Decision
    from pipelines.settings import Settings


class Verdict(StrEnum):
    """What a person decides of an item and a staff member."""

    SAME = "same"
    DIFFERENT = "different"


@faults_become_exit_codes
def review(
    item: Annotated[str | None, typer.Argument(help="An item's id, or the beginning of it.")] = None,
    verdict: Annotated[Verdict | None, typer.Argument(metavar="same|different", help="What you decide.")] = None,
    staff_id: Annotated[
        str | None,
        typer.Argument(
            metavar="STAFF_ID", help="The person: a candidate's roster id, or platform:id. `different` without: all."
        ),
    ] = None,
    who: Annotated[str | None, typer.Option("--by", help="Who decides.")] = None,
    why: Annotated[str | None, typer.Option("--why", help="Why; kept with the decision.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="Record the decisions of a CSV file, as `decisions add` does.")
    ] = None,
    show_all: Annotated[bool, typer.Option("--all", help="Also items without a candidate.")] = False,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Whose records may these be? The queue, best candidates first. It names people.

    Matched without asking: a shared id, then a whole e-mail address, then its
    hash. Names only propose. Scores run from 0 to 100: an order to look at, no
    probability.

    `review ITEM same STAFF_ID` gives the person all records with the identifier,
    before every rule; `different` forbids the pair. Both hold from the next
    `expertise run` on.
    """
    from connectors.core.errors import ConfigurationError
    from pipelines.commands.decisions import add_decisions

    if file is not None:
        if item or verdict or staff_id or who or why:
            raise ConfigurationError("--file goes alone: each row of the file says what, who and why")
        add_decisions(file, config, as_json)
        return
    if verdict is None and (who or why):
        raise ConfigurationError("say what you decide: expertise review ITEM same STAFF_ID --by WHO --why TEXT")
    settings = settings_of(config)
    if item is not None and verdict is not None:
        _decide(settings, item, verdict, staff_id, who, why, as_json)
    else:
        _show(settings, item, show_all, as_json)


def _show(settings: Settings, item: str | None, show_all: bool, as_json: bool) -> None:
    from pipelines.apps.identity_queue import find_item, read_queue
    from pipelines.apps.release_reader import open_release
    from pipelines.commands.review_view import as_documents, show_item, show_queue

    with open_release(settings.published, "analysts") as release:
        items = read_queue(release)
        info = release.info()
    decided = _decided(settings, items)
    if item is not None:
        one = find_item(items, item)
        print_json(as_documents([one], decided)[0]) if as_json else show_item(one, decided)
        return
    listed = [one for one in items if show_all or one["candidates"]]
    if as_json:
        print_json(as_documents(listed, decided))
    else:
        show_queue(listed, len(items) - len(listed), decided, info)


def _decide(
    settings: Settings,
    item: str,
    verdict: Verdict,
    staff_id: str | None,
    who: str | None,
    why: str | None,
    as_json: bool,
) -> None:
    from connectors.core.errors import ConfigurationError
    from pipelines.apps.identity_queue import chosen_people, find_item, read_queue
    from pipelines.apps.release_reader import open_release
    from pipelines.decisions.store import DecisionStore, NewDecision

    if not who or not why:
        raise ConfigurationError("a decision says who made it and why: --by WHO --why TEXT")
    if verdict is Verdict.SAME and staff_id is None:
        raise ConfigurationError("`same` names the person: expertise review ITEM same STAFF_ID")
    with open_release(settings.published, "analysts") as release:
        one = find_item(read_queue(release), item)
    people = chosen_people(one, staff_id)
    with DecisionStore.open(settings) as store:
        ids = store.record_all(
            [
                NewDecision(
                    kind="identity",
                    subject_source=one["subject_source"],
                    subject_id=one["subject_id"],
                    target_source=source,
                    target_id=identifier,
                    decision=verdict.value,
                    reason=why,
                    decided_by=who,
                )
                for source, identifier in people
            ]
        )
    if as_json:
        print_json({"item": one["item_id"], "decision": verdict.value, "recorded": ids})
        return
    whom = ", ".join(f"{source}:{identifier}" for source, identifier in people)
    typer.echo(f"recorded: {one['item_id']} {verdict.value} {whom}; the next `expertise run` goes by it")


def _decided(settings: Settings, items: list[Item]) -> dict[str, list[Decision]]:
    """By item id the decisions on its subject that hold now, newest first."""
    from pipelines.decisions.store import DecisionStore

    store = DecisionStore.open_existing(settings)
    if store is None:
        return {}
    with store:
        newest = store.newest("identity")
    by_subject: dict[tuple[str, str], list[Decision]] = {}
    for decision in reversed(newest):
        by_subject.setdefault((decision.subject_source, decision.subject_id), []).append(decision)
    return {
        item["item_id"]: by_subject[item["subject_source"], item["subject_id"]]
        for item in items
        if (item["subject_source"], item["subject_id"]) in by_subject
    }
