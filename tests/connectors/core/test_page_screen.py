"""The quick look at pages: what it lets pass is as declared, whatever a platform may send."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.landing.declaration import declared_shapes, known_names
from connectors.core.landing.page_screen import PageScreen
from connectors.core.schema import Field, Stream, public

STREAM = Stream(
    "awards",
    "One row per award.",
    key=("id",),
    fields=(
        public("id", required=True),
        Field("identity", path="recipient.identity"),
        public("hashed", "boolean", path="recipient.hashed"),
        public("evidence_urls", "json", path="evidence[*].url"),
        public("tags", "json", path="tags[*]"),
        public("extensions", "json"),
    ),
    withheld=("narrative",),
)
AS_DECLARED = {
    "id": "a",
    "recipient": {"identity": "x", "hashed": False},
    "evidence": [{"url": "u", "narrative": "n"}, None],
    "tags": ["t", 1],
    "extensions": {"any": [{"thing": 1}]},
    "narrative": {"text": 'says "so":'},
}


def passes(*records: Any, before: str = '{"status": {"ok": true}, "result": ', after: str = "}") -> bool:
    return PageScreen(STREAM).passes((before + json.dumps(records) + after).encode(), ["result"])


def test_screen__lets_pass_what_is_declared() -> None:
    assert passes(AS_DECLARED, {}, {"id": None, "recipient": None, "evidence": None}, {"recipient": {}})
    assert PageScreen(STREAM).passes(json.dumps([AS_DECLARED]).encode(), [])


@pytest.mark.parametrize(
    "record",
    [
        {"id": "a", "new": 1},
        {"id": {"a": 1}},
        {"id": ["a"]},
        {"recipient": "x"},
        {"recipient": {"identity": "x", "birthday": "y"}},
        {"evidence": {"url": "u"}},
        {"evidence": ["u"]},
        {"tags": "t"},
        "a",
        None,
    ],
)
def test_screen__holds_back_another_name_or_shape(record: Any) -> None:
    assert not passes(AS_DECLARED, record)


@pytest.mark.parametrize(
    "record",
    [
        '{"id": "a", "id": "b"}',
        '{"id": "a", "id": "a"}',
        '{"recipient": {"identity": "x", "identity": "y"}}',
        '{"recipient": {"identity": "x"}, "recipient": {}}',
        '{"extensions": {"deep": [{"n": 1, "n": 2}]}}',
        '{"narrative": {"n": 1, "n": 2}}',
        '{"evidence": [{"url": "u", "url": "v"}]}',
    ],
)
def test_screen__holds_back_a_name_that_stands_twice(record: str) -> None:
    assert not PageScreen(STREAM).passes(f'{{"result": [{record}]}}'.encode(), ["result"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"result": [], "result": ', "}"),
        ('{"page": 1, "page": 2, "result": ', "}"),
        ('{"page": {"a": 1, "a": 2}, "result": ', "}"),
        ('{"other": ', "}"),
        ('{"result": ', ""),
        ('{"result": {"inner": ', "}}"),
    ],
)
def test_screen__holds_back_a_page_that_is_not_sure(before: str, after: str) -> None:
    assert not passes(AS_DECLARED, before=before, after=after)


def test_screen__holds_back_a_depth_that_no_reader_bears() -> None:
    assert not PageScreen(STREAM).passes(b'{"result": [{"id": ' + b"[" * 100_000, ["result"])


NAMES = st.sampled_from([*AS_DECLARED, "identity", "hashed", "url", "new", 'quo"te', "back\\", ":"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(alphabet='ab":\\ \u00e9', max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(NAMES, inner), max_size=3).map(tuple),
    max_leaves=8,
)
OBJECTS = st.lists(
    st.tuples(NAMES, VALUES) | st.sampled_from(list(AS_DECLARED.items())),
    max_size=6,
).map(tuple)


def written(value: Any) -> str:
    """JSON of a value in which a tuple of pairs stands for an object, so that names may stand twice."""
    if isinstance(value, tuple):
        return "{" + ", ".join(f"{json.dumps(name)}: {written(inner)}" for name, inner in value) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(item) for item in value) + "]"
    return json.dumps(value)


def is_surely_as_declared(page: str) -> bool:
    """The same question, asked of every object one by one."""
    repeated = False

    def read(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        repeated |= len({name for name, _ in pairs}) < len(pairs)
        return dict(pairs)

    records = json.loads(page, object_pairs_hook=read)
    shapes = dict(declared_shapes(STREAM))

    def fits(value: Any, known: Any, path: tuple[str, ...]) -> bool:
        if not isinstance(value, dict):
            return value is None and bool(path)
        for name, inner in value.items():
            place = (*path, name)
            if name not in known:
                return False
            if known[name] is not None:
                if not fits(inner, known[name], place):
                    return False
            elif shapes.get(place) == "SCALAR" and isinstance(inner, dict | list):
                return False
            elif shapes.get(place) == "ARRAY":
                if not isinstance(inner, list | None):
                    return False
                if shapes.get((*place, "[*]")) and not all(isinstance(item, dict | None) for item in inner or []):
                    return False
        return True

    return not repeated and all(fits(record, known_names(STREAM), ()) for record in records)


@given(st.lists(OBJECTS, max_size=3))
def test_screen__lets_nothing_pass_that_is_not_surely_as_declared(records: list[tuple[Any, ...]]) -> None:
    page = written(records)
    if PageScreen(STREAM).passes(page.encode(), []):
        assert is_surely_as_declared(page)
