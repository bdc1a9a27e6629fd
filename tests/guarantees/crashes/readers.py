"""A reader that never stops asking, whatever happens to the writers.

Belongs here: what each audience's reader saw, by release. Does not belong here: when
releases change (the tests).
"""

from __future__ import annotations

import threading
from collections import defaultdict
from types import TracebackType
from typing import Any

from pipelines.apps.release_reader import open_release
from pipelines.publish.layout import AUDIENCES
from pipelines.settings import Settings

_ASKED = {"leaders": "expertise", "evaluators": "staff_years", "analysts": "sources"}


class Reader:
    """Asks every audience's release five times a second while the block runs.

    seen: audience and release id -> the different contents that were read under that id.
    """

    def __init__(self, settings: Settings) -> None:
        self._published = settings.published
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read_on)
        self.seen: dict[tuple[str, str], set[Any]] = defaultdict(set)
        self.faults: list[Exception] = []

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _read_on(self) -> None:
        while not self._stop.wait(0.2):
            for audience, table in _ASKED.items():
                try:
                    with open_release(self._published, audience) as release:
                        before = release.info()["release_id"]
                        row = release.query(f"select count(*) as n, sum(hash({table}))::varchar as h from {table}")[0]
                        assert release.info()["release_id"] == before
                    self.seen[audience, before].add((row["n"], row["h"]))
                except Exception as fault:
                    self.faults.append(fault)


assert set(_ASKED) == set(AUDIENCES)
