"""Dates in a declared format, read in bulk or from a file's name, and the school year they fall in.

Belongs here: formats and how they are read. Does not belong here: which column holds
a date (mapping). A date without a declared format is never guessed: `02/03/2024` stays
as it is and landing rejects it.
"""

from __future__ import annotations

import re
from datetime import date, datetime

import polars as pl

from connectors.core.errors import ContractBroken

_ISO = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?$"
_DIRECTIVES = set("YymdbBjHIMSpaA%")
_TIME_DIRECTIVES = set("HIMSp")
_EARLIEST_YEAR = 1000


def format_fault(formats: tuple[str, ...]) -> str | None:
    """What is wrong with declared formats, as a sentence; None where nothing is."""
    for text in formats:
        directives = set(re.findall(r"%(.)", text))
        if unknown := sorted(directives - _DIRECTIVES):
            return f"the format {text!r} uses %{unknown[0]}, which is not one of %{' %'.join(sorted(_DIRECTIVES))}"
        has_day = "j" in directives or ("d" in directives and directives & set("mbB"))
        if not directives & set("Yy") or not has_day:
            return f"the format {text!r} does not name year, month and day"
    probe = date(2001, 2, 3)
    for one in formats:
        for other in formats:
            if _reads(probe.strftime(one), other) not in (None, probe):
                return f"the formats {one!r} and {other!r} read the same text as different dates: declare one of them"
    return None


def _reads(text: str, format: str) -> date | None:
    try:
        return datetime.strptime(text, format).date()  # noqa: DTZ007 - a calendar date has no zone
    except ValueError:
        return None


def date_of_file(name: str, format: str) -> str:
    """The ISO date that a file's own name holds. Raises ContractBroken where it does not fit the format."""
    bare = name.rpartition("/")[2]
    read = _reads(bare, format)
    if read is None:
        raise ContractBroken(
            f"{name}: the mapping reads the date of the file from a name like {format!r}, which this is not. "
            "Rename the file, or correct from_file_name"
        )
    return read.isoformat()


def date_text(text: pl.Expr, formats: tuple[str, ...], century_pivot: int) -> pl.Expr:
    """The ISO date of text in one of the formats, or in ISO; every other text stays.

    A time of day is cut off. With `%y`, two digits from the pivot on are 19xx, below it
    20xx. `%Y` wants four digits: `3/6/19` under `%m/%d/%Y` is no date.
    """
    readings = [text.str.extract(_ISO, 1)]
    for format in formats:
        directives = set(re.findall(r"%(.)", format))
        if directives & _TIME_DIRECTIVES:
            read = text.str.strptime(pl.Datetime("us"), format, strict=False).dt.date()
        else:
            read = text.str.strptime(pl.Date, format, strict=False)
        if "y" in directives:
            two_digits = read.dt.year() % 100
            century = pl.when(two_digits >= century_pivot).then(1900).otherwise(2000)
            read = pl.date(century + two_digits, read.dt.month(), read.dt.day())
        else:
            read = pl.when(read.dt.year() >= _EARLIEST_YEAR).then(read)
        readings.append(read.dt.to_string("%Y-%m-%d"))
    return pl.coalesce(*readings, text)


def school_year_text(iso_date: pl.Expr, start_month: int, start_day: int) -> pl.Expr:
    """The spring year of the school year that an ISO date falls in; null for other text."""
    day = iso_date.str.strptime(pl.Date, "%Y-%m-%d", strict=False)
    has_begun = (day.dt.month() > start_month) | ((day.dt.month() == start_month) & (day.dt.day() >= start_day))
    # a school year that is the calendar year bears its own number
    is_calendar_year = (start_month, start_day) == (1, 1)
    later = pl.lit(0) if is_calendar_year else has_begun.cast(pl.Int32)
    return (day.dt.year() + later).cast(pl.String)
