"""`expertise crosswalk`: which items count for which competencies, and who says so.

Belongs here: the four commands. Does not belong here: what is mapped (apps.crosswalk), how a
proposal comes about (analysis.crosswalk), keeping decisions (pipelines.decisions), how answers look
(crosswalk_view).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.command_line import (
    DISTRICT_YML,
    Config,
    Json,
    day_of,
    faults_become_exit_codes,
    make_folder,
    print_json,
    settings_of,
)

if TYPE_CHECKING:
    from pipelines.apps.crosswalk import Decided
    from pipelines.settings import Settings

app = typer.Typer(
    help="Which items count for which competencies. Items: rubric_element (`version|code`), micro_credential, "
    "pd_activity (title, id, or `PD-012-*`), case_item (CASE identifier). Only approved ones count.",
    no_args_is_help=True,
)

_STATUSES = ("approved", "proposed", "rejected", "unmapped")
_CSV_COLUMNS = (
    "item_type",
    "item_id",
    "item_title",
    "record_kind",
    "record_count",
    "staff_count",
    "rank",
    "framework",
    "competency_code",
    "competency_name",
    "score",
    "reason",
)

ItemType = Annotated[
    str | None, typer.Option("--type", help="Only rubric_element, micro_credential, pd_activity or case_item.")
]
ItemArgument = Annotated[str, typer.Argument(metavar="ITEM", help="An item's id or title.")]
CompetencyArgument = Annotated[
    str, typer.Argument(metavar="COMPETENCY", help="A competency's code, name or CASE identifier, or FRAMEWORK|CODE.")
]
Who = Annotated[str, typer.Option("--by", help="Who decides.")]
Why = Annotated[str, typer.Option("--why", help="Why.")]


@app.command("list")
@faults_become_exit_codes
def list_alignments(
    item_type: ItemType = None,
    status: Annotated[
        str | None, typer.Option("--status", help="Only approved, proposed, rejected or unmapped.")
    ] = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """What is approved, proposed and rejected, what is unmapped and what that holds, and what was decided since."""
    from pipelines.apps.crosswalk import alignments, decided_since, unapplied, unmapped
    from pipelines.apps.release_reader import open_release
    from pipelines.commands.crosswalk_view import show_crosswalk

    settings = settings_of(config)
    _check("--type", item_type, _item_types())
    _check("--status", status, _STATUSES)
    decided = _decided(settings)
    with open_release(settings.published, "analysts") as release:
        stated = [] if status == "unmapped" else alignments(release, item_type, status)
        waiting = unmapped(release, item_type) if status in (None, "unmapped") else []
        since = [one for one in decided_since(release, decided) if item_type in (None, one.item_type)]
        failed = [one for one in unapplied(release) if item_type in (None, one["item_type"])]
        info = release.info()
    if as_json:
        print_json(
            {
                "alignments": stated,
                "unmapped": waiting,
                "decided_since_the_release": [asdict(one) for one in since],
                "unapplied_decisions": failed,
            }
        )
    else:
        show_crosswalk(stated, waiting, since, failed, info)


@app.command("propose")
@faults_become_exit_codes
def propose_alignments(
    item_type: ItemType = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Only this many items, those that hold most first.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--csv", help="Write the proposals to this CSV file too.")] = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Suggest competencies for unmapped items, from the words of titles and descriptions.

    Score: 0 to 1, how alike the words are (below 0.25 nothing is proposed); not how likely it is true. Nothing
    counts until a person approves it: `expertise crosswalk approve ITEM COMPETENCY --by WHO --why TEXT`.
    """
    from pipelines.apps.crosswalk import decided_since, proposals, unmapped
    from pipelines.apps.release_reader import open_release
    from pipelines.commands.crosswalk_view import show_proposals

    settings = settings_of(config)
    _check("--type", item_type, _item_types())
    decided = _decided(settings)
    with open_release(settings.published, "analysts") as release:
        waiting = unmapped(release, item_type)[:limit]
        found = proposals(release, decided, item_type, limit)
        since = decided_since(release, decided)
        info = release.info()
    if file is not None:
        _write_csv(file, found)
    if as_json:
        print_json(found)
    else:
        show_proposals(found, waiting, since, info, file)


@app.command("approve")
@faults_become_exit_codes
def approve(
    item: ItemArgument,
    competency: CompetencyArgument,
    who: Who,
    why: Why,
    item_type: ItemType = None,
    first_day: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day on which it counts (2026-08-01).")
    ] = None,
    last_day: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Last day on which it counts (2027-07-31).")
    ] = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Approve that an item counts for a competency, from the next run on; it outranks a seed's row.

    Awards, scores and activities count that are dated inside the days given; without days, all of them.
    """
    _decide("approved", item, competency, who, why, item_type, config, as_json, first_day, last_day)


@app.command("reject")
@faults_become_exit_codes
def reject(
    item: ItemArgument,
    competency: CompetencyArgument,
    who: Who,
    why: Why,
    item_type: ItemType = None,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Reject that an item counts for a competency, whoever states it: not counted, not proposed again."""
    _decide("rejected", item, competency, who, why, item_type, config, as_json)


def _decide(
    decision: str,
    item: str,
    competency: str,
    who: str,
    why: str,
    item_type: str | None,
    config: Path,
    as_json: bool,
    first_day: str | None = None,
    last_day: str | None = None,
) -> None:
    from connectors.core.errors import ConfigurationError
    from pipelines.apps.crosswalk import resolve_framework_competency, resolve_item
    from pipelines.apps.release_reader import open_release
    from pipelines.commands.crosswalk_view import show_decided
    from pipelines.decisions.store import DecisionStore, NewDecision

    settings = settings_of(config)
    _check("--type", item_type, _item_types())
    days = {
        name: day_of(option, text).isoformat()
        for name, option, text in (("valid_from", "--from", first_day), ("valid_to", "--to", last_day))
        if text is not None
    }
    if len(days) == 2 and days["valid_to"] < days["valid_from"]:
        raise ConfigurationError(f"--to {days['valid_to']} lies before --from {days['valid_from']}")
    with open_release(settings.published, "analysts") as release:
        meant = resolve_item(release, item, item_type)
        target = resolve_framework_competency(release, competency)
    new = NewDecision(
        kind="crosswalk",
        subject_source=meant.item_type,
        subject_id=meant.item_id,
        target_source=target.framework,
        target_id=target.code,
        decision=decision,
        reason=why,
        decided_by=who,
        detail=days or None,
    )
    with DecisionStore.open(settings) as store:
        decision_id = store.record(new)
    told = {
        "decision_id": decision_id,
        "decision": decision,
        "item_type": meant.item_type,
        "item_id": meant.item_id,
        "item_title": meant.title,
        "framework": target.framework,
        "competency_code": target.code,
        "competency_name": target.name,
        **({"valid_from": days.get("valid_from"), "valid_to": days.get("valid_to")} if decision == "approved" else {}),
    }
    print_json(told) if as_json else show_decided(told)


def _decided(settings: Settings) -> list[Decided]:
    """The crosswalk decisions that hold now, whether a release knows them yet or not."""
    from pipelines.apps.crosswalk import Decided
    from pipelines.decisions.store import DecisionStore

    store = DecisionStore.open_existing(settings)
    if store is None:
        return []
    with store:
        return [
            Decided(
                decision_id=one.decision_id,
                item_type=one.subject_source,
                item_id=one.subject_id,
                framework=one.target_source,
                competency_code=one.target_id,
                decision=one.decision,
                decided_on=one.decided_at.astimezone(settings.time_zone).date(),
            )
            for one in store.newest("crosswalk")
        ]


def _item_types() -> tuple[str, ...]:
    from pipelines.apps.crosswalk import ITEM_TYPES

    return ITEM_TYPES


def _check(option: str, value: str | None, known: tuple[str, ...]) -> None:
    from connectors.core.errors import ConfigurationError

    if value is not None and value not in known:
        raise ConfigurationError(f"{option} is one of {', '.join(known)}, not {value!r}")


def _write_csv(file: Path, proposals: Iterable[Mapping[str, Any]]) -> None:
    make_folder(file.parent)
    with file.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, _CSV_COLUMNS)
        writer.writeheader()
        writer.writerows({name: row[name] for name in _CSV_COLUMNS} for row in proposals)
