"""Signatures: does this key say that this document is its own?

Belongs here: the one door to the libraries that know signatures and JSON-LD
(openbadgeslib with pyld for Data Integrity proofs, PyJWT for compact JWS), what a key
looks like, and which algorithms count. Does not belong here: whose key it is (keys),
what follows from it (verification).

Every context that a document is canonicalised with comes with openbadgeslib: none is fetched.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any, cast

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from jwt import PyJWK
from jwt.algorithms import Algorithm, get_default_algorithms
from jwt.exceptions import PyJWKError, PyJWTError
from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3.clr import bundled_clr_contexts
from openbadgeslib.ob3.contexts import bundled_contexts, document_loader
from openbadgeslib.ob3.did import resolve_did

# private in name only: the form check is what makes JSON and signed statements one, and the two
# limits are told apart from a false proof; pyproject.toml holds the library to one minor version
from openbadgeslib.ob3.ldp import (
    MAX_LDP_DOCUMENT_BYTES,
    _check_json_ld_form,
    _screen_structure,
    _select_proof,
    verify_data_integrity_proof,
)

from connectors.open_badges.documents import Json, type_names

_FEWEST_RSA_BITS = 2048
_FAMILIES: dict[str, type[Any]] = {"RS256": RSAPublicKey, "ES256": EllipticCurvePublicKey, "EdDSA": Ed25519PublicKey}
_ALGORITHMS: dict[str, Algorithm] = {name: get_default_algorithms()[name] for name in _FAMILIES}


class Invalid(Exception):
    """The badge is not what it says. The reason names no personal value."""


class Unknown(Exception):
    """It can't be told whether the badge is what it says. The reason names no personal value."""


@dataclass(frozen=True)
class Key:
    """A public key. Two are the same where their material is."""

    material: bytes
    public: RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey = field(compare=False, repr=False)

    @property
    def pem(self) -> bytes:
        return self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_of_multibase(text: str) -> Key:
    """A key in multibase base58btc (`z6Mk…`), as did:key and Multikey write it. Raises Invalid or Unknown."""
    try:
        pem = resolve_did(f"did:key:{text}")
    except (LibOpenBadgesException, ValueError) as fault:
        if "unsupported" in str(fault):
            raise Unknown("the key is of a kind that is not known here") from None
        raise Invalid("the key that it names is none") from None
    return key_of_pem(pem)


def key_of_pem(text: bytes | str) -> Key:
    """A key in PEM. Raises Unknown for what can't be read."""
    try:
        return _key(load_pem_public_key(text.encode() if isinstance(text, str) else text))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Unknown("the issuer's key can't be read") from None


def key_of_jwk(jwk: Json) -> Key:
    """A key as JSON Web Key. Raises Unknown for what can't be read, and for a symmetric one."""
    public = {name: value for name, value in jwk.items() if name in ("kty", "crv", "x", "y", "n", "e")}
    try:
        return _key(PyJWK.from_dict(public).key)
    except (PyJWTError, PyJWKError, ValueError, TypeError, KeyError):
        raise Unknown("the issuer's key can't be read") from None


def _key(public: Any) -> Key:
    is_known = isinstance(public, Ed25519PublicKey)
    is_known |= isinstance(public, RSAPublicKey) and public.key_size >= _FEWEST_RSA_BITS
    is_known |= isinstance(public, EllipticCurvePublicKey) and isinstance(public.curve, SECP256R1)
    if not is_known:
        raise Unknown("the key is of a kind that is not known here")
    material = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Key(material, public)


# -- compact JWS ---------------------------------------------------------------------------


def header_of(token: bytes) -> Json:
    """The header of a compact JWS. Raises Invalid for one that no issuer's signature can have."""
    header = orjson.loads(_decoded(token.partition(b".")[0]))
    if header.get("alg") not in _ALGORITHMS:
        shown = header.get("alg") if isinstance(header.get("alg"), str) else "(none)"
        if isinstance(shown, str) and shown.upper().startswith(("NONE", "(NONE", "HS")):
            raise Invalid(f"the algorithm {shown[:20]} is no issuer's signature")
        raise Unknown(f"signed with {shown[:20]}, which is not checked here")
    if "crit" in header or "b64" in header:
        raise Unknown("the signature asks for an extension that is not known here")
    return cast(Json, header)


def check_jws(token: bytes, key: Key) -> None:
    """The token's signature is the key's. Raises Invalid where it is not."""
    algorithm = header_of(token)["alg"]
    # the key decides what counts, never the token: an RSA key is no secret of HMAC
    if not isinstance(key.public, _FAMILIES[algorithm]):
        raise Invalid(f"signed with {algorithm}, and the issuer's key is of another kind")
    signed, _, signature = token.rpartition(b".")
    _decoded(signed.partition(b".")[2])
    if not _ALGORITHMS[algorithm].verify(signed, key.public, _decoded(signature)):
        raise Invalid("the signature does not match")


def _decoded(segment: bytes) -> bytes:
    """Base64url in its one canonical spelling, for another one would be another file with the same signature."""
    try:
        content = base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
    except (binascii.Error, ValueError):
        content = b""
    if base64.urlsafe_b64encode(content).rstrip(b"=") != segment:
        raise Invalid("a part of the JWT is not written as base64url")
    return content


# -- Data Integrity ------------------------------------------------------------------------


def data_integrity_proof(document: Json) -> Json | None:
    """The proof to check; None where there is none at all. Raises Unknown for kinds that are not checked here."""
    given = document.get("proof")
    entries = [entry for entry in (given if isinstance(given, list) else [given]) if isinstance(entry, dict)]
    if not entries:
        return None
    try:
        proof = _select_proof(document)
    except LibOpenBadgesException:
        kinds = sorted({str(entry.get("cryptosuite") or (*type_names(entry), "?")[0])[:40] for entry in entries})
        raise Unknown(f"a proof of the kind {', '.join(kinds)} is not checked here") from None
    if proof["cryptosuite"] != "eddsa-rdfc-2022":
        raise Unknown(f"a proof of the kind {proof['cryptosuite']} is not checked here")
    if proof.get("proofPurpose") != "assertionMethod":
        raise Invalid("the proof was made for another purpose")
    return proof


def check_data_integrity(document: Json, proof: Json, key: Key) -> None:
    """The proof is the key's and covers every member of the document. Raises Invalid or Unknown."""
    if not isinstance(key.public, Ed25519PublicKey):
        raise Invalid("the proof is of Ed25519, and the issuer's key is of another kind")
    contexts = bundled_contexts() | bundled_clr_contexts()
    _check_contexts(document, contexts)
    if len(orjson.dumps(document)) > MAX_LDP_DOCUMENT_BYTES:
        raise Unknown(f"larger than {MAX_LDP_DOCUMENT_BYTES >> 10} KiB, more than is canonicalised")
    try:
        _screen_structure(document, scale=2)
    except LibOpenBadgesException:
        raise Unknown("has more parts than are canonicalised") from None
    clr = bundled_clr_contexts()
    try:
        verify_data_integrity_proof(document, key.pem, extra_contexts=clr)
    except LibOpenBadgesException as fault:
        said = str(fault)
        if "refusing" in said or "safely" in said:
            raise Unknown("takes more work to canonicalise than is done for one badge") from None
        if "expired" in said:
            raise Invalid("the proof has expired") from None
        if "could not canonicalize" in said:
            raise Invalid("it is no valid JSON-LD, so that no proof can cover it") from None
        raise Invalid("the signature does not match") from None
    try:
        _check_json_ld_form(_without_nulls(document), proof, document_loader(clr))
    except LibOpenBadgesException:
        raise Unknown(
            "the proof matches, but it can't be told that it covers every member (no compacted JSON-LD)"
        ) from None


def _without_nulls(value: Any) -> Any:
    """The same without members that are null: they say nothing, and JSON-LD knows none."""
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value if inner is not None]
    return value


def _check_contexts(value: Any, known: dict[str, Any]) -> None:
    """Every context is one that comes with the library. None is ever fetched."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, dict):
            stack.extend(inner for name, inner in item.items() if name != "@context")
            given = item.get("@context")
            for context in given if isinstance(given, list) else [given] if given is not None else []:
                if not isinstance(context, str):
                    raise Unknown("has a context of its own, so that it can't be canonicalised offline")
                if context not in known:
                    shown = context.partition("?")[0][:200]
                    raise Unknown(
                        f"the context {shown} does not come with the library: it can't be canonicalised offline"
                    )
