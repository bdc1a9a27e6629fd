"""A quick look at pages: are all of their records surely as declared?

Belongs here: the one look that most pages pass. Does not belong here: what to say of a
page that does not pass (page_checks), which looks closer and costs twice as much.

Records are decoded as objects of the declared names and shapes: what is undeclared, or of
another shape, is refused, and of a name that stands twice one is left. So where they are
written again with as many names as the page holds, none stood twice.
"""

from __future__ import annotations

from typing import Any

import msgspec

from connectors.core.landing.declaration import ITEMS, Known, Path, declared_shapes, known_names
from connectors.core.schema import Stream

# spacing and escapes can only make the count of a page differ, and the closer look follows
_NAME = b'":'
_SCALAR = str | int | float | bool | None
_ENVELOPE = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANY = msgspec.json.Decoder()
_encode = msgspec.json.Encoder().encode


class PageScreen:
    """The look at pages of one stream."""

    def __init__(self, stream: Stream) -> None:
        record = _object(known_names(stream), dict(declared_shapes(stream)), ())
        self._records = msgspec.json.Decoder(list[record])  # type: ignore[valid-type]

    def passes(self, body: bytes, steps: list[str]) -> bool:
        """Whether every record is as declared and no object names a field twice. No: it is not known.

        steps: names from the page's outermost object down to its list of records.
        """
        try:
            return self._names(body, steps) == body.count(_NAME)
        except (ValueError, KeyError, RecursionError):  # msgspec's own faults are ValueErrors
            return False

    def _names(self, part: bytes | msgspec.Raw, steps: list[str]) -> int:
        """How many names are written of a page, or of the part of it below some steps."""
        if not steps:
            return _encode(self._records.decode(part)).count(_NAME)
        members = _ENVELOPE.decode(part)
        inner = self._names(members.pop(steps[0]), steps[1:])
        beside = {name: _ANY.decode(raw) for name, raw in members.items()}
        return inner + 1 + _encode(beside).count(_NAME)


def _object(known: Known, shapes: dict[Path, str], path: Path) -> Any:
    """The type of an object with these names; any of them may be absent or null."""
    members = []
    for number, (name, inner) in enumerate(known.items()):
        place = (*path, name)
        kind: Any = Any
        if inner is not None:
            kind = _object(inner, shapes, place) | None
        elif shapes.get(place) == "SCALAR":
            kind = _SCALAR
        elif shapes.get(place) == "ARRAY":
            is_of_objects = shapes.get((*place, ITEMS)) == "OBJECT"
            kind = list[dict[str, Any] | None] | None if is_of_objects else list[Any] | None
        member = msgspec.field(default=msgspec.UNSET, name=name)
        members.append((f"member_{number}", kind if kind is Any else kind | msgspec.UnsetType, member))
    return msgspec.defstruct("Record", members, forbid_unknown_fields=True, gc=False)
