"""The OneRoster stand-in: 1.1 and 1.2 over REST, with filters, offsets and tombstones.

Belongs here: the published HTTP contract, how 1.1 says what 1.2 says, and what a test may
do to the server. Does not belong here: what the records say (oneroster_documents).
"""

from __future__ import annotations

import base64
import binascii
import operator
import re
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from connectors.sandbox.district import District
from connectors.sandbox.exchange import Clock, Request, Response, Tokens
from connectors.sandbox.oneroster_documents import USERS, Document, collections

CLIENT_ID, CLIENT_SECRET = "sandbox-roster-client", "sandbox-roster-secret"
TOKEN_LIFE_SECONDS = 3_600
DEFAULT_LIMIT = 100
SCOPES = frozenset(
    f"https://purl.imsglobal.org/spec/or/{version}/scope/{scope}"
    for version in ("v1p1", "v1p2")
    for scope in ("roster-core.readonly", "roster.readonly")
)
_BASES = {"ims/oneroster/v1p1": "1.1", "ims/oneroster/rostering/v1p2": "1.2"}
_CONDITION = re.compile(r"([A-Za-z.]+)\s*(>=|<=|!=|=|>|<|~)\s*'([^']*)'")
_JOINED = re.compile(r"\s+(AND|OR)\s+")
_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "~": operator.contains,
}
_NO_WORDS_OF_11 = ("userMasterIdentifier", "userProfiles", "primaryOrg", "preferredFirstName", "pronouns", "roles")
_ROLES_OF_11 = {
    "principal": "administrator",
    "siteAdministrator": "administrator",
    "districtAdministrator": "administrator",
}


class Refused(Exception):
    """The request breaks the contract: answered with this status and code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class OneRoster:
    """The server: records that tests may change, and answers to requests.

    largest_page: what the limit is clamped to, without a word (Ed-Fi's server: 500).
    has_totals, has_links: whether X-Total-Count and Link are sent (Ed-Fi's sends neither).
    filters: `answered`, `refused` (400) or `ignored`; refused_fields: those that are refused alone.
    """

    def __init__(self, records: dict[str, list[Document]], clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self.records = {
            name: {document["sourcedId"]: document for document in documents} for name, documents in records.items()
        }
        self.tokens = Tokens(clock, TOKEN_LIFE_SECONDS)
        self.largest_page = 10_000
        self.has_totals = True
        self.has_links = True
        self.filters = "answered"
        self.refused_fields: set[str] = set()

    @classmethod
    def of(cls, district: District, clock: Clock) -> OneRoster:
        """The stand-in that serves a synthetic district."""
        return cls(collections(district), clock)

    # what tests may do to the server -------------------------------------------------------

    def now(self) -> datetime:
        """The server's time."""
        return self._clock.now()

    def ids(self, collection: str) -> list[str]:
        """The sourcedIds of a collection, in its order."""
        with self._lock:
            return list(self.records[collection])

    def get(self, collection: str, sourced_id: str) -> Document:
        """One record as 1.2 says it. Raises KeyError if there is none."""
        with self._lock:
            return dict(self.records[collection][sourced_id])

    def add(self, collection: str, document: Document, modified: datetime | None = None) -> str:
        """Adds a record, changed now or then."""
        with self._lock:
            stamped = {"status": "active", **document, "dateLastModified": _instant(modified or self._clock.now())}
            self.records[collection][document["sourcedId"]] = stamped
            return str(document["sourcedId"])

    def change(self, collection: str, sourced_id: str, patch: Document, modified: datetime | None = None) -> Document:
        """Edits a record: top-level fields of `patch` replace its own; a null removes one."""
        with self._lock:
            merged = {**self.records[collection][sourced_id], **patch}
            document = {name: value for name, value in merged.items() if value is not None}
            document["dateLastModified"] = _instant(modified or self._clock.now())
            self.records[collection][sourced_id] = document
            return dict(document)

    def mark_deleted(self, collection: str, sourced_id: str, is_stripped: bool = False) -> None:
        """Leaves a tombstone; a stripped one holds nothing but what makes it one."""
        with self._lock:
            document = self.change(collection, sourced_id, {"status": "tobedeleted"})
            if is_stripped:
                kept = ("sourcedId", "status", "dateLastModified")
                self.records[collection][sourced_id] = {name: document[name] for name in kept}

    def hard_delete(self, collection: str, sourced_id: str) -> None:
        """Removes a record without a trace."""
        with self._lock:
            del self.records[collection][sourced_id]

    # answers -------------------------------------------------------------------------------

    def answer(self, request: Request) -> Response:
        """The response to one request; never raises for what a client may send."""
        try:
            with self._lock:
                return self._route(request)
        except Refused as fault:
            return _status_info(fault.status, fault.code)

    def _route(self, request: Request) -> Response:
        path = request.path.strip("/")
        if path == "token":
            return self._token(request)
        base, _, collection = path.rpartition("/")
        if request.method != "GET":
            raise Refused(405, "invaliddata")
        if not self.tokens.accepts(request):
            raise Refused(401, "unauthorisedrequest")
        if base not in _BASES or collection not in self.records:
            raise Refused(404, "unknownobject")
        return self._list(request, collection, _BASES[base])

    def _token(self, request: Request) -> Response:
        if request.method != "POST":
            raise Refused(405, "invaliddata")
        if _basic(request) != f"{CLIENT_ID}:{CLIENT_SECRET}":
            return Response.of({"error": "invalid_client"}, 401)
        form = request.form()
        if form.get("grant_type") != "client_credentials":
            return Response.of({"error": "unsupported_grant_type"}, 400)
        if not set(form.get("scope", "").split()) & SCOPES:
            return Response.of({"error": "invalid_scope"}, 400)
        return Response.of(
            {
                "access_token": self.tokens.issue(),
                "token_type": "Bearer",
                "expires_in": self.tokens.life_seconds,
                "scope": form["scope"],
            }
        )

    def _list(self, request: Request, collection: str, version: str) -> Response:
        limit = min(_number(request, "limit", DEFAULT_LIMIT), self.largest_page)
        offset = _number(request, "offset", 0)
        if limit == 0:
            raise Refused(400, "invaliddata")
        documents = [
            _as_version_11(document) if version == "1.1" and collection == USERS else document
            for document in self.records[collection].values()
        ]
        found = [document for document in documents if self._is_wanted(document, request.value("filter"))]
        if (sort := request.value("sort")) is not None:
            is_backwards = (request.value("orderBy") or "asc").lower() == "desc"
            found.sort(key=lambda document: str(document.get(sort, "")), reverse=is_backwards)
        start = max(0, offset - limit) if request.repeats_page else 0 if request.loops else offset
        headers = {}
        if self.has_totals:
            headers["X-Total-Count"] = str(len(found))
        following = offset + limit
        if self.has_links and (following < len(found) or request.loops):
            query = {name: values[0] for name, values in request.query.items()}
            query |= {"limit": str(limit), "offset": "0" if request.loops else str(following)}
            headers["Link"] = f'<{request.base_url}{request.path}?{urlencode(query)}>; rel="next"'
        return Response.of({collection: found[start : start + limit]}, headers=headers)

    def _is_wanted(self, document: Document, condition: str | None) -> bool:
        if condition is None or self.filters == "ignored":
            return True
        if self.filters == "refused":
            raise Refused(400, "invalid_filter_field")
        parts = _JOINED.split(condition)
        if len(parts) not in (1, 3):
            raise Refused(400, "invalid_filter_field")
        answers = []
        for part in parts[::2]:
            matched = _CONDITION.fullmatch(part)
            if matched is None or matched[1] in self.refused_fields:
                raise Refused(400, "invalid_filter_field")
            values = _values(document, matched[1].split("."))
            answers.append(any(_COMPARE[matched[2]](str(value), matched[3]) for value in values))
        return any(answers) if "OR" in parts else all(answers)


def _as_version_11(user: Document) -> Document:
    """A user as 1.1 says it: one role, and the organisations it is held at."""
    shown = {name: value for name, value in user.items() if name not in _NO_WORDS_OF_11}
    roles = user.get("roles") or []
    if not roles:
        return shown
    # the post held now, or the last one
    role = max(roles, key=lambda one: (one["roleType"] == "primary", one.get("beginDate", "")))
    return shown | {"role": _ROLES_OF_11.get(role["role"], role["role"]), "orgs": [role["org"]]}


def _values(value: Any, steps: list[str]) -> list[Any]:
    """What stands at a dotted path; each item's where it passes through a list."""
    if isinstance(value, list):
        return [found for item in value for found in _values(item, steps)]
    if not steps:
        return [] if value is None else [value]
    return _values(value.get(steps[0]), steps[1:]) if isinstance(value, dict) else []


def _number(request: Request, name: str, default: int) -> int:
    text = request.value(name)
    if text is None:
        return default
    if not text.isdigit():
        raise Refused(400, "invaliddata")
    return int(text)


def _basic(request: Request) -> str:
    scheme, _, packed = request.headers.get("authorization", "").partition(" ")
    try:
        return base64.b64decode(packed).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _status_info(status: int, code: str) -> Response:
    return Response.of(
        {
            "imsx_codeMajor": "failure",
            "imsx_severity": "error",
            "imsx_description": "refused by the sandbox",
            "imsx_CodeMinor": {
                "imsx_codeMinorField": [
                    {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": code}
                ]
            },
        },
        status,
    )
