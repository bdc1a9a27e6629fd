"""The results document (results.json): reading it, and whether it may be reported.

Belongs here: refusing a document that is malformed or would tell what must not be told; taking effects out.
Does not belong here: its keys (keys), how any number is had.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines.apps.study_report.keys import SCHEMA, Results


class DocumentError(ValueError):
    """The results document is malformed, or holds what must not be told."""


_EFFECT_SECTIONS: Mapping[str, Any] = {
    "att": None,
    "att_gt": [],
    "event_study": [],
    "estimates": [],
    "secondary": [],
    "subgroups": [],
    "sensitivity": None,
}
_EFFECT_PARTS_OF_COST: Mapping[str, Any] = {
    "incremental": None,
    "plane": [],
    "acceptability": [],
    "net_benefit": [],
}
_NAMES = {"group", "time", "event_time"}
_COUNTS = _NAMES | {"n_treated", "n_comparison", "n_clusters", "n"}


def load(path: Path) -> Results:
    """The results document in a file. Raises DocumentError, or OSError where it can't be read."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DocumentError(f"{path.name} is not JSON: {error}") from None
    return checked(document)


def checked(document: Mapping[str, Any]) -> Results:
    """The document, once it is well formed and may be told.

    Raises DocumentError naming the key: a wrong type, a number that is not finite, a suppressed row that
    still holds a number, an effect in a refused study.
    """
    import msgspec  # the command line starts without it

    try:
        plain = json.loads(json.dumps(document))
    except TypeError as error:
        raise DocumentError(f"the results document is not plain JSON: {error}") from None
    if not isinstance(plain, dict) or plain.get("schema") != SCHEMA:
        raise DocumentError(f"this is not a results document: its key `schema` should be {SCHEMA!r}")
    for path, value in _leaves(plain):
        if isinstance(value, float) and not math.isfinite(value):
            raise DocumentError(f"{path} is {value}: a number that can't be had is null")
    try:
        msgspec.convert(plain, Results)
    except msgspec.ValidationError as error:
        raise DocumentError(f"the results document is malformed: {error}") from None
    _refuse_suppressed_numbers(plain)
    if plain["refusal"] is not None:
        _refuse_effects(plain)
    return plain  # type: ignore[return-value]


def without_effects(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy in which no effect stands: what is left of a study that is refused."""
    left = copy.deepcopy(dict(document))
    for key, empty in _EFFECT_SECTIONS.items():
        if key in left:
            left[key] = copy.copy(empty)
    if left.get("cost"):
        left["cost"] |= {key: copy.copy(empty) for key, empty in _EFFECT_PARTS_OF_COST.items()}
    if left.get("headline"):
        left["headline"]["estimate"] = None
    return left


def _leaves(value: Any, path: str = "$") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]")
    else:
        yield path, value


def _objects(value: Any, path: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            yield from _objects(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _objects(inner, f"{path}[{index}]")


def _refuse_suppressed_numbers(document: Mapping[str, Any]) -> None:
    for path, row in _objects(document):
        if row.get("is_suppressed"):
            for key, value in row.items():
                if _is_number(value) and key not in _NAMES:
                    raise DocumentError(f"{path} is suppressed and its {key} still holds a number")


def _refuse_effects(document: Mapping[str, Any]) -> None:
    told = [(f"$.{key}", document.get(key)) for key in _EFFECT_SECTIONS]
    told += [(f"$.cost.{key}", (document.get("cost") or {}).get(key)) for key in _EFFECT_PARTS_OF_COST]
    told += [("$.headline.estimate", document["headline"]["estimate"])]
    for root, section in told:
        for path, value in _leaves(section, root):
            if _is_number(value) and path.rsplit(".", 1)[-1] not in _COUNTS:
                raise DocumentError(
                    f"the study is refused and {path} still holds a number: a refused study tells no effect "
                    "(document.without_effects takes them out)"
                )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
