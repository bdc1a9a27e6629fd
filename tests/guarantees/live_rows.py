"""What staging would hold of a landing, asked without dbt: the same macro, the same list of files.

Belongs here: reading the landed rows that count and picking the newest of each record with
`newest_records` as it stands in dbt_project. Does not belong here: marts (mart_hashes in
tests/homes.py asks those of a built warehouse).

A build costs tens of seconds and this costs less than one, so that any day can be looked at.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import jinja2
import polars as pl

from connectors.core.landing.typing_sql import literal
from connectors.registry import PLATFORMS
from pipelines.build_input import write_build_input
from pipelines.settings import Settings

DBT_PROJECT = Path(__file__).parents[2] / "dbt_project"
_CALL = re.compile(
    r"newest_records\(source\('(?P<platform>\w+)', '(?P<stream>\w+)'\), key=(?P<key>\[[^\]]*\])"
    r"(?:, modified='(?P<modified>\w+)')?\)"
)

MOMENTARY = ("checked_at",)
"""Landed columns that tell of the pull and not of the record."""

LiveRows = dict[str, dict[str, str]]
"""By `platform.stream`: the record's key -> a hash of everything that is not about the load."""


@dataclass(frozen=True)
class NewestRecords:
    """How one staging model picks its rows."""

    platform: str
    stream: str
    key: tuple[str, ...]
    modified: str | None


def staging_models() -> list[NewestRecords]:
    """What every staging model of a landed stream says of keys and versions, read from its SQL."""
    found = []
    for path in sorted((DBT_PROJECT / "models" / "staging").rglob("stg_*.sql")):
        call = _CALL.search(path.read_text())
        if call:
            key = tuple(ast.literal_eval(call["key"]))
            found.append(NewestRecords(call["platform"], call["stream"], key, call["modified"]))
    landed = {(platform.name, stream.name) for platform in PLATFORMS.values() for stream in platform.streams}
    assert {(model.platform, model.stream) for model in found} == landed, (
        "every staging model of a landed stream was understood"
    )
    return found


class _Dbt:
    """What the macro asks of dbt, as dbt-duckdb answers it."""

    @staticmethod
    def dateadd(part: str, count: int, moment: str) -> str:
        return f"date_add({moment}, interval ({count}) {part})"


def newest_records(relation: str, key: tuple[str, ...], modified: str | None = None) -> str:
    """The SQL of dbt_project/macros/newest_records.sql."""
    text = (DBT_PROJECT / "macros" / "newest_records.sql").read_text()
    jinja = jinja2.Environment(autoescape=False)  # noqa: S701 - SQL, not a page
    module = jinja.from_string(text, globals={"dbt": _Dbt()}).module
    return str(module.newest_records(relation, list(key), modified))  # type: ignore[attr-defined]


def live_rows(settings: Settings, without: tuple[str, ...] = ()) -> LiveRows:
    """Every record that is not deleted, in its newest version, of every stream.

    without: landed columns that are not compared.
    """
    write_build_input(settings, as_of=date(2026, 11, 15))
    files = pl.read_parquet(settings.build_input / "landed_files.parquet")
    found: LiveRows = {}
    with duckdb.connect(":memory:") as database:
        for model in staging_models():
            chosen = files.filter((pl.col("platform") == model.platform) & (pl.col("stream") == model.stream))
            if chosen.is_empty():
                continue
            reads = [
                f"select *, {is_before} as _is_before_reset from read_parquet(["
                f"{', '.join(map(literal, part['path']))}], union_by_name = true, hive_partitioning = false)"
                for (is_before,), part in chosen.group_by("is_before_reset", maintain_order=True)
            ]
            database.execute(f"create or replace temp view landed as {' union all by name '.join(reads)}")
            newest = newest_records("landed", model.key, model.modified)
            columns = [name for (name, *_) in database.execute("describe landed").fetchall()]
            left_out = (*without, *MOMENTARY)
            told = [name for name in columns if name not in left_out and (not name.startswith("_") or name == "_extra")]
            content = ", ".join(f'"{name}"' for name in told)
            key = ", ".join(f'cast("{name}" as varchar)' for name in model.key)
            rows = database.execute(
                f"select concat_ws('|', _connection, {key}), md5(cast(row({content}) as varchar))"
                f" from ({newest}) where not is_deleted"
            ).fetchall()
            found[f"{model.platform}.{model.stream}"] = dict(rows)
            assert len(found[f"{model.platform}.{model.stream}"]) == len(rows), "one row per record"
    return found


def differences(one: LiveRows, other: LiveRows) -> dict[str, set[str]]:
    """Per stream, the keys of records that are not the same in both."""
    found = {}
    for stream in sorted(one.keys() | other.keys()):
        rows, others = one.get(stream, {}), other.get(stream, {})
        keys = {key for key in rows.keys() | others.keys() if rows.get(key) != others.get(key)}
        if keys:
            found[stream] = keys
    return found
