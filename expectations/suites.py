"""Suites: what an analyst writes in `suites/<platform>/<stream>.yml`, loaded and checked.

Belongs here: the shape of a suite and every fault that can be found without a
delivery: unknown keys, unknown expectations and arguments, unknown columns, derived
columns that can't be computed. Does not belong here: running checks (runner), what is
checked (the YAML files).

Loading does not import Great Expectations.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import duckdb
import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from connectors.core.schema import Stream
from connectors.registry import PLATFORMS
from expectations.delivery import Delivery
from expectations.verdict import Severity
from expectations.vocabulary import EXPECTATIONS

SUITES_FOLDER = Path(__file__).parent / "suites"

_NAME = r"^[a-z][a-z0-9_]*$"


class SuiteError(ValueError):
    """A suite can't be used; the message says which file, where in it, and what to do."""


class Check(BaseModel):
    """One expectation of a suite, with the reason it is there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=_NAME)
    expect: str
    arguments: dict[str, Any] = Field(alias="with", min_length=1)
    severity: Severity
    why: str = Field(min_length=1)
    ask_the_vendor: str = Field(min_length=1)

    @field_validator("expect")
    @classmethod
    def _known(cls, expect: str) -> str:
        if expect not in EXPECTATIONS:
            raise ValueError(f"unknown expectation {expect}{_did_you_mean(expect, EXPECTATIONS)}")
        return expect

    @model_validator(mode="after")
    def _arguments_fit(self) -> Check:
        expectation = EXPECTATIONS[self.expect]
        for argument in self.arguments:
            if argument not in expectation.arguments:
                raise ValueError(
                    f"{self.expect} takes no argument {argument}{_did_you_mean(argument, expectation.arguments)}"
                )
        for column in expectation.columns:
            if type(self.arguments.get(column)) is not str:
                raise ValueError(f"{self.expect} needs {column}: the name of a column")
        if expectation.needed and not expectation.needed & set(self.arguments):
            raise ValueError(f"{self.expect} needs {' or '.join(sorted(expectation.needed))}")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the check looks at."""
        return tuple(self.arguments[argument] for argument in EXPECTATIONS[self.expect].columns)

    @property
    def failure(self) -> str:
        """What is wrong with a record that fails, in words."""
        return EXPECTATIONS[self.expect].says(self.arguments)

    @property
    def title(self) -> str:
        """The name as a person reads it."""
        return self.name.replace("_", " ").capitalize()


class Size(BaseModel):
    """How the size of a full delivery may differ from what was known before it, as a share of that.

    Shrinking below is an error (records would count as deleted), growing beyond a warning.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    shrinks_below: float = Field(default=0.5, gt=0, le=1)
    grows_beyond: float = Field(default=3, ge=1)


class Suite(BaseModel):
    """What a delivery of one stream should look like.

    size: always looked at, since what a full delivery leaves out counts as deleted.
    changed_at, created_at: the column that says when the platform changed or made a record,
    where there is one; late records are counted by it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    stream: str
    about: str = Field(min_length=1)
    size: Size = Size()
    changed_at: str | None = None
    created_at: str | None = None
    derived: dict[Annotated[str, Field(pattern=_NAME)], str] = {}
    checks: tuple[Check, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Suite:
        names = [check.name for check in self.checks]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"check names stand twice: {', '.join(twice)}")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that a check names, once, in order."""
        return tuple(dict.fromkeys(column for check in self.checks for column in check.columns))

    @property
    def hash(self) -> str:
        """Changes when what is checked changes; comments and layout do not count."""
        content = json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def declared_stream(reference: str) -> tuple[str, Stream]:
    """Platform and stream of a reference like `edfi.evaluation_ratings`. Raises SuiteError."""
    platform, _, name = reference.partition(".")
    if platform not in PLATFORMS:
        raise SuiteError(f"unknown platform in {reference}{_did_you_mean(platform, PLATFORMS)}")
    streams = {stream.name: stream for stream in PLATFORMS[platform].streams}
    if name not in streams:
        raise SuiteError(f"{platform} has no stream {name!r}{_did_you_mean(name, streams)}")
    return platform, streams[name]


def suite_path(platform: str, stream: Stream) -> Path:
    """Where the stream's suite stands."""
    return SUITES_FOLDER / platform / f"{stream.name}.yml"


def load_suite(platform: str, stream: Stream, path: Path | None = None) -> Suite:
    """Load and check the suite of a stream. Raises SuiteError, all faults of the file at once."""
    path = path or suite_path(platform, stream)
    where = f"{path.parent.name}/{path.name}"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SuiteError(f"{where}: {platform}.{stream.name} has no suite; write one at this place") from None
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        raise SuiteError(f"{where}: not readable as YAML{line}: {getattr(fault, 'problem', fault)}") from fault
    try:
        suite = Suite.model_validate(content)
    except ValidationError as fault:
        raise SuiteError(f"{where}: {_faults(fault, content)}") from fault
    if suite.stream != f"{platform}.{stream.name}":
        raise SuiteError(f"{where}: says it is of {suite.stream}, but stands where {platform}.{stream.name}'s belongs")
    _check_columns(suite, stream, where)
    return suite


def _check_columns(suite: Suite, stream: Stream, where: str) -> None:
    """Every derived column can be computed and every column that a check names exists."""
    faults: list[str] = []
    declared = [field.name for field in stream.fields]
    times = [field.name for field in stream.fields if field.type == "timestamp"]
    for setting, column in (("changed_at", suite.changed_at), ("created_at", suite.created_at)):
        if column is not None and column not in times:
            faults.append(f"{setting}: {column!r} is no timestamp of the stream{_did_you_mean(column, times)}")
    for name in suite.derived:
        if name.lower() in {column.lower() for column in declared} or name.startswith("_"):
            faults.append(f"derived {name}: the stream has a column of that name; choose another")
    known = [*declared, *suite.derived]
    types, uncomputable = _column_types(suite, stream)
    faults += uncomputable
    for check in suite.checks:
        unknown = [column for column in check.columns if column not in known]
        faults += [f"check {check.name}: unknown column {name}{_did_you_mean(name, known)}" for name in unknown]
        if not unknown and all(column in types for column in check.columns):
            faults += _type_faults(check, {column: types[column] for column in check.columns})
    if faults:
        raise SuiteError(f"{where}: " + "; ".join(faults))


def _column_types(suite: Suite, stream: Stream) -> tuple[dict[str, str], list[str]]:
    """SQL type of every column that can be computed, and the faults of those that can't."""
    # opening an engine costs more than asking it, and nearly always everything is right
    with contextlib.suppress(duckdb.Error), Delivery(stream, derived=suite.derived) as delivery:
        return delivery.columns(), []
    faults: list[str] = []
    usable: dict[str, str] = {}
    for name, sql in suite.derived.items():
        try:
            with Delivery(stream, derived={**usable, name: sql}) as delivery:
                delivery.columns()
            usable[name] = sql
        except duckdb.Error as fault:
            faults.append(f"derived {name}: {str(fault).splitlines()[0]}")
    with Delivery(stream, derived=usable) as delivery:
        return delivery.columns(), faults


def _type_faults(check: Check, types: dict[str, str]) -> list[str]:
    """Faults of a check whose columns hold what its expectation can't judge."""
    takes = EXPECTATIONS[check.expect].takes
    kinds = {column: _kind(sql_type) for column, sql_type in types.items()}
    if takes == "alike" and len(set(kinds.values())) > 1:
        return [
            f"check {check.name}: {' and '.join(f'{name} ({kind})' for name, kind in kinds.items())} can't be compared"
        ]
    if takes in ("numbers", "text"):
        wrong = [f"{name} holds {kind}" for name, kind in kinds.items() if kind != takes]
        return [f"check {check.name}: {check.expect} judges {takes}, but {fault}" for fault in wrong]
    return []


def _kind(sql_type: str) -> str:
    if sql_type == "VARCHAR":
        return "text"
    if sql_type.startswith(("DATE", "TIMESTAMP")):
        return "dates"
    return (
        "numbers"
        if sql_type.endswith("INT") or sql_type.startswith(("DOUBLE", "DECIMAL", "FLOAT", "INTEGER", "UINTEGER"))
        else sql_type.lower()
    )


def _faults(fault: ValidationError, content: object) -> str:
    return "; ".join(
        f"{_place(error['loc'], content)}: {error['msg'].removeprefix('Value error, ')}" for error in fault.errors()
    )


def _place(location: tuple[int | str, ...], content: object) -> str:
    """The place in the file, a check by its name rather than by its number."""
    if not location:
        return "suite"
    if location[0] == "checks" and len(location) > 1 and isinstance(location[1], int) and isinstance(content, dict):
        check = content["checks"][location[1]]
        name = check.get("name") if isinstance(check, dict) else None
        return ": ".join([f"check {name or location[1] + 1}", *(str(step) for step in location[2:])])
    return ".".join(str(step) for step in location)


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
