"""The declared shape of a landed stream, in the platform's own vocabulary.

Belongs here: field and stream declarations, and questions about them. Does not
belong here: how records are typed and written (landing), what a delivery should
look like beyond its shape (expectations), or what the values mean (dbt).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

FieldType = Literal["text", "integer", "number", "money", "boolean", "date", "timestamp", "local_timestamp", "json"]


@dataclass(frozen=True)
class Field:
    """One declared field of a record.

    name: the landed column.
    type: `text`; `integer` (bigint); `number` (double); `money` (decimal(18,2));
        `boolean`; `date` (ISO 8601 calendar date); `timestamp` (an instant: an
        offset is required, stored as UTC); `local_timestamp` (wall-clock time
        without offset, kept as it is); `json` (kept as JSON text).
    path: where the value stands in the record, dotted (`recipient.identity`). A
        `[*]` step collects a list (`reviewers[*].personId`) and needs type json.
        Default: the name.
    required: null, absent or blank makes the record a reject.
    personal: the value may identify or describe a person; a reject of this field
        does not show it. Private unless declared otherwise.
    """

    name: str
    type: FieldType = "text"
    path: str = ""
    required: bool = False
    personal: bool = True

    @property
    def source_path(self) -> str:
        return self.path or self.name


@dataclass(frozen=True)
class Stream:
    """One landed stream of a platform.

    name: snake_case, plural.
    description: one row per what.
    key: landed columns that identify a record; each must be a required field.
    fields: the declared fields.
    withheld: dotted paths removed before anything is written (free-text notes,
        birth dates, identity documents…), counted in the manifest.
    omitted: dotted paths that repeat what another field says (hyperlinks,
        etags); neither landed nor counted as undeclared.
    """

    name: str
    description: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    withheld: tuple[str, ...] = ()
    omitted: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [field.name for field in self.fields]
        if len(set(names)) != len(names):
            raise ValueError(f"stream {self.name}: a field is declared twice")
        for column in self.key:
            if not self.field(column).required:
                raise ValueError(f"stream {self.name}: key field {column} must be required")
        for field in self.fields:
            if "[*]" in field.source_path and field.type != "json":
                raise ValueError(f"stream {self.name}: field {field.name} collects a list and must be json")

    def field(self, name: str) -> Field:
        """The field of that name. Raises KeyError if the stream does not declare it."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"stream {self.name} has no field {name}")

    @property
    def schema_hash(self) -> str:
        """Changes when the declaration changes: a new hash makes old cursors unusable."""
        declared = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(declared.encode()).hexdigest()[:16]


def public(name: str, type: FieldType = "text", path: str = "", required: bool = False) -> Field:
    """A field whose value describes no person, so that a reject may show it."""
    return Field(name, type, path, required, personal=False)
