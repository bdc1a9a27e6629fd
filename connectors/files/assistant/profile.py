"""What each column of an unknown export holds, in shares and forms, never in values.

Belongs here: reading the first rows as text and measuring each column. Does not belong
here: what a column means (vocabulary, proposal).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from connectors.files.amounts import as_amount, year_text
from connectors.files.assistant.dialect import Dialect, find_dialect
from connectors.files.csv_file import CsvFile
from connectors.files.dates import date_text
from connectors.files.headers import looks_like_data, tidy
from connectors.files.workbook import Workbook

MOST_ROWS = 200_000
_CENTURY_PIVOT = 70
_FIRST_YEAR, _LAST_YEAR = 1930, 2100
_MONTH_OR_DAY_FIRST = ("%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y")
_DATE_FORMATS = (
    *_MONTH_OR_DAY_FIRST,
    *(form.replace("/", "-") for form in _MONTH_OR_DAY_FIRST),
    *(form.replace("/", ".") for form in _MONTH_OR_DAY_FIRST),
    "%Y/%m/%d",
    "%Y%m%d",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d %b %Y",
)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_ISO_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
_SHAPES = {
    "email": r"^(?i)(mailto:)?[^@\s]+@[^@\s]+\.[^@\s]+$",
    "ssn": r"^[0-9]{3}-[0-9]{2}-[0-9]{4}$",
    "phone": r"^(\+?1[ .-]?)?\(?[0-9]{3}\)?[ .-][0-9]{3}[ .-][0-9]{4}$",
    "integer": r"^[0-9]+$",
    "letters": r"\p{L}",
    "spaced": r"\S\s+\S",
    "dash": r"^[-–—]$",
}
_FREE_TEXT_LENGTH = 40
_MISSING = ("NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "-", "--")
_SHORT_FORMS = {
    "acct": "account",
    "amt": "amount",
    "desc": "description",
    "dt": "date",
    "emp": "employee",
    "empid": "employee id",
    "exp": "experience",
    "func": "function",
    "fy": "fiscal year",
    "hrs": "hours",
    "loc": "location",
    "no": "number",
    "num": "number",
    "obj": "object",
    "obs": "observation",
    "prog": "program",
    "sch": "school",
    "sy": "school year",
    "trans": "transaction",
    "txn": "transaction",
    "yrs": "years",
    "#": "number",
}
_PERSONAL_WORDS = re.compile(
    r"^name$|\b(first|last|middle|full|legal|preferred|maiden|employee|staff|teacher|educator|observer|evaluator|rater|"
    r"recipient|earner|participant|vendor|supplier|payee) name\b|"
    r"\b(ssn|social security|dob|birth|birthdate|phone|address|street|e ?mail|comments?|notes?|reflection|narrative|"
    r"gender|race|ethnicity|salary|bank|feedback|received from)\b"
)


def plain_words(header: str) -> str:
    """A header as it is compared: `PostedDate`, `Posted_Date` and `POSTED DT` are `posted date`."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", tidy(header))
    words = re.sub(r"[^a-z0-9#]+", " ", split.lower()).split()
    return " ".join(_SHORT_FORMS.get(word, word) for word in words)


@dataclass(frozen=True)
class Column:
    """One column, measured over its filled cells.

    header: as a mapping names it. filled_share, distinct_share: 0 to 1. shapes: share of
    filled cells of each form. date_formats: those that read every filled cell; empty where it
    holds no dates; `iso` where no format is needed. masks: the commonest forms, no values.
    """

    header: str
    name: str
    position: int
    filled_share: float
    distinct_count: int
    distinct_share: float
    shapes: Mapping[str, float]
    date_formats: tuple[str, ...]
    mean_length: float
    lengths_of_numbers: tuple[int, ...]
    masks: tuple[str, ...]

    @property
    def words(self) -> str:
        return plain_words(re.sub(r"__\d+$", "", self.header))

    @property
    def is_amount(self) -> bool:
        return self.shapes.get("amount", 0) >= 0.98

    @property
    def is_key(self) -> bool:
        """Filled in every row, and never the same."""
        return self.filled_share == 1 and self.distinct_share == 1

    @property
    def is_free_text(self) -> bool:
        return self.mean_length >= _FREE_TEXT_LENGTH and self.shapes.get("letters", 0) > 0.9

    @property
    def looks_personal(self) -> bool:
        shapes = self.shapes
        return (
            self.is_free_text
            or max(shapes.get("email", 0), shapes.get("ssn", 0), shapes.get("phone", 0)) > 0.3
            or _PERSONAL_WORDS.search(self.words) is not None
        )

    @property
    def shown(self) -> str:
        """The header, unless it may be a value."""
        return f"(column {self.position})" if looks_like_data(self.header) else self.header


@dataclass(frozen=True)
class Profile:
    """A file's form and its columns; `cells` holds the rows looked at, cleaned, under the columns' names."""

    path: Path
    dialect: Dialect
    columns: tuple[Column, ...]
    cells: pl.DataFrame
    is_whole: bool
    blank: tuple[str, ...] = ()
    """Cells that stand for a missing value, beside empty ones."""

    @property
    def names(self) -> list[str]:
        return self.cells.columns

    @property
    def row_count(self) -> int:
        return self.cells.height

    @cached_property
    def by_header(self) -> dict[str, Column]:
        return {column.header: column for column in self.columns}

    def values(self, column: Column) -> pl.Series:
        return self.cells[column.name]


def profile(path: Path) -> Profile:
    """Look at the first rows of a file. Raises ContractBroken where it is no table that can be read."""
    dialect = find_dialect(path)
    content: CsvFile | Workbook = (
        Workbook(path, path.name, None, dialect.skip_rows)
        if dialect.format == "xlsx"
        else CsvFile(path, path.name, dialect.encoding, dialect.delimiter, dialect.skip_rows)
    )
    header = content.open()
    frames: list[pl.DataFrame] = []
    rows, is_whole = 0, True
    for frame in content.batches():
        frames.append(frame)
        rows += frame.height
        if rows >= MOST_ROWS:
            is_whole = False
            break
    text = pl.concat(frames) if frames else pl.DataFrame(schema=dict.fromkeys(header.names, pl.String))
    bare = text.head(MOST_ROWS).with_columns(
        pl.all().cast(pl.String).str.replace_all("\u00a0", " ", literal=True).str.strip_chars()
    )
    cells = bare.with_columns(pl.when(pl.all() != "").then(pl.all())).filter(pl.any_horizontal(pl.all().is_not_null()))
    blank = _stand_for_missing(cells)
    cells = cells.with_columns(pl.when(~pl.all().is_in(blank)).then(pl.all()))
    columns = tuple(
        _measured(cells[name], f"{name}__1" if name in header.repeated else name, position)
        for position, name in enumerate(header.names, start=1)
    )
    return Profile(path, dialect, columns, cells, is_whole, blank)


def _stand_for_missing(cells: pl.DataFrame) -> tuple[str, ...]:
    """Which of the usual words for `nothing` the file uses. A dash among amounts is an accounting zero, not one."""
    found: list[str] = []
    for word in _MISSING:
        holding = [name for name in cells.columns if (cells[name] == word).any()]
        if holding and not (word.startswith("-") and any(_is_of_amounts(cells[name]) for name in holding)):
            found.append(word)
    return tuple(found)


def _is_of_amounts(values: pl.Series) -> bool:
    others = values.filter(~values.str.contains(r"^-+$")).drop_nulls()
    frame = pl.DataFrame({"text": others})
    return others.len() > 0 and _share(frame.select(as_amount(pl.col("text")).is_not_null()).to_series()) > 0.9


def _measured(values: pl.Series, header: str, position: int) -> Column:
    filled = values.drop_nulls()
    distinct = filled.unique()
    count = filled.len()
    shapes: dict[str, float] = {}
    if count:
        shapes = {form: _share(filled.str.contains(pattern)) for form, pattern in _SHAPES.items()}
        frame = pl.DataFrame({"text": filled})
        years = frame.select(year_text(pl.col("text"), _CENTURY_PIVOT)).to_series()
        in_range = years.str.extract(r"^([0-9]{4})$", 1).cast(pl.Int32).is_between(1990, 2060)
        shapes["year"] = _share(in_range.fill_null(value=False))
        shapes["amount"] = _share(frame.select(as_amount(pl.col("text")).is_not_null()).to_series())
        shapes["money marks"] = _share(filled.str.contains(r"[$(.,]"))
    numbers = filled.filter(filled.str.contains(r"^[0-9]+$"))
    return Column(
        header=header,
        name=values.name,
        position=position,
        filled_share=count / values.len() if values.len() else 0.0,
        distinct_count=distinct.len(),
        distinct_share=distinct.len() / count if count else 0.0,
        shapes=shapes,
        date_formats=_date_formats(distinct) if count else (),
        mean_length=float(filled.str.len_chars().mean() or 0),  # type: ignore[arg-type]
        lengths_of_numbers=tuple(sorted(numbers.str.len_chars().unique().to_list())),
        masks=_masks(filled),
    )


def _share(holds: pl.Series) -> float:
    return float(holds.sum()) / holds.len()


def _date_formats(distinct: pl.Series) -> tuple[str, ...]:
    """Formats that read every one of the values as a date of a plausible year."""
    # where hardly any value has the look of one, no format is tried
    if not distinct.head(50).str.contains(r"^[0-9A-Za-z]{1,9}[-/. ][0-9A-Za-z]{1,9},?[-/. ]|^(19|20)[0-9]{6}$").all():
        return ()
    found = ["iso"] if _reads(distinct, ()) else []
    if found:
        return tuple(found)
    times = _TIMES[1:] if distinct.head(1).str.contains(":").item() else _TIMES[:1]
    for form in _DATE_FORMATS:
        for time in times:
            if _reads(distinct, (form + time,)):
                found.append(form + time)
                break
    return tuple(found)


def _reads(distinct: pl.Series, formats: tuple[str, ...]) -> bool:
    for part in (distinct.head(20), distinct):
        dates = pl.DataFrame({"text": part}).select(date_text(pl.col("text"), formats, _CENTURY_PIVOT)).to_series()
        years = dates.filter(dates.str.contains(_ISO_DATE + "$")).str.slice(0, 4).cast(pl.Int32)
        if years.len() < part.len() or not years.is_between(_FIRST_YEAR, _LAST_YEAR).all():
            return False
    return True


def _masks(filled: pl.Series) -> tuple[str, ...]:
    masked = (
        filled.head(5000)
        .str.slice(0, 24)
        .str.replace_all(r"[0-9]", "9")
        .str.replace_all(r"\p{L}{4,}", "aaa…")
        .str.replace_all(r"\p{L}", "a")
    )
    common = masked.value_counts(sort=True).head(2) if masked.len() else None
    return tuple(common[masked.name].to_list()) if common is not None else ()
