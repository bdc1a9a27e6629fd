"""A JSON body, read no further than somebody looks.

Belongs here: whether a body is JSON, its outline, its whole document. Does not belong
here: where it came from and which fault that is (http), typing records (landing).

Landing types records in bulk from the bytes. To make a Python object of every value
before would cost more than all the rest of a page.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import orjson

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_UNREAD = msgspec.json.Decoder(msgspec.Raw)


class NotJson(ValueError):
    """The body is no JSON. ends_early: it may be the first part of some. The message holds no value."""

    def __init__(self, message: str, ends_early: bool) -> None:
        self.ends_early = ends_early
        super().__init__(message)


class TooDeep(NotJson):
    """Objects and lists stand in one another deeper than readers go: some hundred levels, where data has ten."""

    def __init__(self) -> None:
        super().__init__("objects and lists are nested too deeply to be read", ends_early=False)


class RepeatedName(ValueError):
    """An object names a member twice, so that no reader can tell which value holds."""


def check(body: bytes) -> None:
    """Raises NotJson unless the body is one JSON document in UTF-8. Repeated names are not looked for."""
    try:
        _UNREAD.decode(body)
        if not body.isascii():
            body.decode()
    except RecursionError:
        raise TooDeep from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        _parse(body)  # says better what is wrong, and where


def document(body: bytes) -> Any:
    """The whole document. Raises NotJson, RepeatedName."""
    parsed = _parse(body)
    try:
        # parsing keeps one value per name, so writing it again gives fewer names; spacing and
        # escapes can only make this screen too careful, and the exact look follows
        if body.count(b'":') != orjson.dumps(parsed).count(b'":'):
            json.loads(body, object_pairs_hook=_refuse_repeated)
    except (orjson.JSONEncodeError, RecursionError):
        # what was parsed can be written, unless it is deeper than the writer goes
        raise TooDeep from None
    return parsed


def outline(body: bytes) -> Any:
    """The document of a body that passed its check, with the items of its list, or of the lists in its object, unread.

    Who takes the outline of a page has its items read elsewhere: repeated names are looked
    for only where there are none. Raises NotJson, RepeatedName.
    """
    start = body.lstrip()[:1]
    if start == b"[":
        try:
            return _LIST.decode(body) or document(body)
        except RecursionError:
            raise TooDeep from None
    if start != b"{":
        return document(body)
    try:
        members = {name: _member(raw) for name, raw in _OBJECT.decode(body).items()}
    except RecursionError:
        raise TooDeep from None
    has_items = any(isinstance(member, list) and member for member in members.values())
    return members if has_items else document(body)


def _member(raw: msgspec.Raw) -> Any:
    return _LIST.decode(raw) if bytes(memoryview(raw)[:1]) == b"[" else _parse(memoryview(raw))


def _parse(body: bytes | memoryview) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        if fault.msg.startswith("depth limit exceeded"):
            raise TooDeep from None
        ends_early = not bytes(body).strip() or fault.msg.startswith("unexpected end of data")
        raise NotJson(f"{fault.msg} at position {fault.pos} of {len(body)}", ends_early) from None


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise RepeatedName("an object names a member twice")
