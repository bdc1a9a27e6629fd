"""A landed delivery as the table that a suite looks at.

Belongs here: the DuckDB session and its functions, the derived columns, reading just
the columns that a suite names. Does not belong here: suites, judging.

Two functions are there for derived columns:
    school_year_of(date)   the spring year of the school year that a date lies in
    judged_on()            the day of judging, for dates that should not be ahead
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self

import duckdb

from connectors.core.landing.typing_sql import empty_select, identifier, literal
from connectors.core.schema import Stream

# what pandas holds well: exact decimals and zoned times would become Python objects,
# a hundred times slower to check; ranges and order survive the cast
_FRAME_TYPES = {
    "DATE": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "HUGEINT": "double",
}


@dataclass(frozen=True)
class Calendar:
    """What dates are judged against.

    school_year_start: month and day on which the district's school year begins.
    judged_on: the day of judging; default today (UTC).
    """

    school_year_start: tuple[int, int] = (7, 1)
    judged_on: date | None = None

    @property
    def today(self) -> date:
        return self.judged_on or datetime.now(UTC).date()


class Delivery:
    """One delivery's upserted records, with derived columns. Use as a context manager.

    Without parts it has the stream's columns and no record: enough to find an unknown
    column in a suite.
    """

    def __init__(
        self,
        stream: Stream,
        parts: Sequence[Path] = (),
        derived: Mapping[str, str] | None = None,
        calendar: Calendar | None = None,
    ) -> None:
        calendar = calendar or Calendar()
        # no extension may be fetched: everything needed is in the engine
        self._session = duckdb.connect(
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            }
        )
        self._session.execute("set TimeZone = 'UTC'")
        self._session.execute("set enable_progress_bar = false")
        month, day = calendar.school_year_start
        next_year = "0" if (month, day) == (1, 1) else f"(month(d) * 100 + day(d) >= {month * 100 + day})::integer"
        self._session.execute(f"create macro school_year_of(d) as year(d) + {next_year}")
        self._session.execute(f"create macro judged_on() as date '{calendar.today.isoformat()}'")
        landed = empty_select(stream)
        if parts:
            files = ", ".join(literal(str(part)) for part in parts)
            # the empty select gives every declared column, also those that a file does not have
            landed += f" union all by name select * from read_parquet([{files}], union_by_name = true)"
        columns = "".join(f", ({sql}) as {identifier(name)}" for name, sql in (derived or {}).items())
        self._query = f"select *{columns} from ({landed}) as landed where _change = 'upsert'"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def columns(self) -> dict[str, str]:
        """Every column and its SQL type. Raises duckdb.Error where a derived column can't be computed."""
        described = self._session.execute(f"describe {self._query}").fetchall()
        return {name: kind for name, kind, *_ in described}

    def record_count(self) -> int:
        """How many records were upserted."""
        counted = self._session.execute(f"select count(*) from ({self._query})").fetchone()
        return int(counted[0]) if counted else 0

    def count_later(self, column: str, moment: datetime) -> int:
        """How many records have a later time than the moment in the column."""
        counted = self._session.execute(
            f"select count(*) from ({self._query}) where {identifier(column)} > ?", [moment]
        ).fetchone()
        return int(counted[0]) if counted else 0

    def frame(self, columns: Sequence[str]) -> Any:
        """The named columns as a pandas frame: blank is null, and 0 is a value.

        A whole number column that holds a null becomes a float column, exact up to 2^53.
        """
        types = self.columns()
        selected = ", ".join(_for_pandas(name, types[name]) for name in columns)
        return self._session.execute(f"select {selected} from ({self._query})").df()


def _for_pandas(name: str, kind: str) -> str:
    column = identifier(name)
    target = "double" if kind.startswith("DECIMAL") else _FRAME_TYPES.get(kind)
    return f"cast({column} as {target}) as {column}" if target else column
