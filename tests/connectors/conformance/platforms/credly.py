"""Credly as the conformance kit needs to know it. What is tried stands in cases/."""

from __future__ import annotations

from datetime import timedelta

from connectors.sandbox.credly_documents import Entity
from connectors.sandbox.credly_server import BADGES, ORGANIZATION, TEMPLATES, Credly
from connectors.sandbox.exchange import instant
from tests.connectors.conformance.declaration import Changes, HttpPlatform, Total, Walk


def _ids(credly: Credly, kind: str) -> list[str]:
    return sorted(credly.entities[kind])


def _standing(credly: Credly) -> list[str]:
    return sorted(badge for badge in credly.entities[BADGES] if credly.get(badge)["state"] != "revoked")


def _revoke(credly: Credly, n: int) -> str:
    badge = _standing(credly)[n]
    credly.revoke(badge)
    return badge


def _dated_back(credly: Credly, kind: str, name: str, patch: dict[str, object], age: timedelta) -> None:
    """A change whose time was set by another of the vendor's machines, and saved only now."""
    credly.change(name, patch, kind)
    entity: Entity = credly.entities[kind][name]
    entity.updated_at -= age
    entity.document = {**entity.document, "updated_at": instant(entity.updated_at)}


def _pages_of_eight(credly: Credly) -> None:
    credly.page_size = 8


_NO_TOKENS = "a fixed token is sent with each request: none is asked for, and none ends"

DECLARATIONS = (
    HttpPlatform(
        platform="credly",
        secrets={"token": "CREDLY_TOKEN"},
        wrong_secrets={"token": "no-token-of-the-sandbox"},
        options={"organization": ORGANIZATION},
        arrange=_pages_of_eight,
        token_path="",
        walks=(
            Walk("badge_templates", "/badge_templates(?!.*filter)", "links", records="data"),
            Walk("issued_badges", "/high_volume_issued_badge_search", "links", records="data"),
            Walk("badge_templates", "/badge_templates.*filter", "links", records="data", of_changes=True, changed=24),
        ),
        changes={
            "badge_templates": Changes(
                change=lambda credly, n: credly.change(
                    _ids(credly, TEMPLATES)[n], {"description": "Another wording"}, TEMPLATES
                ),
                vanish=lambda credly, n: credly.delete(_ids(credly, TEMPLATES)[n], TEMPLATES),
                late=lambda credly, age: _dated_back(
                    credly, TEMPLATES, _ids(credly, TEMPLATES)[0], {"description": "A late wording"}, age
                ),
            ),
            "issued_badges": Changes(
                add=lambda credly: credly.add_badge("bc-i06-1", "someone@cedar-valley.example", "000001"),
                change=lambda credly, n: credly.change(_ids(credly, BADGES)[n], {"public": False}),
                remove=_revoke,
                restore=lambda credly, badge: credly.change(badge, {"state": "accepted", "revocation_reason": None}),
                vanish=lambda credly, n: credly.delete(_ids(credly, BADGES)[n]),
            ),
        },
        denied=("/badge_templates", "badge_templates"),
        total=Total("/organizations/", key="metadata.total_count"),
        absent_fields={
            "badge_templates.global_activity_url": "the synthetic templates have a page of their own only",
            "issued_badges.replacement_badge_id": "no synthetic badge was replaced",
        },
        skips={
            "token_expires_meanwhile": _NO_TOKENS,
            "odd_life_of_a_token": _NO_TOKENS,
            "broken_token_endpoint": _NO_TOKENS,
            "page_size_is_capped": "the API lets nobody ask for a page size",
        },
    ),
)
