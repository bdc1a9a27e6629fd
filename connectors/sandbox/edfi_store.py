"""Where the Ed-Fi stand-in keeps its records: rows drawn up on demand, changes on top.

Belongs here: documents by position, change versions, tombstones, key changes. Does
not belong here: HTTP, tokens, paths, or what a document says.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import numpy as np
import orjson
import polars as pl

Document = dict[str, Any]


class Rows(Protocol):
    """The records that a resource starts with, as JSON documents."""

    def __len__(self) -> int: ...

    def ids(self) -> list[str]: ...

    def documents(self, positions: np.ndarray) -> list[bytes]: ...


class Listed:
    """A few records, written to JSON once. Null values are left out, as Ed-Fi does."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._ids = [str(document["id"]) for document in documents]
        self._bodies = [orjson.dumps(without_nulls(document)) for document in documents]

    def __len__(self) -> int:
        return len(self._bodies)

    def ids(self) -> list[str]:
        return self._ids

    def documents(self, positions: np.ndarray) -> list[bytes]:
        return [self._bodies[position] for position in positions]


class Rendered:
    """Very many alike records, kept as columns and written to JSON a page at a time.

    frame: has a column `id`. document: an expression that makes one JSON text per row.
    """

    def __init__(self, frame: pl.DataFrame, document: pl.Expr) -> None:
        self._frame = frame
        self._document = document

    def __len__(self) -> int:
        return self._frame.height

    def ids(self) -> list[str]:
        return self._frame["id"].to_list()

    def documents(self, positions: np.ndarray) -> list[bytes]:
        if not len(positions):
            return []
        texts = self._frame[positions].select(self._document).to_series().to_list()
        return [text.encode() for text in texts]


class Collection:
    """One resource: its rows, and what happened to them since.

    A record's position never changes, so that offset paging drifts the way the real
    platform's does, and cursor paging does not.
    """

    def __init__(self, rows: Rows, key_paths: tuple[str, ...], first_version: int) -> None:
        self.key_paths = key_paths
        self.deletes: list[Document] = []
        self.key_changes: list[Document] = []
        self._rows = rows
        self._later: dict[int, bytes] = {}
        self._versions = np.arange(first_version, first_version + len(rows), dtype=np.int64)
        self._is_live = np.ones(len(rows), dtype=bool)
        self._index: dict[str, int] | None = None
        self._added = 0

    def frozen(self) -> Collection:
        """The collection as it is now, which later changes leave alone."""
        still = copy.copy(self)
        still.deletes, still.key_changes = list(self.deletes), list(self.key_changes)
        still._later, still._index = dict(self._later), None if self._index is None else dict(self._index)
        still._versions, still._is_live = self._versions.copy(), self._is_live.copy()
        return still

    def positions(self, oldest: int | None, newest: int | None) -> np.ndarray:
        """Positions of the live records inside a window of change versions, ascending."""
        chosen = self._is_live
        if oldest is not None:
            chosen = chosen & (self._versions >= oldest)
        if newest is not None:
            chosen = chosen & (self._versions <= newest)
        return np.flatnonzero(chosen)

    def documents(self, positions: np.ndarray) -> list[bytes]:
        """The JSON of the records at those positions, changes included."""
        if not self._later:
            return self._rows.documents(positions)
        untouched = np.array([position not in self._later for position in positions.tolist()], dtype=bool)
        drawn = iter(self._rows.documents(positions[untouched]))
        return [self._later[position] if position in self._later else next(drawn) for position in positions.tolist()]

    def position(self, identifier: str) -> int:
        """Raises KeyError for an id that is unknown or deleted."""
        if self._index is None:
            self._index = {known: position for position, known in enumerate(self._rows.ids())}
        position = self._index[identifier]
        if not self._is_live[position]:
            raise KeyError(identifier)
        return position

    def get(self, identifier: str) -> bytes:
        return self.documents(np.array([self.position(identifier)]))[0]

    def ids(self) -> list[str]:
        """The ids of all live records, in order."""
        return [orjson.loads(body)["id"] for body in self.documents(self.positions(None, None))]

    def put(self, identifier: str, document: Document, version: int) -> None:
        position = self.position(identifier)
        self._later[position] = orjson.dumps(without_nulls(document))
        self._versions[position] = version

    def append(self, document: Document, version: int) -> None:
        position = len(self._rows) + self._added
        if self._index is None:
            self._index = {known: at for at, known in enumerate(self._rows.ids())}
        self._added += 1
        self._index[str(document["id"])] = position
        self._later[position] = orjson.dumps(without_nulls(document))
        self._versions = np.append(self._versions, version)
        self._is_live = np.append(self._is_live, True)

    def remove(self, identifier: str, version: int) -> None:
        document = orjson.loads(self.get(identifier))
        position = self.position(identifier)
        self.deletes.append({"id": identifier, "changeVersion": version, "keyValues": self.key_values(document)})
        self._is_live[position] = False
        self._later.pop(position, None)

    def withdraw(self, identifier: str) -> None:
        """Takes a record out of what is shown, without a tombstone."""
        self._is_live[self.position(identifier)] = False

    def key_values(self, document: Document) -> Document:
        """The natural key, flattened to the last part of each path."""
        return {path.rsplit(".", 1)[-1]: _at(document, path) for path in self.key_paths}


class EdFiState:
    """All resources, one counter of change versions, one lock.

    The mutators are for tests: what a person would do in the student information system.
    """

    def __init__(self, resources: dict[str, Rows], key_paths: Mapping[str, tuple[str, ...]]) -> None:
        self.lock = threading.RLock()
        self.collections: dict[str, Collection] = {}
        self.newest_version = 0
        for name, rows in resources.items():
            self.collections[name] = Collection(rows, key_paths[name], self.newest_version + 1)
            self.newest_version += len(rows)

    def frozen(self) -> EdFiState:
        """Everything as it is now, which later changes leave alone: a snapshot."""
        with self.lock:
            still = copy.copy(self)
            still.collections = {name: collection.frozen() for name, collection in self.collections.items()}
            return still

    def _next(self) -> int:
        self.newest_version += 1
        return self.newest_version

    def ids(self, resource: str) -> list[str]:
        """The ids of a resource's live records, in order."""
        with self.lock:
            return self.collections[resource].ids()

    def get(self, resource: str, identifier: str) -> Document:
        """One record. Raises KeyError if there is none."""
        with self.lock:
            document: Document = orjson.loads(self.collections[resource].get(identifier))
            return document

    def change(self, resource: str, identifier: str, patch: Document, moment: datetime) -> Document:
        """Merges `patch` into a record (a null removes a field) and gives it a new change version."""
        with self.lock:
            document = stamped(_merged(self.get(resource, identifier), patch), moment)
            self.collections[resource].put(identifier, document, self._next())
            return document

    def change_key(self, resource: str, identifier: str, patch: Document, moment: datetime) -> Document:
        """Like `change`, for natural key fields: it is also told by /keyChanges."""
        with self.lock:
            collection = self.collections[resource]
            before = self.get(resource, identifier)
            after = self.change(resource, identifier, patch, moment)
            collection.key_changes.append(
                {
                    "id": identifier,
                    "changeVersion": self.newest_version,
                    "oldKeyValues": collection.key_values(before),
                    "newKeyValues": collection.key_values(after),
                }
            )
            return after

    def add(self, resource: str, document: Document, moment: datetime) -> Document:
        """Adds a record; its `id` must be given and new."""
        with self.lock:
            complete = stamped(document, moment)
            self.collections[resource].append(complete, self._next())
            return complete

    def delete(self, resource: str, identifier: str) -> None:
        """Removes a record and leaves its tombstone in /deletes."""
        with self.lock:
            self.collections[resource].remove(identifier, self._next())


def stamped(document: Document, moment: datetime) -> Document:
    """The document with a new `_etag` and `_lastModifiedDate`."""
    ticks = int(moment.timestamp() * 1_000_000)
    return {**document, "_etag": str(ticks), "_lastModifiedDate": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}


def without_nulls(value: Any) -> Any:
    """The value without fields that are null, at any depth."""
    if isinstance(value, dict):
        return {name: without_nulls(part) for name, part in value.items() if part is not None}
    if isinstance(value, list):
        return [without_nulls(part) for part in value]
    return value


def _merged(document: Document, patch: Document) -> Document:
    merged = dict(document)
    for name, value in patch.items():
        if isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = _merged(merged[name], value)
        else:
            merged[name] = value
    return merged


def _at(document: Document, path: str) -> Any:
    value: Any = document
    for part in path.split("."):
        value = value[part]
    return value
