"""What the published releases said until now, for the build that goes on from it.

Belongs here: which kept release the history is taken from, and copying it out. Does not belong
here: what a day adds to it (dbt's fct_expertise_history), asking what was known (apps.finder).

History can't be rebuilt from landing: it is what was published, day by day. So it travels inside
the leaders' release: the build reads it from the release that is current, which is also what
going back to an older release means, and publishes it again with today's changes.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq

from pipelines.publish import layout
from pipelines.settings import Settings

AUDIENCE = "leaders"
TABLE = "expertise_history"
HISTORY = {
    "district_id": pl.String,
    "staff_key": pl.String,
    "competency_key": pl.String,
    "competency_code": pl.String,
    "competency_name": pl.String,
    "band": pl.String,
    "observation_count": pl.Int32,
    "award_count": pl.Int32,
    "explanation": pl.String,
    "known_from_date": pl.Date,
    "known_to_date": pl.Date,
}
"""One row per staff member, competency and span of days with one band and sentence. No names: they are today's."""
ORIGIN = {"release_file": pl.String, "current_file": pl.String, "why_not_current": pl.String}
"""One row: the release that the history comes from (null: none), the current one, and why the two differ."""

_SQL_TYPES = {pl.String: "varchar", pl.Int32: "integer", pl.Date: "date"}
_ROWS_AT_A_TIME = 200_000


def write_published_history(settings: Settings, folder: Path) -> None:
    """Write `published_history.parquet` and `published_history_origin.parquet` into the folder.

    Without a release that can be read, or with one of before there was a history, there are no rows.
    """
    target = folder / "published_history.parquet"
    current, candidates, why = _candidates(settings.published)
    origin: Path | None = None
    for release in candidates:
        try:
            has_history = _copy_history(release, settings.district.id, target)
        except (duckdb.Error, OSError):
            why = why or "it can't be read"
            continue
        origin = release if has_history else None
        break
    if origin is None:
        pl.DataFrame(schema=HISTORY).write_parquet(target)
    row = {
        "release_file": origin.name if origin else None,
        "current_file": current.name if current else None,
        "why_not_current": why,
    }
    pl.DataFrame([row], schema=ORIGIN, orient="row").write_parquet(folder / "published_history_origin.parquet")


def _candidates(published: Path) -> tuple[Path | None, list[Path], str | None]:
    """The current release, every release to try (the current one, then newest first), and what is wrong so far."""
    kept = layout.finished_releases(published, AUDIENCE)[::-1]
    try:
        current = layout.current_file(published, AUDIENCE)
    except (layout.PublishError, OSError, UnicodeDecodeError):
        return None, kept, "the pointer to it can't be read"
    if current is None:
        return None, kept, "nothing points to it" if kept else None
    return current, [current, *(path for path in kept if path != current)], None


def _copy_history(release: Path, district_id: str, target: Path) -> bool:
    """Copy the district's history out of a release, a part at a time; False where the release has none yet.

    Raises duckdb.Error or OSError where the release can't be read to its end; the target is then no history.
    """
    with contextlib.closing(layout.open_read_only(release)) as connection:
        connection.execute("select release_id from release").fetchone()  # what is no release at all says so here
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
        if (TABLE,) not in tables:
            return False
        reader = connection.execute(
            f"select {', '.join(f'cast({name} as {_SQL_TYPES[kind]}) as {name}' for name, kind in HISTORY.items())} "
            f"from {TABLE} where district_id = $district_id",
            {"district_id": district_id},
        ).to_arrow_reader(_ROWS_AT_A_TIME)
        with pq.ParquetWriter(target, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
    return True
