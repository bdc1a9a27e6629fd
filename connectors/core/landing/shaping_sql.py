"""SQL that turns pages of JSON records into one text column per declared field.

Belongs here: where a value stands in a record, what a record holds beyond its
declaration, what must not be written. Does not belong here: types (typing_sql),
running the SQL (writer).
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from connectors.core.landing.typing_sql import identifier, literal
from connectors.core.schema import Field, Stream


def _structure(stream: Stream) -> dict[str, object]:
    """The shape json_transform reads: nested objects with text leaves; lists and withheld values stay JSON."""
    shape: dict[str, object] = {}
    leaves = [(field.source_path.partition("[*]")[0], field.type == "json") for field in stream.fields]
    for path, is_json in [*leaves, *((path, True) for path in stream.withheld)]:
        node = shape
        *parents, leaf = path.split(".")
        for parent in parents:
            node = node.setdefault(parent, {})  # type: ignore[assignment]
        node[leaf] = "JSON" if is_json else "VARCHAR"
    return shape


def record_text(stream: Stream, records_path: str, first_row: int, with_extra: bool) -> str:
    """Query over `pages(body)`: a row per record, numbered from `first_row`, with a text column per field.

    A boolean column per withheld path (`withheld_flag`) tells whether the record held it;
    the value itself goes nowhere. with_extra: also find what each record holds beyond the
    declaration and which declared object or list has another shape (`_misshapen`, its
    path), at twice the cost; ask `is_out_of_the_ordinary` first.

    json_transform reads a page once for all records and fields, which makes this fast.
    """
    columns = [f"{_field_text(field)} as {identifier(field.name)}" for field in stream.fields]
    columns += [
        f"coalesce(cast({_member(path)} as varchar), 'null') <> 'null' as {withheld_flag(number)}"
        for number, path in enumerate(stream.withheld)
    ]
    if with_extra:
        shape = literal(json.dumps(_structure(stream)))
        rows = (
            f"select json_transform(record, {shape}) as fields, record"
            f" from (select unnest(json_extract(body, {literal(records_path)})) as record from pages)"
        )
        extra, misshapen = _extra(stream), _misshapen(stream)
    else:
        names = [step for step in records_path.removeprefix("$").removesuffix("[*]").split(".") if step]
        page: object = [_structure(stream)]
        for name in reversed(names):
            page = {name: page}
        records = "".join(f".{identifier(name)}" for name in names)
        rows = f"select unnest((json_transform(body, {literal(json.dumps(page))})){records}) as fields from pages"
        extra = misshapen = "cast(null as varchar)"
    return (
        f"select row_number() over () + {first_row - 1} as _row_number, {', '.join(columns)},"
        f" {extra} as _extra, {misshapen} as _misshapen from ({rows})"
    )


def is_out_of_the_ordinary(stream: Stream, records_path: str) -> str:
    """Query over `pages(body)`: whether any record holds an undeclared name, or another shape than declared."""
    conditions = []
    for path, names in _objects(_known(stream)):
        known = ", ".join(literal(name) for name in sorted(names))
        inside = _below(records_path, path)
        conditions.append(f"len(list_filter(flatten(json_keys(body, {inside})), name -> name not in ({known}))) > 0")
    for path, shape in _shapes(stream):
        inside = _below(records_path, path)
        conditions.append(f"len(list_filter(json_type(body, {inside}), kind -> kind not in ('{shape}', 'NULL'))) > 0")
    return f"select coalesce(bool_or({' or '.join(conditions)}), false) from pages"


def pages_without_records(records_path: str) -> str:
    """Query over `pages(body)`: how many pages have no list where the records should be."""
    holder = literal(records_path.removesuffix("[*]"))
    return f"select count(*) from pages where coalesce(json_type(body, {holder}), 'NULL') <> 'ARRAY'"


def withheld_flag(number: int) -> str:
    """The column that tells whether a record held the stream's withheld path of that number."""
    return f"_withheld_{number}"


def _shapes(stream: Stream) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where a declared object or list stands, and the JSON type it must have; a last step `[*]` is a list's items."""
    for path, _ in _objects(_known(stream)):
        if path:
            yield path, "OBJECT"
    for field in stream.fields:
        parent, star, inner = field.source_path.partition("[*]")
        if star:
            steps = tuple(parent.split("."))
            yield steps, "ARRAY"
            if inner:
                yield (*steps, "[*]"), "OBJECT"


def _misshapen(stream: Stream) -> str:
    """The path of a record's first object or list that is something else, or null.

    Such a value can't be kept raw, since it may hold what is withheld, and must not vanish:
    the record is a reject.
    """
    cases = []
    for path, shape in _shapes(stream):
        inside, name = _below("$", path), literal(".".join(path).replace(".[*]", "[*]"))
        if path[-1] == "[*]":
            condition = f"len(list_filter(json_type(record, {inside}), kind -> kind not in ('{shape}', 'NULL'))) > 0"
        else:
            condition = f"coalesce(json_type(record, {inside}), 'NULL') not in ('{shape}', 'NULL')"
        cases.append(f"when {condition} then {name}")
    return f"case {' '.join(cases)} end" if cases else "cast(null as varchar)"


def _below(start: str, path: tuple[str, ...]) -> str:
    """A quoted JSONPath from a start down the steps of a path."""
    return literal(start + "".join(step if step == "[*]" else f'."{step}"' for step in path))


def _field_text(field: Field) -> str:
    path, star, inner = field.source_path.partition("[*]")
    value = _member(path)
    if star:
        inside = literal("$[*]" + "".join(f'."{step}"' for step in inner.split(".") if step))
        listed = f"cast(to_json(json_extract({value}, {inside})) as varchar)"
        return f"case when json_type({value}) = 'ARRAY' then {listed} end"
    return f"cast({value} as varchar)" if field.type == "json" else value


def _member(path: str) -> str:
    return "fields" + "".join(f".{identifier(step)}" for step in path.split("."))


_Known = dict[str, "_Known | None"]
"""Declared names of an object; None where a name is declared whole."""


def _extra(stream: Stream) -> str:
    """What the record holds beyond the declaration, as JSON text, or null.

    RFC 7396: merging null over a name removes it.
    """
    parts = [_removal(name, inner, name) for name, inner in _known(stream).items()]
    patch = "'{' || " + " || ',' || ".join(parts) + " || '}'"
    return f"nullif(cast(json_merge_patch(record, cast({patch} as json)) as varchar), '{{}}')"


def _known(stream: Stream) -> _Known:
    known: _Known = {}
    for path in [field.source_path for field in stream.fields] + [*stream.withheld, *stream.omitted]:
        _declare(known, path)
    return known


def _objects(known: _Known, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Every declared object: its path, and the names declared in it."""
    yield path, set(known)
    for name, inner in known.items():
        if inner is not None:
            yield from _objects(inner, (*path, name))


def _declare(known: _Known, path: str) -> None:
    name, _, rest = path.partition(".")
    name, star, _ = name.partition("[*]")
    if star or not rest:
        known[name] = None
        return
    inner = known.setdefault(name, {})
    if inner is not None:
        _declare(inner, rest)


def _removal(name: str, inner: _Known | None, path: str) -> str:
    """The patch of one name. An object whose every name is declared goes whole, else only those names go."""
    label = literal(json.dumps(name) + ":")
    if inner is None:
        return f"{label} || 'null'"
    parts = [_removal(child, below, f"{path}.{child}") for child, below in inner.items()]
    names = " || ',' || ".join(parts)
    return f"{label} || case when {_holds_more(path, inner)} then '{{' || {names} || '}}' else 'null' end"


def _holds_more(path: str, inner: _Known) -> str:
    """Whether an object holds a name that is not declared, at any depth."""
    names = ", ".join(literal(name) for name in sorted(inner))
    conditions = [
        f"len(list_filter(json_keys(record, {_below('$', tuple(path.split('.')))}), name -> name not in ({names}))) > 0"
    ]
    conditions += [_holds_more(f"{path}.{name}", below) for name, below in inner.items() if below is not None]
    return f"coalesce({' or '.join(conditions)}, false)"
