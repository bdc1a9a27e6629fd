"""The same platforms and files in another order: other pages, other page sizes, other file names.

Belongs here: a second sandbox and a second drop folder that hold what the first hold, and
nothing about the order of it. Does not belong here: what must come out the same (the tests).
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import orjson

from connectors.sandbox.badgr_documents import Entity
from connectors.sandbox.badgr_server import Badgr
from connectors.sandbox.edfi_server import EdFi
from connectors.sandbox.edfi_store import Listed, Rows
from connectors.sandbox.server import CREDENTIALS, Sandbox

PAGE_SIZES = {"badgr": 23, "edfi": 211}
_YEARLY = re.compile(r"(roster|pd_hours|ledger_debit_credit|ledger_amount)_(\d{4})\.csv")


@contextmanager
def rearranged(sandbox: Sandbox, seed: int = 80) -> Iterator[Sandbox]:
    """Serves what the sandbox holds now, every list in another order."""
    order = random.Random(seed)
    resources: dict[str, Rows] = {}
    for name, collection in sandbox.edfi.state.collections.items():
        positions: np.ndarray = collection.positions(None, None)
        documents = [orjson.loads(body) for body in collection.documents(positions)]
        order.shuffle(documents)
        resources[name] = Listed(documents)
    login = CREDENTIALS["BADGES_USERNAME"], CREDENTIALS["BADGES_PASSWORD"]
    badgr = Badgr(*(_shuffled(sandbox, kind, order) for kind in sandbox.badgr.entities), sandbox.clock, *login)
    client = CREDENTIALS["SIS_CLIENT_ID"], CREDENTIALS["SIS_CLIENT_SECRET"]
    edfi = EdFi(resources, sandbox.clock, *client)
    with Sandbox(badgr, edfi, sandbox.clock, district=sandbox.district).opened() as other:
        yield other


def _shuffled(sandbox: Sandbox, kind: str, order: random.Random) -> list[Entity]:
    """The lists go by the time of creation, which the documents do not show."""
    entities = list(sandbox.badgr.entities[kind].values())
    created = [entity.created_at for entity in entities]
    order.shuffle(created)
    return [Entity(one.document, at, one.updated_at) for one, at in zip(entities, created, strict=True)]


def rename_files(drop: Path) -> None:
    """Years from the newest to the oldest, badge files from the last to the first."""
    yearly = [(path, found) for path in sorted((drop / "hr").iterdir()) if (found := _YEARLY.fullmatch(path.name))]
    assert len(yearly) > 10
    for path, found in yearly:
        path.rename(path.with_name(f"{found[1]}_{9999 - int(found[2])}.csv"))
    badges = sorted(path for path in (drop / "badges").iterdir() if path.is_file())
    for number, path in enumerate(reversed(badges)):
        path.rename(path.with_name(f"{number:04d}-{path.name}"))
