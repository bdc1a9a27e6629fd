"""An Open Badges 2.0 assertion or 3.0 credential as the one normalised record.

Belongs here: which member of which version becomes which field, and what a badge can't
do without. Does not belong here: reading files (documents), finding them (client),
whether a value has its type (landing).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from connectors.open_badges.documents import Document, Json, NotABadge, type_names
from connectors.open_badges.streams import CREDENTIALS

_ALIGNMENT_MEMBERS = ("targetName", "targetUrl", "targetFramework", "targetCode", "targetType", "targetDescription")
_PERSONAL_PARAMETERS = frozenset({"identity__email", "identity__hash", "identity__telephone", "identity__url", "email"})


# what the two versions define for an award: read here, or of no use to a record
_DEFINED_MEMBERS = frozenset(
    {
        "@context",
        "@id",
        "@type",
        "id",
        "type",
        "uid",
        "recipient",
        "badge",
        "verification",
        "verify",
        "issuedOn",
        "image",
        "evidence",
        "narrative",
        "expires",
        "revoked",
        "revocationReason",
        "name",
        "description",
        "credentialSubject",
        "awardedDate",
        "issuer",
        "validFrom",
        "validUntil",
        "issuanceDate",
        "expirationDate",
        "proof",
        "credentialSchema",
        "credentialStatus",
        "refreshService",
        "termsOfUse",
        "endorsement",
        "endorsementJwt",
        "relatedAssertions",
        "extensions",
        "iss",
        "sub",
        "aud",
        "exp",
        "nbf",
        "iat",
        "jti",
        "vc",
    }
)


@dataclass
class Library:
    """What the supporting documents of a folder tell: definitions by id, and revoked ids."""

    documents: dict[str, Json] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)

    def add(self, body: Json) -> None:
        """Remember a BadgeClass, issuer profile or revocation list."""
        if identifier := clean_id(body.get("id")):
            self.documents.setdefault(identifier, body)
        self.revoked |= revoked_ids(body)

    def resolve(self, reference: Any) -> Json:
        """The object itself, or the document with that id, or an object that holds only the id."""
        if isinstance(reference, dict):
            known = self.documents.get(clean_id(reference.get("id")) or "")
            return {**known, **reference} if known else reference
        identifier = clean_id(reference)
        if identifier is None:
            return {}
        return self.documents.get(identifier, {"id": identifier})


@dataclass(frozen=True)
class Normalised:
    """A record for landing, and whether its issuer had to be taken from the badge's address."""

    record: Json
    is_issuer_from_host: bool = False


def clean_id(value: Any) -> str | None:
    """An id percent-decoded, trimmed and without a recipient's identity in its query; None if there is none."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    if "?" in text and text.lower().startswith(("http://", "https://")):
        text = without_identity(text)
    return unquote(text).strip() or None


def revoked_ids(body: Json) -> set[str]:
    """Ids that a revocation list of either version names; an entry that does not say otherwise is revoked."""
    members = [body.get("revokedAssertions"), body.get("revokedCredential"), body.get("revokedCredentials")]
    entries = [entry for listed in members if isinstance(listed, list) for entry in listed]
    named = (
        entry.get("id", entry.get("uid")) if isinstance(entry, dict) else entry
        for entry in entries
        if not isinstance(entry, dict) or entry.get("revoked") is not False
    )
    return {identifier for name in named if (identifier := clean_id(name))}


def issuer_id_of(document: Document) -> str | None:
    """The id that a 3.0 credential gives its issuer, as it is written; None where it gives none."""
    issuer = document.body.get("issuer") or document.claims.get("iss")
    named = issuer.get("id") if isinstance(issuer, dict) else issuer
    return named.strip() or None if isinstance(named, str) else None


def without_identity(address: str) -> str:
    """An address without parameters that name the recipient, and otherwise as it is."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    query = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, given) for name, given in query if name.lower() not in _PERSONAL_PARAMETERS]
    return urlunsplit(parts._replace(query=urlencode(kept))) if len(kept) < len(query) else address


def is_revoked_stub(body: Json) -> bool:
    """A revoked hosted assertion is stripped to its id: it revokes, and tells nothing else."""
    return body.get("revoked") is True and "badge" not in body


def undefined_members(body: Json) -> Json:
    """Top-level members of an award that neither version defines, for `_extra`."""
    declared = {*(field.name for field in CREDENTIALS.fields), *CREDENTIALS.withheld}
    return {name: value for name, value in body.items() if name not in _DEFINED_MEMBERS | declared}


def normalise(document: Document, library: Library) -> Normalised:
    """The record of an award. Raises NotABadge where a part is missing that no award can lack."""
    if document.kind == "assertion":
        return _from_assertion(document, library)
    return _from_credential(document, library)


def _from_assertion(document: Document, library: Library) -> Normalised:
    body = document.body
    identifier = _required(clean_id(body.get("id")), "credential_id", "id is missing")
    if not body.get("badge"):
        raise NotABadge("achievement_id", "badge is missing")
    badge = library.resolve(body["badge"])
    achievement_id = _required(clean_id(badge.get("id")), "achievement_id", "badge has no id")
    issuer = library.resolve(badge.get("issuer"))
    issuer_id, is_from_host = clean_id(issuer.get("id")), False
    if issuer_id is None and isinstance(body["badge"], str):
        # the badge is only named: the place that hosts its definition stands in for the issuer
        issuer_id = origin(achievement_id)
        is_from_host = issuer_id is not None
    issuer_id = _required(
        issuer_id, "issuer_id", "the issuer can't be told: badge names none, and is no address of a host"
    )
    recipient = body.get("recipient")
    if not isinstance(recipient, dict) or not isinstance(recipient.get("identity"), str):
        raise NotABadge("recipient_identity", "recipient has no identity")
    if body.get("issuedOn") is None:
        raise NotABadge("issued_at", "issuedOn is missing")
    verification = body.get("verification", body.get("verify"))
    proof = verification.get("type") if isinstance(verification, dict) else None
    proof = proof[0] if isinstance(proof, list) and proof else proof
    aliases = {"HostedBadge": "hosted", "SignedBadge": "signed"}
    evidence = body.get("evidence")
    record = {
        "credential_id": identifier,
        "issuer_id": issuer_id,
        "issuer_name": _words(issuer.get("name")),
        "open_badges_version": "2.0",
        "achievement_id": achievement_id,
        "achievement_name": _words(badge.get("name")),
        "achievement_description": _words(badge.get("description")),
        "alignments": _alignments(badge.get("alignment", badge.get("alignments"))),
        "recipient_identity": recipient["identity"].strip(),
        "recipient_type": _words(recipient.get("type")),
        "recipient_hashed": _is_hashed(recipient, recipient["identity"]),
        "recipient_salt": recipient.get("salt"),
        "issued_at": _moment(body["issuedOn"]),
        "valid_from": _moment(body["issuedOn"]),
        "expires_at": _moment(body.get("expires")),
        "revoked": True if identifier in library.revoked else body.get("revoked"),
        "proof_type": aliases.get(str(proof), proof),
        "evidence_urls": _ids(evidence),
        "narrative": body.get("narrative"),
        "evidence_narratives": _narratives(evidence),
        "image": body.get("image"),
    }
    return Normalised(_without_gaps(record), is_from_host)


def _from_credential(document: Document, library: Library) -> Normalised:
    body, claims = document.body, document.claims
    identifier = _required(clean_id(body.get("id")) or clean_id(claims.get("jti")), "credential_id", "id is missing")
    issuer = library.resolve(body.get("issuer") or claims.get("iss"))
    issuer_id = _required(clean_id(issuer.get("id")), "issuer_id", "issuer is missing")
    subject = body.get("credentialSubject")
    subject = subject[0] if isinstance(subject, list) and len(subject) == 1 else subject
    if not isinstance(subject, dict):
        raise NotABadge("achievement_id", "credentialSubject is missing or not one subject")
    achievement = subject.get("achievement")
    achievement = achievement[0] if isinstance(achievement, list) and len(achievement) == 1 else achievement
    if not achievement:
        raise NotABadge("achievement_id", "credentialSubject.achievement is missing")
    achievement = library.resolve(achievement)
    achievement_id = _required(
        clean_id(achievement.get("id")), "achievement_id", "credentialSubject.achievement has no id"
    )
    valid_from = _first(body, "validFrom", "issuanceDate") or claims.get("nbf", claims.get("iat"))
    issued = body.get("awardedDate") or subject.get("awardedDate") or valid_from
    if issued is None:
        raise NotABadge("issued_at", "none of awardedDate, validFrom, issuanceDate is there")
    evidence = body.get("evidence")
    record = {
        "credential_id": identifier,
        "issuer_id": issuer_id,
        "issuer_name": _words(issuer.get("name")),
        "open_badges_version": "3.0",
        "achievement_id": achievement_id,
        "achievement_name": _words(achievement.get("name")),
        "achievement_description": _words(achievement.get("description")),
        "alignments": _alignments(achievement.get("alignment", achievement.get("alignments"))),
        **_recipient(subject, claims),
        "issued_at": _moment(issued),
        "valid_from": _moment(valid_from),
        "expires_at": _moment(_first(body, "validUntil", "expirationDate") or claims.get("exp")),
        "revoked": True if identifier in library.revoked else None,
        "proof_type": _proof_type(body.get("proof")) if document.token is None else "jwt",
        "evidence_urls": _ids(evidence),
        "narrative": subject.get("narrative"),
        "evidence_narratives": _narratives(evidence),
        "image": body.get("image"),
    }
    return Normalised(_without_gaps(record))


def _recipient(subject: Json, claims: Json) -> Json:
    """The subject's e-mail identifier where it has one, another identifier, or its id."""
    entries = subject.get("identifier")
    entries = entries if isinstance(entries, list) else [entries]
    usable = [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("identityHash"), str)]
    # a plain address says more than a hashed one
    usable.sort(key=lambda entry: (_identity_type(entry) != "email", entry.get("hashed") is True))
    if usable:
        chosen = usable[0]
        return {
            "recipient_identity": chosen["identityHash"].strip(),
            "recipient_type": _identity_type(chosen),
            "recipient_hashed": _is_hashed(chosen, chosen["identityHash"]),
            "recipient_salt": chosen.get("salt"),
        }
    identifier = clean_id(subject.get("id")) or clean_id(claims.get("sub"))
    if identifier is None:
        return {}
    if identifier.lower().startswith("mailto:"):
        return {"recipient_identity": identifier[7:], "recipient_type": "email", "recipient_hashed": False}
    return {"recipient_identity": identifier, "recipient_type": "id", "recipient_hashed": False}


def _is_hashed(entry: Json, identity: str) -> Any:
    """What the badge says; where it says nothing, what the identity looks like."""
    if entry.get("hashed") is None and identity.strip().lower().startswith(("sha256$", "md5$")):
        return True
    return entry.get("hashed")


def _identity_type(entry: Json) -> str | None:
    named = entry.get("identityType")
    return "email" if named in ("emailAddress", "email") else _words(named)


def _required(value: str | None, field_name: str, reason: str) -> str:
    if value is None:
        raise NotABadge(field_name, reason)
    return value


def origin(address: str) -> str | None:
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    return f"{parts.scheme}://{host}" if parts.scheme in ("http", "https") and host else None


def _first(body: Json, *names: str) -> Any:
    return next((body[name] for name in names if body.get(name) is not None), None)


def _moment(value: Any) -> Any:
    """Seconds since 1970 as ISO 8601; every other value as it is, for landing to judge."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, UTC).isoformat().replace("+00:00", "Z")
        except (OverflowError, OSError, ValueError):
            return str(value)
    return value.strip() if isinstance(value, str) else value


def _words(value: Any) -> str | None:
    """Text, or the first text of a language map; None where there is neither."""
    if isinstance(value, Mapping):
        value = next((text for text in (value.get("en"), value.get("@value"), *value.values()) if text), None)
    if isinstance(value, list):
        value = value[0] if value else None
    return value.strip() or None if isinstance(value, str) else None


def _alignments(value: Any) -> list[Json] | None:
    entries = value if isinstance(value, list) else [value]
    kept = [
        {name: entry[name] for name in _ALIGNMENT_MEMBERS if entry.get(name) is not None}
        for entry in entries
        if isinstance(entry, dict)
    ]
    return [entry for entry in kept if entry] or None


def _ids(value: Any) -> list[str] | None:
    entries = value if isinstance(value, list) else [value]
    named = (clean_id(entry.get("id") if isinstance(entry, dict) else entry) for entry in entries)
    return [identifier for identifier in named if identifier] or None


def _narratives(evidence: Any) -> list[Any] | None:
    entries = evidence if isinstance(evidence, list) else [evidence]
    return [entry["narrative"] for entry in entries if isinstance(entry, dict) and entry.get("narrative")] or None


def _proof_type(proof: Any) -> str | None:
    entries = proof if isinstance(proof, list) else [proof]
    return next((names[0] for entry in entries if isinstance(entry, dict) and (names := type_names(entry))), None)


def _without_gaps(record: Json) -> Json:
    return {name: value for name, value in record.items() if value is not None}
