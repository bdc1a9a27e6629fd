"""What a file of a badge folder holds: its JSON, out of plain JSON or a compact JWS.

Belongs here: bytes to document, and what kind of document it is. Does not belong
here: what its members mean (records), finding files (client). A signature is not
looked at: verification is a step of its own.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any, Literal

import orjson

Json = dict[str, Any]
Kind = Literal["assertion", "credential", "supporting"]

MOST_BYTES = 16 << 20
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

    claims: the JWT's own claims (nbf, exp, jti, iss, sub) where it is one; else empty.
    """

    kind: Kind
    body: Json
    claims: Json
    format: Literal["json", "jwt"]


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
        return Document(kind_of(body), body, {}, "json")
    if bare.startswith(b"%PDF"):
        raise NotABadge("(file)", "a PDF is no badge file: ask for the JSON or JWT of the badge")
    return _jwt(bare)


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
        raise NotABadge(
            "type", "a comprehensive learner record (ClrCredential) holds several badges: deliver them singly"
        )
    if "VerifiableCredential" in types or "credentialSubject" in body:
        raise NotABadge("type", "type holds neither AchievementCredential nor OpenBadgeCredential")
    if "badge" in body and "recipient" in body:
        if not types and "uid" in body:
            raise NotABadge("type", "an Open Badges 1.x assertion: only 2.0 and 3.0 are read")
        raise NotABadge("type", "type is not Assertion")
    if "credential" in body or "compactJwsString" in body:
        raise NotABadge("(file)", "holds a list of credentials: one badge a file is expected")
    raise NotABadge("type", "neither an Open Badges 2.0 Assertion nor a 3.0 credential")


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
    return body


def _jwt(content: bytes) -> Document:
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
    body = inner if inner is not None else claims
    return Document(kind_of(body), body, claims, "jwt")


def _decoded(segment: bytes, what: str) -> bytes:
    bare = segment.rstrip(b"=")
    try:
        return base64.b64decode(bare + b"=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotABadge("(file)", f"the JWT's {what} is not base64url") from None
