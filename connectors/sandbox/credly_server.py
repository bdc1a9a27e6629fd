"""The Credly v1 stand-in: a fixed token, numbered pages chained by address, a filter by day.

Belongs here: the HTTP contract of the platform, and what a test may do to its entities.
Does not belong here: what the documents say (credly_documents).
"""

from __future__ import annotations

import threading
import uuid
from base64 import b64encode
from collections.abc import Iterable
from datetime import date
from typing import Literal
from urllib.parse import urlencode

from connectors.sandbox import canaries
from connectors.sandbox.credly_documents import (
    Document,
    Entity,
    badge_document,
    badge_documents,
    template_documents,
)
from connectors.sandbox.district import District
from connectors.sandbox.exchange import Clock, Request, Response, instant

ORGANIZATION = "org-cedar-valley"
TOKEN = "sandbox-credly-token"
TEMPLATES, BADGES = "badge_templates", "badges"
_COLLECTIONS = {TEMPLATES: TEMPLATES, "high_volume_issued_badge_search": BADGES}


class Credly:
    """The platform: entities that tests may change, and answers to requests.

    page_size: how many entities a page holds; the client can't ask for more.
    badge_filter: what the bulk search does with a filter by update, which is not documented for it.
    token: what is let in; another one, and the client's is refused.
    """

    def __init__(self, templates: Iterable[Entity], badges: Iterable[Entity], clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self.page_size = 100
        self.token = TOKEN
        self.badge_filter: Literal["works", "ignored", "refused"] = "ignored"
        self.entities: dict[str, dict[str, Entity]] = {
            kind: {entity.document["id"]: entity for entity in entities}
            for kind, entities in ((TEMPLATES, templates), (BADGES, badges))
        }

    @classmethod
    def of(cls, district: District, clock: Clock) -> Credly:
        return cls(template_documents(), badge_documents(district), clock)

    # what tests may do to the platform -----------------------------------------------------

    def badge_ids(self) -> list[str]:
        """Ids of all issued badges, oldest first, revoked and replaced ones included."""
        with self._lock:
            return [entity.document["id"] for entity in _newest_first(self.entities[BADGES].values())[::-1]]

    def get(self, entity_id: str, kind: str = BADGES) -> Document:
        """One entity as the API shows it. Raises KeyError if there is none."""
        with self._lock:
            return dict(self.entities[kind][entity_id].document)

    def add_badge(self, template_id: str, email: str, issuer_earner_id: str | None = None, **fields: object) -> str:
        """Issues a badge now and gives back its id."""
        with self._lock:
            now = self._clock.now()
            badge_id = str(uuid.uuid4())
            document = badge_document(badge_id, template_id, email, issuer_earner_id, now) | fields
            self.entities[BADGES][badge_id] = Entity(document, now, now)
            return badge_id

    def revoke(self, badge_id: str) -> None:
        """Takes a badge back. It stays in the lists."""
        self.change(badge_id, {"state": "revoked", "revocation_reason": f"{canaries.TEXT}-reason"})

    def replace(self, badge_id: str) -> str:
        """Issues the same badge anew and marks the old one as replaced; gives back the new id."""
        with self._lock:
            old = self.get(badge_id)
            added = self.add_badge(old["badge_template"]["id"], old["recipient_email"], old["issuer_earner_id"])
            self.change(badge_id, {"state": "replaced", "replacement_badge_id": added})
            return added

    def change(self, entity_id: str, patch: Document, kind: str = BADGES) -> Document:
        """Edits an entity: top-level fields of `patch` replace its own."""
        with self._lock:
            entity = self.entities[kind][entity_id]
            entity.updated_at = self._clock.now()
            moved = {"state_updated_at": instant(entity.updated_at)} if "state" in patch and kind == BADGES else {}
            entity.document = {**entity.document, "updated_at": instant(entity.updated_at), **moved, **patch}
            return dict(entity.document)

    def delete(self, entity_id: str, kind: str = BADGES) -> None:
        """Removes an entity without a trace."""
        with self._lock:
            del self.entities[kind][entity_id]

    # answers -------------------------------------------------------------------------------

    def answer(self, request: Request) -> Response:
        """The response to one request; never raises for what a client may send."""
        with self._lock:
            expected = b64encode(f"{self.token}:".encode()).decode()
            if request.headers.get("authorization") != f"Basic {expected}":
                return _message(401, "HTTP Basic: Access denied.")
            if request.method != "GET":
                return _message(405, "this stand-in only reads")
            match [part for part in request.path.split("/") if part]:
                case ["v1", "organizations", organization, collection] if collection in _COLLECTIONS:
                    if organization != ORGANIZATION:
                        return _message(403, "You are not authorized to view this organization.")
                    return self._list(request, _COLLECTIONS[collection])
                case _:
                    return _message(404, "Not found.")

    def _list(self, request: Request, kind: str) -> Response:
        """Newest first, a page by its number."""
        try:
            chosen = self._chosen(request, kind)
            page = max(1, int(request.value("page") or 1))
        except ValueError:
            return _message(400, "filter or page can't be read")
        size = self.page_size
        pages = max(1, -(-len(chosen) // size))
        shown, following = page, page + 1
        if request.repeats_page:
            shown, following = max(1, page - 1), page
        records = [entity.document for entity in chosen[(shown - 1) * size : shown * size]]
        if following > pages:
            next_url = None
        elif request.loops:
            next_url = self._link(request, 1)
        else:
            next_url = self._link(request, following, again=request.repeats_page)
        return Response.of(
            {
                "data": records,
                "metadata": {
                    "count": len(records),
                    "current_page": page,
                    "total_count": len(chosen),
                    "total_pages": pages,
                    "previous_page_url": self._link(request, page - 1) if page > 1 else None,
                    "next_page_url": next_url,
                },
            }
        )

    def _chosen(self, request: Request, kind: str) -> list[Entity]:
        """What the filter leaves. Raises ValueError where it can't be read or is refused."""
        since: date | None = None
        for part in filter(None, (request.value("filter") or "").split("|")):
            key, _, value = part.partition("::")
            if key != "updated_at_min" or (kind == BADGES and self.badge_filter == "refused"):
                raise ValueError(key)
            if kind == TEMPLATES or self.badge_filter == "works":
                since = date.fromisoformat(value)
        entities = _newest_first(self.entities[kind].values())
        return [entity for entity in entities if since is None or entity.updated_at.date() >= since]

    @staticmethod
    def _link(request: Request, page: int, again: bool = False) -> str:
        """The request's own URL with another page number; the first page's has none."""
        query = {name: values[0] for name, values in request.query.items() if name not in ("page", "again")}
        if page > 1:
            query["page"] = str(page)
        if again:
            query["again"] = "1"
        return f"{request.base_url}{request.path}" + (f"?{urlencode(query)}" if query else "")


def _newest_first(entities: Iterable[Entity]) -> list[Entity]:
    return sorted(entities, key=lambda entity: (entity.created_at, str(entity.document["id"])), reverse=True)


def _message(status: int, text: str) -> Response:
    return Response.of({"data": {"message": text}}, status)
