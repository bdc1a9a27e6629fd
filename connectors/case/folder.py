"""CASE packages from a folder: one JSON file per package.

Belongs here: which files are read, and when nothing is new. Does not belong here: what
a package holds (packages), the order of a pull (client).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connectors.case.packages import Package, Seen, package_of
from connectors.core import json_body
from connectors.core.errors import ConfigurationError, ContractBroken, IncompleteResponse
from connectors.core.schema import Stream

MOST_BYTES = 64 << 20


class PackageFolder:
    """The packages in a folder. given: the folder as district.yml names it, for messages."""

    def __init__(self, connection: str, root: Path, given: str, documents: tuple[str, ...]) -> None:
        self._connection = connection
        self._root = root
        self._given = given
        self._documents = documents

    def check(self) -> str:
        count = sum(1 for _ in self._packages(self.look()))
        return f"{self._connection}: {count} framework{'s' * (count != 1)} in the folder {self._given}"

    def look(self) -> Seen:
        """What tells whether anything is new: the content of each file."""
        hashes = {path.name: hashlib.sha256(self._content(path)).hexdigest() for path in self._files()}
        return Seen({"files": hashes, "documents": sorted(self._documents)})

    def records(self, stream: Stream, seen: Seen) -> Iterator[list[bytes]]:
        """A stream's records, package by package. Raises ConnectorError."""
        for package in self._packages(seen):
            yield package.records(stream)

    def _packages(self, seen: Seen) -> Iterator[Package]:
        """Each chosen package, by file name."""
        files: dict[str, str] = {}
        for path in self._files():
            content = self._content(path)
            if hashlib.sha256(content).hexdigest() != seen.state["files"].get(path.name):
                raise IncompleteResponse(
                    f"{self._connection}: {path.name} changed while it was read. Run again once the delivery is done"
                )
            body = content.removeprefix(b"\xef\xbb\xbf")
            package = package_of(self._json(path, body), body, f"{self._connection}: {path.name}")
            if package.identifier in files:
                raise ContractBroken(
                    f"{self._connection}: {files[package.identifier]} and {path.name} hold the same framework. "
                    "Keep the newer one"
                )
            files[package.identifier] = path.name
            if not self._documents or package.identifier in self._documents:
                yield package
        missing = sorted(set(self._documents) - set(files))
        if missing:
            raise ContractBroken(
                f"{self._connection}: no file in the folder {self._given!r} holds the framework {missing[0]}. "
                "Put it there, or correct `documents`"
            )

    def _files(self) -> list[Path]:
        if not self._root.is_dir():
            raise ConfigurationError(
                f"{self._connection}: there is no folder {self._given!r} beside district.yml. "
                "Create it and put the CASE packages in, or correct `folder`"
            )
        found = sorted(
            path
            for path in self._root.iterdir()
            if path.suffix.lower() == ".json" and not path.name.startswith(".") and not path.is_symlink()
        )
        if not found:
            raise ContractBroken(
                f"{self._connection}: the folder {self._given!r} holds no .json file. Put CASE packages there"
            )
        return found

    def _content(self, path: Path) -> bytes:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ContractBroken(f"{self._connection}: {path.name} is larger than {MOST_BYTES >> 20} MiB")
        return content

    def _json(self, path: Path, body: bytes) -> Any:
        try:
            return json_body.document(body)
        except json_body.NotJson as fault:
            raise ContractBroken(f"{self._connection}: {path.name} is no JSON: {fault}") from None
        except json_body.RepeatedName:
            raise ContractBroken(
                f"{self._connection}: {path.name} holds an object that names a member twice, so that no reader can "
                "tell which value holds. Ask its publisher"
            ) from None
