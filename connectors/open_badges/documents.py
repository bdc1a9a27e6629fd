"""What a file of a badge folder holds: its JSON, out of plain JSON or a compact JWS.

Belongs here: bytes to document, and what kind of document it is. Does not belong
here: what its members mean (records), finding files (client), images (baked). A
signature is not looked at: verification is a step of its own.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

Json = dict[str, Any]
Kind = Literal["assertion", "credential", "record", "address", "supporting"]

MOST_BYTES = 16 << 20
MOST_LEVELS = 100
MOST_CREDENTIALS = 10_000
_DATA_JWT = "data:application/vc+jwt,"
_COMPACT_JWS = re.compile(rb"[A-Za-z0-9_-]+={0,2}\.[A-Za-z0-9_-]+={0,2}\.[A-Za-z0-9_-]*={0,2}")
_SUPPORTING = frozenset(
    {
        "BadgeClass",
        "Issuer",
        "Profile",
        "RevocationList",
        "1EdTechRevocationList",
        "CryptographicKey",
        "Endorsement",
        "EndorsementCredential",
        "Achievement",
    }
)
_AWARDS = ("AchievementCredential", "OpenBadgeCredential")


class NotABadge(Exception):
    """Why a file can't be read as a badge. field: the member at fault. Holds no personal value."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Document:
    """The JSON of one file.

    kind: `record` is a comprehensive learner record, which holds credentials; `address` only
        says where a hosted assertion is (`body["id"]`), as the oldest baked images do.
    claims: the JWT's own claims (nbf, exp, jti, iss, sub) where it is one; else empty.
    token: the compact JWS itself where it is one.
    """

    kind: Kind
    body: Json
    claims: Json = field(default_factory=dict)
    token: bytes | None = field(default=None, repr=False)

    @property
    def format(self) -> Literal["json", "jwt"]:
        return "json" if self.token is None else "jwt"


def is_compact_jws(content: bytes) -> bool:
    """Three base64url parts with dots between, and nothing else."""
    return _COMPACT_JWS.fullmatch(b"".join(content.split())) is not None


def read_document(content: bytes) -> Document:
    """The document in a file's bytes. Raises NotABadge with the reason."""
    if len(content) > MOST_BYTES:
        raise NotABadge("(file)", f"larger than {MOST_BYTES >> 20} MiB")
    bare = content.removeprefix(b"\xef\xbb\xbf").strip()
    if not bare:
        raise NotABadge("(file)", "the file is empty")
    if bare.startswith(b'"') and bare.endswith(b'"') and is_compact_jws(bare[1:-1]):
        bare = bare[1:-1]
    if bare.startswith((b"{", b"[", b'"')):
        body = _json(bare, "the file")
        return Document(kind_of(body), body)
    if bare.startswith((b"https://", b"http://")) and len(bare.split()) == 1:
        return Document("address", {"id": bare.decode("utf-8", errors="replace")})
    if bare.startswith(b"%PDF"):
        raise NotABadge("(file)", "a PDF is no badge file: ask for the JSON or JWT of the badge")
    return _jwt(bare)


def parsed_credential(content: bytes) -> Document:
    """Any credential that a host answers with, JSON or JWT, whatever it is of. Raises NotABadge."""
    bare = content.removeprefix(b"\xef\xbb\xbf").strip()
    if bare.startswith(b"{"):
        return Document("supporting", _json(bare, "the answer"))
    body, claims, compact = _jwt_parts(bare)
    return Document("supporting", body, claims, compact)


def kind_of(body: Json) -> Kind:
    """What the document says it is. Raises NotABadge where that is no award and supports none."""
    types = type_names(body)
    if "Assertion" in types:
        return "assertion"
    if any(name in types for name in _AWARDS):
        return "credential"
    if _SUPPORTING & set(types):
        return "supporting"
    if "ClrCredential" in types:
        return "record"
    if "VerifiableCredential" in types or "credentialSubject" in body:
        raise NotABadge("type", "type holds neither AchievementCredential nor OpenBadgeCredential")
    if "badge" in body and "recipient" in body:
        if not types and "uid" in body:
            raise NotABadge("type", "an Open Badges 1.x assertion: only 2.0 and 3.0 are read")
        raise NotABadge("type", "type is not Assertion")
    if "credential" in body or "compactJwsString" in body:
        raise NotABadge("(file)", "holds a list of credentials: one badge a file is expected")
    raise NotABadge("type", "neither an Open Badges 2.0 Assertion nor a 3.0 credential")


def credentials_of(learner_record: Document) -> list[Document | NotABadge]:
    """What a comprehensive learner record holds, in its order: credentials, and why others can't be read.

    Supporting documents in it (endorsements) are left out. Raises NotABadge where it holds none at all.
    """
    subject = learner_record.body.get("credentialSubject")
    held = subject.get("verifiableCredential") if isinstance(subject, dict) else None
    entries = held if isinstance(held, list) else [held] if held else []
    if not entries:
        raise NotABadge("credentialSubject", "a comprehensive learner record that holds no credential")
    found: list[Document | NotABadge] = []
    for entry in entries[:MOST_CREDENTIALS]:
        try:
            if isinstance(entry, dict) and str(entry.get("id", "")).startswith(_DATA_JWT):
                entry = str(entry["id"])[len(_DATA_JWT) :]
            if isinstance(entry, str):
                document = _jwt(entry.removeprefix(_DATA_JWT).encode())
            elif isinstance(entry, dict):
                document = Document(kind_of(entry), entry)
            else:
                raise NotABadge("credentialSubject", "a member of a learner record is no credential")
            if document.kind == "credential":
                found.append(document)
            elif document.kind != "supporting":
                raise NotABadge("type", "a member of a learner record is no achievement credential")
        except NotABadge as fault:
            found.append(fault)
    if len(entries) > MOST_CREDENTIALS:
        found.append(NotABadge("credentialSubject", f"a learner record of more than {MOST_CREDENTIALS} credentials"))
    return found


def supporting_type(body: Json) -> str:
    """Which kind of supporting document it is."""
    return next(name for name in type_names(body) if name in _SUPPORTING)


def type_names(body: Json) -> tuple[str, ...]:
    """The `type` of a JSON-LD object as a tuple, vocabulary prefixes removed."""
    value = body.get("type", body.get("@type"))
    values = value if isinstance(value, list) else [value]
    return tuple(re.split(r"[:#/]", name)[-1] for name in values if isinstance(name, str))


def _json(content: bytes, what: str) -> Json:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError as fault:
        raise NotABadge("(file)", f"{what} is not JSON (line {fault.lineno}, column {fault.colno})") from None
    if isinstance(body, list):
        raise NotABadge("(file)", f"{what} holds a list: one badge a file is expected")
    if not isinstance(body, dict):
        raise NotABadge("(file)", f"{what} holds no JSON object")
    # only what has so many brackets can be so deep
    if content.count(b"{") + content.count(b"[") > MOST_LEVELS and _is_deeper(body, MOST_LEVELS):
        raise NotABadge("(file)", f"{what} is nested more than {MOST_LEVELS} levels deep")
    return body


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether a value is nested deeper than that, without recursion of our own."""
    layer = [value]
    for _ in range(levels):
        layer = [
            inner
            for item in layer
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, dict | list)
        ]
    return bool(layer)


def _jwt(content: bytes) -> Document:
    body, claims, compact = _jwt_parts(content)
    return Document(kind_of(body), body, claims, compact)


def _jwt_parts(content: bytes) -> tuple[Json, Json, bytes]:
    """The credential, the claims it stands in, and the token without blanks."""
    compact = b"".join(content.split())
    segments = compact.split(b".")
    if len(segments) == 5:
        raise NotABadge("(file)", "an encrypted JWT (five parts): it can't be read without its key")
    if not is_compact_jws(compact):
        raise NotABadge("(file)", "neither JSON nor a JWT (three base64url parts with dots between)")
    _json(_decoded(segments[0], "header"), "the JWT's header")
    claims = _json(_decoded(segments[1], "payload"), "the JWT's payload")
    inner = claims.get("vc")
    if inner is not None and not isinstance(inner, dict):
        raise NotABadge("vc", "the JWT's vc claim holds no JSON object")
    return (inner if inner is not None else claims), claims, compact


def _decoded(segment: bytes, what: str) -> bytes:
    bare = segment.rstrip(b"=")
    try:
        return base64.b64decode(bare + b"=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotABadge("(file)", f"the JWT's {what} is not base64url") from None
