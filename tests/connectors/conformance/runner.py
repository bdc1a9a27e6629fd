"""Runs one case on one platform, and judges what every case must keep: nobody is told of anybody.

Belongs here: the way a case is run, in the tests of the platforms and in the tests of the kit.
Does not belong here: which are run (test_conformance), what they try (cases/).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from connectors.core.connector import Connector
from connectors.sandbox.district import District
from tests.connectors.conformance import overhearing
from tests.connectors.conformance.bench import Bench, FileBench, HttpBench, open_bench
from tests.connectors.conformance.case import Case
from tests.connectors.conformance.declaration import Declaration

_SHORTEST_SECRET = 6


class Platforms:
    """The platforms that reading cases share, each opened once. Use as a context manager."""

    def __init__(self, district: District, folder: Path) -> None:
        self._district = district
        self._folder = folder
        self._stack = ExitStack()
        self._open: dict[str, HttpBench | FileBench] = {}
        self._numbers = itertools.count()
        self._personal = overhearing.personal_values(district)

    def __enter__(self) -> Platforms:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, case: Case, declaration: Declaration, connector_class: type[Connector] | None = None) -> None:
        """Runs a case. Raises AssertionError where the platform fails it."""
        folder = self._folder / f"{next(self._numbers)}-{case.name}"
        with (
            ExitStack() as own,
            overhearing.heard() as lines,
            overhearing.given_tokens() as tokens,
            overhearing.skipped_sleep() as slept,
            overhearing.one_engine(),
        ):
            bench = self._bench(case, declaration, connector_class, folder, own)
            bench.slept = slept
            told_before, lines_before = len(bench.told), len(lines)
            with _without_faults(bench):
                case.run(bench)
            secrets = [value for value in {*tokens, *bench.secrets_used} if len(value) >= _SHORTEST_SECRET]
            told = bench.told[told_before:]
            said = {"log lines": lines[lines_before:], "exceptions": told, "manifests": bench.manifests()}
            for what, texts in said.items():
                found = overhearing.leaks(texts, self._personal, secrets)
                assert not found, f"{case.name}: {what} tell {'; '.join(found)}"

    def _bench(
        self,
        case: Case,
        declaration: Declaration,
        connector_class: type[Connector] | None,
        folder: Path,
        own: ExitStack,
    ) -> HttpBench | FileBench:
        if case.changes_platform:
            return open_bench(declaration, self._district, folder, own, connector_class)
        name = f"{declaration.called} {connector_class.__name__ if connector_class else ''}"
        if name not in self._open:
            shared = self._folder / f"shared-{len(self._open)}"
            self._open[name] = open_bench(declaration, self._district, shared, self._stack, connector_class)
        return self._open[name].at(folder)


@contextmanager
def _without_faults(bench: Bench) -> Iterator[None]:
    """No fault outlives its case."""
    try:
        yield
    finally:
        if isinstance(bench, HttpBench):
            bench.sandbox.faults.clear()
