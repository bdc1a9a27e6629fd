"""Is the badge what it says? The steps, in their order, and the one outcome they end in.

Belongs here: schema (records) → proof → refresh once → status or revocation list → dates,
and which fault means which outcome. Does not belong here: signatures (proofs), whose key
it is (keys), lists (status), a host's own copy (hosted).

| outcome | means |
|---|---|
| `verified` | every step was made and held |
| `invalid` | one step certainly failed; the reason says which |
| `unknown` | a step could not be made: a host did not answer, a kind of proof is not known here |
| `unverified` | nothing to check (no proof), or hosts are not asked (check_hosts: false) |

A step that certainly fails decides, also where another could not be made. Revoked and
expired are facts beside the outcome: a revoked badge was still issued.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from connectors.open_badges import status
from connectors.open_badges.documents import Document, Json, NotABadge, read_document, type_names
from connectors.open_badges.hosted import ask_host, issuer_of
from connectors.open_badges.keys import IssuerKeys, NotAsked
from connectors.open_badges.proofs import (
    Invalid,
    Key,
    Unknown,
    check_data_integrity,
    check_jws,
    data_integrity_proof,
    header_of,
    key_of_pem,
)
from connectors.open_badges.records import Library, Normalised, clean_id, issuer_id_of, normalise

Verification = Literal["verified", "invalid", "unknown", "unverified"]

_CLOCK_SKEW = timedelta(minutes=5)
_ALWAYS, _NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_FROM_HOST = (
    "achievement_name",
    "achievement_description",
    "alignments",
    "issuer_name",
    "expires_at",
    "revoked",
)


class NothingToCheck(Exception):
    """The badge carries no proof at all."""


@dataclass(frozen=True)
class Outcome:
    """What became of one badge.

    record: what to land of it; a refreshed or hosted copy where that is the newer truth.
    reason: why it is not verified; None where it is. is_checked: whether any check was made.
    """

    record: Json
    verification: Verification
    reason: str | None = None
    is_checked: bool = True

    @property
    def members(self) -> Json:
        """The record with the outcome, without the time of the check."""
        told: Json = {"verification": self.verification}
        if self.reason:
            told["verification_reason"] = self.reason
        if self.verification == "invalid":
            # nobody's word: of two files of one badge the later start of validity counts, and a
            # revocation in any record of an award stands
            told |= {"valid_from": None, "revoked": None}
        return self.record | told


class Verifier:
    """Checks the badges of one pull. library: what the folder's supporting documents tell."""

    def __init__(self, keys: IssuerKeys, library: Library, now: datetime) -> None:
        self._keys = keys
        self.library = library
        self._now = now

    def verify(self, document: Document, own: Normalised, envelope: Envelope | None = None) -> Outcome:
        """The outcome for an award. envelope: the learner record that it came in."""
        record = own.record
        try:
            try:
                record = self._steps(document, own, envelope)
            except (Unknown, NothingToCheck):
                # what is certain needs no host
                self._check_dates(own.record)
                raise
            self._check_dates(record)
        except Invalid as fault:
            return Outcome(record, "invalid", str(fault))
        except NotAsked as fault:
            return Outcome(record, "unverified", str(fault), is_checked=False)
        except _Revoked as fault:
            return Outcome(record | {"revoked": True}, "unverified", str(fault))
        except Unknown as fault:
            return Outcome(record, "unknown", str(fault))
        except NothingToCheck as fault:
            return Outcome(record, "unverified", str(fault), is_checked=False)
        return Outcome(record, "verified")

    def envelope(self, document: Document) -> Envelope:
        """The proof of a learner record itself."""
        issuer_id = issuer_id_of(document)
        try:
            self._check_proof(document)
            entries = document.body.get("credentialStatus")
            identifier = clean_id(document.body.get("id")) or ""
            if entries and status.is_revoked(entries, identifier, issuer_id or "", self._keys, self._check_list):
                raise Invalid("its learner record was revoked")
        except (Invalid, Unknown, NothingToCheck) as fault:
            return Envelope(issuer_id, fault)
        return Envelope(issuer_id, None)

    def _steps(self, document: Document, own: Normalised, envelope: Envelope | None) -> Json:
        if document.kind == "credential":
            return self._credential(document, own, envelope)
        given = document.body.get("verification", document.body.get("verify"))
        kinds = set(type_names(given)) if isinstance(given, dict) else set()
        if document.token is not None and not kinds & {"HostedBadge", "hosted"}:
            return self._signed_assertion(document, own, given if isinstance(given, dict) else {})
        if kinds & {"SignedBadge", "signed"}:
            raise NothingToCheck("says that it is signed, and carries no signature")
        hosted = ask_host(document.body, own, self._keys)
        if hosted.record is None:
            # the copy that is left can't be compared any more
            raise _Revoked("revoked: its host shows its contents no more")
        taken = {name: hosted.record[name] for name in _FROM_HOST if name in hosted.record}
        return {name: value for name, value in own.record.items() if name not in ("expires_at", "revoked")} | (
            {"revoked": own.record.get("revoked") or hosted.is_revoked} | taken
        )

    # -- 3.0 -------------------------------------------------------------------------------

    def _credential(self, document: Document, own: Normalised, envelope: Envelope | None) -> Json:
        try:
            self._check_proof(document)
        except NothingToCheck:
            if envelope is None:
                raise
            envelope.vouch_for(issuer_id_of(document))
        document, own = self._refreshed(document, own)
        record = own.record
        entries = document.body.get("credentialStatus")
        if entries:
            issuer_id = issuer_id_of(document) or ""
            is_revoked = status.is_revoked(entries, record["credential_id"], issuer_id, self._keys, self._check_list)
            record = record | {"revoked": is_revoked or record.get("revoked", False)}
        return record

    def _check_proof(self, document: Document) -> None:
        issuer_id = issuer_id_of(document)
        if issuer_id is None:
            raise Invalid("names no issuer")
        if document.token is not None:
            token = document.token
            header = header_of(token)
            method = header.get("kid")
            self._keys.confirm(
                issuer_id,
                method if isinstance(method, str) else None,
                header.get("jwk"),
                lambda key: check_jws(token, key),
            )
            _check_claims(document)
            return
        proof = data_integrity_proof(document.body)
        if proof is None:
            raise NothingToCheck("carries no proof")
        method = proof.get("verificationMethod")
        if not isinstance(method, str):
            raise Invalid("the proof names no key")
        self._keys.confirm(issuer_id, method, None, lambda key: check_data_integrity(document.body, proof, key))

    def _check_list(self, document: Document) -> None:
        """The proof of a status list."""
        try:
            self._check_proof(document)
        except NothingToCheck as fault:
            raise Unknown(f"the status list {fault}") from None

    def _refreshed(self, document: Document, own: Normalised) -> tuple[Document, Normalised]:
        """The newer copy that the issuer offers, where it can be had and is proven; asked for once."""
        service = document.body.get("refreshService")
        if not isinstance(service, dict) or "1EdTechCredentialRefresh" not in type_names(service):
            return document, own
        try:
            answer = self._keys.answer(str(service.get("id", "")), "the refreshed credential")
            if answer.status != 200:
                return document, own
            fresh = read_document(answer.body)
            if fresh.kind != "credential":
                return document, own
            normalised = normalise(fresh, self.library)
            same = ("credential_id", "issuer_id")
            if any(normalised.record.get(name) != own.record.get(name) for name in same):
                return document, own
            if _moment(normalised.record, "valid_from") < _moment(own.record, "valid_from"):
                return document, own
            self._check_proof(fresh)
        except (NotABadge, Unknown, Invalid, NothingToCheck):
            # the copy at hand is proven; what it says of its own end still holds
            return document, own
        return fresh, normalised

    # -- 2.0 -------------------------------------------------------------------------------

    def _signed_assertion(self, document: Document, own: Normalised, given: Json) -> Json:
        token = document.token or b""
        header_of(token)
        creator = given.get("creator")
        creator = creator.get("id") if isinstance(creator, dict) else creator
        creator = creator if isinstance(creator, str) else None

        def check(key: Key) -> None:
            check_jws(token, key)

        try:
            issuer_id = issuer_of(document.body, self._keys)
            if not own.is_issuer_from_host and clean_id(issuer_id) != own.record["issuer_id"]:
                raise Invalid("the badge's definition names another issuer")
            self._keys.confirm(issuer_id, creator, None, check)
        except Unknown:
            # a key that lies in the folder proves nothing of the issuer, yet a changed badge does not fit it
            for key in self._keys_in_folder(creator):
                check(key)
            raise
        listed = self._keys.document(issuer_id, "the issuer's document").get("revocationList")
        if listed is None:
            return own.record
        is_revoked = status.is_in_revocation_list(listed, own.record["credential_id"], issuer_id, self._keys)
        return own.record | {"revoked": is_revoked or own.record.get("revoked", False)}

    def _keys_in_folder(self, creator: str | None) -> list[Key]:
        known = self.library.documents.get(clean_id(creator) or "", {})
        pem = known.get("publicKeyPem")
        try:
            return [key_of_pem(pem)] if isinstance(pem, str) else []
        except Unknown:
            return []

    # -- dates -----------------------------------------------------------------------------

    def _check_dates(self, record: Json) -> None:
        """Expired is a fact and no fault; a badge that ends before it starts, or has not started, is no badge yet."""
        starts, ends = _moment(record, "valid_from"), _moment(record, "expires_at", _NEVER)
        if ends < starts:
            raise Invalid("expires before it was issued")
        if starts > self._now + _CLOCK_SKEW:
            raise Invalid("issued in the future: not valid yet")


@dataclass(frozen=True)
class Envelope:
    """A learner record's own proof. fault: why it does not hold; None where it does."""

    issuer_id: str | None
    fault: Invalid | Unknown | NothingToCheck | None

    def vouch_for(self, issuer_id: str | None) -> None:
        """A credential without a proof of its own rests on the record's, where both have one issuer."""
        if self.fault is not None:
            raise type(self.fault)(f"its learner record: {self.fault}")
        if issuer_id is None or issuer_id != self.issuer_id:
            raise NothingToCheck("carries no proof of its own, and its learner record is another issuer's")


class _Revoked(Exception):
    """Revoked, and nothing more to be told."""


def _check_claims(document: Document) -> None:
    """The token's own claims and the credential in it are about the same badge."""
    claims, body = document.claims, document.body
    subject = body.get("credentialSubject")
    pairs: list[tuple[str, Any, Any]] = [
        ("issuer", claims.get("iss"), issuer_id_of(document)),
        ("id", claims.get("jti"), body.get("id")),
        ("recipient", claims.get("sub"), subject.get("id") if isinstance(subject, dict) else None),
    ]
    for what, claimed, stated in pairs:
        if claimed is not None and stated is not None and claimed != stated:
            raise Invalid(f"the token and the credential in it differ in the {what}")


def _moment(record: Json, name: str, absent: datetime = _ALWAYS) -> datetime:
    """A time of the record; `absent` where it has none, or none that can be read (landing rejects that)."""
    try:
        moment = datetime.fromisoformat(str(record.get(name)))
    except ValueError:
        moment = absent
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
