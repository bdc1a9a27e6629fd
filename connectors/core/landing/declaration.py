"""What a stream's declaration says of a record's shape: declared names, objects and lists.

Belongs here: the declaration as a tree, and whether records seen are all of that shape.
Does not belong here: SQL (shaping_sql), types (typing_sql).
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.core.schema import Stream

Known = dict[str, "Known | None"]
"""Declared names of an object; None where a name is declared whole."""

Path = tuple[str, ...]
"""Steps from a record down to a value; a last step `[*]` stands for a list's items."""

ITEMS = "[*]"


def known_names(stream: Stream) -> Known:
    """Every declared name, withheld and omitted ones included."""
    known: Known = {}
    for path in [field.source_path for field in stream.fields] + [*stream.withheld, *stream.omitted]:
        _declare(known, path)
    return known


def declared_shapes(stream: Stream) -> Iterator[tuple[Path, str]]:
    """Where a declared object, list or single value stands below a record, and the JSON type it must have.

    `SCALAR` is any type but an object or a list, which would else land as text of either.
    """
    for path in _objects(known_names(stream)):
        yield path, "OBJECT"
    for field in stream.fields:
        parent, star, inner = field.source_path.partition(ITEMS)
        if star:
            steps = tuple(parent.split("."))
            yield steps, "ARRAY"
            if inner:
                yield (*steps, ITEMS), "OBJECT"
        elif field.type != "json":
            yield tuple(parent.split(".")), "SCALAR"


def is_as_declared(stream: Stream, structure: object) -> bool:
    """Whether records of this structure hold no undeclared name and no other shape than declared.

    structure: of all records merged, as json_structure tells it: a dict per object, a
    list per list, a type's name per value; `NULL` where only nulls were seen, `JSON` where
    shapes differ or an object is always empty. Where that leaves it open, the answer is no.
    """
    return _holds_only(known_names(stream), structure) and all(
        _is_shape(_at(structure, path), shape) for path, shape in declared_shapes(stream)
    )


def _declare(known: Known, path: str) -> None:
    name, _, rest = path.partition(".")
    name, star, _ = name.partition(ITEMS)
    if star or not rest:
        known[name] = None
        return
    inner = known.setdefault(name, {})
    if inner is not None:
        _declare(inner, rest)


def _objects(known: Known, path: Path = ()) -> Iterator[Path]:
    """Every declared object below a record."""
    for name, inner in known.items():
        if inner is not None:
            yield (*path, name)
            yield from _objects(inner, (*path, name))


def _holds_only(known: Known, structure: object) -> bool:
    if structure == "NULL":
        return True
    return isinstance(structure, dict) and all(
        name in known and ((inner := known[name]) is None or _holds_only(inner, below))
        for name, below in structure.items()
    )


def _at(structure: object, path: Path) -> object:
    """The structure of a value below; `NULL` where it was never seen."""
    for step in path:
        if step == ITEMS:
            structure = structure[0] if isinstance(structure, list) and structure else "NULL"
        else:
            structure = structure.get(step, "NULL") if isinstance(structure, dict) else "NULL"
    return structure


def _is_shape(structure: object, shape: str) -> bool:
    if shape == "SCALAR":
        return isinstance(structure, str) and structure != "JSON"
    return structure == "NULL" or isinstance(structure, dict if shape == "OBJECT" else list)
