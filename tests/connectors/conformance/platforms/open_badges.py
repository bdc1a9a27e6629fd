"""A folder of badge files as the conformance kit needs to know it."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.sandbox import badge_files
from connectors.sandbox.district import District
from tests.connectors.conformance.declaration import FileChanges, FilePlatform, Reach

_BADGES = "badges"


def _deliver(district: District, folder: Path) -> None:
    badge_files.write(district, folder / _BADGES)


@contextmanager
def _reach(_folder: Path) -> Iterator[Reach]:
    yield Reach({"folder": _BADGES})


@contextmanager
def _nowhere(_folder: Path) -> Iterator[Reach]:
    yield Reach({"folder": "no-such-folder"})


def _badge(folder: Path, place: int = 0) -> Path:
    return sorted((folder / _BADGES).glob("*-ob20.json"))[place]


def _add(folder: Path) -> None:
    badge = json.loads(_badge(folder).read_bytes())
    badge["id"] += "-another"
    (folder / _BADGES / "another.json").write_text(json.dumps(badge))


def _change(folder: Path) -> None:
    path = _badge(folder)
    badge = json.loads(path.read_bytes())
    path.write_text(json.dumps({**badge, "expires": "2031-01-01T00:00:00Z"}))


def _write_on(folder: Path) -> None:
    """The last file read: the first delivery to the sink comes when all are."""
    with _badge(folder, -1).open("a") as file:
        file.write(" ")


def _png(kind: bytes, data: bytes) -> bytes:
    chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    end = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    return b"\x89PNG\r\n\x1a\n" + chunk + end


DECLARATIONS = (
    FilePlatform(
        platform="open_badges",
        kind="folder",
        deliver=_deliver,
        reach=_reach,
        out_of_reach=_nowhere,
        changes={
            "credentials": FileChanges(
                add=_add, change=_change, remove=lambda folder: _badge(folder, 1).unlink(), write_on=_write_on
            )
        },
        hostile={
            f"{_BADGES}/empty.json": b"",
            f"{_BADGES}/nonsense.json": b"\x00\x01\x02" * 100,
            f"{_BADGES}/deep.json": b"[" * 100_000,
            f"{_BADGES}/half.json": b'{"@context": "https://w3id.org/openbadges/v2", "type": "Asser',
            f"{_BADGES}/not-a-token.jwt": b"a.b.c",
            f"{_BADGES}/cut.png": _png(b"iTXt", b"openbadges\0\0\0\0\0{}")[:-9],
            f"{_BADGES}/bomb.png": _png(b"iTXt", b"openbadges\0\1\0\0\0" + zlib.compress(b" " * (32 << 20))),
            f"{_BADGES}/laughs.svg": b'<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><svg>&b;</svg>',
        },
        absent_fields={"credentials.revoked": "No file of the synthetic district is of a revoked award"},
        momentary={"credentials.checked_at": "When the file was looked at"},
    ),
)
