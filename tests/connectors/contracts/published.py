"""A published API document: its operations, their parameters, the shape of a record.

Belongs here: reading OpenAPI 3 and Swagger 2. Does not belong here: which platform speaks
which document (platforms), the mock server that answers by it (prism).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

Node = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One documented method of one path. parameters: names by place (`query`, `header`, `path`, `body`)."""

    method: str
    template: str
    parameters: dict[str, frozenset[str]]

    def names(self, place: str) -> frozenset[str]:
        return self.parameters.get(place, frozenset())

    def ends_literally(self, path: str) -> bool:
        """Whether the path's last part is written in the document, and no value of a placeholder."""
        return self.template.rpartition("/")[2] == path.rpartition("/")[2]


class Published:
    """One document. Raises KeyError where a reference in it points nowhere."""

    def __init__(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        self.path = path
        self.root: Node = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)

    @cached_property
    def operations(self) -> list[Operation]:
        """Every method of every path."""
        return [
            Operation(method.upper(), template, self._parameters(item, operation))
            for template, item in self.root["paths"].items()
            for method, operation in item.items()
            if method in ("get", "post", "put", "delete", "patch")
        ]

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation that answers a request; a written path goes before one with a placeholder."""
        found = [
            operation
            for operation in self.operations
            if operation.method == method and re.fullmatch(_pattern(operation.template), path)
        ]
        return min(found, key=lambda operation: operation.template.count("{"), default=None)

    def gives_tokens_at(self, path: str) -> bool:
        """Whether the document's security schemes name that path, or leave it to each server (`{OAUTH_TOKEN_URL}`)."""
        schemes = self.root.get("securityDefinitions") or self.root.get("components", {}).get("securitySchemes", {})
        flows = [flow for scheme in schemes.values() for flow in (scheme, *scheme.get("flows", {}).values())]
        named = [flow["tokenUrl"] for flow in flows if "tokenUrl" in flow]
        return any(url.startswith("{") or urlsplit(url).path == path for url in named)

    def record(self, template: str, pointer: str) -> Node:
        """The shape of one record of a list: `pointer` is the list's place in the answer (`result[]`, `[]`)."""
        answer = self.root["paths"][template]["get"]["responses"]["200"]
        answer = self._resolved(answer)
        shape = answer["schema"] if "schema" in answer else answer["content"]["application/json"]["schema"]
        found = list(self._at(shape, [step for step in re.split(r"(\[\])|\.", pointer) if step]))
        if not found:
            raise KeyError(f"{self.path.name}: the answer of GET {template} has no {pointer}")
        return {"allOf": found}

    def holds(self, shape: Node, field_path: str) -> bool:
        """Whether a record of that shape may have a value there. `reviewers[*].id` reaches into a list."""
        steps = [step for part in field_path.split(".") for step in re.split(r"(?=\[\*\])", part)]
        return any(True for _ in self._at(shape, ["[]" if step == "[*]" else step for step in steps]))

    def _at(self, shape: Node, steps: list[str]) -> Iterator[Node]:
        """Every shape that may stand there, through references and alternatives."""
        for node in self._alternatives(shape):
            if not steps:
                yield node
            elif steps[0] == "[]":
                if "items" in node:
                    yield from self._at(node["items"], steps[1:])
            elif steps[0] in node.get("properties", {}):
                yield from self._at(node["properties"][steps[0]], steps[1:])

    def _alternatives(self, shape: Node) -> Iterator[Node]:
        node = self._resolved(shape)
        yield node
        for word in ("allOf", "anyOf", "oneOf"):
            for part in node.get(word, []):
                yield from self._alternatives(part)

    def _parameters(self, item: Node, operation: Node) -> dict[str, frozenset[str]]:
        places: dict[str, set[str]] = {}
        for parameter in [*item.get("parameters", []), *operation.get("parameters", [])]:
            declared = self._resolved(parameter)
            places.setdefault(declared["in"], set()).add(declared["name"])
        return {place: frozenset(names) for place, names in places.items()}

    def _resolved(self, node: Node) -> Node:
        while "$ref" in node:
            target: Any = self.root
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node


def _pattern(template: str) -> str:
    return "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]*\})", template))
