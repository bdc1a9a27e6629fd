"""One home through every death there is, beside one that was left in peace.

Belongs here: the sequence, lived through once a session, since a run costs half a minute.
Does not belong here: what must hold (the tests).
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from connectors.sandbox.district import District
from connectors.sandbox.server import Sandbox
from pipelines.run import RunReport
from tests.guarantees.crashes import changes
from tests.guarantees.crashes.processes import dbt_of, kill, output, start, start_run
from tests.guarantees.crashes.readers import Reader
from tests.homes import Home, mart_hashes, release_rows, with_own_sandbox

SEED = 41


@dataclass
class Death:
    """How a run ended.

    seconds: from the strike to the end. is_release_kept: readers have all rows of the
    release from before. dbt_left: its builds that still ran afterwards.
    """

    code: int
    seconds: float
    said: str
    is_release_kept: bool
    is_holder_named: bool
    dbt_left: list[int]


@dataclass
class Battered:
    """A home whose runs died one after the other, then one run that was let through.

    undisturbed, battered: marts and releases of the home left in peace, and of this one.
    """

    deaths: dict[str, Death] = field(default_factory=dict)
    undisturbed: tuple[Any, ...] = ()
    battered: tuple[Any, ...] = ()
    reader: Reader | None = None


def _outcome(home: Home) -> tuple[Any, ...]:
    return mart_hashes(home), release_rows(home, "leaders"), release_rows(home, "evaluators")


def _wait_until(holds: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)


@pytest.fixture(scope="session")
def battered(
    loaded: tuple[Home, RunReport], district: District, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Battered]:
    shared, _ = loaded
    folder = tmp_path_factory.mktemp("battered")
    chance = random.Random(SEED)
    with Sandbox.start(district) as sandbox:
        home = with_own_sandbox(shared, sandbox, folder / "home")
        before = release_rows(home)
        changes.happen(home)
        oracle = home.copy(folder / "oracle")
        lived = Battered()

        def dies(name: str, process: Any, strike: Callable[[], object] = lambda: None) -> None:
            strike()
            began = time.monotonic()
            code = process.wait(120)
            seconds = time.monotonic() - began
            if code == -signal.SIGKILL:  # its dbt has to notice by itself
                _wait_until(lambda: not dbt_of(home), 10)
            lived.deaths[name] = Death(
                code,
                seconds,
                output(home),
                release_rows(home) == before,
                (home.settings.state / "run.holder.json").exists(),
                dbt_of(home),
            )

        def in_stage(line: str, process: Any) -> None:
            _wait_until(lambda: line in output(home) or process.poll() is not None)
            time.sleep(chance.uniform(0, 1))

        def in_dbt(process: Any) -> None:
            # the run removes the old file before it starts dbt
            built = home.settings.warehouse
            _wait_until(lambda: (dbt_of(home) and built.exists()) or process.poll() is not None)
            time.sleep(chance.uniform(0, 3))  # a build takes three times as long on the fastest machine seen

        with Reader(home.settings) as lived.reader:
            for point in ("in a page", "before the manifest", "after the manifest", "before the build"):
                dies(f"killed {point}", start(home, "tests.guarantees.crashes.killed", point, str(home.folder)))
            process = start_run(home)
            dies("stopped in pull", process, lambda: (in_stage("Pull", process), process.send_signal(signal.SIGINT)))
            process = start_run(home)
            dies("stopped in build", process, lambda: (in_dbt(process), process.send_signal(signal.SIGTERM)))
            process = start_run(home)
            dies("killed in build", process, lambda: (in_dbt(process), kill(process, is_alone=True)))
            dies("killed in publish", start(home, "tests.guarantees.crashes.killed", "in publish", str(home.folder)))
            dies("no room in build", start(home, "tests.guarantees.crashes.limited", str(2**23), "run"))
            assert start_run(home).wait(300) == 0, output(home)
        assert oracle.run().is_published
        lived.undisturbed, lived.battered = _outcome(oracle), _outcome(home)
        yield lived
