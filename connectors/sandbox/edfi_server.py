"""The Ed-Fi ODS/API stand-in: discovery, tokens, paging, change queries, snapshots.

Belongs here: the published HTTP contract of the platform, and what Data Standard 5.x
serves. Does not belong here: what 6.0 serves (edfi_six), records (edfi_documents,
reference) and how they are kept (edfi_store).
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from connectors.sandbox.edfi_store import Collection, Document, EdFiState, Rows
from connectors.sandbox.exchange import Clock, Request, Response, Tokens

TOKEN_LIFE_SECONDS = 1800
DEFAULT_LIMIT, MAX_LIMIT = 25, 500

_PERFORMANCE = (
    "educationOrganizationId",
    "evaluationPeriodDescriptor",
    "performanceEvaluationTitle",
    "performanceEvaluationTypeDescriptor",
    "schoolYear",
    "termDescriptor",
)
_PERSON = ("personId", "sourceSystemDescriptor")


def _below(reference: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{reference}.{name}" for name in names)


NAMESPACES: dict[str, str] = {
    "schools": "ed-fi",
    "people": "ed-fi",
    "staffs": "ed-fi",
    "staffEducationOrganizationAssignmentAssociations": "ed-fi",
    "credentials": "ed-fi",
    "performanceEvaluations": "tpdm",
    "evaluations": "tpdm",
    "evaluationObjectives": "tpdm",
    "evaluationElements": "tpdm",
    "performanceEvaluationRatings": "tpdm",
    "evaluationRatings": "tpdm",
    "evaluationObjectiveRatings": "tpdm",
    "evaluationElementRatings": "tpdm",
}
"""Resources of Data Standard 5.x and the namespace that each stands in."""

KEY_PATHS: dict[str, tuple[str, ...]] = {
    "schools": ("schoolId",),
    "people": _PERSON,
    "staffs": ("staffUniqueId",),
    "staffEducationOrganizationAssignmentAssociations": (
        "beginDate",
        "educationOrganizationReference.educationOrganizationId",
        "staffClassificationDescriptor",
        "staffReference.staffUniqueId",
    ),
    "credentials": ("credentialIdentifier", "stateOfIssueStateAbbreviationDescriptor"),
    "performanceEvaluations": (
        "educationOrganizationReference.educationOrganizationId",
        "evaluationPeriodDescriptor",
        "performanceEvaluationTitle",
        "performanceEvaluationTypeDescriptor",
        "schoolYearTypeReference.schoolYear",
        "termDescriptor",
    ),
    "evaluations": (*_below("performanceEvaluationReference", *_PERFORMANCE), "evaluationTitle"),
    "evaluationObjectives": (
        *_below("evaluationReference", *_PERFORMANCE, "evaluationTitle"),
        "evaluationObjectiveTitle",
    ),
    "evaluationElements": (
        *_below("evaluationObjectiveReference", *_PERFORMANCE, "evaluationTitle", "evaluationObjectiveTitle"),
        "evaluationElementTitle",
    ),
    "performanceEvaluationRatings": (
        *_below("performanceEvaluationReference", *_PERFORMANCE),
        *_below("personReference", *_PERSON),
    ),
    "evaluationRatings": (
        *_below("performanceEvaluationRatingReference", *_PERFORMANCE, *_PERSON),
        "evaluationReference.evaluationTitle",
        "evaluationDate",
    ),
    "evaluationObjectiveRatings": (
        *_below("evaluationRatingReference", *_PERFORMANCE, *_PERSON, "evaluationTitle", "evaluationDate"),
        "evaluationObjectiveReference.evaluationObjectiveTitle",
    ),
    "evaluationElementRatings": (
        *_below(
            "evaluationObjectiveRatingReference",
            *_PERFORMANCE,
            *_PERSON,
            "evaluationTitle",
            "evaluationDate",
            "evaluationObjectiveTitle",
        ),
        "evaluationElementReference.evaluationElementTitle",
    ),
}
"""Where each resource's natural key stands in its document."""


@dataclass(frozen=True)
class ServedStandard:
    """What a Data Standard serves.

    models: as the discovery document names them. namespaces, key_paths: by resource.
    filters: by resource, the fields that a request may narrow it by.
    """

    models: tuple[Document, ...]
    namespaces: Mapping[str, str]
    key_paths: Mapping[str, tuple[str, ...]]
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


DATA_STANDARD_5_2 = ServedStandard(
    (
        {"name": "Ed-Fi", "version": "5.2.0", "informationalVersion": "The Ed-Fi Data Model 5.2"},
        {"name": "TPDM", "version": "1.1.0", "informationalVersion": "TPDM-Core"},
    ),
    NAMESPACES,
    KEY_PATHS,
)


class BadRequest(Exception):
    """The request breaks the contract: answered 400 with this message."""


class EdFi:
    """The platform: state that tests may change, and answers to requests.

    has_cursor_paging: off, it is an older server: `pageToken` and `pageSize` give 400.
    has_change_queries: off, the change queries API and the feeds of deletes are 404.
    denied: resources that the key may not read: 403.
    """

    def __init__(
        self,
        resources: dict[str, Rows],
        clock: Clock,
        client_id: str,
        client_secret: str,
        standard: ServedStandard = DATA_STANDARD_5_2,
    ) -> None:
        self._clock = clock
        self._standard = standard
        self._client = f"{client_id}:{client_secret}"
        self.tokens = Tokens(clock, TOKEN_LIFE_SECONDS)
        self.has_cursor_paging = True
        self.has_change_queries = True
        self.denied: set[str] = set()
        self.state = EdFiState(
            {name: resources[name] for name in standard.namespaces if name in resources}, standard.key_paths
        )
        self._snapshot: EdFiState | None = None

    # what tests may do to the platform -----------------------------------------------------

    def ids(self, resource: str) -> list[str]:
        """The ids of a resource's records, in the platform's order."""
        return self.state.ids(resource)

    def get(self, resource: str, identifier: str) -> Document:
        """One record as the API shows it. Raises KeyError if there is none."""
        return self.state.get(resource, identifier)

    def change(self, resource: str, identifier: str, patch: Document) -> Document:
        """Edits a record: `patch` is merged into it, a null removes a field."""
        return self.state.change(resource, identifier, patch, self._clock.now())

    def change_key(self, resource: str, identifier: str, patch: Document) -> Document:
        """Edits fields of the natural key: also told by /keyChanges."""
        return self.state.change_key(resource, identifier, patch, self._clock.now())

    def delete(self, resource: str, identifier: str) -> None:
        """Deletes a record: gone from the list, told by /deletes."""
        self.state.delete(resource, identifier)

    def withdraw(self, resource: str, identifier: str) -> None:
        """Takes a record out of what the key may read: gone from the list, and no feed tells."""
        with self.state.lock:
            self.state.collections[resource].withdraw(identifier)

    def add(self, resource: str, record: Document) -> str:
        """Adds a record and gives back its id."""
        document = {"id": uuid.uuid4().hex, **record}
        self.state.add(resource, document, self._clock.now())
        return str(document["id"])

    def take_snapshot(self) -> None:
        """Makes a snapshot of what there is now, in place of an earlier one."""
        self._snapshot = self.state.frozen()

    def drop_snapshot(self) -> None:
        """Removes the snapshot: `Use-Snapshot: true` is answered 404."""
        self._snapshot = None

    # answers -------------------------------------------------------------------------------

    def answer(self, request: Request) -> Response:
        """The response to one request; never raises for what a client may send."""
        try:
            with self.state.lock:
                return self._route(request)
        except BadRequest as fault:
            return _problem(400, "bad-request", str(fault))

    def _route(self, request: Request) -> Response:
        parts = [part for part in request.path.split("/") if part]
        if not parts:
            return self._discovery(request)
        if parts == ["oauth", "token"]:
            return self._token(request)
        if request.method != "GET":
            return _problem(405, "method-not-allowed", "this stand-in only reads")
        if not self.tokens.accepts(request):
            return _problem(401, "security:authentication", "The token is missing, unknown or expired.")
        state = self.state
        if request.headers.get("use-snapshot", "").lower() == "true":
            if self._snapshot is None:
                return _problem(404, "not-found", "Snapshots are not configured, or there is none.")
            state = self._snapshot
        if parts[:2] == ["changeQueries", "v1"]:
            if self.has_change_queries and parts[2:] == ["availableChangeVersions"]:
                return Response.of({"oldestChangeVersion": 0, "newestChangeVersion": state.newest_version})
            return _problem(404, "not-found", "The resource could not be found.")
        if parts[:2] == ["data", "v3"] and len(parts) in (4, 5):
            namespace, resource = parts[2], parts[3]
            if self._standard.namespaces.get(resource) == namespace and resource in state.collections:
                if resource in self.denied:
                    return _problem(403, "security:authorization", "Access to the resource could not be authorized.")
                return self._resource(request, state, resource, parts[4] if len(parts) == 5 else None)
        return _problem(404, "not-found", "The resource could not be found.")

    def _discovery(self, request: Request) -> Response:
        base = request.base_url
        urls = {
            "dependencies": f"{base}/metadata/data/v3/dependencies",
            "openApiMetadata": f"{base}/metadata",
            "oauth": f"{base}/oauth/token",
            "dataManagementApi": f"{base}/data/v3/",
            "xsdMetadata": f"{base}/metadata/xsd",
        }
        if self.has_change_queries:
            urls["changeQueries"] = f"{base}/changeQueries/v1/"
        version = "7.3" if self.has_cursor_paging else "7.1"
        return Response.of(
            {
                "version": version,
                "informationalVersion": version,
                "suite": "3",
                "build": f"{version}.0.0",
                "dataModels": list(self._standard.models),
                "urls": urls,
            }
        )

    def _token(self, request: Request) -> Response:
        if request.method != "POST":
            return _problem(405, "method-not-allowed", "tokens are asked for with POST")
        if request.form().get("grant_type") != "client_credentials":
            return Response.of({"error": "unsupported_grant_type"}, 400)
        if self._basic(request) != self._client:
            return Response.of({"error": "invalid_client"}, 401)
        return Response.of(
            {
                "access_token": self.tokens.issue(),
                "expires_in": self.tokens.life_seconds,
                "token_type": "bearer",
            },
            headers={"Cache-Control": "no-store"},
        )

    @staticmethod
    def _basic(request: Request) -> str | None:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            form = request.form()
            return (
                f"{form['client_id']}:{form['client_secret']}"
                if {"client_id", "client_secret"} <= form.keys()
                else None
            )
        try:
            return base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None

    def _resource(self, request: Request, state: EdFiState, resource: str, tail: str | None) -> Response:
        collection = state.collections[resource]
        if tail in ("deletes", "keyChanges"):
            if not self.has_change_queries:
                return _problem(404, "not-found", "The resource could not be found.")
            return self._feed(request, collection.deletes if tail == "deletes" else collection.key_changes)
        if tail is not None:
            try:
                return Response(body=collection.get(tail))
            except KeyError:
                return _problem(404, "not-found", "The specified resource item could not be found.")
        oldest, newest = self._window(request)
        positions = collection.positions(oldest, newest)
        for name in self._standard.filters.get(resource, ()):
            if (wanted := request.value(name)) is not None:
                kept = [orjson.loads(body).get(name) == wanted for body in collection.documents(positions)]
                positions = positions[np.array(kept, dtype=bool)]
        if "pageToken" in request.query or "pageSize" in request.query:
            return self._cursor_page(request, collection, resource, positions)
        offset, limit = _number(request, "offset", 0), _number(request, "limit", DEFAULT_LIMIT, MAX_LIMIT)
        if request.repeats_page:
            offset = max(0, offset - limit)
        if request.loops:
            offset = 0
        headers = {"Total-Count": str(len(positions))} if _flag(request, "totalCount") else {}
        return Response(body=_array(collection.documents(positions[offset : offset + limit])), headers=headers)

    def _window(self, request: Request) -> tuple[int | None, int | None]:
        if not self.has_change_queries:
            return None, None
        oldest = _number(request, "minChangeVersion", -1)
        newest = _number(request, "maxChangeVersion", -1)
        return (None if oldest < 0 else oldest), (None if newest < 0 else newest)

    def _cursor_page(self, request: Request, collection: Collection, resource: str, positions: Any) -> Response:
        if not self.has_cursor_paging:
            raise BadRequest("Unknown parameter: this version has no pageToken and pageSize.")
        for name in ("limit", "offset", "totalCount"):
            if name in request.query:
                raise BadRequest(f"Both cursor paging and {name} were asked for: use one of them.")
        size = _number(request, "pageSize", DEFAULT_LIMIT, MAX_LIMIT)
        token = request.value("pageToken")
        after = _from_token(token, resource) if token else -1
        start = int((positions <= after).sum())
        if request.repeats_page:
            # the page before once more; the token then leads on from here, under another name
            shown, next_after, salt = positions[max(0, start - size) : start], after, "again"
        else:
            shown = positions[start : start + size]
            next_after, salt = (int(shown[-1]) if len(shown) else -1), ""
        headers = {}
        if len(shown):
            headers["Next-Page-Token"] = _to_token(resource, -1 if request.loops else next_after, salt)
        return Response(body=_array(collection.documents(shown)), headers=headers)

    def _feed(self, request: Request, entries: list[Document]) -> Response:
        for name in ("pageToken", "pageSize"):
            if name in request.query:
                raise BadRequest("Cursor paging is not offered for deletes and key changes.")
        oldest, newest = self._window(request)
        chosen = [
            entry
            for entry in entries
            if (oldest is None or entry["changeVersion"] >= oldest)
            and (newest is None or entry["changeVersion"] <= newest)
        ]
        offset, limit = _number(request, "offset", 0), _number(request, "limit", DEFAULT_LIMIT, MAX_LIMIT)
        headers = {"Total-Count": str(len(chosen))} if _flag(request, "totalCount") else {}
        return Response.of(chosen[offset : offset + limit], headers=headers)


def _array(bodies: list[bytes]) -> bytes:
    return b"[" + b",".join(bodies) + b"]"


def _number(request: Request, name: str, default: int, most: int | None = None) -> int:
    text = request.value(name)
    if text is None:
        return default
    try:
        number = int(text)
    except ValueError:
        raise BadRequest(f"{name} must be a number.") from None
    if number < 0 or (most is not None and number > most):
        raise BadRequest(f"{name} must be between 0 and {most if most is not None else 'the largest integer'}.")
    return number


def _flag(request: Request, name: str) -> bool:
    text = (request.value(name) or "false").lower()
    if text not in ("true", "false"):
        raise BadRequest(f"{name} must be true or false.")
    return text == "true"


def _to_token(resource: str, after: int, salt: str) -> str:
    return base64.urlsafe_b64encode(f"{resource}|{after}|{salt}".encode()).decode().rstrip("=")


def _from_token(token: str, resource: str) -> int:
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        named, after, _ = text.split("|")
        if named != resource:
            raise ValueError
        return int(after)
    except (ValueError, binascii.Error):
        raise BadRequest("The page token is not one of this resource's.") from None


def _problem(status: int, kind: str, detail: str) -> Response:
    return Response.of(
        {
            "detail": detail,
            "type": f"urn:ed-fi:api:{kind}",
            "title": kind.replace("-", " ").title(),
            "status": status,
            "correlationId": uuid.uuid4().hex,
        },
        status,
    )
