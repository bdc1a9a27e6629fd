"""Writes one release per audience, checks it, and swaps it in.

Belongs here: copying the published tables into a file of its own, the order of commit (build, check,
place, point, sweep) and going back. Does not belong here: what a check says (checks), how a key is
hidden (pseudonyms), the names on disk (layout), or when to publish (the jobs).

The steps can be called one by one (`build_releases`, `place_releases`, `point_to`, `sweep`); a crash
between any two leaves readers with the release they had:

    build_releases   writes and checks .building-*; readers never open those
    place_releases   renames them; nothing points to them yet
    point_to         one atomic replace per audience

Only one publish may run at a time; the run's lock sees to that.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.publish import layout
from pipelines.publish import sweep as sweep_program
from pipelines.publish.checks import (
    Failure,
    PreviousRelease,
    Subject,
    quoted,
    run_checks,
    table_columns,
)
from pipelines.publish.layout import AUDIENCES, PublishError
from pipelines.publish.pseudonyms import (
    is_replaced,
    pseudonym_parameters,
    pseudonym_sql,
)

__all__ = [
    "PublishError",
    "ReleaseCheckFailed",
    "ReleaseInfo",
    "ReleasePaths",
    "build_releases",
    "place_releases",
    "point_to",
    "publish",
    "rollback",
    "sweep",
]

_ERRORS_WITHOUT_VALUES = (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.CatalogException)


@dataclass(frozen=True)
class ReleaseInfo:
    """What a release says of itself, and whether it may be much smaller than the one before."""

    release_id: str
    built_at: datetime
    landing_runs: Mapping[str, Any] | Sequence[Any]
    code_version: str
    settings_hash: str
    is_synthetic: bool
    district_name: str
    allow_shrink: bool = False


@dataclass(frozen=True)
class ReleasePaths:
    """Where one audience's release stands, and the rows of its tables."""

    audience: str
    file: Path
    pointer: Path
    rows: Mapping[str, int]


class ReleaseCheckFailed(PublishError):
    """A release did not pass its checks: nothing was published, for any audience."""

    def __init__(self, failures: Sequence[Failure], last_good: Mapping[str, str]) -> None:
        self.failures = tuple(failures)
        self.last_good = dict(last_good)
        stays = (
            "the last good release stays: " + ", ".join(f"{name} {text}" for name, text in last_good.items())
            if last_good
            else "no release has been published yet"
        )
        listed = "; ".join(str(failure) for failure in self.failures)
        super().__init__(f"{len(self.failures)} release checks failed, nothing was published: {listed}. And {stays}.")


def publish(
    warehouse: Path,
    published_folder: Path,
    release_info: ReleaseInfo,
    pseudonym_key: bytes,
    keep: int = 5,
) -> dict[str, ReleasePaths]:
    """Publish one release for every audience, or none.

    `keep` is how many releases of an audience stay on disk, the current one included.
    Raises ReleaseCheckFailed, PseudonymKeyTooShort or PublishError; what was current then stays current.
    """
    if keep < 1:
        raise PublishError(f"keep is {keep}; at least 1 release must stay")
    rows = build_releases(warehouse, published_folder, release_info, pseudonym_key)
    place_releases(published_folder, release_info.release_id)
    point_to(published_folder, release_info.release_id)
    for audience in AUDIENCES:
        sweep(published_folder, audience, keep)
    return {
        audience: ReleasePaths(
            audience=audience,
            file=layout.release_file(published_folder, audience, release_info.release_id),
            pointer=layout.pointer_file(published_folder, audience),
            rows=rows[audience],
        )
        for audience in AUDIENCES
    }


def build_releases(
    warehouse: Path, published_folder: Path, info: ReleaseInfo, pseudonym_key: bytes
) -> dict[str, dict[str, int]]:
    """Write and check the building file of every audience; returns audience -> table -> rows.

    On any failure every building file is removed.
    """
    layout.check_release_id(info.release_id)
    parameters = pseudonym_parameters(pseudonym_key)
    if not warehouse.is_file():
        raise PublishError(f"there is no warehouse at {warehouse}; build it first")
    _refuse_published_id(published_folder, info.release_id)
    _remove_building_files(published_folder)
    failures: list[Failure] = []
    rows: dict[str, dict[str, int]] = {}
    try:
        for audience in AUDIENCES:
            path = layout.building_file(published_folder, audience, info.release_id)
            path.parent.mkdir(parents=True, exist_ok=True)
            previous = _previous_release(published_folder, audience)
            with _reporting(path):
                _write(warehouse, path, audience, info, parameters)
                found, rows[audience] = _check(warehouse, path, audience, info, previous)
                layout.sync_file(path)
            failures += found
        if failures:
            raise ReleaseCheckFailed(failures, _last_good(published_folder))
    except BaseException:
        _remove_building_files(published_folder)
        raise
    return rows


def place_releases(published_folder: Path, release_id: str) -> None:
    """Give every audience's checked file its final name. Nothing points to it yet."""
    for audience in AUDIENCES:
        built = layout.building_file(published_folder, audience, release_id)
        with _reporting(built):
            built.replace(layout.release_file(published_folder, audience, release_id))
        layout.sync_folder(built.parent)


def point_to(published_folder: Path, release_id: str, audiences: Sequence[str] = AUDIENCES) -> None:
    """Make a release the current one: the only step that readers notice."""
    for audience in audiences:
        layout.write_pointer(
            published_folder,
            audience,
            layout.release_file(published_folder, audience, release_id).name,
        )


def rollback(published_folder: Path, audience: str, release_id: str) -> Path:
    """Point an audience back to a release that is still kept; returns its file."""
    layout.check_audience(audience)
    path = layout.release_file(published_folder, audience, layout.check_release_id(release_id))
    if not path.is_file():
        kept = [file.name.removesuffix(layout.SUFFIX) for file in layout.finished_releases(published_folder, audience)]
        raise PublishError(f"there is no release {release_id} for {audience}; kept are: {', '.join(kept) or 'none'}")
    with (
        _reporting(path),
        contextlib.closing(layout.open_read_only(path)) as connection,
    ):
        row = connection.execute("select release_id, audience from release").fetchone()
    if row != (release_id, audience):
        raise PublishError(f"{path} does not hold the release {release_id} for {audience}; nothing was changed")
    point_to(published_folder, release_id, (audience,))
    return path


def sweep(published_folder: Path, audience: str, keep: int = 5) -> list[str]:
    """Remove the releases beyond the newest `keep` that are neither current nor open; returns their names."""
    files = layout.finished_releases(published_folder, audience)
    current = layout.current_file(published_folder, audience)
    old = [path for path in files[: max(len(files) - keep, 0)] if path != current]
    if not old:
        return []
    done = subprocess.run(
        [sys.executable, "-I", str(Path(sweep_program.__file__)), *map(str, old)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout.split()


def _write(
    warehouse: Path,
    path: Path,
    audience: str,
    info: ReleaseInfo,
    parameters: Mapping[str, bytes],
) -> None:
    """Copy the audience's tables into a new file, row for row in a stable order."""
    with contextlib.closing(duckdb.connect()) as connection:
        _attach(connection, warehouse, "warehouse", read_only=True)
        _attach(connection, path, "release", read_only=False)
        for schema, table in _published_tables(connection, audience):
            _copy_table(connection, audience, schema, table, parameters)
        built_at = info.built_at.astimezone(UTC).replace(tzinfo=None)
        connection.execute(
            "create table release.release (release_id varchar not null, audience varchar not null, "
            "built_at timestamp not null, landing_runs json not null, code_version varchar not null, "
            "settings_hash varchar not null, is_synthetic boolean not null, district_name varchar not null)"
        )
        connection.execute(
            "insert into release.release values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                info.release_id,
                audience,
                built_at,
                json.dumps(info.landing_runs, sort_keys=True),
                info.code_version,
                info.settings_hash,
                info.is_synthetic,
                info.district_name,
            ],
        )
        connection.execute("checkpoint release")
        connection.execute("detach release")


def _copy_table(
    connection: duckdb.DuckDBPyConnection,
    audience: str,
    schema: str,
    table: str,
    parameters: Mapping[str, bytes],
) -> None:
    """Create the table with the warehouse's types and not-nulls, then fill it in the order of all its columns."""
    columns = connection.execute(
        "select column_name, data_type, is_nullable from duckdb_columns() "
        "where database_name = 'warehouse' and schema_name = ? and table_name = ? order by column_index",
        [schema, table],
    ).fetchall()
    target = "release." + quoted(table.removeprefix(f"pub_{audience}__"))
    declared, selected = [], []
    hides = audience == "evaluators"
    for name, kind, is_nullable in columns:
        replaced = hides and is_replaced(name)
        declared.append(f"{quoted(name)} {'VARCHAR' if replaced else kind}{'' if is_nullable else ' not null'}")
        selected.append(f"{pseudonym_sql(quoted(name))} as {quoted(name)}" if replaced else quoted(name))
    needed = dict(parameters) if hides and any(is_replaced(name) for name, _, _ in columns) else None
    connection.execute(f"create table {target} ({', '.join(declared)})")
    source = f"warehouse.{quoted(schema)}.{quoted(table)}"
    statement = f"insert into {target} select * from (select {', '.join(selected)} from {source}) order by all"
    if needed is None:
        connection.execute(statement)
    else:
        connection.execute(statement, needed)


def _published_tables(connection: duckdb.DuckDBPyConnection, audience: str) -> list[tuple[str, str]]:
    """Schema and name of every published table of an audience."""
    found = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'warehouse' "
        "and starts_with(table_name, $prefix) union all "
        "select schema_name, view_name from duckdb_views() where database_name = 'warehouse' "
        "and starts_with(view_name, $prefix) order by all",
        {"prefix": f"pub_{audience}__"},
    ).fetchall()
    names = [table for _, table in found]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise PublishError(f"the warehouse holds {', '.join(doubled)} in more than one schema; remove the stale one")
    if f"pub_{audience}__release" in names:
        raise PublishError(f"pub_{audience}__release would hide the table `release`; rename the model")
    return [(schema, table) for schema, table in found]


def _check(
    warehouse: Path,
    path: Path,
    audience: str,
    info: ReleaseInfo,
    previous: PreviousRelease | None,
) -> tuple[list[Failure], dict[str, int]]:
    """Run the audience's checks on the closed file; returns the failures and the rows of every table."""
    with contextlib.closing(duckdb.connect()) as connection:
        _attach(connection, path, "release", read_only=True)
        _attach(connection, warehouse, "warehouse", read_only=True)
        columns = table_columns(connection)
        failures = run_checks(
            Subject(
                connection=connection,
                audience=audience,
                columns=columns,
                previous=previous,
                settings_hash=info.settings_hash,
                allow_shrink=info.allow_shrink,
            )
        )
        return failures, _count_rows(connection, "release.", columns)


def _previous_release(published_folder: Path, audience: str) -> PreviousRelease | None:
    """What the current release holds; None where there is none that can be read."""
    path = layout.current_file(published_folder, audience)
    if path is None or not path.is_file():
        return None
    try:
        with contextlib.closing(layout.open_read_only(path)) as connection:
            row = connection.execute("select release_id, settings_hash from release").fetchone()
            tables = [name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()]
            rows = _count_rows(connection, "", tables)
    except duckdb.Error:
        return None  # a damaged release must not keep a sound one from being published
    return PreviousRelease(release_id=row[0], settings_hash=row[1], rows=rows) if row else None


def _last_good(published_folder: Path) -> dict[str, str]:
    """Audience -> the current release and when it was built."""
    found: dict[str, str] = {}
    for audience in AUDIENCES:
        path = layout.current_file(published_folder, audience)
        if path is None or not path.is_file():
            continue
        with (
            contextlib.suppress(duckdb.Error),
            contextlib.closing(layout.open_read_only(path)) as connection,
        ):
            row = connection.execute("select release_id, built_at from release").fetchone()
            if row:
                found[audience] = f"{row[0]} (built {row[1]:%Y-%m-%d %H:%M} UTC)"
    return found


def _count_rows(
    connection: duckdb.DuckDBPyConnection,
    prefix: str,
    tables: Sequence[str] | Mapping[str, Any],
) -> dict[str, int]:
    counted: dict[str, int] = {}
    for table in sorted(tables):
        row = connection.execute(f"select count(*) from {prefix}{quoted(table)}").fetchone()
        counted[table] = int(row[0]) if row else 0
    return counted


def _attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str, *, read_only: bool) -> None:
    literal = "'" + str(path).replace("'", "''") + "'"
    connection.execute(f"attach {literal} as {name}" + (" (read_only)" if read_only else ""))


def _refuse_published_id(published_folder: Path, release_id: str) -> None:
    """A release is immutable: an id that every audience already points to is not written again."""
    current = [layout.current_file(published_folder, audience) for audience in AUDIENCES]
    if all(path is not None and path.name == release_id + layout.SUFFIX and path.is_file() for path in current):
        raise PublishError(f"the release {release_id} is published already; use a new id")


def _remove_building_files(published_folder: Path) -> None:
    """Remove what this or a killed publish left unfinished, half-written pointers too."""
    for audience in AUDIENCES:
        folder = layout.audience_folder(published_folder, audience)
        for path in [*folder.glob(f"{layout.BUILDING_PREFIX}*"), *folder.glob(f"{layout.POINTING_PREFIX}*")]:
            with contextlib.suppress(OSError):
                path.unlink()


@contextlib.contextmanager
def _reporting(path: Path) -> Iterator[None]:
    """Turn a fault of the disk or of the engine into one that names the file and what stays."""
    try:
        yield
    except (OSError, duckdb.Error) as error:
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
        elif isinstance(error, _ERRORS_WITHOUT_VALUES):
            reason = str(error).splitlines()[0]
        else:
            reason = type(error).__name__  # its text could quote a cell
        raise PublishError(
            f"could not write or read the release file {path}: {reason}. What was published before stays; "
            "free space, close the program that holds the file or rebuild the warehouse, then run again."
        ) from error
