"""What a recorded request, or a declared field, does otherwise than the published documents say.

Belongs here: comparing, with the known deviations taken out. Does not belong here: reading
documents (published), sending anything (prism).
"""

from __future__ import annotations

from pathlib import Path

from tests.connectors.contracts.deviations import FIELDS, PARAMETERS, PATHS, Deviation
from tests.connectors.contracts.platforms import Contract, Document
from tests.connectors.contracts.published import Operation, Published
from tests.connectors.contracts.recorded import Recorded

_OF_HTTP = frozenset({"accept", "authorization", "content-type"})


class Comparison:
    """One contract beside its documents. used: the deviations that were needed so far."""

    def __init__(self, contract: Contract, reference_data: Path) -> None:
        self.contract = contract
        self.published = {document: Published(reference_data / document.file) for document in contract.documents}
        self.used: set[Deviation] = set()

    def place(self, request: Recorded) -> tuple[Document, str]:
        """The document that a request belongs to, and its path there."""
        document = self.contract.document_of(request.path)
        return document, request.path.removeprefix(document.below)

    def operation(self, request: Recorded) -> Operation | None:
        """The documented operation that means this request; None where it is a sign-in or a known extra."""
        document, path = self.place(request)
        return self.published[document].operation(request.method, path)

    def is_sign_in(self, request: Recorded) -> bool:
        """A token is got where the documents' security schemes say, which is no path of theirs."""
        is_form = dict(request.headers).get("content-type") == "application/x-www-form-urlencoded"
        named = any(published.gives_tokens_at(request.path) for published in self.published.values())
        return request.method == "POST" and is_form and named

    def is_known_extra(self, request: Recorded) -> bool:
        """Whether it goes to a path that we knowingly use although the documents leave it out."""
        _, path = self.place(request)
        operation = self.operation(request)
        if operation is not None and operation.ends_literally(path):
            return False  # documented: a deviation that covers it is no longer needed
        found = [one for one in PATHS if one.covers(self.contract.name, path)]
        self.used.update(found)
        return bool(found)

    def faults(self, request: Recorded) -> list[str]:
        """Path, method and names of parameters and headers: what a mock server accepts without a word."""
        if self.is_sign_in(request) or self.is_known_extra(request):
            return []
        operation = self.operation(request)
        if operation is None:
            return [f"{request.named}: no such path and method is documented"]
        unknown = [("query parameter", name) for name in sorted(request.query_names - operation.names("query"))]
        declared_headers = {name.lower() for name in operation.names("header")}
        unknown += [("header", name) for name, _ in request.headers if name not in _OF_HTTP | declared_headers]
        return [
            f"{request.named}: {kind} {name} is not declared by {operation.template}"
            for kind, name in unknown
            if not self._is_known_parameter(operation, name)
        ]

    def _is_known_parameter(self, operation: Operation, name: str) -> bool:
        found = [one for one in PARAMETERS if one.covers(self.contract.name, operation.template, name)]
        self.used.update(found)
        return bool(found)

    def unpublished_fields(self, stream: str) -> list[str]:
        """Paths of declared fields that no published record of that stream can have."""
        declared = next(one for one in self.contract.streams() if one.name == stream)
        published = self.published[self.contract.documents[0]]
        template, pointer = self.contract.record(declared)
        shape = published.record(template, pointer)
        missing = [field.source_path for field in declared.fields if not published.holds(shape, field.source_path)]
        known = [one for one in FIELDS if (one.contract, one.stream) == (self.contract.name, stream)]
        self.used.update(one for one in known if one.field in missing)
        return [path for path in missing if path not in {one.field for one in known}]
