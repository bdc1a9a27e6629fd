"""Opens a published release for reading.

Belongs here: following the pointer, opening the file so that it can do nothing but answer, noticing
a newer release, and saying what is wrong with a file that can't be read. Does not belong here: what
is asked (finder, export), who may ask (access), or writing anything.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.publish import layout

if TYPE_CHECKING:
    import polars as pl

_TRIES = 5  # a release may be swept between reading the pointer and opening the file
_VERSION_IN_HEADER = slice(52, 84)

Parameters = Mapping[str, Any] | Sequence[Any]


class ReleaseError(Exception):
    """There is no release that can be read."""


class NoRelease(ReleaseError):
    """Nothing has been published for this audience."""


class ReleaseUnreadable(ReleaseError):
    """The current release's file is missing, damaged or held by another program."""


class ReleaseFromNewerEngine(ReleaseError):
    """The release was written by a newer version of the engine than the one that reads."""


class ReleaseTooOld(ReleaseError):
    """The release was published before there was the table that is asked for."""


class Release:
    """One release, open for reading; every query sees that release until `refresh` is called.

    May be shared by threads: each query runs on a cursor of its own.
    """

    def __init__(self, published_folder: Path, audience: str) -> None:
        self.published_folder = published_folder
        self.audience = layout.check_audience(audience)
        self._lock = threading.Lock()
        self._file, self._connection = _open_current(published_folder, audience)

    @property
    def file(self) -> Path:
        """The file that is open."""
        return self._file

    def query(self, sql: str, parameters: Parameters = ()) -> list[dict[str, Any]]:
        """The rows of a query as dictionaries."""
        with self._cursor() as cursor:
            cursor.execute(sql, parameters)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def frame(self, sql: str, parameters: Parameters = ()) -> pl.DataFrame:
        """The rows of a query as a Polars frame."""
        with self._cursor() as cursor:
            return cursor.execute(sql, parameters).pl()

    def tables(self) -> list[str]:
        """The names of the tables that the release holds."""
        return [row["table_name"] for row in self.query("select table_name from duckdb_tables() order by all")]

    def info(self) -> dict[str, Any]:
        """The row of the `release` table: what this release says of itself. `built_at` is UTC."""
        return self.query("select * from release")[0]

    def refresh(self) -> bool:
        """Open the current release if another one has been published since; True if it was."""
        if layout.current_file(self.published_folder, self.audience) == self._file:
            return False
        file, connection = _open_current(self.published_folder, self.audience)
        with self._lock:
            old, self._connection, self._file = self._connection, connection, file
        old.close()  # cursors that are at work keep the old release open until they are done
        return True

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._lock:
            file, cursor = self._file, self._connection.cursor()
        try:
            yield cursor
        except duckdb.IOException as error:  # a damaged block is found when it is read
            raise _explained(file, error) from error
        except duckdb.CatalogException as error:
            raise ReleaseTooOld(
                f"the release {file} was published before this question could be asked: "
                "publish anew with `expertise run`"
            ) from error
        finally:
            cursor.close()


@contextmanager
def open_release(published_folder: Path, audience: str) -> Iterator[Release]:
    """Open the current release of an audience; `Release.refresh()` moves on to a newer one.

    Raises NoRelease, ReleaseUnreadable or ReleaseFromNewerEngine.
    """
    release = Release(published_folder, audience)
    try:
        yield release
    finally:
        release.close()


def _open_current(published_folder: Path, audience: str) -> tuple[Path, duckdb.DuckDBPyConnection]:
    """Follow the pointer; where a newer release came in between, follow it again."""
    failed: list[Path] = []
    while True:
        try:
            file = layout.current_file(published_folder, audience)
        except layout.PublishError as error:
            raise ReleaseUnreadable(str(error)) from None
        if file is None:
            raise NoRelease(f"no release has been published yet for {audience}: run `expertise run`")
        try:
            return file, layout.open_read_only(file)
        except duckdb.Error as error:
            if file in failed or len(failed) >= _TRIES:
                raise _explained(file, error) from error
            failed.append(file)


def _explained(file: Path, error: duckdb.Error) -> ReleaseError:
    """What a person can do about a release that does not open."""
    if not file.exists():
        return ReleaseUnreadable(f"the current release {file} is missing; {_way_out(file)}")
    if "newer version of DuckDB" in str(error) or "database file with version number" in str(error):
        return ReleaseFromNewerEngine(
            f"the release {file} was written by DuckDB {_written_by(file)}, and this is DuckDB "
            f"{duckdb.__version__}, which can't read it. Install the newer version, or {_way_out(file)}"
        )
    return ReleaseUnreadable(
        f"the release {file} can't be read: {str(error).splitlines()[0]}. If it is damaged, {_way_out(file)}"
    )


def _way_out(file: Path) -> str:
    """How to have a release that can be read: a new one, or one that is kept."""
    kept = [path.name for path in layout.finished_releases(file.parent.parent, file.parent.name) if path != file]
    if not kept:
        return "publish anew with `expertise run`; no other release is kept"
    pointer = layout.pointer_file(file.parent.parent, file.parent.name)
    return f"publish anew with `expertise run`, or go back now: write {kept[-1]} into {pointer}"


def _written_by(file: Path) -> str:
    """The engine version that a file's header names."""
    with file.open("rb") as handle:
        header = handle.read(_VERSION_IN_HEADER.stop)
    name = header[_VERSION_IN_HEADER].split(b"\0")[0].decode("ascii", errors="replace")
    return name.removeprefix("v") or "of a newer version"
