"""SQL that turns pages of JSON records into one text column per declared field.

Belongs here: where a value stands in a record, what a record holds beyond its
declaration, what must not be written. Does not belong here: the declaration's shape
(declaration), types (typing_sql), running the SQL (batches).
"""

from __future__ import annotations

import json

from connectors.core.landing.declaration import ITEMS, Known, declared_shapes, known_names
from connectors.core.landing.typing_sql import identifier, literal
from connectors.core.schema import Field, Stream


def _structure(stream: Stream) -> dict[str, object]:
    """The shape json_transform reads: nested objects with text leaves; what is declared as json stays JSON."""
    shape: dict[str, object] = {}
    leaves = [(field.source_path.partition(ITEMS)[0], field.type == "json") for field in stream.fields]
    for path, is_json in [*leaves, *((path, False) for path in stream.withheld)]:
        node = shape
        *parents, leaf = path.split(".")
        for parent in parents:
            node = node.setdefault(parent, {})  # type: ignore[assignment]
        node[leaf] = "JSON" if is_json else "VARCHAR"
    return shape


def structures_of_pages() -> str:
    """Query over `pages(body)`: the distinct shapes of pages, as JSON."""
    return "select distinct json_structure(body) from pages"


def records_in(structure: object, records_path: str) -> object:
    """Of the shape of a page, that of its records; None where it has no list of them."""
    for name in steps(records_path):
        structure = structure.get(name) if isinstance(structure, dict) else None
    return structure[0] if isinstance(structure, list) else None


def names_of_objects() -> str:
    """Query over `pages(body)`: a page's distinct lists of names, one of each object that has several, at any depth.

    A name that an object holds twice stands in its list twice.
    """
    below = "list_filter(json_keys(body, '$.**'), lambda names: len(names) > 1)"
    return f"select list_append(list_distinct({below}), json_keys(body)) from pages"


def record_text(stream: Stream, records_path: str, is_as_declared: bool) -> str:
    """Query over `pages(body)`: a row per record in order, with a text column per field.

    A boolean column per withheld path (`withheld_flag`) tells whether the record held it;
    the value itself goes nowhere. is_as_declared: no record holds anything beyond the
    declaration. Otherwise the query also finds what each holds beyond it (`_extra`) and
    which declared object or list has another shape (`_misshapen`, its path), at twice the
    cost. Pages without a list at records_path are passed over: see `records_in`.

    json_transform reads a page once for all records and fields, which makes this fast.
    """
    columns = [f"{_field_text(field)} as {identifier(field.name)}" for field in stream.fields]
    columns += [
        f"{_member(path)} is not null as {withheld_flag(number)}" for number, path in enumerate(stream.withheld)
    ]
    if is_as_declared:
        names = steps(records_path)
        page: object = [_structure(stream)]
        for name in reversed(names):
            page = {name: page}
        inside = "".join(f".{identifier(name)}" for name in names)
        rows = f"select unnest((json_transform(body, {literal(json.dumps(page))})){inside}) as fields from pages"
        extra = misshapen = "cast(null as varchar)"
    else:
        shape = literal(json.dumps(_structure(stream)))
        rows = (
            f"select json_transform(record, {shape}) as fields, record"
            f" from (select unnest(json_extract(body, {literal(records_path)})) as record from pages)"
        )
        extra, misshapen = _extra(stream), _misshapen(stream)
    return f"select {', '.join(columns)}, {extra} as _extra, {misshapen} as _misshapen from ({rows})"


def withheld_flag(number: int) -> str:
    """The column that tells whether a record held the stream's withheld path of that number."""
    return f"_withheld_{number}"


def steps(records_path: str) -> list[str]:
    """Names from a page's outermost object down to its list of records: `$.result[*]` is `["result"]`."""
    return [step for step in records_path.removeprefix("$").removesuffix(ITEMS).split(".") if step]


def _misshapen(stream: Stream) -> str:
    """The path of a record's first object or list that is something else, or null.

    Such a value can't be kept raw, since it may hold what is withheld, and must not vanish:
    the record is a reject.
    """
    cases = []
    for path, shape in declared_shapes(stream):
        inside, name = _below("$", path), literal(".".join(path).replace(".[*]", "[*]"))
        if path[-1] == ITEMS:
            condition = f"len(list_filter(json_type(record, {inside}), kind -> kind not in ('{shape}', 'NULL'))) > 0"
        elif shape == "SCALAR":
            condition = f"json_type(record, {inside}) in ('OBJECT', 'ARRAY')"
        else:
            condition = f"coalesce(json_type(record, {inside}), 'NULL') not in ('{shape}', 'NULL')"
        cases.append(f"when {condition} then {name}")
    return f"case {' '.join(cases)} end" if cases else "cast(null as varchar)"


def _below(start: str, path: tuple[str, ...]) -> str:
    """A quoted JSONPath from a start down the steps of a path."""
    return literal(start + "".join(step if step == ITEMS else f'."{step}"' for step in path))


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


def _extra(stream: Stream) -> str:
    """What the record holds beyond the declaration, as JSON text, or null.

    RFC 7396: merging null over a name removes it.
    """
    parts = [_removal(name, inner, name) for name, inner in known_names(stream).items()]
    patch = "'{' || " + " || ',' || ".join(parts) + " || '}'"
    return f"nullif(cast(json_merge_patch(record, cast({patch} as json)) as varchar), '{{}}')"


def _removal(name: str, inner: Known | None, path: str) -> str:
    """The patch of one name. An object whose every name is declared goes whole, else only those names go."""
    label = literal(json.dumps(name) + ":")
    if inner is None:
        return f"{label} || 'null'"
    parts = [_removal(child, below, f"{path}.{child}") for child, below in inner.items()]
    names = " || ',' || ".join(parts)
    return f"{label} || case when {_holds_more(path, inner)} then '{{' || {names} || '}}' else 'null' end"


def _holds_more(path: str, inner: Known) -> str:
    """Whether an object holds a name that is not declared, at any depth."""
    names = ", ".join(literal(name) for name in sorted(inner))
    conditions = [
        f"len(list_filter(json_keys(record, {_below('$', tuple(path.split('.')))}), name -> name not in ({names}))) > 0"
    ]
    conditions += [_holds_more(f"{path}.{name}", below) for name, below in inner.items() if below is not None]
    return f"coalesce({' or '.join(conditions)}, false)"
