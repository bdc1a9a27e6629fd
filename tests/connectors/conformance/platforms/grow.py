"""Level Data Grow as the conformance kit needs to know it. What is tried stands in cases/."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connectors.sandbox.grow_documents import DISTRICT_ID
from connectors.sandbox.grow_server import Grow
from tests.connectors.conformance.declaration import Changes, HttpPlatform, Total, Walk


def _active(grow: Grow, endpoint: str, n: int) -> str:
    return sorted(grow.ids(endpoint, archived=False))[n]


def _changes(endpoint: str, patch: dict[str, Any]) -> Changes:
    def archive(grow: Grow, n: int) -> str:
        identifier = _active(grow, endpoint, n)
        grow.archive(endpoint, identifier)
        return identifier

    def late(grow: Grow, age: timedelta) -> None:
        """A change whose time was set by another of the vendor's machines, and saved only now."""
        identifier = _active(grow, endpoint, 0)
        grow.change(endpoint, identifier, {**patch, "created": "2021-01-01T00:00:00.000Z"})
        grow.records[endpoint][identifier].modified_at -= age

    return Changes(
        add=lambda grow: grow.add(endpoint, grow.get(endpoint, _active(grow, endpoint, 1))),
        change=lambda grow, n: grow.change(endpoint, _active(grow, endpoint, n), patch),
        remove=archive,
        restore=lambda grow, identifier: grow.restore(endpoint, identifier),
        vanish=lambda grow, n: grow.hard_delete(endpoint, _active(grow, endpoint, n)),
        late=late,
    )


_ACTIVE = r"\?(?!.*lastModified).*archived=false"

DECLARATIONS = (
    HttpPlatform(
        platform="grow",
        secrets={"client_id": "OBSERVE_CLIENT_ID", "client_secret": "OBSERVE_CLIENT_SECRET"},
        wrong_secrets={"client_secret": "no-secret-of-the-sandbox"},
        options={"district": DISTRICT_ID, "page_size": 15},
        token_path="/auth/client/token",
        size_parameter="limit",
        walks=(
            Walk("users", rf"/external/users{_ACTIVE}", "offsets", records="data"),
            Walk("observations", rf"/external/observations{_ACTIVE}", "offsets", records="data"),
            Walk(
                "observations",
                r"/external/observations\?.*archived=false.*lastModified",
                "offsets",
                records="data",
                of_changes=True,
                changed=40,
            ),
        ),
        changes={
            "users": _changes("users", {"email": "changed@cedar-valley.example"}),
            "observations": _changes("observations", {"score": 4.25}),
        },
        denied=("/external/rubrics", "rubrics"),
        total=Total("/external/", key="count"),
    ),
)
