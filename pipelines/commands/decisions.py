"""`expertise decisions`: what people decided, and recording more of it.

Belongs here: its commands. Does not belong here: what a decision is (pipelines.decisions),
how the list looks (decisions_view).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.command_line import DISTRICT_YML, Config, Json, faults_become_exit_codes, print_json, settings_of

if TYPE_CHECKING:
    from pipelines.decisions.store import Decision
    from pipelines.settings import Settings

app = typer.Typer(
    help="What people decided: identity, crosswalk, pairing, dispute, consent. For analysts: it names people.",
    no_args_is_help=True,
)

COLUMNS = (
    "A CSV file, one decision a row. Columns: kind, subject_source, subject_id, target_source, target_id, decision, "
    "reason, decided_by; where wanted, detail (a JSON object) and decided_at (a date, or an instant with its offset; "
    "empty is now)."
)


@app.command("list")
@faults_become_exit_codes
def list_decisions(
    kind: Annotated[
        str | None, typer.Option("--kind", help="Only identity, crosswalk, pairing, dispute or consent.")
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Also what was replaced or revoked; oldest record first.")
    ] = False,
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """The decisions that hold: of each thing the newest that was not revoked. Instants are UTC."""
    from pipelines.commands.decisions_view import as_document, show_decisions

    decisions = _read(settings_of(config), kind, history)
    print_json([as_document(decision) for decision in decisions]) if as_json else show_decisions(decisions, history)


@app.command("add")
@faults_become_exit_codes
def add_decisions(
    file: Annotated[Path, typer.Argument(help=COLUMNS)],
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Record all decisions of a file, or none where one row has a fault. The next `expertise run` goes by them."""
    from pipelines.decisions.decision_file import read_decision_file
    from pipelines.decisions.store import DecisionStore

    settings = settings_of(config)
    rows = read_decision_file(file, settings.time_zone)
    with DecisionStore.open(settings) as store:
        ids = store.record_all([decision for _, decision in rows], [f"line {line}" for line, _ in rows])
    if as_json:
        print_json({"recorded": ids})
        return
    count = "1 decision" if len(ids) == 1 else f"{len(ids)} decisions"
    typer.echo(f"recorded {count}; the next `expertise run` goes by them")


@app.command("revoke")
@faults_become_exit_codes
def revoke_decision(
    decision_id: Annotated[str, typer.Argument(metavar="ID", help="The decision's id, as `decisions list` shows it.")],
    who: Annotated[str, typer.Option("--by", help="Who takes it back.")],
    why: Annotated[str, typer.Option("--why", help="Why it is taken back.")],
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Take a decision back. It stays in the history; the one before it on the same thing holds again."""
    from pipelines.decisions.store import DecisionStore

    with DecisionStore.open(settings_of(config)) as store:
        store.revoke(decision_id, why, who)
    if as_json:
        print_json({"revoked": decision_id.strip().lower()})
    else:
        typer.echo(f"revoked {decision_id.strip().lower()}; the next `expertise run` goes without it")


@app.command("copy")
@faults_become_exit_codes
def copy_decisions(
    file: Annotated[Path, typer.Argument(help="The SQLite file of decisions to copy from.")],
    config: Config = DISTRICT_YML,
    as_json: Json = False,
) -> None:
    """Take over the whole log of an SQLite file: into PostgreSQL, or back from a copy. What is here already stays."""
    from pipelines.decisions.store import DecisionStore

    with DecisionStore.open(settings_of(config)) as store:
        decided, revoked = store.copy_from(file)
        place = store.place
    if as_json:
        print_json({"decisions": decided, "revocations": revoked})
    else:
        typer.echo(f"copied {decided:,} decisions and {revoked:,} revocations that were not here yet, into {place}")


def _read(settings: Settings, kind: str | None, history: bool) -> list[Decision]:
    from pipelines.decisions.kinds import WORDS, known_kind
    from pipelines.decisions.store import DecisionStore

    kinds = [known_kind(kind)] if kind is not None else list(WORDS)
    store = DecisionStore.open_existing(settings)
    if store is None:
        return []
    with store:
        if history:
            return store.history(kinds[0] if kind is not None else None)
        return [decision for one in kinds for decision in store.newest(one)]
