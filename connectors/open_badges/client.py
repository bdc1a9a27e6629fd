"""The connector of badge files: walks a folder, reads each badge, says what it could not read.

Belongs here: which files are looked at, when, and what a person is told. Does not
belong here: bytes to JSON (documents), JSON to records (records).

Every award is landed as `unverified`: no signature is checked and no host is asked
here, so a file proves nothing yet.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import orjson
from pydantic import Field

from connectors.core.connector import Connection, Cursor, Options, Pulled, Sink
from connectors.core.errors import ConfigurationError, ContractBroken, IncompleteResponse
from connectors.core.schema import Stream
from connectors.open_badges.documents import (
    MOST_BYTES,
    Document,
    Json,
    NotABadge,
    is_compact_jws,
    read_document,
    supporting_type,
)
from connectors.open_badges.records import Library, clean_id, is_revoked_stub, normalise, undefined_members
from connectors.open_badges.streams import CREDENTIALS, STREAMS

RECORDS_PER_PAGE = 500
BYTES_PER_PAGE = 16 << 20
_BADGE_SUFFIXES = frozenset({".json", ".jsonld", ".jwt", ".jws"})
_IMAGE_SUFFIXES = frozenset({".png", ".svg"})
_COMPANION_STEMS = ("readme", "license", "licence", "notice", "changelog")
_COMPANION_NAMES = frozenset({"thumbs.db", "desktop.ini"})


class OpenBadgesOptions(Options):
    """folder: where the badge files are, relative to district.yml's folder."""

    folder: str
    # each file is a delivery of its own: broken ones must not hold the others back
    max_reject_share: float = Field(default=0.5, ge=0, le=1)


@dataclass(frozen=True)
class _Folder:
    """What a walk found: files to read or reject, and those passed over."""

    files: tuple[Path, ...]
    images: int
    companions: int
    links: int


class OpenBadgesConnector:
    """A folder of Open Badges files. No secret, no network."""

    platform: ClassVar[str] = "open_badges"
    streams: ClassVar[tuple[Stream, ...]] = STREAMS
    options_model: ClassVar[type[Options]] = OpenBadgesOptions
    secret_names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, connection: Connection) -> None:
        if not isinstance(connection.options, OpenBadgesOptions):
            raise TypeError("OpenBadgesConnector needs OpenBadgesOptions")
        self._connection = connection
        self._given = connection.options.folder
        self._root = connection.base_folder / connection.options.folder

    def streams_of(self) -> tuple[Stream, ...]:
        return STREAMS

    def check(self) -> str:
        """The folder is there and holds files to read."""
        found = self._walk()
        count = len(found.files)
        return f"folder {self._given}: {count} file{'s' * (count != 1)} to read"

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        """All badge files where any file changed; nothing otherwise."""
        if stream.name != CREDENTIALS.name:
            raise ConfigurationError(f"{self._connection.name}: open_badges has no stream {stream.name}")
        found = self._walk()
        hashes = {self._name(path): _sha256(path) for path in found.files}
        newest: Cursor = {"files": hashes}
        if cursor == newest:
            return Pulled(cursor, is_reset=False, pages=0)
        library, supporting, stubs = self._gather(found.files)
        awards: list[Json] = []
        pages = from_host = page_bytes = 0
        for path in found.files:
            name = self._name(path)
            content = _content(path)
            if hashlib.sha256(content).hexdigest() != hashes[name] and len(content) <= MOST_BYTES:
                raise IncompleteResponse(f"{name}: changed while it was read. Run again once the delivery is finished")
            try:
                document = _document(path, content)
                if document.kind == "supporting":
                    continue
                if is_revoked_stub(document.body):
                    if clean_id(document.body.get("id")) in stubs:
                        continue
                    raise NotABadge(
                        "achievement_id", "a revoked assertion stripped of its badge, and no full copy beside it"
                    )
                normalised = normalise(document, library)
            except NotABadge as fault:
                sink.add_reject(None, fault.field, f"{name}: {fault.reason}")
                continue
            from_host += normalised.is_issuer_from_host
            file_members = {"verification": "unverified", "file_name": name, "file_format": document.format}
            awards.append(undefined_members(document.body) | normalised.record | file_members)
            page_bytes += len(content)
            if len(awards) == RECORDS_PER_PAGE or page_bytes >= BYTES_PER_PAGE:
                sink.add_page(orjson.dumps(awards), "$[*]")
                awards, pages, page_bytes = [], pages + 1, 0
        if awards:
            sink.add_page(orjson.dumps(awards), "$[*]")
            pages += 1
        notes = tuple(_notes(found, supporting, from_host))
        return Pulled(newest, is_reset=True, pages=pages, notes=notes)

    def close(self) -> None:
        """Nothing is held open."""

    def _walk(self) -> _Folder:
        if not self._root.is_dir():
            raise ConfigurationError(
                f"{self._connection.name}: there is no folder {self._given!r} beside district.yml. "
                "Create it and put the badge files in, or correct `folder`"
            )
        files: list[Path] = []
        passed: Counter[str] = Counter()
        for path in self._paths():
            suffix = path.suffix.lower()
            if path.is_symlink():
                passed["links"] += 1
            elif suffix in _IMAGE_SUFFIXES:
                passed["images"] += 1
            elif suffix in _BADGE_SUFFIXES:
                files.append(path)
            elif _is_companion(path):
                passed["companions"] += 1
            else:
                files.append(path)
        if not any(path.suffix.lower() in {*_BADGE_SUFFIXES, ".txt"} for path in files):
            images = f" ({passed['images']} PNG or SVG images, which are not read yet)" if passed["images"] else ""
            raise ContractBroken(
                f"{self._connection.name}: the folder {self._given!r} holds no badge file{images}. "
                "Put .json, .jwt or .jws files there"
            )
        return _Folder(tuple(files), passed["images"], passed["companions"], passed["links"])

    def _paths(self) -> Iterator[Path]:
        for folder, folders, names in os.walk(self._root, followlinks=False):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith("."):
                    yield Path(folder, name)

    def _gather(self, paths: tuple[Path, ...]) -> tuple[Library, Counter[str], set[str]]:
        """What the folder tells of badges and issuers, its supporting documents by type, and revoked stubs.

        The third holds ids of stripped assertions whose full copy is in the folder too.
        """
        library = Library()
        supporting: Counter[str] = Counter()
        stripped: set[str] = set()
        full: set[str] = set()
        for path in paths:
            try:
                document = _document(path, _content(path))
            except NotABadge:
                continue
            identifier = clean_id(document.body.get("id"))
            if document.kind == "supporting":
                library.add(document.body)
                supporting[supporting_type(document.body)] += 1
            elif identifier and is_revoked_stub(document.body):
                stripped.add(identifier)
            elif identifier:
                full.add(identifier)
        library.revoked |= stripped
        return library, supporting, stripped & full

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()


def _notes(found: _Folder, supporting: Counter[str], from_host: int) -> Iterator[str]:
    if supporting:
        listed = ", ".join(f"{count} {name}" for name, count in sorted(supporting.items()))
        yield f"supporting documents, no awards: {listed}"
    if from_host:
        yield f"{from_host} awards name only the address of their badge: its host stands in for the issuer"
    if found.images:
        yield f"{found.images} PNG or SVG images are not read yet"
    if found.companions:
        yield f"{found.companions} text files that are no badges passed over"
    if found.links:
        yield f"{found.links} symbolic links passed over"


def _is_companion(path: Path) -> bool:
    """A text that people leave beside deliveries; a .txt that holds a JWS is a badge."""
    lower, suffix = path.name.lower(), path.suffix.lower()
    if suffix == ".txt":
        return not is_compact_jws(_content(path))
    return suffix in (".md", "") or lower in _COMPANION_NAMES or lower.startswith(_COMPANION_STEMS)


def _document(path: Path, content: bytes) -> Document:
    suffix = path.suffix.lower()
    if suffix not in {*_BADGE_SUFFIXES, ".txt"} and not content.startswith(b"%PDF"):
        raise NotABadge("(file)", f"a {suffix or 'nameless'} file is no badge file: .json, .jwt or .jws is expected")
    return read_document(content)


def _content(path: Path) -> bytes:
    """The file's bytes; of one beyond the limit no more than shows that."""
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
