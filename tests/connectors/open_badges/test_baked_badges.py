"""Badges in PNG and SVG images: found, and nothing else of an image trusted."""

from __future__ import annotations

import json
import struct
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.open_badges.baked import MOST_TEXT_BYTES, carried_text
from connectors.open_badges.documents import NotABadge
from tests.connectors.open_badges.test_open_badges_files import (
    Drop,
    assertion,
    chunk,
    credential,
    itxt,
    jwt,
    png,
)

OB3, OB2 = "https://purl.imsglobal.org/ob/v3p0", "http://openbadges.org"


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    return Drop(tmp_path)


def svg(inner: str, head: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?>{head}<svg xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:ob="{OB3}" xmlns:obi="{OB2}">{inner}<path d="M0,0"/></svg>'
    ).encode()


def refused(content: bytes) -> str:
    with pytest.raises(NotABadge) as caught:
        carried_text(content)
    return caught.value.reason


@pytest.mark.parametrize(
    "image",
    [
        png(itxt(b"openbadges", b"{}")),
        png(itxt(b"openbadgecredential", b"{}")),
        png(itxt(b"clrcredential", b"{}", is_packed=True)),
        png(chunk(b"tEXt", b"Comment\0drawn by hand"), chunk(b"tEXt", b"openbadges\0{}")),
        png(chunk(b"zTXt", b"openbadges\0\0" + zlib.compress(b"{}"))),
        png(chunk(b"iTXt", b"openbadges\0\0\0en\0Abzeichen\0{}")),
        svg("<ob:credential>\n<![CDATA[{}]]>\n</ob:credential>"),
        svg('<g><obi:assertion verify=" {} "/></g>'),
        svg('<ob:credential verify="{}"></ob:credential>', '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd">'),
        b"\xef\xbb\xbf" + svg("<ob:credential>{}</ob:credential>"),
    ],
)
def test_image__carries_its_badge(image: bytes) -> None:
    assert carried_text(image) == b"{}"


@pytest.mark.parametrize(
    "image", [png(), png(chunk(b"tEXt", b"Comment\0openbadges")), svg(""), svg("<credential>{}</credential>")]
)
def test_image__without_a_badge_carries_none(image: bytes) -> None:
    assert carried_text(image) is None


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (png(itxt(b"openbadges", b"{}"))[:-20], "the PNG image is cut"),
        (png()[:20], "the PNG image is cut"),
        (b"\x89PNG\r\n\x1a\n", "the PNG image is cut"),
        (b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 2**31) + b"iTXt", "the PNG image is cut"),
        (png(chunk(b"iTXt", b"openbadges\0\1")), "the PNG image is damaged: the badge's part is too short"),
        (png(chunk(b"iTXt", b"openbadges\0\1\0\0\0nozlib")), "the PNG image is damaged: the badge can't be unpacked"),
        (png(chunk(b"iTXt", b"openbadges\0\1\7\0\0x")), "the PNG image is damaged: the badge is packed in an unknown"),
        (
            png(chunk(b"iTXt", b"openbadges\0\1\0\0\0" + zlib.compress(b"{}" * 50)[:-6])),
            "the PNG image is damaged: the badge's end is missing",
        ),
        (png(itxt(b"openbadges", b"{}").replace(b"{}", b"{ ")), "the PNG image is damaged: the badge's checksum"),
        (png(itxt(b"openbadges", b" " * (MOST_TEXT_BYTES + 1))), "the badge in the image is larger than 4 MiB"),
        (png(itxt(b"openbadges", b"{}"), itxt(b"openbadgecredential", b"[]")), "the image carries several badges"),
        (svg("<ob:credential>{}</ob:credential><ob:credential>[]</ob:credential>"), "the image carries several"),
        (svg("<ob:credential>{}"), "the SVG image is no readable XML"),
        (b"<svg" + b"<a>" * 100_000, "the SVG image is no readable XML"),
        (b"GIF89a", "neither a PNG nor an SVG image"),
        (b"", "neither a PNG nor an SVG image"),
    ],
)
def test_image__damaged_is_refused_with_its_reason(image: bytes, reason: str) -> None:
    assert refused(image).startswith(reason)


def test_png__a_bomb_is_refused_and_memory_stays_flat() -> None:
    bomb = png(itxt(b"openbadges", b"\0" * (128 << 20), is_packed=True))
    twice = png(chunk(b"zTXt", b"openbadges\0\0" + zlib.compress(b"\0" * (64 << 20), 9)))
    for image in (bomb, twice):
        tracemalloc.start()
        assert refused(image) == "the badge in the image unpacks to more than 4 MiB"
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 16 << 20


def test_png__of_endless_parts_is_refused() -> None:
    assert refused(png(chunk(b"tEXt", b"a\0") * 100_001)).endswith("more parts than an image can need")


def test_svg__entities_are_not_expanded_and_no_address_is_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    laughs = f'<!DOCTYPE svg [<!ENTITY l0 "lol">{lol}]>'
    outside = f'<!DOCTYPE svg [<!ENTITY x SYSTEM "file://{tmp_path}/secret.txt">]>'
    for head, name in ((laughs, "l9"), (outside, "x")):
        assert refused(svg(f"<ob:credential>&{name};</ob:credential>", head)).startswith("the SVG image declares")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 200), st.sampled_from(["png", "svg"]))
def test_image__of_any_bytes_is_read_or_refused(noise: bytes, place: int, kind: str) -> None:
    whole = (
        png(itxt(b"openbadges", b"{}", is_packed=True)) if kind == "png" else svg("<ob:credential>{}</ob:credential>")
    )
    for image in (whole[:place] + noise + whole[place + len(noise) :], whole[:place], noise):
        with suppress(NotABadge):
            assert carried_text(image) is None or isinstance(carried_text(image), bytes)


def test_folder__images_are_read_beside_files(drop: Drop) -> None:
    drop.write("a.png", png(itxt(b"openbadgecredential", json.dumps(credential()).encode())))
    drop.write("b.svg", svg(f'<obi:assertion verify="{jwt(assertion())}"/>'))
    drop.write("c.png", png(itxt(b"openbadges", json.dumps(assertion(id="urn:3")).encode(), is_packed=True)))
    drop.write("d.png", png(itxt(b"openbadges", b"not a badge")))
    drop.write("e.png", png()[:-4])
    drop.write("f.SVG", svg(""))
    sink, pulled = drop.pull()
    assert {name: (row["open_badges_version"], row["file_format"]) for name, row in sink.records.items()} == {
        "a.png": ("3.0", "png"),
        "b.svg": ("2.0", "svg"),
        "c.png": ("2.0", "png"),
    }
    assert set(sink.rejects) == {"d.png", "e.png"}
    assert "1 PNG or SVG images without a badge passed over" in pulled.notes
    assert drop.connector().check() == "folder badges: 6 files to read"


def test_folder__an_image_that_holds_only_an_address_says_why_it_is_not_read(drop: Drop) -> None:
    drop.write("a.json", assertion())
    drop.write("b.png", png(chunk(b"tEXt", b"openbadges\0https://badges.example/a/2")))
    sink, _ = drop.pull()
    (reason,) = sink.rejects.values()
    assert reason[1].startswith("holds only the address of its assertion: its assertion could not be asked for")
