"""The Level Data Grow stand-in: tokens, lists by limit and skip, archived ones when asked for.

Belongs here: the HTTP contract of the platform as its clients know it, and what a test may
do to its records. Does not belong here: what the documents say (grow_documents).
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from connectors.sandbox.district import District
from connectors.sandbox.exchange import Clock, Request, Response, Tokens
from connectors.sandbox.grow_documents import DISTRICT_ID, Document, Entity, entities

CLIENT_ID, CLIENT_SECRET = "sandbox-observe-client", "sandbox-observe-secret"
TOKEN_LIFE_SECONDS = 86_400
LARGEST_PAGE = 100


class Grow:
    """The platform: records that tests may change, and answers to requests.

    An endpoint is named as in its path: `observations`, `generic-tags/observationtypes`.
    page_size: the most records of a page, whatever is asked for.
    """

    def __init__(self, records: Mapping[str, Sequence[Entity]], clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self.tokens = Tokens(clock, TOKEN_LIFE_SECONDS)
        self.page_size = LARGEST_PAGE
        self.records = {endpoint: {one.id: one for one in listed} for endpoint, listed in records.items()}

    @classmethod
    def of(cls, district: District, clock: Clock) -> Grow:
        """The stand-in that serves a synthetic district."""
        return cls(entities(district), clock)

    # what tests may do to the platform -----------------------------------------------------

    def ids(self, endpoint: str, archived: bool | None = None) -> list[str]:
        """Ids in the platform's order; archived: of those only, or of the others only."""
        with self._lock:
            return [
                one.id
                for one in self.records[endpoint].values()
                if archived is None or (one.archived_at is not None) == archived
            ]

    def get(self, endpoint: str, identifier: str) -> Document:
        """One record as the API shows it. Raises KeyError if there is none."""
        with self._lock:
            return self.records[endpoint][identifier].document

    def change(self, endpoint: str, identifier: str, patch: Document) -> Document:
        """Edits a record: top-level fields of `patch` replace its own."""
        with self._lock:
            one = self.records[endpoint][identifier]
            document = {**one.document, **patch}
            one.write, one.modified_at = lambda: document, self._clock.now()
            return one.document

    def rescore(self, observation: str, measurement: str, score: int | None) -> Document:
        """Changes one score of an observation, after publication or before."""
        with self._lock:
            now = self._clock.now()
            scores = [
                {**item, "valueScore": score, "lastModified": now.isoformat()}
                if item["measurement"] == measurement
                else item
                for item in self.get("observations", observation)["observationScores"]
            ]
            return self.change("observations", observation, {"observationScores": scores})

    def add(self, endpoint: str, record: Document) -> str:
        """Adds a record and gives back its id."""
        with self._lock:
            document = {**record, "_id": uuid.uuid4().hex[:24]}
            self.records[endpoint][document["_id"]] = Entity(document["_id"], self._clock.now(), None, lambda: document)
            return str(document["_id"])

    def archive(self, endpoint: str, identifier: str) -> None:
        """Archives a record: it leaves the list, and is in the archived one."""
        with self._lock:
            one = self.records[endpoint][identifier]
            one.archived_at = one.modified_at = self._clock.now()

    def restore(self, endpoint: str, identifier: str) -> None:
        """Brings an archived record back."""
        with self._lock:
            one = self.records[endpoint][identifier]
            one.archived_at, one.modified_at = None, self._clock.now()

    def hard_delete(self, endpoint: str, identifier: str) -> None:
        """Removes a record without a trace, as the platform itself never does."""
        with self._lock:
            del self.records[endpoint][identifier]

    # answers -------------------------------------------------------------------------------

    def answer(self, request: Request) -> Response:
        """The response to one request; never raises for what a client may send."""
        with self._lock:
            return self._route(request)

    def _route(self, request: Request) -> Response:
        parts = [part for part in request.path.split("/") if part]
        if parts == ["auth", "client", "token"]:
            return self._token(request)
        if request.method != "GET":
            return _refusal(405, "this stand-in only reads")
        if not self.tokens.accepts(request):
            return _refusal(401, "Unauthorized")
        endpoint = "/".join(parts[1:])
        if parts[:1] != ["external"] or endpoint not in self.records:
            return _refusal(404, "Not found")
        if request.value("district") != DISTRICT_ID:
            return _refusal(403, "not a district of this client")
        return self._list(request, endpoint)

    def _token(self, request: Request) -> Response:
        if request.method != "POST":
            return _refusal(405, "tokens are asked for with POST")
        if _basic(request) != f"{CLIENT_ID}:{CLIENT_SECRET}":
            return Response.of({"error": "invalid_client"}, 401)
        if request.form().get("grant_type") != "client_credentials":
            return Response.of({"error": "unsupported_grant_type"}, 400)
        return Response.of(
            {"access_token": self.tokens.issue(), "token_type": "Bearer", "expires_in": self.tokens.life_seconds}
        )

    def _list(self, request: Request, endpoint: str) -> Response:
        limit, skip = _number(request, "limit", LARGEST_PAGE), _number(request, "skip", 0)
        window = _window(request.value("lastModified"))
        if limit is None or skip is None or window is None:
            return _refusal(400, "limit and skip are numbers, lastModified is seconds or two of them")
        first, last = window
        is_archived = (request.value("archived") or "").lower() == "true"
        found = [
            one
            for one in self.records[endpoint].values()
            if (one.archived_at is not None) == is_archived and first <= one.modified_at.timestamp() <= last
        ]
        size = min(limit or LARGEST_PAGE, self.page_size)
        start = max(0, skip - size) if request.repeats_page else skip
        return Response.of(
            {
                "count": len(found),
                "limit": size,
                "skip": skip,
                "data": [one.document for one in found[start : start + size]],
            }
        )


def _refusal(status: int, message: str) -> Response:
    return Response.of({"message": message}, status)


def _basic(request: Request) -> str:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        return base64.b64decode(encoded, validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _number(request: Request, name: str, default: int) -> int | None:
    text = request.value(name)
    if text is None:
        return default
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else None


def _window(text: str | None) -> tuple[float, float] | None:
    """Seconds since 1970 from and to, both included: `from`, or `from,to`."""
    latest = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
    if not text:
        return 0.0, latest
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]+)?(,[0-9]{1,12}(\.[0-9]+)?)?", text):
        return None
    first, _, last = text.partition(",")
    return float(first), float(last) if last else latest
