"""Takes what observers wrote out of the items of a list, which a stream's `withheld` can't reach.

Belongs here: moving texts inside observationScores to names that the stream declares
withheld, so that landing removes and counts them like any other. Does not belong here:
which texts these are (streams), removing and counting (core.landing).
"""

from __future__ import annotations

import msgspec

from connectors.grow.streams import TEXTS_OF_SCORES

_SCORES = "observationScores"
_RECORD = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS = msgspec.json.Decoder(list[dict[str, msgspec.Raw] | None] | None)
_NULL = b"null"
_NOTHING = frozenset({_NULL, b"[]", b'""'})


class NotAListOfScores(ValueError):
    """observationScores is something else than a list of objects. The message holds no value."""


def set_apart(record: bytes) -> bytes:
    """The observation with the texts of its scores under names of their own; all else as the platform wrote it.

    record: a JSON object that names no member twice. Raises NotAListOfScores.
    """
    members = _RECORD.decode(record)
    try:
        items = _ITEMS.decode(members.get(_SCORES, msgspec.Raw(_NULL)))
    except msgspec.ValidationError:
        raise NotAListOfScores(f"{_SCORES} is no list of objects") from None
    if not items:
        return record
    for inside, apart in TEXTS_OF_SCORES.items():
        texts = [item.pop(inside) for item in items if item is not None and inside in item]
        texts = [text for text in texts if bytes(text) not in _NOTHING]
        if texts:
            members[apart] = msgspec.Raw(msgspec.json.encode(texts))
    members[_SCORES] = msgspec.Raw(msgspec.json.encode(items))
    return msgspec.json.encode(members)
