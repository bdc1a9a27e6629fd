"""The Badgr v2 stand-in: tokens, lists with cursors, and what has changed since.

Belongs here: the published HTTP contract of the platform, and what a test may do to
its entities. Does not belong here: what the documents say (badgr_documents).
"""

from __future__ import annotations

import base64
import binascii
import threading
import uuid
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlencode

from connectors.sandbox.badgr_documents import PUBLIC_URL, Document, Entity
from connectors.sandbox.exchange import Clock, Request, Response, Tokens, instant

TOKEN_LIFE_SECONDS = 86_400
LARGEST_PAGE = 500
SCOPES = "rw:profile rw:issuer rw:backpack"

ISSUERS, BADGE_CLASSES, ASSERTIONS = "issuers", "badgeclasses", "assertions"


class Refused(Exception):
    """The request breaks the contract: answered with this status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Badgr:
    """The platform: entities that tests may change, and answers to requests.

    page_size: how many entities `changed` gives at a time; the client can't ask for more.
    denied_status: what an unknown or expired token gets: 401, in older versions 403.
    """

    def __init__(
        self,
        issuers: Iterable[Entity],
        badge_classes: Iterable[Entity],
        assertions: Iterable[Entity],
        clock: Clock,
        username: str,
        password: str,
    ) -> None:
        self._clock = clock
        self._login = (username, password)
        self._lock = threading.RLock()
        self.tokens = Tokens(clock, TOKEN_LIFE_SECONDS)
        self.page_size = LARGEST_PAGE
        self.denied_status = 401
        self.entities: dict[str, dict[str, Entity]] = {
            kind: {entity.document["entityId"]: entity for entity in entities}
            for kind, entities in ((ISSUERS, issuers), (BADGE_CLASSES, badge_classes), (ASSERTIONS, assertions))
        }

    # what tests may do to the platform -----------------------------------------------------

    def award_ids(self) -> list[str]:
        """Ids of all assertions, oldest first, revoked and expired ones included."""
        with self._lock:
            return [entity.document["entityId"] for entity in _newest_last(self.entities[ASSERTIONS].values())]

    def get(self, entity_id: str, kind: str = ASSERTIONS) -> Document:
        """One entity as the API shows it. Raises KeyError if there is none."""
        with self._lock:
            return dict(self.entities[kind][entity_id].document)

    def add_award(self, badge_class_id: str, email: str, issued_on: datetime | None = None, **fields: object) -> str:
        """Awards a badge class to an address, now or on `issued_on`, and gives back the award's id."""
        with self._lock:
            now = self._clock.now()
            badge_class = self.entities[BADGE_CLASSES][badge_class_id].document
            award_id = uuid.uuid4().hex[:22]
            document: Document = {
                "entityType": "Assertion",
                "entityId": award_id,
                "openBadgeId": f"{PUBLIC_URL}/assertions/{award_id}",
                "createdAt": instant(now),
                "createdBy": None,
                "badgeclass": badge_class_id,
                "badgeclassOpenBadgeId": badge_class["openBadgeId"],
                "issuer": badge_class["issuer"],
                "issuerOpenBadgeId": badge_class["issuerOpenBadgeId"],
                "image": f"{PUBLIC_URL}/assertions/{award_id}/image",
                "recipient": {
                    "identity": email,
                    "hashed": False,
                    "type": "email",
                    "plaintextIdentity": email,
                    "salt": None,
                },
                "issuedOn": instant(issued_on or now),
                "narrative": None,
                "evidence": [],
                "revoked": False,
                "revocationReason": None,
                "acceptance": "Unaccepted",
                "expires": None,
                "extensions": {},
                **fields,
            }
            self.entities[ASSERTIONS][award_id] = Entity(document, now, now)
            return award_id

    def revoke(self, award_id: str, reason: str = "evidence withdrawn") -> None:
        """Revokes an award: it leaves the lists and stays in `changed`."""
        self.change(award_id, {"revoked": True, "revocationReason": reason})

    def change(self, entity_id: str, patch: Document, kind: str = ASSERTIONS) -> Document:
        """Edits an entity: top-level fields of `patch` replace its own."""
        with self._lock:
            entity = self.entities[kind][entity_id]
            entity.document = {**entity.document, **patch}
            entity.updated_at = self._clock.now()
            return dict(entity.document)

    def hard_delete(self, entity_id: str, kind: str = ASSERTIONS) -> None:
        """Removes an entity without a trace, as happens when an account or issuer is closed."""
        with self._lock:
            del self.entities[kind][entity_id]

    # answers -------------------------------------------------------------------------------

    def answer(self, request: Request) -> Response:
        """The response to one request; never raises for what a client may send."""
        try:
            with self._lock:
                return self._route(request)
        except Refused as fault:
            return _envelope([], fault.status, str(fault), success=False)

    def _route(self, request: Request) -> Response:
        parts = [part for part in request.path.split("/") if part]
        if parts == ["o", "token"]:
            return self._token(request)
        if request.method != "GET":
            raise Refused(405, "this stand-in only reads")
        if not self.tokens.accepts(request):
            raise Refused(self.denied_status, "Authentication credentials were not provided.")
        if len(parts) < 2 or parts[0] != "v2" or parts[1] not in self.entities:
            raise Refused(404, "Not found.")
        kind = parts[1]
        if len(parts) == 2 and kind != ASSERTIONS:
            return self._list(request, list(self.entities[kind].values()))
        if len(parts) == 3 and parts[2] == "changed":
            return self._changed(request, kind)
        if len(parts) == 3:
            return _envelope([self._entity(kind, parts[2]).document])
        if len(parts) == 4 and (kind, parts[3]) in _CHILDREN:
            parent = self._entity(kind, parts[2]).document["entityId"]
            field, child = _CHILDREN[(kind, parts[3])], parts[3]
            entities = [entity for entity in self.entities[child].values() if entity.document[field] == parent]
            return self._list(request, self._chosen(request, entities) if child == ASSERTIONS else entities)
        raise Refused(404, "Not found.")

    def _token(self, request: Request) -> Response:
        if request.method != "POST":
            raise Refused(405, "tokens are asked for with POST")
        form = request.form()
        grant = form.get("grant_type", "password")
        if grant == "password":
            granted = (form.get("username"), form.get("password")) == self._login
        elif grant == "refresh_token":
            granted = self.tokens.spend_refresh(form.get("refresh_token", ""))
        else:
            return Response.of({"error": "unsupported_grant_type"}, 400)
        if not granted:
            return Response.of({"error": "invalid_grant", "error_description": "Invalid credentials given."}, 400)
        return Response.of(
            {
                "access_token": self.tokens.issue(),
                "token_type": "Bearer",
                "expires_in": self.tokens.life_seconds,
                "refresh_token": self.tokens.issue_refresh(),
                "scope": SCOPES,
            }
        )

    def _entity(self, kind: str, entity_id: str) -> Entity:
        try:
            return self.entities[kind][entity_id]
        except KeyError:
            raise Refused(404, "Not found.") from None

    def _chosen(self, request: Request, entities: list[Entity]) -> list[Entity]:
        """Without asking for them, revoked and expired awards are left out."""
        wanted = request.query.get("recipient")
        now = instant(self._clock.now())
        with_revoked, with_expired = _is_on(request, "include_revoked"), _is_on(request, "include_expired")
        return [
            entity
            for entity in entities
            if (with_revoked or not entity.document["revoked"])
            and (with_expired or not entity.document["expires"] or entity.document["expires"] >= now)
            and (wanted is None or entity.document["recipient"]["identity"] in wanted)
        ]

    def _list(self, request: Request, entities: list[Entity]) -> Response:
        """Newest first. Without `num` everything at once; with it a page and a Link header."""
        ordered = _newest_last(entities)[::-1]
        size = _page_size(request)
        if size is None:
            return _envelope([entity.document for entity in ordered])
        keys = [(instant(entity.created_at), str(entity.document["entityId"])) for entity in ordered]
        cursor = _from_cursor(request.value("cursor"))
        start = 0 if cursor is None else sum(1 for key in keys if key >= cursor)
        if request.repeats_page:
            shown, following, salt = ordered[max(0, start - size) : start], start, "again"
        else:
            shown, following, salt = ordered[start : start + size], start + size, ""
        links = []
        if following < len(ordered):
            mark = None if request.loops else keys[following - 1]
            links.append(f'<{self._link(request, mark, salt)}>; rel="next"')
        if start > 0:
            mark = keys[start - size - 1] if start > size else None
            links.append(f'<{self._link(request, mark, "")}>; rel="prev"')
        return _envelope([entity.document for entity in shown], headers={"Link": ", ".join(links)} if links else None)

    def _changed(self, request: Request, kind: str) -> Response:
        """Everything with a later change than `since`, oldest change first, revoked and expired included."""
        timestamp = instant(self._clock.now())
        since = _since(request)
        ordered = sorted(self.entities[kind].values(), key=_change)
        if since is not None:
            ordered = [entity for entity in ordered if entity.updated_at > since]
        keys = [_change(entity) for entity in ordered]
        cursor = _from_cursor(request.value("cursor"))
        start = 0 if cursor is None else sum(1 for key in keys if key <= cursor)
        size = min(_page_size(request) or self.page_size, self.page_size)
        if request.repeats_page:
            shown, following, salt = ordered[max(0, start - size) : start], start, "again"
        else:
            shown, following, salt = ordered[start : start + size], start + size, ""
        has_next = following < len(ordered)
        following_key = None if request.loops or not has_next else keys[following - 1]
        previous_key = keys[start - size - 1] if start > size else None
        return _envelope(
            [entity.document for entity in shown],
            extra={
                "pagination": {
                    "hasNext": has_next,
                    "nextResults": self._link(request, following_key, salt) if has_next else None,
                    "hasPrevious": start > 0,
                    "previousResults": self._link(request, previous_key, "") if start > 0 else None,
                },
                "timestamp": timestamp,
            },
        )

    @staticmethod
    def _link(request: Request, mark: tuple[str, str] | None, salt: str) -> str:
        """The request's own URL with another cursor; without a mark, that of the first page."""
        query = {name: values[0] for name, values in request.query.items() if name != "cursor"}
        if mark is not None:
            query["cursor"] = _to_cursor(mark, salt)
        return f"{request.base_url}{request.path}" + (f"?{urlencode(query)}" if query else "")


_CHILDREN = {
    (ISSUERS, ASSERTIONS): "issuer",
    (ISSUERS, BADGE_CLASSES): "issuer",
    (BADGE_CLASSES, ASSERTIONS): "badgeclass",
}


def _newest_last(entities: Iterable[Entity]) -> list[Entity]:
    return sorted(entities, key=lambda entity: (instant(entity.created_at), entity.document["entityId"]))


def _change(entity: Entity) -> tuple[str, str]:
    return instant(entity.updated_at), str(entity.document["entityId"])


def _is_on(request: Request, name: str) -> bool:
    return (request.value(name) or "").lower() in ("1", "true")


def _page_size(request: Request) -> int | None:
    """`num`, at most 500; anything else than a positive number is as good as none."""
    text = request.value("num") or ""
    return min(int(text), LARGEST_PAGE) if text.isdigit() and int(text) > 0 else None


def _since(request: Request) -> datetime | None:
    text = request.value("since")
    if text is None:
        return None
    try:
        since = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(400, "since must be an ISO 8601 time with time zone") from None
    if since.tzinfo is None:
        raise Refused(400, "since must have a time zone")
    return since


def _to_cursor(mark: tuple[str, str], salt: str) -> str:
    return base64.urlsafe_b64encode("|".join((*mark, salt)).encode()).decode()


def _from_cursor(text: str | None) -> tuple[str, str] | None:
    if not text:
        return None
    try:
        moment, entity_id, _ = base64.urlsafe_b64decode(text).decode().split("|")
    except (ValueError, binascii.Error):
        raise Refused(404, "Invalid cursor") from None
    return moment, entity_id


def _envelope(
    result: list[Document],
    status: int = 200,
    description: str = "ok",
    success: bool = True,
    headers: dict[str, str] | None = None,
    extra: Document | None = None,
) -> Response:
    return Response.of(
        {"status": {"success": success, "description": description}, "result": result, **(extra or {})}, status, headers
    )
