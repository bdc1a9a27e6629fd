"""The declared column mapping: which file columns become which fields, and how.

Belongs here: the mapping file's format, and every fault that shows before a file is
opened. Does not belong here: reading files (csv_file, workbook), doing what a rule
says (shaping). The reference with examples is the README beside this file.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from connectors.core.documents import RefusesRepeatedKeys, did_you_mean, faults_of, nearest
from connectors.core.errors import ConfigurationError
from connectors.core.schema import Stream
from connectors.files.dates import format_fault
from connectors.files.headers import tidy
from connectors.files.streams import STREAMS

Texts = Annotated[tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)]

_SOURCES = ("column", "debit", "constant", "school_year_of", "concat", "fingerprint_of", "from_file_name")
_GOES_WITH: dict[str, frozenset[str]] = {
    "column": frozenset({"format", "century_pivot", "kind", "credit_flag", "pad_to", "true", "false", "values"}),
    "debit": frozenset({"credit"}),
    "constant": frozenset(),
    "school_year_of": frozenset(),
    "concat": frozenset({"separator"}),
    "fingerprint_of": frozenset(),
    "from_file_name": frozenset(),
}


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CreditFlag(_Declared):
    """The column that tells credits from debits, and its values."""

    column: str
    credit: Texts
    debit: Texts = ()


class Rule(_Declared):
    """How one field is made.

    Exactly one of column, debit/credit, constant, school_year_of, concat, fingerprint_of, from_file_name.
    """

    column: str | None = None
    format: Texts = ()
    century_pivot: int = Field(default=70, ge=1, le=100)
    kind: Literal["money", "number", "year"] | None = None
    debit: str | None = None
    credit: str | None = None
    credit_flag: CreditFlag | None = None
    pad_to: int | None = Field(default=None, ge=1, le=100)
    constant: str | None = None
    school_year_of: str | None = None
    concat: Texts = ()
    separator: str = "/"
    fingerprint_of: Texts = ()
    from_file_name: str | None = None
    true: Texts = ()
    false: Texts = ()
    values: dict[str, str] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """The file headers this rule reads."""
        flag = self.credit_flag.column if self.credit_flag else None
        return tuple(
            name
            for name in (self.column, self.debit, self.credit, flag, *self.concat, *self.fingerprint_of)
            if name is not None
        )


class Unpivot(_Declared):
    """Wide columns turned into rows: header to code, and the two fields that take them."""

    columns: dict[str, str] = Field(min_length=1)
    name_to: str
    value_to: str


def _rule(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


class Mapping(_Declared):
    """One mapping file."""

    stream: str
    files: str
    format: Literal["csv", "xlsx"] = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str | None = None
    skip_rows: int = Field(default=0, ge=0)
    columns: dict[str, Annotated[Rule, BeforeValidator(_rule)]] = Field(min_length=1)
    unpivot: Unpivot | None = None
    blank: Texts = ("",)
    ignore: Texts = ()

    @property
    def declared_stream(self) -> Stream:
        return next(stream for stream in STREAMS if stream.name == self.stream)

    @property
    def wanted_headers(self) -> dict[str, str]:
        """Every header that must be in the file, with the field it is for."""
        wanted = {header: target for target, rule in self.columns.items() for header in rule.columns}
        if self.unpivot:
            wanted |= dict.fromkeys(self.unpivot.columns, self.unpivot.value_to)
        return wanted

    @property
    def kept_headers(self) -> set[str]:
        """Headers whose values come out in a field; of those that only make a fingerprint nothing does."""
        rules = [rule.model_copy(update={"fingerprint_of": ()}) for rule in self.columns.values()]
        return {header for rule in rules for header in rule.columns} | set(self.unpivot.columns if self.unpivot else ())

    @property
    def fingerprint(self) -> str:
        """Changes when the mapping changes, so that its files are read again."""
        return hashlib.sha256(json.dumps(self.model_dump(), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class NamedMapping:
    """A mapping and the name of its file, for messages."""

    name: str
    mapping: Mapping


def load_mappings(paths: list[Path], base_folder: Path) -> tuple[NamedMapping, ...]:
    """Read and check every mapping file. Raises ConfigurationError with all faults of all files."""
    loaded: list[NamedMapping] = []
    faults: list[str] = []
    for path in paths:
        name = path.relative_to(base_folder).as_posix() if path.is_relative_to(base_folder) else path.name
        try:
            loaded.append(NamedMapping(name, parse_mapping(path.read_bytes())))
        except MappingFaults as found:
            faults += [f"{name}: {fault}" for fault in found.faults]
        except OSError as fault:
            faults.append(f"{name}: can't be read ({fault.strerror})")
    if faults:
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise ConfigurationError(f"the column mappings have {count}:\n" + "\n".join(f"  {fault}" for fault in faults))
    return tuple(loaded)


class MappingFaults(Exception):
    """Everything that is wrong with one mapping file."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


def parse_mapping(text: bytes) -> Mapping:
    """One mapping from YAML. Raises MappingFaults."""
    try:
        content = yaml.load(text, _TextLoader)  # noqa: S506 - builds text, lists and mappings only
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "unknown place"
        raise MappingFaults([f"not YAML at {place}: {fault.problem}"]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise MappingFaults([f"not YAML: {type(fault).__name__}; is it UTF-8 text?"]) from None
    if not isinstance(content, dict):
        raise MappingFaults(["holds no mapping: it should begin with `stream:` and `files:`"])
    try:
        mapping = Mapping.model_validate(content)
    except ValidationError as invalid:
        raise MappingFaults(faults_of(invalid, Mapping)) from None
    if faults := list(_faults(mapping)):
        raise MappingFaults(faults)
    return mapping


class _TextLoader(RefusesRepeatedKeys, yaml.BaseLoader):
    """Every scalar stays text: `007`, `Y`, `2024-03-01`."""


def _faults(mapping: Mapping) -> Iterator[str]:
    names = [stream.name for stream in STREAMS]
    if mapping.stream not in names:
        yield f"unknown stream {mapping.stream!r}.{nearest(mapping.stream, names)}"
        return
    yield from _format_faults(mapping)
    stream = mapping.declared_stream
    fields = {field.name: field for field in stream.fields}
    targets = [*fields, *stream.withheld]
    unpivoted = (mapping.unpivot.name_to, mapping.unpivot.value_to) if mapping.unpivot else ()
    for target in [*mapping.columns, *unpivoted]:
        if target not in targets:
            yield f"stream {stream.name} has no field {target!r}.{did_you_mean(target, targets)}"
    for target in unpivoted:
        if target in mapping.columns:
            yield f"unpivot fills {target}, which stands in columns too"
    if mapping.unpivot:
        codes = list(mapping.unpivot.columns.values())
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            yield f"unpivot turns {codes.count(code)} columns into {code!r}"
        if len(set(unpivoted)) < 2:
            yield "unpivot needs two different fields in name_to and value_to"
    for field in stream.fields:
        if field.required and field.name not in mapping.columns and field.name not in unpivoted:
            yield f"{field.name} is required by stream {stream.name} and not mapped"
    for target, rule in mapping.columns.items():
        kind = fields[target].type if target in fields else "text"
        for fault in _rule_faults(rule, kind, mapping):
            yield f"columns.{target}: {fault}"
    kept = {tidy(header) for header in mapping.kept_headers}
    for header in mapping.ignore:
        if tidy(header) in kept:
            yield f"the column {header!r} is both mapped and in ignore"


def _format_faults(mapping: Mapping) -> Iterator[str]:
    try:
        if not codecs.lookup(mapping.encoding)._is_text_encoding:
            yield f"encoding {mapping.encoding!r} is not a text encoding"
    except LookupError:
        yield f"unknown encoding {mapping.encoding!r}. Common ones: utf-8, cp1252, latin-1, mac-roman, utf-16"
    if len(mapping.delimiter) != 1 or mapping.delimiter in '"\r\n' or not mapping.delimiter.isascii():
        yield f'delimiter {mapping.delimiter!r} is not one plain character such as "," or ";" or "\\t"'
    given = mapping.model_fields_set
    foreign = {"csv": ("sheet",), "xlsx": ("encoding", "delimiter")}[mapping.format]
    for key in foreign:
        if key in given:
            yield f"{key} has no meaning where format is {mapping.format}"


def _rule_faults(rule: Rule, kind: str, mapping: Mapping) -> Iterator[str]:
    given = rule.model_fields_set
    sources = [name for name in _SOURCES if name in given] or (["debit"] if "credit" in given else [])
    if len(sources) != 1:
        what = f"names {' and '.join(sources)}" if sources else "says not where the value comes from"
        yield (
            f"the rule {what}: give exactly one of column, debit with credit, constant, school_year_of, concat,"
            " fingerprint_of, from_file_name"
        )
        return
    source = sources[0]
    for key in sorted(given - {source} - _GOES_WITH[source]):
        yield f"{key} does not go with {source}"
    if source == "debit" and (rule.debit is None or rule.credit is None):
        yield "debit and credit come as a pair"
    if source == "debit" and kind not in ("money", "number"):
        yield f"debit and credit make an amount, and the field is {kind}"
    if rule.format and kind != "date":
        yield f"format is for dates, and the field is {kind}"
    elif rule.format and (fault := format_fault(rule.format)):
        yield fault
    if rule.from_file_name is not None and kind != "date":
        yield f"from_file_name gives a date, and the field is {kind}"
    elif rule.from_file_name is not None and (fault := format_fault((rule.from_file_name,))):
        yield fault
    if rule.fingerprint_of and kind != "text":
        yield f"fingerprint_of makes an id, and the field is {kind}"
    if rule.credit_flag and kind not in ("money", "number"):
        yield f"credit_flag makes an amount, and the field is {kind}"
    allowed = {"money": ("money", "number"), "number": ("number", "integer"), "year": ("integer", "text")}
    if rule.kind and kind not in allowed[rule.kind]:
        yield f"kind {rule.kind} does not fit a field that is {kind}"
    if rule.pad_to and kind != "text":
        yield f"pad_to is for codes, and the field is {kind}"
    if (rule.true or rule.false) and kind != "boolean":
        yield f"true and false are for yes or no, and the field is {kind}"
    elif bool(rule.true) != bool(rule.false):
        yield "true and false come as a pair"
    elif both := sorted(set(rule.true) & set(rule.false)):
        yield f"{both[0]!r} is both true and false"
    if "century_pivot" in given and not rule.format and rule.kind != "year":
        yield "century_pivot goes with format or kind: year"
    if rule.school_year_of is not None:
        dates = [
            field.name
            for field in mapping.declared_stream.fields
            if field.type == "date" and field.name in mapping.columns
        ]
        if rule.school_year_of not in dates:
            yield (
                f"school_year_of names {rule.school_year_of!r}, which is not a mapped date of this stream"
                f" ({', '.join(dates) or 'none is mapped'})"
            )
