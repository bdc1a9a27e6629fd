"""SQL that gives text its declared type, in bulk, and says what did not fit.

Belongs here: expressions per field type. Does not belong here: how records become text
columns (shaping_sql), running the SQL (batches).

Every value arrives as text, so that a number keeps its digits and a wrong value can
be told from a missing one. Blank is missing; 0 is a value.
"""

from __future__ import annotations

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
        "text": f"case when {_begins_visibly(text)} then {text} when not {is_blank(field)} then {text} end",
        "integer": f"case when regexp_full_match({bare}, '[+-]?[0-9]+([.]0+)?') then try_cast({bare} as bigint) end",
        # a cast passes over the underscore in 1_5
        "number": (
            f"case when not contains({bare}, '_') and isfinite(try_cast({bare} as double))"
            f" then try_cast({bare} as double) end"
        ),
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
    """A condition that holds where the field is null or nothing but white space and control characters."""
    text = identifier(field.name)
    bare = f"trim({text})"
    # trim knows spaces only; what else is blank begins with a character below `!`, so few texts are matched
    blank = f"{bare} = '' or ({bare} < '!' and not regexp_matches({bare}, '[^\\s\\pZ\\p{{Cc}}]'))"
    return f"(case when {text} is null then true when {_begins_visibly(text)} then false else {blank} end)"


def has_failed(field: Field, value: str = "") -> str | None:
    """A condition that holds where the field makes its record a reject; None if it never can.

    value: the field's typed value, where a column holds it already.
    """
    if field.type == "text" and not field.required:
        return None
    conditions = [is_blank(field)] if field.required else []
    if field.type == "json":
        conditions.append(f"not {is_blank(field)} and {identifier(field.name)} <> 'null'")
    elif field.type != "text":
        conditions.append(f"not {is_blank(field)}")
    return f"(case when {value or typed(field)} is null then {' or '.join(conditions)} else false end)"


def reject_reason(field: Field) -> str:
    """The reason as an expression; holds in rows where `has_failed` does."""
    return (
        f"case when {is_blank(field)} then 'is required and missing or blank'"
        f" else {literal('is not ' + _EXPECTED[field.type])} end"
    )


def typed_records(stream: Stream, text: str) -> str:
    """Query for typed fields, `_record_hash` and `_failed`, and whatever else `text` has but `_misshapen`.

    text: query with a text column per field, `_extra` and `_misshapen`.
    """
    names = {field: identifier(field.name) for field in stream.fields}
    values = {field: f"_typed_{number}" for number, field in enumerate(stream.fields)}
    typed_values = ", ".join(f"{typed(field)} as {value}" for field, value in values.items())
    conditions = [condition for field, value in values.items() if (condition := has_failed(field, value))]
    return (
        f"select {', '.join(f'{values[field]} as {name}' for field, name in names.items())},"
        f" * exclude ({', '.join([*names.values(), *values.values()])}, _misshapen),"
        f" {' or '.join(['_misshapen is not null', *conditions])} as _failed"
        f" from (select *, {typed_values}, {_record_hash(stream)} as _record_hash from ({text}))"
    )


def _record_hash(stream: Stream) -> str:
    """What tells two versions of a record apart: every declared text, and what stands beyond the declaration."""
    texts = ", ".join(f"coalesce({identifier(field.name)}, chr(0))" for field in stream.fields)
    return f"md5(concat_ws(chr(31), {texts}, coalesce(_extra, chr(0))))"


def _begins_visibly(text: str) -> str:
    """Holds where the first character is a visible ASCII one, as nearly always: a comparison costs next to nothing."""
    return f"{text} between '!' and '~'"
