"""Effects of faults that need to know where a page keeps its records, or what happens meanwhile.

Belongs here: what the kit does to one response beyond connectors/sandbox/faults.py. Does
not belong here: which requests are struck and what must come of it (cases/).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

from connectors.sandbox.exchange import Request, Response
from connectors.sandbox.faults import Answer, Effect

Records = list[dict[str, Any]]


def records_of(document: Any, place: str) -> Records:
    """The list of records in a page; place: its key, dotted, or empty where the page is the list."""
    for step in place.split(".") if place else ():
        document = document[step]
    assert isinstance(document, list), "the declaration's `records` names the list of records"
    return document


def with_records(place: str, edit: Callable[[Records], None]) -> Effect:
    """Edits the list of records of a page; an answer that holds none (an error) is left alone."""

    def effect(_request: Request, answer: Answer) -> Response:
        response = answer()
        if response.status == 200:
            document = json.loads(response.body)
            edit(records_of(document, place))
            response.body = json.dumps(document).encode()
        return response

    return effect


def with_text(place: str, edit: Callable[[Records], None], mark: str, raw: str) -> Effect:
    """Like `with_records`; then the JSON string `mark` is replaced by `raw` as it stands."""
    edited = with_records(place, edit)

    def effect(request: Request, answer: Answer) -> Response:
        response = edited(request, answer)
        response.body = response.body.replace(json.dumps(mark).encode(), raw.encode())
        return response

    return effect


def meanwhile(happens: Callable[[], object]) -> Effect:
    """Something happens at the platform just before it answers."""

    def effect(_request: Request, answer: Answer) -> Response:
        happens()
        return answer()

    return effect


def asked_for(parameter: str, value: str) -> Effect:
    """The platform takes another value for a parameter than the one that was sent: a capped page size."""

    def effect(request: Request, answer: Answer) -> Response:
        if parameter in request.query:
            request.query[parameter] = [value]
        return answer()

    return effect


def counts_more(by: int, header: str = "", key: str = "") -> Effect:
    """The platform's own count of its records is another one than it is."""

    def effect(_request: Request, answer: Answer) -> Response:
        response = answer()
        if header:
            names = [name for name in response.headers if name.lower() == header.lower()]
            assert names, f"the answer has a header {header}"
            response.headers[names[0]] = str(int(response.headers[names[0]]) + by)
            return response
        document = json.loads(response.body)
        *steps, last = key.split(".")
        holder = document
        for step in steps:
            holder = holder[step]
        holder[last] += by
        response.body = json.dumps(document).encode()
        return response

    return effect


def elsewhere(origin: str, other: str) -> Effect:
    """Every address in the answer, in its body and its headers, leads to another host."""

    def effect(_request: Request, answer: Answer) -> Response:
        response = answer()
        response.body = response.body.replace(origin.encode(), other.encode())
        response.headers = {name: value.replace(origin, other) for name, value in response.headers.items()}
        return response

    return effect


def redirect(target: str) -> Effect:
    """302 to another address."""

    def effect(_request: Request, _answer: Answer) -> Response:
        return Response(302, b"", {"Location": target})

    return effect


def answer_with(status: int, document: Any) -> Effect:
    """A status and a document in place of the answer."""

    def effect(_request: Request, _answer: Answer) -> Response:
        return Response.of(document, status)

    return effect


def granted(name: str, value: object) -> Effect:
    """A token endpoint's answer with another value of one field; None takes it out."""

    def effect(_request: Request, answer: Answer) -> Response:
        response = answer()
        document = json.loads(response.body)
        document.pop(name, None)
        if value is not None:
            document[name] = value
        response.body = json.dumps(document).encode()
        return response

    return effect


def without_list(place: str, instead: object) -> Effect:
    """A page whose list of records is another thing; "absent": its key is gone."""

    def effect(_request: Request, answer: Answer) -> Response:
        response = answer()
        document = json.loads(response.body)
        if not place:
            response.body = json.dumps({"items": document} if instead == "absent" else instead).encode()
            return response
        *steps, last = place.split(".")
        holder = document
        for step in steps:
            holder = holder[step]
        if instead == "absent":
            del holder[last]
        else:
            holder[last] = instead
        response.body = json.dumps(document).encode()
        return response

    return effect


def inflated(by: int) -> Effect:
    """The right answer, packed, with so many blanks behind it: still valid, but for its size."""

    def effect(_request: Request, answer: Answer) -> Response:
        response = answer()
        response.body = gzip.compress(response.body + b" " * by, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
        return response

    return effect


def emptied_again(place: str) -> Effect:
    """An empty page more: the page before once more, without its records; its link leads on from there."""
    empty = with_records(place, list.clear)

    def effect(request: Request, answer: Answer) -> Response:
        request.repeats_page = True
        return empty(request, answer)

    return effect
