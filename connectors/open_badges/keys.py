"""Whose key is it? What an issuer publishes about its keys, and whether a signature's key is among them.

Belongs here: did:key, did:web, and documents at an issuer's https address (DID documents,
controller documents, JWK sets, Open Badges 2.0 profiles and keys). Does not belong here:
signatures (proofs), revocation (status), the outcome (verification).

A key proves something only where the issuer itself names it: in its own id (did:key), in the
document at its own address, or in one below that address. A document elsewhere that claims
an issuer proves nothing, and neither does another tenant of the same host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson

from connectors.core.guarded_fetch import Fetch, Fetched, NotFetched
from connectors.open_badges.documents import Json
from connectors.open_badges.proofs import (
    Invalid,
    Key,
    Unknown,
    key_of_jwk,
    key_of_multibase,
    key_of_pem,
)

_MOST_KEYS = 50


class NotAsked(Unknown):
    """Only the host could tell, and hosts are not asked (check_hosts: false)."""


@dataclass(frozen=True)
class Published:
    """What an issuer says of its keys: those it shows, by their id, and ids of those that stand elsewhere."""

    keys: tuple[tuple[str, Key], ...] = ()
    elsewhere: frozenset[str] = frozenset()

    @property
    def is_silent(self) -> bool:
        return not self.keys and not self.elsewhere


class IssuerKeys:
    """The keys of issuers, each looked up once in a run. fetch: None where hosts are not asked."""

    def __init__(self, fetch: Fetch | None) -> None:
        self._fetch = fetch
        self._of_text: dict[str, Key] = {}
        self._published: dict[str, Published] = {}

    def document(self, url: str, whose: str) -> Json:
        """The JSON object at an address. Raises Unknown where it can't be had."""
        answer = self.answer(url, whose)
        if answer.status != 200:
            raise Unknown(f"{whose} can't be read: its host answered {answer.status}")
        try:
            body = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            raise Unknown(f"{whose} can't be read: its host answered with no JSON") from None
        if not isinstance(body, dict):
            raise Unknown(f"{whose} can't be read: its host answered with no JSON object")
        return body

    def answer(self, url: str, whose: str) -> Fetched:
        """What a host answers. Raises Unknown where it does not."""
        if self._fetch is None:
            raise NotAsked(f"{whose} was not asked for: check_hosts is off")
        try:
            return self._fetch.get(secured(url.partition("#")[0]))
        except NotFetched as fault:
            raise Unknown(f"{whose} could not be asked for: {fault.reason}") from None

    def confirm(self, issuer_id: str, method: str | None, jwk: Any, check: Callable[[Key], None]) -> None:
        """The signature is by a key of that issuer.

        method: what the signature names as its key (`kid`, `verificationMethod`, `creator`).
        jwk: a key that the signature brings along. check: raises Invalid where a key does not fit.
        Raises Invalid, or Unknown where the issuer can't be asked.
        """
        claimed = self._claimed(method, jwk)
        if claimed is not None:
            # needs no network, so a changed file is found out on every machine
            check(claimed)
        of_issuer = self._published_by(issuer_id, claimed)
        if claimed is not None:
            if any(key == claimed for _, key in of_issuer.keys):
                return
            if of_issuer.is_silent:
                raise Unknown("the signature matches, but its issuer's document names no key")
            if not of_issuer.keys:
                raise Unknown("the signature matches, but its issuer's keys stand elsewhere")
            raise Invalid("signed with a key that is not its issuer's")
        candidates = [key for name, key in of_issuer.keys if method is None or _is_named(name, method, issuer_id)]
        if not candidates and method is not None:
            candidates = self._standing_elsewhere(issuer_id, method, of_issuer)
        if not candidates and method is None:
            for name in sorted(of_issuer.elsewhere)[:_MOST_KEYS]:
                candidates += self._standing_elsewhere(issuer_id, name, of_issuer)
        if not candidates:
            if of_issuer.is_silent:
                raise Unknown("its issuer's document names no key")
            raise Invalid("signed with a key that is not its issuer's")
        for number, key in enumerate(candidates, 1):
            try:
                check(key)
                break
            except Invalid:
                if number == len(candidates):
                    raise

    def _claimed(self, method: str | None, jwk: Any) -> Key | None:
        """The key that the signature itself holds, in its method's name or beside it."""
        if method is not None:
            base, _, fragment = method.partition("#")
            if base.startswith("did:key:"):
                return self._multibase(base.removeprefix("did:key:"))
            if fragment.startswith(("z6Mk", "zDn")):
                return self._multibase(fragment)
        return key_of_jwk(jwk) if isinstance(jwk, dict) else None

    def _multibase(self, text: str) -> Key:
        if text not in self._of_text:
            self._of_text[text] = key_of_multibase(text)
        return self._of_text[text]

    def _published_by(self, issuer_id: str, claimed: Key | None) -> Published:
        if issuer_id.startswith("did:key:"):
            name = issuer_id.partition("#")[0]
            return Published(((name, self._multibase(name.removeprefix("did:key:"))),))
        url = _address_of(issuer_id)
        if url is None:
            if claimed is not None:
                raise Invalid("signed with a key that is not its issuer's: the issuer's id names no key and no address")
            raise Unknown("its issuer's id is no address under which a key could be looked up")
        if issuer_id not in self._published:
            document = self.document(url, "the issuer's document")
            named = document.get("id")
            if isinstance(named, str) and named.strip() != issuer_id:
                raise Unknown("the document at the issuer's address is about another issuer")
            self._published[issuer_id] = _published_in(document, issuer_id)
        return self._published[issuer_id]

    def _standing_elsewhere(self, issuer_id: str, method: str, of_issuer: Published) -> list[Key]:
        """Keys of a document that the issuer names, or that stands below its own address."""
        is_named = method in of_issuer.elsewhere
        is_below = of_issuer.is_silent and method.startswith((f"{issuer_id}/", f"{issuer_id}#"))
        if not (is_named or is_below):
            return []
        document = self.document(method, "the issuer's key")
        owner = document.get("owner", document.get("controller"))
        if owner is not None and owner != issuer_id:
            raise Invalid("signed with a key that belongs to another issuer")
        found = _published_in(document, issuer_id).keys or tuple(_keys_in([document], issuer_id, issuer_id))
        named = [key for name, key in found if _is_named(name, method, issuer_id)]
        return named or [key for _, key in found]


def secured(address: str) -> str:
    """The same address over TLS: older badges still write http, and what comes by that proves nothing."""
    return f"https://{address.removeprefix('http://')}" if address.startswith("http://") else address


def _address_of(issuer_id: str) -> str | None:
    if issuer_id.startswith(("https://", "http://")):
        return issuer_id
    if not issuer_id.startswith("did:web:"):
        return None
    host, *path = issuer_id.removeprefix("did:web:").partition("#")[0].split(":")
    return f"https://{unquote(host)}/{'/'.join(path) or '.well-known'}/did.json"


def _published_in(document: Json, issuer_id: str) -> Published:
    """A DID or controller document, a JWK set, or an Open Badges 2.0 profile."""
    methods = _listed(document.get("verificationMethod"))
    if "assertionMethod" in document:
        # only these may speak for the issuer in a badge
        allowed = _listed(document["assertionMethod"])
        names = {_absolute(entry, issuer_id) for entry in allowed if isinstance(entry, str)}
        methods = [
            entry
            for entry in methods
            if isinstance(entry, dict) and _absolute(str(entry.get("id", "")), issuer_id) in names
        ]
        elsewhere = names - {_absolute(str(entry.get("id", "")), issuer_id) for entry in methods}
        methods += [entry for entry in allowed if isinstance(entry, dict)]
    else:
        elsewhere = {entry for entry in methods if isinstance(entry, str)}
        public = _listed(document.get("publicKey"))
        elsewhere |= {entry for entry in public if isinstance(entry, str)}
        methods += [entry for entry in public if isinstance(entry, dict)]
        methods += _listed(document.get("keys"))
    keys = tuple(_keys_in(methods, str(document.get("id") or issuer_id), issuer_id))
    return Published(keys, frozenset(_absolute(name, issuer_id) for name in elsewhere))


def _keys_in(entries: list[Any], document_id: str, issuer_id: str) -> Iterator[tuple[str, Key]]:
    """Keys by their absolute id; those of others, withdrawn ones and unreadable ones are passed over."""
    for entry in entries[:_MOST_KEYS]:
        if not isinstance(entry, dict) or entry.get("revoked"):
            continue
        owner = entry.get("controller", entry.get("owner"))
        if owner is not None and owner not in (issuer_id, document_id):
            continue
        name = _absolute(str(entry.get("id") or entry.get("kid") or ""), issuer_id)
        try:
            if isinstance(entry.get("publicKeyMultibase"), str):
                yield name, key_of_multibase(entry["publicKeyMultibase"])
            elif isinstance(entry.get("publicKeyJwk"), dict):
                yield name, key_of_jwk(entry["publicKeyJwk"])
            elif isinstance(entry.get("publicKeyPem"), str):
                yield name, key_of_pem(entry["publicKeyPem"])
            elif "kty" in entry:
                yield name, key_of_jwk(entry)
        except (Invalid, Unknown):
            continue


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def _absolute(name: str, issuer_id: str) -> str:
    return f"{issuer_id}{name}" if name.startswith("#") else name


def _is_named(name: str, method: str, issuer_id: str) -> bool:
    return _absolute(method, issuer_id) in (name, f"{issuer_id}#{name}") or method == name
