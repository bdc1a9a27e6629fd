"""What a report is made of, before it is a page or a PDF.

Belongs here: the few kinds of blocks. Does not belong here: what they say (the modules of sections), how
they look (page, pdf). The page and the PDF are drawn from the same blocks, so neither can say more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Text:
    """One paragraph."""

    text: str
    kind: Literal["text"] = "text"


@dataclass(frozen=True)
class Callout:
    """A paragraph that must not be overlooked."""

    text: str
    heading: str
    kind: Literal["callout"] = "callout"


@dataclass(frozen=True)
class Subheading:
    """The heading of a part of a section."""

    text: str
    kind: Literal["subheading"] = "subheading"


@dataclass(frozen=True)
class Bullets:
    """A list without order."""

    items: tuple[str, ...]
    kind: Literal["bullets"] = "bullets"


@dataclass(frozen=True)
class Facts:
    """Terms and what they are. A term in `code_terms` is shown in a fixed-width face."""

    items: tuple[tuple[str, str], ...]
    code_terms: tuple[str, ...] = ()
    kind: Literal["facts"] = "facts"


@dataclass(frozen=True)
class Column:
    """A column's heading; numbers stand on the right."""

    label: str
    is_number: bool = True


@dataclass(frozen=True)
class Table:
    """A table of texts, ready to be read. The first column says what each row is.

    `is_long`: folded away on the page, and left to the workbook by the PDF.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    is_long: bool = False
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Figure:
    """A chart by name (charts.py draws it), what is seen in it, and its data."""

    name: str
    title: str
    alt: str
    table: Table | None = None
    kind: Literal["figure"] = "figure"


Block = Text | Callout | Subheading | Bullets | Facts | Table | Figure


@dataclass(frozen=True)
class Section:
    """A part of the report with a heading. `name` is its address on the page."""

    name: str
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Report:
    """The whole report. `detectable` stands before `answer`, everywhere."""

    title: str
    about: str
    banner: str | None
    detectable: str
    answer: str
    is_refused: bool
    sections: tuple[Section, ...]
    foot: str

    @property
    def figures(self) -> tuple[Figure, ...]:
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Figure))
