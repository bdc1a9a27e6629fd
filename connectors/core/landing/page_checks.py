"""Looks at pages before they are typed: may they be read at all, and are they as declared.

Belongs here: what makes a page unreadable, and whether its records hold anything beyond
the declaration. Does not belong here: the SQL (shaping_sql), typing (batches).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

import duckdb
import pyarrow as pa

from connectors.core.errors import ContractBroken
from connectors.core.landing import shaping_sql
from connectors.core.landing.declaration import is_as_declared
from connectors.core.landing.engine import engine_in_memory
from connectors.core.landing.page_screen import PageScreen
from connectors.core.schema import Stream

# Arrow's own pool hands every batch's memory back, and asks the system for it again
_MEMORY = pa.system_memory_pool()


@dataclass(frozen=True)
class CheckedPages:
    """Pages that can be read. table: one text column, `body`.

    are_as_declared: no record holds an undeclared name or another shape than declared.
    """

    table: pa.Table
    records_path: str
    are_as_declared: bool


class PageChecks:
    """Checks the pages of one stream. Use as a context manager; not for two threads at once."""

    def __init__(self, stream: Stream, where: str) -> None:
        """where: the connection and stream, for messages."""
        self._stream = stream
        self._where = where
        self._screen = PageScreen(stream)
        self._database = engine_in_memory()

    def __enter__(self) -> PageChecks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def check(self, bodies: Sequence[bytes], records_path: str) -> CheckedPages:
        """Raises ContractBroken where a page is not UTF-8 or not JSON, where one of its objects
        names a field twice, where it is nested too deeply, and where it holds no list of records.
        """
        try:
            text = pa.array(bodies, pa.large_binary(), memory_pool=_MEMORY).cast(pa.large_string())
        except pa.ArrowInvalid:
            raise ContractBroken(f"{self._where}: a page is not UTF-8") from None
        table = pa.table({"body": text})
        steps = shaping_sql.steps(records_path)
        if all(self._screen.passes(body, steps) for body in bodies):
            return CheckedPages(table, records_path, True)
        self._database.register("pages", table)
        try:
            self._refuse_repeated_names()
            are_as_declared = all(is_as_declared(self._stream, shape) for shape in self._records(records_path))
        except duckdb.InvalidInputException:
            raise ContractBroken(f"{self._where}: a page is not JSON") from None
        except RecursionError:
            raise ContractBroken(
                f"{self._where}: a page holds objects and lists that are nested too deeply to be read. Ask the vendor"
            ) from None
        finally:
            self._database.unregister("pages")
        return CheckedPages(table, records_path, are_as_declared)

    def _refuse_repeated_names(self) -> None:
        for (objects,) in self._database.execute(shaping_sql.names_of_objects()).fetchall():
            if any(len(set(names)) < len(names) for names in objects):
                raise ContractBroken(
                    f"{self._where}: a page holds an object that names a field twice, so that no reader can tell"
                    " which value holds. Ask the vendor"
                )

    def _records(self, records_path: str) -> list[object]:
        """The distinct shapes of the records of a page."""
        structures = self._database.execute(shaping_sql.structures_of_pages()).fetchall()
        records = [shaping_sql.records_in(json.loads(structure), records_path) for (structure,) in structures]
        if None in records:
            raise ContractBroken(f"{self._where}: a page holds no list of records at {records_path}")
        return records
