"""Badgr as the conformance kit needs to know it. What is tried stands in cases/."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connectors.sandbox.badgr_documents import Entity
from connectors.sandbox.badgr_server import ASSERTIONS, BADGE_CLASSES, ISSUERS, Badgr
from tests.connectors.conformance.declaration import Changes, HttpPlatform, Walk

_ONE_ISSUER = "/v2/issuers/iss-3/assertions"


def _ids(badgr: Badgr, kind: str) -> list[str]:
    return sorted(badgr.entities[kind])


def _live_awards(badgr: Badgr) -> list[str]:
    return sorted(award for award in badgr.entities[ASSERTIONS] if not badgr.get(award)["revoked"])


def _revoke(badgr: Badgr, n: int) -> str:
    award = _live_awards(badgr)[n]
    badgr.revoke(award)
    return award


def _change(badgr: Badgr, award: str) -> None:
    is_rejected = badgr.get(award)["acceptance"] == "Rejected"
    badgr.change(award, {"acceptance": "Accepted" if is_rejected else "Rejected"})


def _change_late(badgr: Badgr, age: timedelta) -> None:
    """A change whose time was set by another of the vendor's machines, and saved only now."""
    award = _live_awards(badgr)[-1]
    _change(badgr, award)
    entity: Entity = badgr.entities[ASSERTIONS][award]
    entity.updated_at -= age


def _edits(kind: str, patch: dict[str, Any]) -> Changes:
    return Changes(
        change=lambda badgr, n: badgr.change(_ids(badgr, kind)[n], patch, kind),
        vanish=lambda badgr, n: badgr.hard_delete(_ids(badgr, kind)[n], kind),
    )


def _pages_of_three(badgr: Badgr) -> None:
    badgr.page_size = 3


DECLARATIONS = (
    HttpPlatform(
        platform="badgr",
        secrets={"username": "BADGES_USERNAME", "password": "BADGES_PASSWORD"},
        wrong_secrets={"password": "no-password-of-the-sandbox"},
        options={"page_size": 4},
        arrange=_pages_of_three,  # of the feed of changes, which gives no more however many are asked for
        token_path="/o/token",
        size_parameter="num",
        walks=(
            Walk("assertions", rf"{_ONE_ISSUER}\?", "links", records="result"),
            Walk("assertions", r"/v2/assertions/changed\?", "links", records="result", of_changes=True),
        ),
        changes={
            "issuers": Changes(change=lambda badgr, n: badgr.change(_ids(badgr, ISSUERS)[n], {"url": None}, ISSUERS)),
            "badge_classes": _edits(BADGE_CLASSES, {"description": "Another wording"}),
            "assertions": Changes(
                add=lambda badgr: badgr.add_award("bc-i06-1", "someone@cedar-valley.example"),
                change=lambda badgr, n: _change(badgr, _live_awards(badgr)[n]),
                remove=_revoke,
                restore=lambda badgr, award: badgr.change(award, {"revoked": False, "revocationReason": None}),
                vanish=lambda badgr, n: badgr.hard_delete(_ids(badgr, ASSERTIONS)[n]),
                late=_change_late,
            ),
        },
        denied=("/v2/badgeclasses", "badge_classes"),
        skips={"total_is_wrong": "Badgr v2 gives no count of its records"},
    ),
)
