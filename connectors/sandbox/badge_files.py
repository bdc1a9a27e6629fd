"""A folder of badge files as teachers hand them in: Open Badges 2.0 and 3.0, JSON and JWT.

Belongs here: which awards come as files, the two versions' documents, and which are really
signed. Does not belong here: keys and signatures (badge_signing).

Copies of the platform's own awards in version 3.0 are signed by their SYNTHETIC issuers (one of
them was changed afterwards), so that verification has something to find. Nothing else verifies:
the hosts are none, and the other signatures are no signatures.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl

from connectors.sandbox import canaries
from connectors.sandbox.badge_signing import Signer
from connectors.sandbox.badgr_documents import (
    PUBLIC_URL,
    Document,
    alignments,
    badge_class_document,
    identity_hash,
)
from connectors.sandbox.district import District
from connectors.sandbox.exchange import instant
from connectors.sandbox.rubric import BADGE_CLASSES, ISSUERS

SAME_AS_PLATFORM = 24
"""How many files repeat an award that the platform has too."""
CHANGED_AFTERWARDS = 20
"""The number of the signed file whose words were changed after it was signed."""
_BY_ID = {badge_class.id: badge_class for badge_class in BADGE_CLASSES}
_ISSUER_NAMES = dict(ISSUERS)


def write(district: District, folder: Path) -> list[str]:
    """Writes the badge files into `folder` and gives back their names."""
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for number, row in enumerate(_chosen(district).rows(named=True)):
        # every third is Open Badges 3.0, every fifth is signed
        is_third_version, is_signed = number % 3 == 2, number % 5 == 4
        signer = Signer(_ISSUER_NAMES[row["issuer_id"]]) if is_third_version and row["on_platform"] else None
        document = _version_3(row, signer) if is_third_version else _version_2(row, number, is_signed)
        name = f"badge-{number:03d}-ob{'30' if is_third_version else '20'}.{'jwt' if is_signed else 'json'}"
        if signer is not None and is_signed:
            (folder / name).write_text(signer.jws(_claims(document)))
        elif signer is not None:
            proven = signer.with_proof(document)
            if number == CHANGED_AFTERWARDS:
                proven["credentialSubject"]["achievement"]["description"] += " With distinction."
            (folder / name).write_bytes(orjson.dumps(proven, option=orjson.OPT_INDENT_2))
        elif is_signed:
            (folder / name).write_text(_signed(_claims(document) if is_third_version else document, row["award_id"]))
        else:
            (folder / name).write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
        names.append(name)
    return names


def _chosen(district: District) -> pl.DataFrame:
    """Some awards of the platform, never a revoked one, and all that only files know."""
    awards = district.earned.awards
    known = awards.filter(pl.col("on_platform") & ~pl.col("is_revoked") & (pl.col("kind") != "private"))
    picks = np.unique(np.linspace(0, max(known.height - 1, 0), min(SAME_AS_PLATFORM, known.height)).astype(int))
    return pl.concat([known[picks], awards.filter(~pl.col("on_platform"))])


def _recipient_version_2(row: dict[str, Any], number: int) -> Document:
    if number % 2 or row["kind"] == "hashed":
        return {
            "type": "email",
            "hashed": True,
            "salt": row["salt"],
            "identity": identity_hash(row["address"], row["salt"]),
        }
    return {"type": "email", "hashed": False, "identity": row["address"]}


def _version_2(row: dict[str, Any], number: int, is_signed: bool) -> Document:
    """An assertion with its badge class and issuer inside. The id is the platform's own."""
    badge_class = badge_class_document(_BY_ID[row["badge_class_id"]])
    issuer_id = row["issuer_id"]
    document: Document = {
        "@context": "https://w3id.org/openbadges/v2",
        "type": "Assertion",
        "id": f"{PUBLIC_URL}/assertions/{row['award_id']}",
        "recipient": _recipient_version_2(row, number),
        "issuedOn": instant(row["issued_at"]),
        "narrative": f"{canaries.TEXT}-badge-narrative",
        "evidence": [
            {
                "id": f"https://portfolio.cedar-valley.example/evidence/{row['award_id']}",
                "type": "Evidence",
                "narrative": f"{canaries.TEXT}-badge-evidence",
            }
        ],
        "badge": {
            "type": "BadgeClass",
            "id": badge_class["openBadgeId"],
            "name": badge_class["name"],
            "description": badge_class["description"],
            "image": badge_class["image"],
            "criteria": {"narrative": badge_class["criteriaNarrative"]},
            "alignment": badge_class["alignments"],
            "issuer": {
                "type": "Issuer",
                "id": f"{PUBLIC_URL}/issuers/{issuer_id}",
                "name": _ISSUER_NAMES[issuer_id],
                "url": f"https://{issuer_id}.example",
            },
        },
        "verification": {"type": "signed", "creator": f"{PUBLIC_URL}/issuers/{issuer_id}/key"}
        if is_signed
        else {"type": "HostedBadge"},
    }
    if row["expires_at"]:
        document["expires"] = instant(row["expires_at"])
    return document


def _version_3(row: dict[str, Any], signer: Signer | None) -> Document:
    """An achievement credential: a copy with an id of its own, as platforms issue beside version 2.

    signer: whose key the issuer goes by; None for one that goes by its address.
    """
    badge_class = _BY_ID[row["badge_class_id"]]
    issuer_id = row["issuer_id"]
    document: Document = {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        ],
        "id": f"{PUBLIC_URL}/ob3/credentials/{row['award_id']}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {
            "id": signer.did if signer else f"{PUBLIC_URL}/issuers/{issuer_id}",
            "type": ["Profile"],
            "name": _ISSUER_NAMES[issuer_id],
        },
        "validFrom": instant(row["issued_at"]),
        "name": badge_class.name,
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "identityType": "emailAddress",
                    "hashed": True,
                    "salt": row["salt"],
                    "identityHash": identity_hash(row["address"], row["salt"]),
                }
            ],
            "narrative": f"{canaries.TEXT}-badge-narrative",
            "achievement": {
                "id": f"{PUBLIC_URL}/badges/{badge_class.id}",
                "type": ["Achievement"],
                "name": badge_class.name,
                "description": f"{badge_class.name}: a SYNTHETIC micro-credential.",
                "criteria": {"narrative": "Evidence of practice, judged against a rubric by a trained assessor."},
                "alignment": [{"type": ["Alignment"], **line} for line in alignments(badge_class)],
                "achievementType": "Competency",
            },
        },
    }
    if row["expires_at"]:
        document["validUntil"] = instant(row["expires_at"])
    return document


def _claims(credential: Document) -> Document:
    """The registered claims that a signed credential carries beside its own members."""
    return {**credential, "iss": credential["issuer"]["id"], "jti": credential["id"]}


def _signed(payload: Document, award_id: str) -> str:
    """Header, payload, and a signature that is none."""
    header = {"alg": "RS256", "typ": "JWT", "kid": "SYNTHETIC"}
    return ".".join(
        _base64(part) for part in (orjson.dumps(header), orjson.dumps(payload), f"SYNTHETIC-{award_id}".encode())
    )


def _base64(body: bytes) -> str:
    return base64.urlsafe_b64encode(body).decode().rstrip("=")
