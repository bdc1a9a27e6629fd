"""Badges inside images: the text that a baked PNG or SVG carries.

Belongs here: where in an image a badge stands, and how much of an image is looked at.
Does not belong here: what the text means (documents).

An image is a stranger's file: chunks are counted and never inflated beyond a cap, pixels
are never decoded, and of an SVG no entity is expanded and no address followed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from connectors.open_badges.documents import NotABadge

MOST_TEXT_BYTES = 4 << 20
MOST_CHUNKS = 100_000
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_KEYWORDS = frozenset({b"openbadgecredential", b"openbadges", b"clrcredential"})
_SVG_ELEMENTS = frozenset(
    {
        "{https://purl.imsglobal.org/ob/v3p0}credential",
        "{http://openbadges.org}assertion",
        "{https://purl.imsglobal.org/clr/v2p0}credential",
    }
)


def carried_text(content: bytes) -> bytes | None:
    """The badge in a PNG or SVG image; None where the image carries none.

    Raises NotABadge for a damaged or hostile image, and one with several badges.
    """
    if content.startswith(_PNG_SIGNATURE):
        found = list(_of_png(content))
    elif content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        found = list(_of_svg(content))
    else:
        raise NotABadge("(file)", "neither a PNG nor an SVG image, whatever its name says")
    if len(set(found)) > 1:
        raise NotABadge("(file)", "the image carries several badges: one badge a file is expected")
    return found[0] if found else None


def _of_png(content: bytes) -> Iterator[bytes]:
    """Texts under a badge's keyword, chunk by chunk (PNG, third edition, 11.3.3)."""
    position, is_ended = len(_PNG_SIGNATURE), False
    view = memoryview(content)
    for _ in range(MOST_CHUNKS):
        if is_ended or position + 12 > len(content):
            break
        (length,) = struct.unpack_from(">I", content, position)
        kind = bytes(view[position + 4 : position + 8])
        end = position + 8 + length
        if end + 4 > len(content):
            raise NotABadge("(file)", "the PNG image is cut: a part says that it is longer than the file")
        if kind in (b"iTXt", b"tEXt", b"zTXt"):
            data = bytes(view[position + 8 : end])
            keyword, _, rest = data.partition(b"\0")
            if keyword in _PNG_KEYWORDS:
                (checksum,) = struct.unpack_from(">I", content, end)
                if checksum != zlib.crc32(view[position + 4 : end]):
                    raise NotABadge("(file)", "the PNG image is damaged: the badge's checksum does not fit")
                yield _text_of(kind, rest)
        is_ended = kind == b"IEND"
        position = end + 4
    if not is_ended:
        raise NotABadge("(file)", "the PNG image is cut, or has more parts than an image can need")


def _text_of(kind: bytes, rest: bytes) -> bytes:
    if kind == b"tEXt":
        text = rest
    elif kind == b"zTXt":
        text = _inflated(rest[1:])
    else:
        if len(rest) < 2:
            raise NotABadge("(file)", "the PNG image is damaged: the badge's part is too short")
        is_compressed, method, rest = rest[0], rest[1], rest[2:]
        _language, _, rest = rest.partition(b"\0")
        _translated, _, text = rest.partition(b"\0")
        if is_compressed not in (0, 1) or method != 0:
            raise NotABadge("(file)", "the PNG image is damaged: the badge is packed in an unknown way")
        text = _inflated(text) if is_compressed else text
    if len(text) > MOST_TEXT_BYTES:
        raise NotABadge("(file)", f"the badge in the image is larger than {MOST_TEXT_BYTES >> 20} MiB")
    return text


def _inflated(packed: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(packed, MOST_TEXT_BYTES)
    except zlib.error:
        raise NotABadge("(file)", "the PNG image is damaged: the badge can't be unpacked") from None
    if inflater.unconsumed_tail:
        raise NotABadge("(file)", f"the badge in the image unpacks to more than {MOST_TEXT_BYTES >> 20} MiB")
    if not inflater.eof:
        raise NotABadge("(file)", "the PNG image is damaged: the badge's end is missing")
    return text


def _of_svg(content: bytes) -> Iterator[bytes]:
    target = _Badges()
    # a document type is what many drawing programs write; entities and outside addresses are refused
    parser = XMLParser(target=target, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(content)
        parser.close()
    except DefusedXmlException:
        raise NotABadge("(file)", "the SVG image declares entities, which are not expanded") from None
    except (ParseError, ValueError, RecursionError):
        raise NotABadge("(file)", "the SVG image is no readable XML") from None
    yield from target.found


class _Badges:
    """Takes what the parser says and keeps only the badge: no tree of the drawing is built."""

    def __init__(self) -> None:
        self.found: list[bytes] = []
        self._text: list[str] | None = None
        self._verify = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _SVG_ELEMENTS:
            self._text, self._verify = [], attributes.get("verify", "").strip()

    def data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def end(self, tag: str) -> None:
        if tag in _SVG_ELEMENTS and self._text is not None:
            # a signed badge stands in `verify`, or as text; a JSON one as text
            text = "".join(self._text).strip() or self._verify
            if text:
                self.found.append(text.encode())
            self._text = None

    def close(self) -> Element | None:
        return None
