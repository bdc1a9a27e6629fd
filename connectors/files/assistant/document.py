"""The proposed mapping as text: YAML that a person can read, correct and use.

Belongs here: what stands in the file, its comments, marked choices. Does not belong here:
where it is written (pipelines), what is proposed (proposal).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.files.assistant.proposal import Line, Proposal, Rule

MARK = "CHOOSE"
_WIDTH = 108


def mapping_text(proposal: Proposal, files: str) -> str:
    """The mapping file. files: the pattern of the exports, relative to where the source looks."""
    return "\n".join(_document(proposal, files)) + "\n"


def _document(proposal: Proposal, files: str) -> Iterator[str]:
    dialect = proposal.profile.dialect
    yield "# Proposed from the file's columns: read every line before you rely on it."
    if proposal.choices or not dialect.is_encoding_certain:
        yield f"# What only a person can decide is marked {MARK}; what is required must be filled in before use."
    if not proposal.profile.is_whole:
        yield f"# Looked at: the first {proposal.profile.row_count:,} rows."
    for reason in dialect.reasons:
        yield f"# {reason}"
    for remark in proposal.remarks:
        yield f"# Note: {remark}"
    yield ""
    yield f"stream: {proposal.stream.name}"
    yield f"files: {quoted(files)}"
    yield f"format: {dialect.format}"
    if dialect.format == "csv":
        yield f"encoding: {dialect.encoding}" + ("" if dialect.is_encoding_certain else f"  # {MARK}: likely, not sure")
        yield f"delimiter: {quoted(dialect.delimiter)}"
    if dialect.skip_rows:
        yield f"skip_rows: {dialect.skip_rows}"
    if proposal.blank:
        yield f"blank: {_flow(['', *proposal.blank])}"
    yield "columns:"
    for line in proposal.lines:
        yield f"  # {line.confidence}: {line.reason}"
        text = rule_text(line.rule)
        yield f"  {line.target}:{text if text.startswith(chr(10)) else ' ' + text}"
    for choice in proposal.choices:
        yield f"  # {MARK} {choice.target} ({'required' if choice.is_required else 'optional'}): {choice.reason}"
        for rule, meaning in choice.options:
            yield f"  # {choice.target}: {rule_text(rule)}  # {meaning}"
    if proposal.unpivot:
        yield "unpivot:"
        yield "  columns:"
        for header, code in proposal.unpivot.items():
            yield f"    {quoted(header)}: {quoted(code)}"
        yield "  name_to: element_code"
        yield "  value_to: score"
    if proposal.ignore:
        yield "ignore:  # not kept at all; move a column up to map it"
        for header, reason in proposal.ignore:
            yield f"  - {quoted(header)}  # {reason}"
    if proposal.kept:
        yield "# Mapped to nothing, and kept beside the fields (_extra); list under ignore what must not be kept:"
        for header, reason in proposal.kept:
            yield f"#   {quoted(header)}: {reason}"


def rule_text(rule: Rule) -> str:
    """A rule as it stands in a mapping: a header alone, or one line of flow style."""
    if set(rule) == {"column"}:
        return quoted(rule["column"])
    text = _flow(rule)
    if len(text) <= _WIDTH:
        return text
    # a long list of columns, one line each
    (key, values), *rest = rule.items()
    return "\n".join(
        ["", f"    {key}:", *(f"      - {quoted(value)}" for value in values)]
        + [f"    {other}: {_flow(value)}" for other, value in rest]
    )


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, str):
        return value if value.isidentifier() and value.lower() not in _WORDS else quoted(value)
    if isinstance(value, Sequence):
        return "[" + ", ".join(quoted(str(each)) for each in value) + "]"
    return quoted(str(value))


_WORDS = {"y", "n", "yes", "no", "true", "false", "on", "off", "null"}


def quoted(text: str) -> str:
    """A text as a double-quoted scalar, whatever it holds."""
    return json.dumps(text, ensure_ascii=False)


def line_json(line: Line) -> dict[str, Any]:
    return {
        "field": line.target,
        "rule": dict(line.rule),
        "from": line.source,
        "confidence": line.confidence,
        "reason": line.reason,
    }
