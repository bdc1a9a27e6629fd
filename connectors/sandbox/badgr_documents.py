"""The synthetic district as Badgr v2 says it: issuers, badge classes, assertions.

Belongs here: entity documents, recipients hashed and plain. Does not belong here:
drawing the awards, paging, tokens.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from connectors.sandbox import canaries
from connectors.sandbox.district import District
from connectors.sandbox.exchange import instant
from connectors.sandbox.rubric import (
    BADGE_CLASSES,
    EXPIRES_AFTER_YEARS,
    EXPIRING_ISSUER,
    FRAMEWORK,
    ISSUERS,
    BadgeClass,
)

Document = dict[str, Any]

PUBLIC_URL = "https://badges.cedar-valley.example/public"
_OPENED = datetime(2021, 3, 1, 15, 0, tzinfo=UTC)


@dataclass
class Entity:
    """One entity with the times that the API uses but does not show: assertions have no updatedAt."""

    document: Document
    created_at: datetime
    updated_at: datetime


def issuer_documents() -> list[Entity]:
    return [
        Entity(
            {
                "entityType": "Issuer",
                "entityId": issuer_id,
                "openBadgeId": f"{PUBLIC_URL}/issuers/{issuer_id}",
                "createdAt": instant(_OPENED),
                "createdBy": f"{canaries.TEXT}-user",
                "name": name,
                "image": None,
                "email": f"{canaries.TEXT}-contact@{issuer_id}.example",
                "description": f"{name} (SYNTHETIC)",
                "url": f"https://{issuer_id}.example",
                "staff": [{"entityType": "IssuerStaff", "user": f"{canaries.TEXT}-staff", "role": "owner"}],
                "extensions": {},
                "badgrDomain": "badges.cedar-valley.example",
            },
            _OPENED,
            _OPENED,
        )
        for issuer_id, name in ISSUERS
    ]


def badge_class_documents() -> list[Entity]:
    return [Entity(badge_class_document(badge_class), _OPENED, _OPENED) for badge_class in BADGE_CLASSES]


def badge_class_document(badge_class: BadgeClass) -> Document:
    """One badge class as the API shows it."""
    extensions: Document = {"extensions:hoursToEarn": {"hours": badge_class.hours}}
    if badge_class.element is not None:
        extensions["extensions:stack"] = {"name": badge_class.element.title}
    expires = None
    if badge_class.issuer_id == EXPIRING_ISSUER:
        expires = {"amount": EXPIRES_AFTER_YEARS, "duration": "years"}
    return {
        "entityType": "BadgeClass",
        "entityId": badge_class.id,
        "openBadgeId": f"{PUBLIC_URL}/badges/{badge_class.id}",
        "createdAt": instant(_OPENED),
        "createdBy": f"{canaries.TEXT}-user",
        "issuer": badge_class.issuer_id,
        "issuerOpenBadgeId": f"{PUBLIC_URL}/issuers/{badge_class.issuer_id}",
        "name": badge_class.name,
        "image": f"{PUBLIC_URL}/badges/{badge_class.id}/image",
        "description": f"{badge_class.name}: a SYNTHETIC micro-credential.",
        "achievementType": "Competency",
        "criteriaUrl": f"{PUBLIC_URL}/badges/{badge_class.id}/criteria",
        "criteriaNarrative": "Evidence of practice, judged against a rubric by a trained assessor.",
        "alignments": alignments(badge_class),
        "tags": ["micro-credential", "SYNTHETIC"],
        "expires": expires,
        "extensions": extensions,
    }


def alignments(badge_class: BadgeClass) -> list[Document]:
    """The competency that a badge class names; none for the last step of a stack and the unaligned."""
    element = badge_class.element
    if element is None or not badge_class.is_aligned_on_platform:
        return []
    return [
        {
            "targetName": element.title,
            "targetUrl": f"https://cedar-valley.example/competencies/{element.competency_code}",
            "targetDescription": None,
            "targetFramework": FRAMEWORK,
            "targetCode": element.competency_code,
        }
    ]


def recipient(kind: str, address: str, salt: str) -> Document:
    """The earner. A hash is taken of the lower-case address, and then hides it from us too."""
    if kind == "hashed":
        return {
            "identity": identity_hash(address, salt),
            "hashed": True,
            "type": "email",
            "plaintextIdentity": None,
            "salt": salt,
        }
    return {"identity": address, "hashed": False, "type": "email", "plaintextIdentity": address, "salt": None}


def identity_hash(address: str, salt: str) -> str:
    return "sha256$" + hashlib.sha256((address.lower() + salt).encode()).hexdigest()


def assertion_documents(district: District) -> list[Entity]:
    rows = district.earned.awards.filter(pl.col("on_platform")).rows(named=True)
    return [Entity(assertion_document(row), row["created_at"], row["updated_at"]) for row in rows]


def assertion_document(row: dict[str, Any]) -> Document:
    """One assertion as the API shows it, from a row of `Earned.awards`."""
    award_id = row["award_id"]
    return {
        "entityType": "Assertion",
        "entityId": award_id,
        "openBadgeId": f"{PUBLIC_URL}/assertions/{award_id}",
        "createdAt": instant(row["created_at"]),
        "createdBy": f"{canaries.TEXT}-user",
        "badgeclass": row["badge_class_id"],
        "badgeclassOpenBadgeId": f"{PUBLIC_URL}/badges/{row['badge_class_id']}",
        "issuer": row["issuer_id"],
        "issuerOpenBadgeId": f"{PUBLIC_URL}/issuers/{row['issuer_id']}",
        "image": f"{PUBLIC_URL}/assertions/{award_id}/image",
        "recipient": recipient(row["kind"], row["address"], row["salt"]),
        "issuedOn": instant(row["issued_at"]),
        "narrative": f"{canaries.TEXT}-narrative what a teacher wrote about their work",
        "evidence": [
            {
                "url": f"https://portfolio.cedar-valley.example/evidence/{award_id}",
                "narrative": f"{canaries.TEXT}-evidence what the evidence shows",
            }
        ],
        "revoked": row["is_revoked"],
        "revocationReason": f"{canaries.TEXT}-reason evidence withdrawn" if row["is_revoked"] else None,
        "acceptance": row["acceptance"],
        "expires": instant(row["expires_at"]) if row["expires_at"] else None,
        "extensions": {},
    }
