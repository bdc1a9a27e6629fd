"""The connector of badge files: walks a folder, reads each badge, says what it could not read.

Belongs here: which files are looked at, when, and what a person is told. Does not
belong here: bytes to JSON (documents, baked), JSON to records (records), whether a
badge is what it says (verification).
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

import orjson
from pydantic import Field

from connectors.core.connector import Connection, Cursor, Options, Pulled, Sink
from connectors.core.errors import ConfigurationError, ContractBroken, IncompleteResponse
from connectors.core.guarded_fetch import GuardedFetch, Network
from connectors.core.http import Clock, SystemClock
from connectors.core.schema import Stream
from connectors.open_badges.baked import carried_text
from connectors.open_badges.documents import (
    MOST_BYTES,
    Document,
    Json,
    NotABadge,
    credentials_of,
    is_compact_jws,
    read_document,
    supporting_type,
)
from connectors.open_badges.keys import IssuerKeys
from connectors.open_badges.proofs import Unknown
from connectors.open_badges.records import (
    Library,
    clean_id,
    is_revoked_stub,
    normalise,
    undefined_members,
    without_identity,
)
from connectors.open_badges.streams import CREDENTIALS, STREAMS
from connectors.open_badges.verification import Envelope, Outcome, Verifier

RECORDS_PER_PAGE = 500
BYTES_PER_PAGE = 16 << 20
CHECKED_AGAIN_AFTER = timedelta(days=7)
"""An issuer may revoke a badge whose file stays as it is."""
TRIED_AGAIN_AFTER = timedelta(days=1)
"""The same where a host did not answer."""
_BADGE_SUFFIXES = frozenset({".json", ".jsonld", ".jwt", ".jws"})
_IMAGE_SUFFIXES = frozenset({".png", ".svg"})
_COMPANION_STEMS = ("readme", "license", "licence", "notice", "changelog")
_MOST_REASONS = 8
_COMPANION_NAMES = frozenset({"thumbs.db", "desktop.ini"})


class OpenBadgesOptions(Options):
    """folder: where the badge files are, relative to district.yml's folder.

    check_hosts: ask the hosts that badges name for keys, revocations and hosted copies. Without it
    nothing leaves the machine, and only what a file proves by itself is verified.
    """

    folder: str
    check_hosts: bool = True
    # each file is a delivery of its own: broken ones must not hold the others back
    max_reject_share: float = Field(default=0.5, ge=0, le=1)


@dataclass(frozen=True)
class _Folder:
    """What a walk found: files to read or reject, and those passed over."""

    files: tuple[Path, ...]
    companions: int
    links: int


@dataclass
class _Told:
    """What a pull counts for its notes."""

    supporting: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    from_host: int = 0
    plain_images: int = 0
    learner_records: int = 0


class OpenBadgesConnector:
    """A folder of Open Badges files. No secret; hosts that badges name are asked through a guard.

    network: which part of the world may be asked; only a test gives one.
    """

    platform: ClassVar[str] = "open_badges"
    streams: ClassVar[tuple[Stream, ...]] = STREAMS
    options_model: ClassVar[type[Options]] = OpenBadgesOptions
    secret_names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, connection: Connection, network: Network | None = None, clock: Clock | None = None) -> None:
        if not isinstance(connection.options, OpenBadgesOptions):
            raise TypeError("OpenBadgesConnector needs OpenBadgesOptions")
        self._connection = connection
        self._given = connection.options.folder
        self._asks_hosts = connection.options.check_hosts
        self._root = connection.base_folder / connection.options.folder
        self._network = network
        self._clock = clock or SystemClock()

    def streams_of(self) -> tuple[Stream, ...]:
        return STREAMS

    def check(self) -> str:
        """The folder is there and holds files to read."""
        found = self._walk()
        count = len(found.files)
        return f"folder {self._given}: {count} file{'s' * (count != 1)} to read"

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        """All badge files where any file changed or the last check is old; nothing otherwise."""
        if stream.name != CREDENTIALS.name:
            raise ConfigurationError(f"{self._connection.name}: open_badges has no stream {stream.name}")
        found = self._walk()
        hashes = {self._name(path): _sha256(path) for path in found.files}
        now = self._clock.now()
        if cursor is not None and self._is_current(cursor, hashes, now):
            return Pulled(cursor, is_reset=False, pages=0)
        told = _Told()
        library, stubs = self._gather(found.files, told)
        fetch = GuardedFetch(self._network, clock=self._clock) if self._asks_hosts else None
        keys = IssuerKeys(fetch)
        verifier = Verifier(keys, library, now)
        checked_at = now.isoformat(timespec="seconds").replace("+00:00", "Z")
        awards: list[Json] = []
        pages = page_bytes = 0
        for path in found.files:
            name = self._name(path)
            content = _content(path)
            if hashlib.sha256(content).hexdigest() != hashes[name] and len(content) <= MOST_BYTES:
                raise IncompleteResponse(f"{name}: changed while it was read. Run again once the delivery is finished")
            for award in self._awards(path, content, verifier, keys, stubs, told):
                if isinstance(award, NotABadge):
                    sink.add_reject(None, award.field, f"{name}: {award.reason}")
                    continue
                document, outcome = award
                members = {"file_name": name, "file_format": _image_kind(path) or document.format}
                if outcome.is_checked:
                    members["checked_at"] = checked_at
                told.outcomes[outcome.verification, outcome.reason or ""] += 1
                awards.append(undefined_members(document.body) | outcome.members | members)
                page_bytes += len(content)
                if len(awards) == RECORDS_PER_PAGE or page_bytes >= BYTES_PER_PAGE:
                    sink.add_page(orjson.dumps(awards), "$[*]")
                    awards, pages, page_bytes = [], pages + 1, 0
        if awards:
            sink.add_page(orjson.dumps(awards), "$[*]")
            pages += 1
        wait = TRIED_AGAIN_AFTER if fetch is not None and fetch.failed_hosts else CHECKED_AGAIN_AFTER
        newest: Cursor = {
            "files": hashes,
            "check_hosts": self._asks_hosts,
            "check_after": (now + wait).isoformat(timespec="seconds"),
        }
        return Pulled(newest, is_reset=True, pages=pages, notes=tuple(_notes(found, told)))

    def _is_current(self, cursor: Cursor, hashes: dict[str, str], now: datetime) -> bool:
        """The same files, checked the same way, not too long ago and not in the future."""
        if (cursor.get("files"), cursor.get("check_hosts")) != (hashes, self._asks_hosts):
            return False
        try:
            check_after = datetime.fromisoformat(str(cursor.get("check_after")))
            return now < check_after <= now + CHECKED_AGAIN_AFTER
        except (ValueError, TypeError):
            return False

    def _awards(
        self, path: Path, content: bytes, verifier: Verifier, keys: IssuerKeys, stubs: set[str], told: _Told
    ) -> Iterator[tuple[Document, Outcome] | NotABadge]:
        """The awards of one file with their outcomes, or why there is none."""
        try:
            document = _document(path, content)
            if document is None:
                told.plain_images += 1
                return
            if document.kind == "supporting":
                return
            if document.kind == "address":
                document = _assertion_at(document, keys)
            if document.kind == "assertion" and is_revoked_stub(document.body):
                if clean_id(document.body.get("id")) not in stubs:
                    yield NotABadge(
                        "achievement_id", "a revoked assertion stripped of its badge, and no full copy beside it"
                    )
                return
            if document.kind != "record":
                yield _award(document, verifier, None, told)
                return
            told.learner_records += 1
            held, envelope = credentials_of(document), verifier.envelope(document)
        except NotABadge as fault:
            yield fault
            return
        for member in held:
            try:
                yield member if isinstance(member, NotABadge) else _award(member, verifier, envelope, told)
            except NotABadge as fault:
                yield fault

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
            elif suffix in _BADGE_SUFFIXES | _IMAGE_SUFFIXES:
                files.append(path)
            elif _is_companion(path):
                passed["companions"] += 1
            else:
                files.append(path)
        if not any(path.suffix.lower() in {*_BADGE_SUFFIXES, *_IMAGE_SUFFIXES, ".txt"} for path in files):
            raise ContractBroken(
                f"{self._connection.name}: the folder {self._given!r} holds no badge file. "
                "Put .json, .jwt, .jws, .png or .svg files there"
            )
        return _Folder(tuple(files), passed["companions"], passed["links"])

    def _paths(self) -> Iterator[Path]:
        for folder, folders, names in os.walk(self._root, followlinks=False):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith("."):
                    yield Path(folder, name)

    def _gather(self, paths: tuple[Path, ...], told: _Told) -> tuple[Library, set[str]]:
        """What the folder tells of badges and issuers, and revoked stubs: stripped, their full copy beside them."""
        library = Library()
        stripped: set[str] = set()
        full: set[str] = set()
        for path in paths:
            try:
                document = _document(path, _content(path))
            except NotABadge:
                continue
            if document is None:
                continue
            identifier = clean_id(document.body.get("id"))
            if document.kind == "supporting":
                library.add(document.body)
                told.supporting[supporting_type(document.body)] += 1
            elif identifier and document.kind == "assertion" and is_revoked_stub(document.body):
                stripped.add(identifier)
            elif identifier:
                full.add(identifier)
        library.revoked |= stripped
        return library, stripped & full

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()


def _notes(found: _Folder, told: _Told) -> Iterator[str]:
    if told.supporting:
        listed = ", ".join(f"{count} {name}" for name, count in sorted(told.supporting.items()))
        yield f"supporting documents, no awards: {listed}"
    if told.from_host:
        yield f"{told.from_host} awards name only the address of their badge: its host stands in for the issuer"
    if told.learner_records:
        yield f"{told.learner_records} comprehensive learner records: each credential in them counts by itself"
    for (verification, reason), count in told.outcomes.most_common(_MOST_REASONS):
        yield f"{count} {verification}: {reason}" if reason else f"{count} {verification}"
    if told.plain_images:
        yield f"{told.plain_images} PNG or SVG images without a badge passed over"
    if found.companions:
        yield f"{found.companions} text files that are no badges passed over"
    if found.links:
        yield f"{found.links} symbolic links passed over"


def _award(document: Document, verifier: Verifier, envelope: Envelope | None, told: _Told) -> tuple[Document, Outcome]:
    normalised = normalise(document, verifier.library)
    told.from_host += normalised.is_issuer_from_host
    return document, verifier.verify(document, normalised, envelope)


def _assertion_at(document: Document, keys: IssuerKeys) -> Document:
    """The assertion that an old baked image only names."""
    try:
        answer = keys.answer(without_identity(document.body["id"]), "its assertion")
    except Unknown as fault:
        raise NotABadge("(file)", f"holds only the address of its assertion: {fault}") from None
    if answer.status != 200:
        raise NotABadge("(file)", f"holds only the address of its assertion: its host answered {answer.status}")
    hosted = read_document(answer.body)
    if hosted.kind != "assertion":
        raise NotABadge("(file)", "holds only an address, and there is no assertion at it")
    return hosted


def _is_companion(path: Path) -> bool:
    """A text that people leave beside deliveries; a .txt that holds a JWS is a badge."""
    lower, suffix = path.name.lower(), path.suffix.lower()
    if suffix == ".txt":
        return not is_compact_jws(_content(path))
    return suffix in (".md", "") or lower in _COMPANION_NAMES or lower.startswith(_COMPANION_STEMS)


def _document(path: Path, content: bytes) -> Document | None:
    """The badge of a file; None for an image that carries none."""
    suffix = path.suffix.lower()
    if len(content) > MOST_BYTES:
        raise NotABadge("(file)", f"larger than {MOST_BYTES >> 20} MiB")
    if suffix in _IMAGE_SUFFIXES:
        carried = carried_text(content)
        return None if carried is None else read_document(carried)
    if suffix not in {*_BADGE_SUFFIXES, ".txt"} and not content.startswith(b"%PDF"):
        raise NotABadge("(file)", f"a {suffix or 'nameless'} file is no badge file: .json, .jwt or .jws is expected")
    return read_document(content)


def _image_kind(path: Path) -> str | None:
    suffix = path.suffix.lower()
    return suffix[1:] if suffix in _IMAGE_SUFFIXES else None


def _content(path: Path) -> bytes:
    """The file's bytes; of one beyond the limit no more than shows that."""
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
