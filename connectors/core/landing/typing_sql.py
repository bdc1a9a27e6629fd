"""SQL that gives text its declared type, in bulk, and says what did not fit.

Belongs here: expressions per field type, and the shaping of JSON records into one
text column per field. Does not belong here: running them (writer).

Every value arrives as text, so that a number keeps its digits and a wrong value can
be told from a missing one. Blank is missing; 0 is a value.
"""

from __future__ import annotations

import json

from connectors.core.schema import Field, FieldType, Stream

SQL_TYPES: dict[FieldType, str] = {
    "text": "varchar",
    "integer": "bigint",
    "number": "double",
    "money": "decimal(18,2)",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamptz",
    "local_timestamp": "timestamp",
    "json": "varchar",
}

METADATA_COLUMNS: dict[str, str] = {
    "_extra": "varchar",
    "_record_hash": "varchar",
    "_district_id": "varchar",
    "_connection": "varchar",
    "_run_id": "varchar",
    "_extracted_at": "timestamptz",
    "_row_number": "bigint",
    "_change": "varchar",
    "_source_file_hash": "varchar",
}

_EXPECTED: dict[FieldType, str] = {
    "text": "text",
    "integer": "a whole number",
    "number": "a number",
    "money": "an amount with at most two decimals",
    "boolean": "true or false",
    "date": "a date like 2026-11-15",
    "timestamp": "a time with its offset like 2026-11-15T08:00:00Z",
    "local_timestamp": "a time like 2026-11-15T08:00:00",
    "json": "JSON",
}


def identifier(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A quoted SQL string."""
    return "'" + text.replace("'", "''") + "'"


def landed_columns(stream: Stream) -> dict[str, str]:
    """Column name to SQL type of a landed file of the stream, in order."""
    return {field.name: SQL_TYPES[field.type] for field in stream.fields} | METADATA_COLUMNS


def empty_select(stream: Stream) -> str:
    """A query with the stream's landed columns and no row."""
    columns = ", ".join(f"cast(null as {kind}) as {identifier(name)}" for name, kind in landed_columns(stream).items())
    return f"select {columns} where false"


def typed(field: Field) -> str:
    """The field's text as its declared type; null where blank or where it does not fit."""
    text = identifier(field.name)
    bare = f"trim({text})"
    expressions: dict[FieldType, str] = {
        "text": f"case when {bare} = '' then null else {text} end",
        "integer": f"case when regexp_full_match({bare}, '[+-]?[0-9]+([.]0+)?') then try_cast({bare} as bigint) end",
        "number": f"case when isfinite(try_cast({bare} as double)) then try_cast({bare} as double) end",
        "money": (
            f"case when regexp_full_match({bare}, '[+-]?[0-9]+([.][0-9]{{0,2}}0*)?')"
            f" then try_cast({bare} as decimal(18,2)) end"
        ),
        "boolean": f"case lower({bare}) when 'true' then true when 'false' then false end",
        "date": (
            f"case when regexp_full_match({bare}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(T00:00:00([.]0+)?Z?)?')"
            f" then try_cast(left({bare}, 10) as date) end"
        ),
        "timestamp": (
            f"case when regexp_full_match({bare}, '[0-9]{{4}}-.*T.*(Z|[+-][0-9]{{2}}:?[0-9]{{2}})')"
            f" then try_cast({bare} as timestamptz) end"
        ),
        # Ed-Fi servers write the same wall-clock time with and without a trailing Z
        "local_timestamp": (
            f"case when regexp_full_match({bare}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([T ][0-9:.]+Z?)?')"
            f" then try_cast(rtrim({bare}, 'Z') as timestamp) end"
        ),
        "json": f"case when json_valid({text}) then nullif({text}, 'null') end",
    }
    return expressions[field.type]


def is_blank(field: Field) -> str:
    text = identifier(field.name)
    return f"coalesce(trim({text}), '') = ''"


def has_failed(field: Field) -> str | None:
    """A condition that holds where the field makes its record a reject; None if it never can."""
    conditions = []
    if field.required:
        conditions.append(is_blank(field))
    if field.type != "text":
        null_json = f" and {identifier(field.name)} <> 'null'" if field.type == "json" else ""
        conditions.append(f"(not {is_blank(field)}{null_json} and ({typed(field)}) is null)")
    return " or ".join(conditions) or None


def reject_reason(field: Field) -> str:
    """The reason as an expression; holds in rows where `has_failed` does."""
    return (
        f"case when {is_blank(field)} then 'is required and missing or blank'"
        f" else {literal('is not ' + _EXPECTED[field.type])} end"
    )


def _path(dotted: str) -> str:
    """A quoted JSONPath: names with odd characters are safe."""
    steps = []
    for step in dotted.split("."):
        name, star, _ = step.partition("[*]")
        steps.append(f'."{name}"' + ("[*]" if star else ""))
    return literal("$" + "".join(steps))


def _structure(stream: Stream) -> str:
    """The shape json_transform reads: nested objects with text leaves; lists stay JSON."""
    shape: dict[str, object] = {}
    for field in stream.fields:
        if "[*]" in field.source_path:
            continue
        node = shape
        *parents, leaf = field.source_path.split(".")
        for parent in parents:
            node = node.setdefault(parent, {})  # type: ignore[assignment]
        node[leaf] = "JSON" if field.type == "json" else "VARCHAR"
    return json.dumps(shape)


def record_text(stream: Stream) -> str:
    """Query over `records(_row_number, record)`: one text column per field, and `_extra`.

    json_transform reads a record once for all fields, which is what makes this fast.
    """
    columns = []
    for field in stream.fields:
        path = field.source_path
        if "[*]" in path:
            parent = path.partition("[*]")[0]
            value = (
                f"case when json_type(record, {_path(parent)}) = 'ARRAY'"
                f" then cast(to_json(json_extract(record, {_path(path)})) as varchar) end"
            )
        else:
            value = "fields" + "".join(f".{identifier(step)}" for step in path.split("."))
            if field.type == "json":
                value = f"cast({value} as varchar)"
        columns.append(f"{value} as {identifier(field.name)}")
    structure = literal(_structure(stream))
    return f"""
        select _row_number, {", ".join(columns)}, {_extra(stream)} as _extra
        from (select _row_number, record, json_transform(record, {structure}) as fields from records)
    """


_Known = dict[str, "_Known | None"]
"""Declared names of an object; None where a name is declared whole."""


def _extra(stream: Stream) -> str:
    """What the record holds beyond the declaration, as JSON text, or null.

    RFC 7396: merging null over a name removes it.
    """
    known: _Known = {}
    for path in [field.source_path for field in stream.fields] + [*stream.withheld, *stream.omitted]:
        _declare(known, path)
    parts = [_removal(name, inner, name) for name, inner in known.items()]
    patch = "'{' || " + " || ',' || ".join(parts) + " || '}'"
    return f"nullif(cast(json_merge_patch(record, cast({patch} as json)) as varchar), '{{}}')"


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
    conditions = [f"len(list_filter(json_keys(record, {_path(path)}), name -> name not in ({names}))) > 0"]
    conditions += [_holds_more(f"{path}.{name}", below) for name, below in inner.items() if below is not None]
    return f"coalesce({' or '.join(conditions)}, false)"


def withheld_counts(stream: Stream) -> str:
    """Query over `records`: how many records held each withheld path."""
    counts = ", ".join(
        f"count(*) filter (coalesce(json_type(record, {_path(path)}), 'NULL') <> 'NULL')" for path in stream.withheld
    )
    return f"select {counts} from records"
