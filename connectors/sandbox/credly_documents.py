"""The synthetic district as Credly v1 says it: badge templates and issued badges.

Belongs here: the documents, and whose id or address an issued badge carries. Does not
belong here: drawing the awards, paging, the token.

The same awards as on Badgr, under the same ids, so that the same truth holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from connectors.sandbox import canaries
from connectors.sandbox.district import District
from connectors.sandbox.exchange import instant
from connectors.sandbox.rubric import BADGE_CLASSES, ISSUERS, BadgeClass

Document = dict[str, Any]

SITE = "https://www.credly.example"
COMPETENCY_URL = "https://cedar-valley.example/competencies"
"""What alignments point at: the addresses of the district's CASE items."""
EMAIL_ONLY_EVERY = 6
"""Of so many issued badges one carries no staff id: issued by hand, with the address alone."""
_OPENED = datetime(2021, 3, 1, 15, 0, tzinfo=UTC)
_ISSUER_NAMES = dict(ISSUERS)
_BY_ID = {badge_class.id: badge_class for badge_class in BADGE_CLASSES}
_STATES = {"Accepted": "accepted", "Unaccepted": "pending", "Rejected": "rejected"}


@dataclass
class Entity:
    """A document, and the time that the day filter looks at."""

    document: Document
    created_at: datetime
    updated_at: datetime


def template_documents() -> list[Entity]:
    return [Entity(template_document(badge_class), _OPENED, _OPENED) for badge_class in BADGE_CLASSES]


def template_document(badge_class: BadgeClass) -> Document:
    """One badge template as the API shows it. Credly has no stacks and no hours in numbers."""
    return {
        "id": badge_class.id,
        "name": badge_class.name,
        "description": f"{badge_class.name}: a SYNTHETIC micro-credential.",
        "state": "active",
        "public": True,
        "level": "Intermediate",
        "type_category": "Learning",
        "time_to_earn": "Weeks",
        "url": f"{SITE}/org/cedar-valley/badge/{badge_class.id}",
        "global_activity_url": None,
        "image_url": f"{SITE}/images/{badge_class.id}.png",
        "image": {"url": f"{SITE}/images/{badge_class.id}.png"},
        "owner": _owner(badge_class.issuer_id),
        "issuer": _issuer(badge_class.issuer_id),
        "alignments": _alignments(badge_class),
        "skills": [{"name": badge_class.element.title}] if badge_class.element else [],
        "reporting_tags": ["SYNTHETIC"],
        "created_at": instant(_OPENED),
        "updated_at": instant(_OPENED),
        "created_by": f"{canaries.TEXT}-user",
    }


def _owner(issuer_id: str) -> Document:
    return {
        "type": "Organization",
        "id": issuer_id,
        "name": _ISSUER_NAMES[issuer_id],
        "url": f"{SITE}/organizations/{issuer_id}",
        "vanity_slug": issuer_id,
        "contact_email": f"{canaries.TEXT}-contact@{issuer_id}.example",
        "bio": f"{canaries.TEXT}-bio of an organisation",
    }


def _issuer(issuer_id: str) -> Document:
    entity = {"type": "Organization", "id": issuer_id, "name": _ISSUER_NAMES[issuer_id]}
    return {
        "summary": f"issued by {_ISSUER_NAMES[issuer_id]}",
        "entities": [{"label": "Issued by", "primary": True, "entity": entity}],
    }


def _alignments(badge_class: BadgeClass) -> list[Document]:
    """The competency by its address alone: Credly has neither codes nor frameworks."""
    element = badge_class.element
    if element is None or not badge_class.is_aligned_on_platform:
        return []
    return [
        {
            "id": f"alignment-{badge_class.id}",
            "name": element.title,
            "description": None,
            "url": f"{COMPETENCY_URL}/{element.competency_code}",
        }
    ]


def badge_documents(district: District) -> list[Entity]:
    staff_ids = dict(district.staffing.people.select("person", "staff_id").rows())
    rows = district.earned.awards.filter(pl.col("on_platform")).rows(named=True)
    return [
        Entity(_awarded(row, number, staff_ids[row["person"]]), row["created_at"], row["updated_at"])
        for number, row in enumerate(rows)
    ]


def _awarded(row: dict[str, Any], number: int, staff_id: str) -> Document:
    """One issued badge, from a row of `Earned.awards`. What went to a private address carries no staff id."""
    has_id = row["kind"] == "hashed" or (row["kind"] == "plain" and number % EMAIL_ONLY_EVERY != 0)
    document = badge_document(
        row["award_id"], row["badge_class_id"], row["address"], staff_id if has_id else None, row["issued_at"]
    )
    state = "revoked" if row["is_revoked"] else _STATES[row["acceptance"]]
    return document | {
        "state": state,
        "state_updated_at": instant(row["updated_at"]),
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
        "expires_at": instant(row["expires_at"]) if row["expires_at"] else None,
        "expires_at_date": row["expires_at"].date().isoformat() if row["expires_at"] else None,
        "revocation_reason": f"{canaries.TEXT}-reason evidence withdrawn" if row["is_revoked"] else None,
        "evidence": [
            {
                "type": "UrlEvidence",
                "url": f"https://portfolio.cedar-valley.example/evidence/{row['award_id']}",
                "title": f"{canaries.TEXT}-title of what a teacher handed in",
                "description": f"{canaries.TEXT}-evidence what the evidence shows",
            }
        ],
    }


def badge_document(
    badge_id: str, template_id: str, email: str, issuer_earner_id: str | None, issued_at: datetime
) -> Document:
    """A badge that was just issued, as the API shows it."""
    badge_class = _BY_ID[template_id]
    moment = instant(issued_at)
    return {
        "id": badge_id,
        "state": "pending",
        "badge_template": {
            "id": template_id,
            "name": badge_class.name,
            "description": f"{badge_class.name}: a SYNTHETIC micro-credential.",
            "image_url": f"{SITE}/images/{template_id}.png",
            "url": f"{SITE}/org/cedar-valley/badge/{template_id}",
            "owner": {name: _owner(badge_class.issuer_id)[name] for name in ("type", "id", "name")},
        },
        "issuer": _issuer(badge_class.issuer_id),
        "recipient_email": email,
        "issuer_earner_id": issuer_earner_id,
        "issued_at": moment,
        "issued_at_date": issued_at.date().isoformat(),
        "expires_at": None,
        "expires_at_date": None,
        "state_updated_at": moment,
        "created_at": moment,
        "updated_at": moment,
        "replacement_badge_id": None,
        "badge_url": f"{SITE}/badges/{badge_id}",
        "accept_badge_url": f"{SITE}/earner/earned/badge/{badge_id}?t={canaries.TEXT}-claim",
        "evidence": [],
        "public": True,
        "locale": "en",
        "image_url": f"{SITE}/images/{template_id}.png",
        "image": {"url": f"{SITE}/images/{template_id}.png"},
        "issued_to": f"{canaries.TEXT}-full name",
        "issued_to_first_name": f"{canaries.TEXT}-first",
        "issued_to_middle_name": None,
        "issued_to_last_name": f"{canaries.TEXT}-last",
        "user": {"id": f"{canaries.TEXT}-user", "first_name": f"{canaries.TEXT}-first", "photo_url": None},
        "created_by": {"name": f"{canaries.TEXT}-clerk"},
        "revocation_reason": None,
        "country": f"{canaries.TEXT}-country",
        "state_or_province": None,
    }
