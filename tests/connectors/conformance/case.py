"""A case: one thing that must come out, whatever the platform.

Belongs here: what a case is, and the list of all. Does not belong here: the cases (cases/),
which platforms they are run on (declaration), the running (bench, runner).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from tests.connectors.conformance.declaration import Declaration

Kind = Literal["http", "folder", "sftp"]
HTTP: tuple[Kind, ...] = ("http",)
FILES: tuple[Kind, ...] = ("folder", "sftp")
ALL: tuple[Kind, ...] = (*HTTP, *FILES)

CASES_FOLDER = Path(__file__).with_name("cases")

_Run = TypeVar("_Run", bound=Callable[[Any], None])


@dataclass(frozen=True)
class Case:
    """module: of cases/. rows: of the fault table in tests/guarantees, or the anchor it comes from.

    expected: what must come out.

    changes_platform: it gets a platform of its own; others share one and only read.
    """

    name: str
    rows: str
    kinds: tuple[Kind, ...]
    expected: str
    module: str
    changes_platform: bool
    run: Callable[[Any], None]


_CASES: dict[str, Case] = {}


def case(rows: str, kinds: tuple[Kind, ...] = HTTP, changes_platform: bool = False) -> Callable[[_Run], _Run]:
    """Makes a function a case: its name is the case's, its docstring what must come out."""

    def register(run: _Run) -> _Run:
        expected = " ".join((run.__doc__ or "").split()).rstrip(".")
        assert expected, f"{run.__name__} says in its docstring what must come out"
        assert run.__name__ not in _CASES, f"{run.__name__} is there twice"
        module = run.__module__.rpartition(".")[2]
        _CASES[run.__name__] = Case(run.__name__, rows, kinds, expected, module, changes_platform, run)
        return run

    return register


def all_cases() -> tuple[Case, ...]:
    """Every case, in the order of the modules in cases/."""
    for path in sorted(CASES_FOLDER.glob("*.py")):
        importlib.import_module(f"tests.connectors.conformance.cases.{path.stem}")
    return tuple(_CASES.values())


def cases_of(declaration: Declaration) -> tuple[Case, ...]:
    """The cases that a declaration is tried with, those that it skips among them."""
    return tuple(
        each
        for each in all_cases()
        if declaration.kind in each.kinds and (not declaration.modules or each.module in declaration.modules)
    )
