"""Validating a document that a person wrote (YAML), with every fault named at once.

Belongs here: turning pydantic's errors into sentences with the place, what was found
missing or unknown, and the nearest known word. Does not belong here: the models.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from connectors.core.errors import ConfigurationError

MOST_YAML_BYTES = 1 << 20


class RefusesRepeatedKeys:
    """A YAML loader's part: of a key given twice, one value would vanish in silence."""

    def construct_mapping(self: Any, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key, (key_node, _) in zip(keys, node.value, strict=True):
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(None, None, "a key is not text", key_node.start_mark)
            if keys.count(key) > 1:
                problem = f"the key {key!r} stands twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
        constructed: dict[Any, Any] = super().construct_mapping(node, deep)  # type: ignore[misc]
        return constructed


class _Loader(RefusesRepeatedKeys, yaml.SafeLoader):
    """Plain YAML, each key once."""


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping a YAML file holds. Raises ConfigurationError naming the file and line."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_YAML_BYTES + 1)
        if len(content) > MOST_YAML_BYTES:
            raise ConfigurationError(f"{path}: larger than {MOST_YAML_BYTES >> 10} KiB. Is it another file?")
        document = yaml.load(content.decode("utf-8-sig"), _Loader)  # noqa: S506 - a SafeLoader
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigurationError(f"{path}: cannot be read ({type(fault).__name__})") from None
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigurationError(f"{path}{place}: not valid YAML: {getattr(fault, 'problem', None) or fault}") from None
    if not isinstance(document, dict):
        raise ConfigurationError(f"{path}: expected `key: value` lines, found {type(document).__name__}")
    return document


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean "x"?`, or nothing where no known word is near."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return f' Did you mean "{by_lower[close[0]]}"?' if close else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean "x"?`, or the known words where none is near."""
    known = sorted(known)
    return did_you_mean(word, known) or (f" Known: {', '.join(known)}." if known else "")


def faults_of(error: ValidationError, model: type[BaseModel], prefix: str = "") -> list[str]:
    """One sentence a fault: where it stands, what is wrong, what to do. Holds no value."""
    sentences = []
    for fault in error.errors(include_input=False, include_url=False):
        place = ".".join([prefix, *(str(step) for step in fault["loc"])]).strip(".")
        if fault["type"] == "extra_forbidden":
            known = _fields_at(model, fault["loc"][:-1])
            sentences.append(f"{place}: unknown key.{nearest(str(fault['loc'][-1]), known)}")
        elif fault["type"] == "missing":
            sentences.append(f"{place}: missing; it is required")
        else:
            sentences.append(f"{place}: {fault['msg'].removeprefix('Value error, ')}")
    return sentences


def _fields_at(model: type[BaseModel], steps: tuple[int | str, ...]) -> list[str]:
    """The keys a model knows at a place inside it; nothing where the place is no model."""
    current: Any = model
    for step in steps:
        if isinstance(current, type) and issubclass(current, BaseModel):
            names = {field.alias or name: field.annotation for name, field in current.model_fields.items()}
            current = names.get(str(step))
        else:
            current = next((argument for argument in reversed(get_args(current))), None)
        if current is not None and not isinstance(current, type):
            # Annotated[Model, …] and Model | None
            models = [part for part in get_args(current) if isinstance(part, type) and issubclass(part, BaseModel)]
            current = models[0] if len(models) == 1 else current
    if isinstance(current, type) and issubclass(current, BaseModel):
        return [field.alias or name for name, field in current.model_fields.items()]
    return []
