"""Raw columns of a file turned into the stream's fields, batch by batch, as a mapping says.

Belongs here: what each rule does to a frame of text. Does not belong here: the
mapping's format (mapping), reading (csv_file, workbook), typing (landing).

Whatever does not parse stays as it stood, so that landing rejects the record with its
reason. Nothing becomes null but what the mapping declares blank.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import polars as pl

from connectors.core.schema import FieldType, Stream
from connectors.files.amounts import debit_minus_credit, flagged_amount, money_text, number_text, padded, year_text
from connectors.files.dates import date_of_file, date_text, school_year_text
from connectors.files.headers import Header, tidy
from connectors.files.mapping import Mapping, NamedMapping, Rule

_WIDE = "\x00"
"""Before an element code while its column still stands wide: no header holds it."""
_MADE = "\x01"
"""Before a field whose values are made before the others: no header holds it."""


@dataclass(frozen=True)
class Shaped:
    """A batch in the stream's words, and how many rows held nothing at all."""

    frame: pl.DataFrame
    blank_rows: int


class Shaper:
    """One mapping applied to the columns of one file. Raises ContractBroken where they do not fit."""

    def __init__(self, named: NamedMapping, header: Header, file_name: str, school_year_start: tuple[int, int]) -> None:
        self._mapping: Mapping = named.mapping
        self._stream: Stream = named.mapping.declared_stream
        self._types: dict[str, FieldType] = {field.name: field.type for field in self._stream.fields}
        self._school_year_start = school_year_start
        self._columns = header.locate(named.mapping.wanted_headers, file_name, named.name)
        self._file_dates = {
            rule.from_file_name: date_of_file(file_name, rule.from_file_name)
            for rule in named.mapping.columns.values()
            if rule.from_file_name is not None
        }
        self.notes: list[str] = []
        self._seen = pl.DataFrame(schema={"fingerprint": pl.UInt64, "count": pl.UInt32})
        self._others = self._name_others(header, file_name)

    @property
    def rows_per_row(self) -> int:
        """How many rows one row of the file becomes."""
        return len(self._mapping.unpivot.columns) if self._mapping.unpivot else 1

    def shape(self, raw: pl.DataFrame) -> Shaped:
        """raw: text columns under the header's unique names."""
        cleaned = raw.with_columns(_cleaned(pl.all(), ["", *self._mapping.blank]))
        filled = cleaned.filter(pl.any_horizontal(pl.all().is_not_null()))
        blank_rows = raw.height - filled.height
        rules = self._mapping.columns
        for target, rule in rules.items():
            if rule.fingerprint_of:
                cells = filled.select(self._column(header) for header in dict.fromkeys(rule.fingerprint_of))
                filled = filled.with_columns(self._fingerprints(cells).alias(_MADE + target))
        later = {target: rule for target, rule in rules.items() if rule.school_year_of is not None}
        fields = [
            (
                pl.col(_MADE + target) if rule.fingerprint_of else self._value(rule, self._types.get(target, "text"))
            ).alias(target)
            for target, rule in rules.items()
            if target not in later
        ]
        unpivot = self._mapping.unpivot
        wide = (
            [pl.col(self._columns[header]).alias(_WIDE + code) for header, code in unpivot.columns.items()]
            if unpivot
            else []
        )
        shaped = filled.select(*fields, *wide, *(pl.col(name).alias(new) for name, new in self._others.items()))
        shaped = shaped.with_columns(
            school_year_text(pl.col(str(rule.school_year_of)), *self._school_year_start).alias(target)
            for target, rule in later.items()
        )
        if unpivot:
            codes = [_WIDE + code for code in unpivot.columns.values()]
            shaped = shaped.unpivot(
                on=codes,
                index=[name for name in shaped.columns if name not in codes],
                variable_name=unpivot.name_to,
                value_name=unpivot.value_to,
            ).with_columns(pl.col(unpivot.name_to).str.strip_prefix(_WIDE))
        return Shaped(shaped, blank_rows)

    def _fingerprints(self, cells: pl.DataFrame) -> pl.Series:
        """An id per row from its content; equal rows of the file are numbered: `…`, `…#2`, `…#3`.

        So a row keeps its id wherever it stands, in a copy of the file too, and of two equal
        purchases none is lost.
        """
        texts = cells.select(pl.concat_str(pl.all().fill_null(""), separator=_WIDE)).to_series()
        digests = [hashlib.blake2b(text.encode(), digest_size=10).hexdigest() for text in texts]
        rows = pl.DataFrame(
            {"id": digests, "fingerprint": [int(digest[:16], 16) for digest in digests]},
            schema={"id": pl.String, "fingerprint": pl.UInt64},
        ).with_columns(pl.lit(1, pl.UInt32).alias("number"))
        if rows["fingerprint"].n_unique() < rows.height:
            rows = rows.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("fingerprint").alias("number"))
        numbered = rows.join(self._seen, on="fingerprint", how="left", maintain_order="left").with_columns(
            pl.col("number") + pl.col("count").fill_null(0)
        )
        new = rows.group_by("fingerprint").len("count")
        self._seen = pl.concat([self._seen, new]).group_by("fingerprint").sum()
        return numbered.select(
            pl.when(pl.col("number") == 1).then("id").otherwise(pl.col("id") + "#" + pl.col("number").cast(pl.String))
        ).to_series()

    def _value(self, rule: Rule, kind: FieldType) -> pl.Expr:
        if rule.constant is not None:
            return pl.lit(rule.constant)
        if rule.from_file_name is not None:
            return pl.lit(self._file_dates[rule.from_file_name])
        if rule.concat:
            return pl.concat_str([self._column(header) for header in rule.concat], separator=rule.separator)
        if rule.debit is not None and rule.credit is not None:
            return debit_minus_credit(self._column(rule.debit), self._column(rule.credit))
        value = self._column(str(rule.column))
        if rule.values:
            value = value.replace(rule.values)
        if rule.pad_to:
            value = padded(value, rule.pad_to)
        if rule.credit_flag:
            flag = rule.credit_flag
            return flagged_amount(value, self._column(flag.column), flag.credit, flag.debit)
        if rule.kind == "year":
            return year_text(value, rule.century_pivot)
        if rule.kind == "number" and kind != "money":
            return number_text(value)
        if kind == "money" or rule.kind == "money":
            return money_text(value)
        if kind == "date":
            return date_text(value, rule.format, rule.century_pivot)
        if kind == "boolean" and rule.true:
            return value.replace(dict.fromkeys(rule.true, "true") | dict.fromkeys(rule.false, "false"))
        return value

    def _column(self, header: str) -> pl.Expr:
        return pl.col(self._columns[header])

    def _name_others(self, header: Header, file_name: str) -> dict[str, str]:
        """Columns that nothing maps, with the name they travel under.

        A header that reads like a withheld field bears that field's name, so that the sink
        removes it. One that reads like a field which is not mapped is not taken for it.
        """
        mapped = {self._columns[name] for name in self._mapping.kept_headers}
        ignored = {tidy(name) for name in self._mapping.ignore}
        unpivot = self._mapping.unpivot
        targets = {*self._mapping.columns, *((unpivot.name_to, unpivot.value_to) if unpivot else ())}
        others: dict[str, str] = {}
        for name in header.names:
            bare = re.sub(r"__\d+$", "", name)
            if name in mapped or name in ignored or (bare in ignored and bare in header.repeated):
                continue
            as_field = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
            new = name
            if as_field in self._stream.withheld:
                if as_field in targets or as_field in others.values():
                    self.notes.append(f"{file_name}: column {name!r} repeats the withheld {as_field} and was left out")
                    continue
                new = as_field
            while new in self._types or new in targets or new in others.values():
                new += " (file)"
            others[name] = new
        return others


def _cleaned(text: pl.Expr, blank: list[str]) -> pl.Expr:
    bare = text.str.replace_all("\u00a0", " ", literal=True).str.strip_chars()
    return pl.when(~bare.is_in(blank)).then(bare)
