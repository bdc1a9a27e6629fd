"""Open Badges 2.0 hosted badges: what the badge's own host says about it.

Belongs here: asking again for an assertion, its badge class and issuer, and whether that
host may speak for that issuer. Does not belong here: signed assertions (verification).
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from connectors.open_badges.documents import Document, Json, NotABadge, kind_of
from connectors.open_badges.keys import IssuerKeys, secured
from connectors.open_badges.proofs import Invalid, Unknown
from connectors.open_badges.records import (
    Library,
    Normalised,
    clean_id,
    is_revoked_stub,
    normalise,
    origin,
    without_identity,
)

_SAME = ("credential_id", "achievement_id", "issued_at")


@dataclass(frozen=True)
class Hosted:
    """What the host says. record: None where it shows no more than that the badge is revoked."""

    record: Json | None
    is_revoked: bool


def ask_host(body: Json, own: Normalised, keys: IssuerKeys) -> Hosted:
    """The host's own copy of an assertion. Raises Invalid where it differs, Unknown where it can't be had."""
    address = str(body.get("id", "")).strip()
    if not address.startswith(("https://", "http://")):
        raise Unknown("it says that it is hosted, and its id is no address")
    answer = keys.answer(without_identity(address), "the host's copy")
    if answer.status == 410:
        return Hosted(None, is_revoked=True)
    if answer.status != 200:
        raise Unknown(f"the host's copy can't be read: its host answered {answer.status}")
    copy = _object(answer.body)
    if clean_id(copy.get("id")) != own.record["credential_id"]:
        raise Invalid("its host shows another badge at its address")
    if is_revoked_stub(copy):
        return Hosted(None, is_revoked=True)
    try:
        if kind_of(copy) != "assertion":
            raise Unknown("its host shows no assertion at its address")
        hosted = normalise(Document("assertion", copy), _definitions(copy, keys)).record
    except NotABadge:
        raise Unknown("its host shows a broken assertion at its address") from None
    _check_host_speaks_for(hosted["issuer_id"], address, keys)
    differing = [name for name in _SAME if hosted.get(name) != own.record.get(name)]
    if not own.is_issuer_from_host and clean_id(hosted["issuer_id"]) != own.record["issuer_id"]:
        differing.append("issuer_id")
    if not _is_same_recipient(hosted, own.record):
        differing.append("recipient_identity")
    if differing:
        raise Invalid(f"its host's copy differs in {', '.join(differing)}")
    return Hosted(hosted, is_revoked=hosted.get("revoked") is True)


def issuer_of(body: Json, keys: IssuerKeys) -> str:
    """The issuer's id as an assertion's badge names it; the badge is asked for where it is only named."""
    badge = body.get("badge")
    if isinstance(badge, str):
        badge = _definition(badge, keys, "the badge's definition")
    issuer = badge.get("issuer") if isinstance(badge, dict) else None
    named = issuer.get("id") if isinstance(issuer, dict) else issuer
    if not isinstance(named, str) or not named.strip():
        raise Unknown("the badge's definition names no issuer")
    return named.strip()


def _definitions(copy: Json, keys: IssuerKeys) -> Library:
    """Badge class and issuer, as their own addresses show them. The issuer's words are not needed."""
    library = Library()
    badge = copy.get("badge")
    if isinstance(badge, str):
        badge = _definition(badge, keys, "the badge's definition")
        library.add(badge)
    issuer = badge.get("issuer") if isinstance(badge, dict) else None
    if isinstance(issuer, str):
        with contextlib.suppress(Unknown):
            library.add(_definition(issuer, keys, "the issuer's document"))
    return library


def _definition(address: str, keys: IssuerKeys, what: str) -> Json:
    document = keys.document(address.strip(), what)
    if clean_id(document.get("id")) != clean_id(address):
        raise Unknown(f"{what} is another's: its id is not its address")
    return document


def _check_host_speaks_for(issuer_id: str, address: str, keys: IssuerKeys) -> None:
    """The assertion is at its issuer's own host, or where the issuer says that its assertions are."""
    if origin(issuer_id) is None:
        raise Unknown("its issuer's id is no address, so that no host can speak for it")
    if origin(secured(issuer_id)) == origin(secured(address)):
        return
    policy = _definition(issuer_id, keys, "the issuer's document").get("verification")
    policy = policy if isinstance(policy, dict) else {}
    starts, hosts = (_texts(policy.get(name)) for name in ("startsWith", "allowedOrigins"))
    host = urlsplit(address).hostname
    if any(address.startswith(start) and origin(start) == origin(address) for start in starts):
        return
    if any(host in (allowed, urlsplit(allowed).hostname) for allowed in hosts):
        return
    raise Invalid("hosted at a place that its issuer does not name")


def _texts(value: Any) -> list[str]:
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str) and text]


def _is_same_recipient(hosted: Json, own: Json) -> bool:
    """The same person: also where one copy shows the address and the other its hash."""
    if hosted.get("recipient_hashed") is own.get("recipient_hashed") or not (
        hosted.get("recipient_hashed") or own.get("recipient_hashed")
    ):
        return _comparable(hosted) == _comparable(own)
    hashed, plain = (hosted, own) if hosted.get("recipient_hashed") else (own, hosted)
    salt = str(hashed.get("recipient_salt") or "")
    spelled = {str(plain["recipient_identity"]), str(plain["recipient_identity"]).lower()}
    digests = {f"sha256${hashlib.sha256((text + salt).encode()).hexdigest()}" for text in spelled}
    return str(hashed["recipient_identity"]).lower() in digests


def _comparable(record: Json) -> tuple[str, str]:
    identity = str(record.get("recipient_identity", "")).lower()
    return identity, str(record.get("recipient_salt") or "") if record.get("recipient_hashed") else ""


def _object(content: bytes) -> Json:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise Unknown("the host's copy can't be read: its host answered with no JSON") from None
    if not isinstance(body, dict):
        raise Unknown("the host's copy can't be read: its host answered with no JSON object")
    return body
