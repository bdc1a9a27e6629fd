"""The written files read as a stranger's program reads them.

Belongs here: a page as elements, a PDF as text and tags. Does not belong here: what must stand in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pypdf

_VOID = {"meta", "link", "img", "br", "hr", "input", "col"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    parts: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)

    def all(self, tag: str) -> list[Element]:
        return [one for one in self.walk() if one.tag == tag]

    def walk(self) -> Iterator[Element]:
        for part in self.parts:
            if isinstance(part, Element):
                yield part
                yield from part.walk()


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("root", {})
        self.open = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.open)
        self.open.parts.append(element)
        if tag not in _VOID:
            self.open = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.parts.append(Element(tag, {name: value or "" for name, value in attrs}, self.open))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.tag == tag, f"</{tag}> closes <{self.open.tag}>"
        assert self.open.parent is not None
        self.open = self.open.parent

    def handle_data(self, data: str) -> None:
        self.open.parts.append(data)


def page(path: Path) -> Element:
    """The page's elements; AssertionError where one is not closed."""
    parser = _Page()
    parser.feed(path.read_text(encoding="utf-8"))
    parser.close()
    assert parser.open is parser.root
    return parser.root


def seen_text(root: Element) -> str:
    """What a reader sees of a page: its text without its style."""
    return " ".join(one if isinstance(one, str) else one.text for one in _texts(root))


def _texts(element: Element) -> Iterator[str]:
    for part in element.parts:
        if isinstance(part, str):
            yield part
        elif part.tag not in ("style", "script"):
            yield from _texts(part)


def pdf_text(path: Path) -> str:
    return re.sub(r"\s+", " ", " ".join(one.extract_text() for one in pypdf.PdfReader(path).pages))


def pdf_tags(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """Each structure element of the PDF as (tag, its entries), in reading order."""
    root = pypdf.PdfReader(path).trailer["/Root"]["/StructTreeRoot"]
    return list(_tags(root))


def _tags(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    node = node.get_object()
    if not isinstance(node, dict):
        return
    if "/S" in node:
        yield str(node["/S"]).lstrip("/"), dict(node)
    kids = node.get("/K", [])
    kids = kids.get_object() if hasattr(kids, "get_object") else kids
    for kid in kids if isinstance(kids, list) else [kids]:
        yield from _tags(kid)
