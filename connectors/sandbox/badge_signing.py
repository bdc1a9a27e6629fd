"""Real signatures of SYNTHETIC issuers: an Ed25519 key of each issuer's own, named by its did:key.

Belongs here: keys out of a name, compact JWS and Data Integrity proofs made with them. Does
not belong here: which badge is signed (badge_files), checking a signature (open_badges).

The same name gives the same key and, Ed25519 being deterministic, the same signature on every
machine. That is fine for a synthetic district and would be none anywhere else.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from openbadgeslib.ob3.clr import bundled_clr_contexts
from openbadgeslib.ob3.did import did_key_from_pem
from openbadgeslib.ob3.ldp import add_data_integrity_proof

_PROVEN_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Signer:
    """An issuer's key, drawn from a name."""

    name: str

    @cached_property
    def key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"SYNTHETIC {self.name}".encode()).digest())

    @cached_property
    def did(self) -> str:
        """The issuer's id that is its key: `did:key:z6Mk…`."""
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return str(did_key_from_pem(pem))

    @property
    def multibase(self) -> str:
        return self.did.removeprefix("did:key:")

    def jws(self, payload: dict[str, Any], kid: str | None = None, **header: Any) -> str:
        """A compact JWS (EdDSA). kid: the key's name; the did:key itself where none is given."""
        whole = {"alg": "EdDSA", "typ": "JWT", "kid": kid or f"{self.did}#{self.multibase}", **header}
        signed = b".".join(base64url(orjson.dumps(part)) for part in (whole, payload))
        return (signed + b"." + base64url(self.key.sign(signed))).decode()

    def with_proof(self, document: dict[str, Any], method: str | None = None) -> dict[str, Any]:
        """The document with an `eddsa-rdfc-2022` proof. method: the key's name, the did:key where none is given."""
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        named = method or f"{self.did}#{self.multibase}"
        contexts = bundled_clr_contexts()
        return dict(add_data_integrity_proof(document, pem, named, created=_PROVEN_AT, extra_contexts=contexts))


def base64url(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
