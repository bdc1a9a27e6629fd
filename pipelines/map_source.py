"""`expertise sources map FILE`: a mapping proposed for an unknown export, written for a person to correct.

Belongs here: which source it is for, where the proposal is written, what is told. Does not
belong here: the proposing (connectors.files.assistant).

A mapping that still needs a person is written beside its name as a draft (`….yml.draft`),
which no source reads, so that a half-finished one stops no run.
"""

from __future__ import annotations

import functools
import glob
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from connectors.core.documents import nearest
from connectors.core.errors import ConfigurationError
from connectors.files.assistant.document import line_json, mapping_text
from connectors.files.assistant.profile import Profile, profile
from connectors.files.assistant.proposal import NoProposal, Proposal, propose
from connectors.files.assistant.vocabulary import STREAM_WORDS
from connectors.files.client import FilesOptions
from connectors.files.headers import looks_like_data
from connectors.files.mapping import MappingFaults, parse_mapping
from pipelines.settings import Settings

DRAFT = ".draft"
_ALIASES = {"staff": "roster"}


@dataclass(frozen=True)
class Mapped:
    """What was proposed, where it was written (None: nothing was), and the source it is for."""

    profile: Profile
    proposal: Proposal | NoProposal
    path: Path | None
    source: str | None

    @property
    def next_command(self) -> str:
        if not isinstance(self.proposal, Proposal) or self.path is None:
            return f"expertise sources map {shlex.quote(str(self.profile.path))} --stream STREAM"
        check = f"expertise sources check {self.source or 'SOURCE'}"
        if self.proposal.is_complete:
            return check
        filled_in = self.path.with_name(self.path.name.removesuffix(DRAFT))
        return f"mv {shlex.quote(str(self.path))} {shlex.quote(str(filled_in))} && {check}"

    def to_json(self) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "file": self.profile.path.name,
            "rows_looked_at": self.profile.row_count,
            "written": str(self.path) if self.path else None,
            "source": self.source,
            "next": self.next_command,
        }
        if isinstance(self.proposal, NoProposal):
            return answer | {"stream": None, "reason": self.proposal.reason, "nearest": dict(self.proposal.nearest)}
        return answer | {
            "stream": self.proposal.stream.name,
            "is_complete": self.proposal.is_complete,
            "mapped_share": round(self.proposal.mapped_share, 3),
            "fields": [line_json(line) for line in self.proposal.lines],
            "choices": [
                {
                    "field": choice.target,
                    "is_required": choice.is_required,
                    "reason": choice.reason,
                    "options": [dict(rule) for rule, _ in choice.options],
                }
                for choice in self.proposal.choices
            ],
            "unpivot": dict(self.proposal.unpivot),
            "ignored": dict(self.proposal.ignore),
            "kept": dict(self.proposal.kept),
            "remarks": list(self.proposal.remarks),
        }


def map_file(settings: Settings, file: Path, stream: str | None = None, source: str | None = None) -> Mapped:
    """Look at a file, propose a mapping, write it; nothing is ever overwritten.

    Raises ConfigurationError (no such file, source or stream; the mapping is there already)
    and ContractBroken (no table that can be read).
    """
    if not file.is_file():
        raise ConfigurationError(f"{file}: no such file")
    wanted = _ALIASES.get(stream, stream) if stream else None
    if wanted and wanted not in STREAM_WORDS:
        raise ConfigurationError(f"--stream {stream}: no such stream.{nearest(wanted, STREAM_WORDS)}")
    name, options = _files_source(settings, source)
    looked_at = profile(file)
    proposal = propose(looked_at, wanted)
    if isinstance(proposal, NoProposal):
        return Mapped(looked_at, proposal, None, name)
    text = mapping_text(proposal, _pattern(settings.home, file, options))
    is_sound = _is_sound(text)
    if proposal.is_complete and not is_sound:
        raise AssertionError("the proposed mapping is not one")
    folder = settings.home / (Path(options.mappings).parent if options else Path("mappings"))
    target = folder / f"{proposal.stream.name}_{_stem(file)}.yml{'' if proposal.is_complete else DRAFT}"
    for there in (target, target.with_name(target.name.removesuffix(DRAFT)), target.with_name(target.name + DRAFT)):
        if there.exists():
            raise ConfigurationError(
                f"{there}: is there already and is never overwritten. Correct it, or move it away and map again"
            )
    folder.mkdir(parents=True, exist_ok=True)
    with target.open("x", encoding="utf-8") as written:
        written.write(text)
    return Mapped(looked_at, proposal, target, name)


def _files_source(settings: Settings, name: str | None) -> tuple[str | None, FilesOptions | None]:
    """The source that the mapping is for: the named one, else the only one that reads mapped files."""
    mapped = {each.name: each.options for each in settings.sources.values() if isinstance(each.options, FilesOptions)}
    if name is None:
        return next(iter(mapped.items())) if len(mapped) == 1 else (None, None)
    if name not in mapped:
        raise ConfigurationError(f"--source {name}: no source of platform files.{nearest(name, mapped)}")
    return name, mapped[name]


def _pattern(home: Path, file: Path, options: FilesOptions | None) -> str:
    """What `files:` says: on a server the name alone, else the place relative to district.yml."""
    if options and options.sftp:
        return glob.escape(file.name)
    resolved = file.resolve()
    inside = resolved.is_relative_to(home)
    return glob.escape((resolved.relative_to(home) if inside else resolved).as_posix())


def _stem(file: Path) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in file.stem).strip("_").lower() or "file"


def _is_sound(text: str) -> bool:
    try:
        parse_mapping(text.encode())
    except MappingFaults:
        return False
    return True


def show_mapped(mapped: Mapped, console: Console | None = None) -> None:
    """The proposal as a table, what is open, and the next command. Holds headers and forms, no values."""
    console = console or Console(highlight=False)
    tell = functools.partial(console.print, soft_wrap=True)
    looked_at = mapped.profile
    rows = f"{'' if looked_at.is_whole else 'the first '}{looked_at.row_count:,} rows"
    tell(Text(f"{looked_at.path.name}: {rows}, {len(looked_at.columns)} columns"))
    for reason in looked_at.dialect.reasons:
        tell(Text(f"  {reason}"))
    proposal = mapped.proposal
    if isinstance(proposal, NoProposal):
        tell(Text(f"\nNothing was written: {proposal.reason}."))
        for stream, needs in proposal.nearest:
            tell(Text(f"  {stream} would need {needs}"))
        tell(Text(f"\nIf you know what it is: {mapped.next_command}"))
        return
    words = STREAM_WORDS[proposal.stream.name]
    tell(Text(f"\nProposed: {proposal.stream.name}, {words.title}\n"))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("field", "from", "form", "how sure", "why"):
        table.add_column(heading, overflow="fold")
    for line in proposal.lines:
        column = looked_at.by_header.get(str(line.rule.get("column")))
        form = " ".join(column.masks) if column else ""
        table.add_row(*(Text(cell) for cell in (line.target, line.source, form, line.confidence, line.reason)))
    console.print(table)
    for header, code in proposal.unpivot.items():
        tell(Text(f"  {header} becomes rows with element_code {code}"))
    for remark in proposal.remarks:
        tell(Text(f"\nNote: {remark}"))
    if proposal.choices:
        tell(Text("\nFor a person to decide:"))
    for choice in proposal.choices:
        kind = "required" if choice.is_required else "optional"
        tell(Text(f"  {choice.target} ({kind}): {choice.reason}"))
    left = [_shown(header) + f" ({why})" for header, why in (*proposal.ignore, *proposal.kept)]
    if left:
        tell(Text(f"\nNot mapped: {', '.join(left)}"))
    tell(Text(f"\n{proposal.mapped_share:.0%} of the columns found their place."))
    tell(Text(f"Wrote {mapped.path}. Read it, correct it, then:"))
    tell(Text(f"  {mapped.next_command}"))


def _shown(header: str) -> str:
    return "(a header that looks like data)" if looks_like_data(header) else header
