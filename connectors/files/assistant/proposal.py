"""Which column becomes which field, with the reason, and what is left for a person.

Belongs here: comparing names and forms, choosing the stream, the rules of each field.
Does not belong here: measuring (profile), known names (vocabulary), ledgers' own
arithmetic (ledger), the text of the mapping (document).

Nothing is guessed where two readings are possible: a date that reads day first and month
first becomes a marked choice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rapidfuzz import fuzz

from connectors.core.schema import Stream
from connectors.files.assistant import ledger
from connectors.files.assistant.profile import Column, Profile, plain_words
from connectors.files.assistant.vocabulary import STREAM_WORDS, Words
from connectors.files.streams import STREAMS

Confidence = Literal["sure", "likely", "unsure"]
Rule = Mapping[str, Any]

LEAST_LIKENESS = 82
_SURE_LIKENESS = 97
_NAME_ORDER_STEP = 0.4
_ODD_STEP = 6
_TITLES = ("activity_title", "micro_credential_name", "account_name", "description")
_FEW_SCORES = 12
_LEAST_WIDE_COLUMNS = 3
_IDS_OF_DIGITS = ("staff_id", "school_id", "rater_id")
_CODE_OF_ELEMENT = re.compile(r"[A-Za-z]{0,3}[0-9]{1,2}(?:[.][0-9]{1,2})?[a-z]?")
_STREAM_MARGIN = 0.08


@dataclass(frozen=True)
class Line:
    """One field and where it comes from."""

    target: str
    rule: Rule
    confidence: Confidence
    reason: str
    source: str
    """What a table shows as the origin: a header, or what the rule does."""


@dataclass(frozen=True)
class Choice:
    """A field that only a person can decide: the readings that are possible, each with its meaning."""

    target: str
    options: tuple[tuple[Rule, str], ...]
    reason: str
    is_required: bool


@dataclass(frozen=True)
class Proposal:
    """A mapping of one file to one stream, as far as it could be told."""

    profile: Profile
    stream: Stream
    lines: tuple[Line, ...]
    choices: tuple[Choice, ...]
    unpivot: Mapping[str, str] = field(default_factory=dict)
    """Header to element code, where a wide export is turned into rows."""
    ignore: tuple[tuple[str, str], ...] = ()
    """Columns left out, and why."""
    kept: tuple[tuple[str, str], ...] = ()
    """Columns that nothing maps and that go to `_extra`, and why."""
    remarks: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()
    """Cells that are read as missing, beside empty ones."""

    @property
    def is_complete(self) -> bool:
        """Whether every required field is mapped, so that the mapping can be used as it is."""
        return not any(choice.is_required for choice in self.choices)

    @property
    def mapped_share(self) -> float:
        """Share of the file's columns with any content whose place was found."""
        filled = [column for column in self.profile.columns if column.filled_share > 0]
        used = {header for line in self.lines for header in headers_of(line.rule)} | set(self.unpivot)
        return sum(column.header in used for column in filled) / len(filled) if filled else 0.0


@dataclass(frozen=True)
class NoProposal:
    """Why no stream is proposed, and how near each came."""

    reason: str
    nearest: tuple[tuple[str, str], ...]
    """Stream, and what it would still need."""


@dataclass(frozen=True)
class _Match:
    column: Column
    target: str
    likeness: float
    name: str


def headers_of(rule: Rule) -> tuple[str, ...]:
    """The file's headers that a rule reads, but for those that only make an id."""
    names = [rule.get("column"), rule.get("debit"), rule.get("credit"), (rule.get("credit_flag") or {}).get("column")]
    return (*(name for name in names if name), *rule.get("concat", ()))


def propose(profile: Profile, stream_name: str | None = None) -> Proposal | NoProposal:
    """The best mapping of the file, to the named stream or to the one it is most like."""
    names = [stream_name] if stream_name else list(STREAM_WORDS)
    scored: list[tuple[float, Proposal]] = []
    lacking: list[tuple[str, str]] = []
    for name in names:
        words = STREAM_WORDS[name]
        matches = _matches(profile, words, _stream(name))
        wide = _wide_scores(profile, matches) if name == "evaluation_scores" else ()
        found = set(matches) | _made_of_others(name, profile) | ({"score", "score wide"} if wide else set())
        if missing := [sorted(each - {"score wide"}) for each in words.signature if not each & found]:
            lacking.append((name, "; ".join(" or ".join(each) for each in missing)))
            if not stream_name or len(missing) == len(words.signature):
                continue
        proposal = _proposal(profile, _stream(name), words, matches, wide)
        scored.append((_worth(proposal, matches, words), proposal))
    scored.sort(key=lambda each: -each[0])
    if not scored:
        return NoProposal("no stream could be told from the columns' names and contents", tuple(lacking))
    if len(scored) > 1 and scored[0][0] - scored[1][0] < _STREAM_MARGIN:
        names = [proposal.stream.name for _, proposal in scored[:2]]
        return NoProposal(
            f"it could be {names[0]} or {names[1]}: say which with --stream",
            tuple((name, "nothing: it fits") for name in names),
        )
    return scored[0][1]


def _stream(name: str) -> Stream:
    return next(stream for stream in STREAMS if stream.name == name)


def _worth(proposal: Proposal, matches: Mapping[str, _Match], words: Words) -> float:
    required = [each.name for each in proposal.stream.fields if each.required]
    mapped = {line.target for line in proposal.lines if line.confidence != "unsure"}
    named = [match for match in matches.values() if match.likeness >= LEAST_LIKENESS]
    own = sum(match.likeness / 100 for match in named) / max(1, len(words.names))
    return 0.5 * sum(name in mapped for name in required) / len(required) + 0.3 * proposal.mapped_share + 0.2 * own


def _made_of_others(name: str, profile: Profile) -> set[str]:
    return {"amount_usd"} if name == "pd_spending" and ledger.amount(profile, None) else set()


def _matches(profile: Profile, words: Words, stream: Stream) -> dict[str, _Match]:
    """The best column of each field, each column once: likest names first, and only where the content fits."""
    candidates = [
        _Match(column, target, likeness, name)
        for column in profile.columns
        if column.filled_share > 0 and column.words not in words.others
        for target, names in words.names.items()
        if _fits(column, target, stream)
        for likeness, name in [max(_likeness(column, target, name, place) for place, name in enumerate(names))]
        if likeness >= LEAST_LIKENESS
    ]
    candidates.sort(key=lambda match: (-match.likeness, match.column.position, match.target))
    taken: dict[str, _Match] = {}
    used: set[str] = set()
    for match in candidates:
        if match.target not in taken and match.column.header not in used:
            taken[match.target] = match
            used.add(match.column.header)
    return taken


def _likeness(column: Column, target: str, name: str, place: int) -> tuple[float, str]:
    """0 to 100; a name further down the list counts a little less, so that the surest wins.

    An id of several words, and a title of one, count less too: `Activity` may be either.
    """
    spaced = column.shapes["spaced"]
    is_odd = (target.endswith("_id") and spaced > 0.5) or (target in _TITLES and spaced < 0.2)
    order = place * _NAME_ORDER_STEP + is_odd * _ODD_STEP
    return fuzz.token_sort_ratio(column.words, plain_words(name)) - order, name


def _fits(column: Column, target: str, stream: Stream) -> bool:
    """Whether the content can be the field's at all. A withheld field takes anything: it is removed."""
    if target in stream.withheld:
        return True
    if target == "email":
        return column.shapes["email"] > 0.5
    kind = stream.field(target).type
    if kind == "date":
        return bool(column.date_formats)
    if kind in ("money", "number"):
        return column.is_amount and not column.date_formats
    if kind == "integer":
        # a year that is none is worth a remark
        return target in ("fiscal_year", "school_year") or column.shapes["integer"] > 0.98
    if column.date_formats or max(column.shapes["email"], column.shapes["ssn"]) > 0.5:
        return False
    return not (target.endswith("_code") and column.is_free_text)


def _proposal(
    profile: Profile, stream: Stream, words: Words, matches: dict[str, _Match], wide: Sequence[Column]
) -> Proposal:
    lines: dict[str, Line] = {}
    choices: dict[str, Choice] = {}
    remarks: list[str] = []
    for target, match in matches.items():
        outcome = _one_column(match, stream)
        if isinstance(outcome, Line):
            lines[target] = outcome
        else:
            choices[target] = outcome
    if stream.name == "pd_spending":
        _ledger_fields(profile, lines, choices, remarks)
    unpivot = _element_codes(wide)
    if wide:
        lines.pop("score", None)
        lines.pop("element_code", None)
        remarks.append(
            f"{len(wide)} columns hold few different numbers each: one per rubric element, turned into rows. Correct "
            "their codes to those of the rubric"
        )
    _derived(profile, stream, lines, choices, bool(unpivot))
    for each in stream.fields:
        if each.required and each.name not in lines and each.name not in choices:
            if unpivot and each.name in ("element_code", "score"):
                continue
            choices[each.name] = _to_be_given(each.name)
    used = {header for line in lines.values() for header in headers_of(line.rule)} | set(unpivot)
    used |= {header for choice in choices.values() for rule, _ in choice.options for header in headers_of(rule)}
    blank = profile.blank
    if not any(each.type == "money" for each in stream.fields) and any(
        profile.by_header[header].shapes.get("dash") for header in used if header in profile.by_header
    ):
        blank = (
            *blank,
            *(dash for dash in "-–—" if any((profile.cells[name] == dash).any() for name in profile.names)),
        )
        remarks.append("a lone dash is taken as missing, not as zero")
    ignore, kept = _others(profile, words, used)
    order = [*(each.name for each in stream.fields), *stream.withheld]
    return Proposal(
        profile,
        stream,
        tuple(lines[name] for name in order if name in lines),
        tuple(choices[name] for name in order if name in choices),
        unpivot,
        ignore,
        kept,
        tuple(remarks),
        blank,
    )


def _one_column(match: _Match, stream: Stream) -> Line | Choice:
    column, target = match.column, match.target
    confidence: Confidence = (
        "sure" if match.likeness >= _SURE_LIKENESS else "likely" if match.likeness >= 90 else "unsure"
    )
    name = match.name
    like = f'"{name}" is a name of this field' if column.words == plain_words(name) else f'reads like "{name}"'
    if target in stream.withheld:
        reason = f"{like}; withheld: removed before anything is written"
        return Line(target, {"column": column.header}, confidence, reason, column.shown)
    kind = stream.field(target).type
    if kind == "date":
        return _date(column, target, confidence, like, stream.field(target).required)
    if kind in ("money", "number"):
        marks = ", with $, brackets or commas" if column.shapes["money marks"] > 0 and column.masks else ""
        rule: dict[str, Any] = {"column": column.header}
        if kind == "number":
            rule["kind"] = "number"
        return Line(target, rule, confidence, f"{like}; every value is an amount{marks}", column.shown)
    if target in ("fiscal_year", "school_year"):
        reason = f"{like}; {column.distinct_count} different years"
        return Line(target, {"column": column.header, "kind": "year"}, confidence, reason, column.shown)
    reason = f"{like}; {_filled(column)}"
    if (target.endswith("_code") or target in _IDS_OF_DIGITS) and len(column.lengths_of_numbers) > 1:
        most = column.lengths_of_numbers[-1]
        reason += f"; numbers of different lengths: if leading zeros were lost, add pad_to: {most}"
        confidence = "likely" if confidence == "sure" else confidence
    return Line(target, {"column": column.header}, confidence, reason, column.shown)


def _filled(column: Column) -> str:
    return f"filled in {column.filled_share:.0%} of the rows, {column.distinct_count:,} different"


_MEANINGS = {"m": "month first", "d": "day first"}


def _date(column: Column, target: str, confidence: Confidence, like: str, is_required: bool) -> Line | Choice:
    formats = column.date_formats
    if len(formats) > 1:
        options = tuple(
            ({"column": column.header, "format": form}, _MEANINGS.get(form.lstrip("%")[:1], "as written"))
            for form in formats
        )
        reason = f"every date of {column.shown!r} reads {len(formats)} ways, since no day above 12 stands in it"
        return Choice(target, options, reason, is_required)
    if formats == ("iso",):
        return Line(target, {"column": column.header}, confidence, f"{like}; dates in ISO form", column.shown)
    rule = {"column": column.header, "format": formats[0]}
    return Line(target, rule, confidence, f"{like}; every value reads as {formats[0]}, and no other way", column.shown)


def _ledger_fields(profile: Profile, lines: dict[str, Line], choices: dict[str, Choice], remarks: list[str]) -> None:
    """What only a ledger has: amounts in two columns, years that are none, lines without an id."""
    stated = lines.get("amount_usd")
    found = ledger.amount(profile, stated.rule["column"] if stated else None)
    if found:
        lines["amount_usd"] = Line("amount_usd", found.rule, found.confidence, found.reason, found.source)
    year = lines.get("fiscal_year")
    posted = lines.get("posted_date")
    judged = ledger.fiscal_year(
        profile, year.rule["column"] if year else None, posted.rule if posted else None, "posted_date" in choices
    )
    if judged is None:
        lines.pop("fiscal_year", None)
    elif judged.rule is not None:
        lines["fiscal_year"] = Line("fiscal_year", judged.rule, judged.confidence, judged.reason, judged.source)
    if judged is not None and judged.remark:
        remarks.append(judged.remark)
    stated_id = lines.get("ledger_line_id")
    line_id = ledger.line_id(profile, stated_id.rule["column"] if stated_id else None)
    lines["ledger_line_id"] = Line("ledger_line_id", line_id.rule, line_id.confidence, line_id.reason, line_id.source)
    if "posted_date" not in lines and "posted_date" not in choices:
        remarks.append("without a date of posting a line belongs to no year: ask for one in the export")


def _wide_scores(profile: Profile, matches: Mapping[str, _Match]) -> tuple[Column, ...]:
    """Columns of a wide evaluation export: few different small numbers, and named like nothing else."""
    if "score" in matches and "element_code" in matches:
        return ()
    named = {match.column.header for target, match in matches.items() if target not in ("score", "element_code")}
    found = tuple(
        column
        for column in profile.columns
        if column.header not in named
        and column.is_amount
        and 0 < column.distinct_count <= _FEW_SCORES
        and column.mean_length <= 4
        and column.shapes["year"] < 0.5
    )
    return found if len(found) >= _LEAST_WIDE_COLUMNS else ()


def _element_codes(wide: Sequence[Column]) -> dict[str, str]:
    """Header to code: what the header begins with where that tells all columns apart (`I06 Questioning`)."""
    first = [column.header.split()[0].rstrip(".:-") for column in wide]
    if len(set(first)) == len(first) and all(_CODE_OF_ELEMENT.fullmatch(word) for word in first):
        return {column.header: code for column, code in zip(wide, first, strict=True)}
    return {column.header: column.header for column in wide}


def _derived(
    profile: Profile, stream: Stream, lines: dict[str, Line], choices: dict[str, Choice], is_wide: bool
) -> None:
    """Fields that can be made of others, where no column holds them."""

    def made(target: str, rule: Rule, reason: str, source: str) -> None:
        if target not in lines and target not in choices:
            lines[target] = Line(target, rule, "likely", reason, source)

    def columns(*targets: str) -> list[str]:
        return [
            lines[target].rule["column"] for target in targets if target in lines and "column" in lines[target].rule
        ]

    person = columns("staff_id")[:1] or columns("email")[:1]
    if stream.name == "evaluation_scores":
        if "observed_date" in lines or "observed_date" in choices:
            made("school_year", {"school_year_of": "observed_date"}, "from the day of the observation", "observed_date")
        parts = [*person, *columns("observed_date", "rater_id")]
        if "observation_id" in lines and is_wide and not profile.by_header[columns("observation_id")[0]].is_key:
            lines.pop("observation_id")
        if person and columns("observed_date"):
            made("observation_id", {"concat": parts}, "no id of observations: person, day and rater", " + ".join(parts))
    if stream.name == "pd_participation":
        if title := columns("activity_title"):
            made("activity_id", {"column": title[0]}, "no id of activities: the title stands for it", title[0])
        if number := columns("activity_id"):
            made("activity_title", {"column": number[0]}, "no title of activities: the id stands for it", number[0])
    if stream.name == "roster" and (school := columns("school_name")):
        made("school_id", {"column": school[0]}, "no id of schools: the name stands for it", school[0])
    if stream.name == "credential_awards":
        if "micro_credential_name" not in lines and (number := columns("micro_credential_id")):
            made("micro_credential_name", {"column": number[0]}, "no title: the id stands for it", number[0])
        parts = [
            *person,
            *(columns("micro_credential_id") or columns("micro_credential_name")),
            *columns("issued_date"),
        ]
        if "award_id" in lines and not profile.by_header[columns("award_id")[0]].is_key:
            lines.pop("award_id")
        if len(parts) == 3:
            made("award_id", {"concat": parts}, "no id of awards: person, micro-credential and day", " + ".join(parts))


_GIVEN = {
    "rubric_version": "no column says under which rubric was scored: name its version, as rubric_versions.csv does",
    "school_year": "no column holds the school year: give the one (the year it ends in) that this export is of",
    "role": "no column holds a role: give one if all are alike",
    "issuer_name": "no column names the issuer: give it if it is one for all",
}
_EXAMPLES = {
    "rubric_version": "my-rubric-2026",
    "school_year": "2026",
    "role": "Teacher",
    "issuer_name": "The issuer's name",
}


def _to_be_given(target: str) -> Choice:
    if target in _GIVEN:
        return Choice(target, (({"constant": _EXAMPLES[target]}, "an example"),), _GIVEN[target], is_required=True)
    reason = "no column was found for it: name one here, or ask for it in the export"
    return Choice(target, (({"column": "..."}, "the header"),), reason, is_required=True)


def _others(
    profile: Profile, words: Words, used: set[str]
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    ignore: list[tuple[str, str]] = []
    kept: list[tuple[str, str]] = []
    for column in profile.columns:
        if column.header in used:
            continue
        if column.filled_share == 0:
            kept.append((column.header, "empty"))
        elif column.looks_personal:
            ignore.append((column.header, "free text" if column.is_free_text else "reads like something personal"))
        elif column.words in words.others:
            kept.append((column.header, words.others[column.words]))
        else:
            kept.append((column.header, "like no field"))
    return tuple(ignore), tuple(kept)
