"""The CASE stand-in: one paged collection of documents, and a package for each.

Belongs here: the HTTP contract of a CASE 1.0 or 1.1 provider, and what a test may do to
its packages. Does not belong here: what the packages say (case_documents).
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from connectors.sandbox.case_documents import Document, packages
from connectors.sandbox.district import District
from connectors.sandbox.exchange import Clock, Request, Response, instant

DEFAULT_LIMIT = 100
TOKEN = "sandbox-frameworks-token"


class Case:
    """The provider: packages that tests may change, and answers to requests.

    largest_page: documents a page at most, whatever is asked for. has_total, has_links: whether lists
    carry X-Total-Count and Link. passes_limit_over: a provider that sends everything at once.
    token: the bearer token that is wanted (TOKEN, say); none by default, as of a public provider.
    """

    def __init__(self, served: Iterable[Document], clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self.packages: dict[str, Document] = {package["CFDocument"]["identifier"]: package for package in served}
        self.largest_page = DEFAULT_LIMIT
        self.has_total = True
        self.has_links = True
        self.passes_limit_over = False
        self.token: str | None = None

    @classmethod
    def of(cls, district: District, clock: Clock) -> Case:
        """The vocabulary is every synthetic district's: nothing in it is drawn."""
        del district
        return cls(packages(), clock)

    # what tests may do to the provider -----------------------------------------------------

    def document_ids(self) -> list[str]:
        with self._lock:
            return list(self.packages)

    def get(self, document_id: str) -> Document:
        """A package as the provider serves it. Raises KeyError if there is none."""
        with self._lock:
            return copy.deepcopy(self.packages[document_id])

    def add_package(self, package: Document) -> None:
        with self._lock:
            self.packages[package["CFDocument"]["identifier"]] = copy.deepcopy(package)

    def change_item(self, document_id: str, item_id: str, patch: Document, tells: bool = True) -> None:
        """Edits an item; None removes a field. tells: whether its document's time of change moves too."""
        with self._lock:
            item = next(item for item in self.packages[document_id]["CFItems"] if item["identifier"] == item_id)
            item.update(patch)
            for name in [name for name, value in patch.items() if value is None]:
                del item[name]
            item["lastChangeDateTime"] = instant(self._clock.now())
            self._touch(document_id, tells)

    def remove_item(self, document_id: str, item_id: str, tells: bool = True) -> None:
        """Takes an item, and what relates it, out of a framework."""
        with self._lock:
            package = self.packages[document_id]
            package["CFItems"] = [item for item in package["CFItems"] if item["identifier"] != item_id]
            package["CFAssociations"] = [
                association
                for association in package["CFAssociations"]
                if item_id
                not in (association["originNodeURI"]["identifier"], association["destinationNodeURI"]["identifier"])
            ]
            self._touch(document_id, tells)

    def remove_package(self, document_id: str) -> None:
        with self._lock:
            del self.packages[document_id]

    def _touch(self, document_id: str, tells: bool) -> None:
        if tells:
            self.packages[document_id]["CFDocument"]["lastChangeDateTime"] = instant(self._clock.now())

    # answers -------------------------------------------------------------------------------

    def answer(self, request: Request) -> Response:
        """The response to one request; never raises for what a client may send."""
        with self._lock:
            if self.token is not None and request.headers.get("authorization") != f"Bearer {self.token}":
                return _status(401, "unauthorisedrequest")
            if request.method != "GET":
                return _status(405, "invaliddata")
            match [part for part in request.path.split("/") if part]:
                case ["ims", "case", "v1p0" | "v1p1", "CFDocuments"]:
                    return self._list(request)
                case ["ims", "case", "v1p0" | "v1p1", "CFDocuments", document_id] if document_id in self.packages:
                    return Response.of(self.packages[document_id]["CFDocument"])
                case ["ims", "case", "v1p0" | "v1p1", "CFPackages", document_id] if document_id in self.packages:
                    return Response.of(self.packages[document_id])
                case _:
                    return _status(404, "unknownobject")

    def _list(self, request: Request) -> Response:
        documents = [package["CFDocument"] for package in self.packages.values()]
        limit, offset = _number(request, "limit", DEFAULT_LIMIT), _number(request, "offset", 0)
        if limit is None or offset is None or limit < 1:
            return _status(400, "invalid_selection_field")
        limit = len(documents) if self.passes_limit_over else min(limit, self.largest_page)
        start = 0 if self.passes_limit_over else offset
        if request.repeats_page:
            start = max(0, start - limit)
        headers = {"X-Total-Count": str(len(documents))} if self.has_total else {}
        if self.has_links and not self.passes_limit_over and offset + limit < len(documents):
            following = 0 if request.loops else offset + limit
            headers["Link"] = f'<{_link(request, limit, following)}>; rel="next"'
        return Response.of({"CFDocuments": documents[start : start + limit]}, headers=headers)


def _number(request: Request, name: str, default: int) -> int | None:
    text = request.value(name)
    if text is None:
        return default
    return int(text) if text.isascii() and text.isdigit() else None


def _link(request: Request, limit: int, offset: int) -> str:
    query: dict[str, Any] = {name: values[0] for name, values in request.query.items()}
    return f"{request.base_url}{request.path}?{urlencode(query | {'limit': limit, 'offset': offset})}"


def _status(status: int, code: str) -> Response:
    """The specification's own fault body."""
    return Response.of(
        {
            "imsx_codeMajor": "failure",
            "imsx_severity": "error",
            "imsx_CodeMinor": {
                "imsx_codeMinorField": [{"imsx_codeMinorFieldName": "sourcedId", "imsx_codeMinorFieldValue": code}]
            },
        },
        status,
    )
