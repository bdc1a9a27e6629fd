"""Walking through pages without missing, looping or running on for ever.

Belongs here: the four ways in which platforms chain pages, and the guards that all of
them share. Does not belong here: sending a request (http), what a page's envelope must
look like (the platform's client).

A page that is empty or shorter than asked for is not the end: only the platform's own
sign is (no next link, no next token), or an empty page where there is no sign.

Pages by link or token follow a place in the list, which stands still when rows come and
go. An offset does not: each of its pages overlaps the one before, and that is checked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from connectors.core.errors import ContractBroken, NotFound, PageSetLost
from connectors.core.http import JsonResponse, RequestRefused


class Fetch(Protocol):
    """Gets one page: `PlatformSession.get_json`."""

    def __call__(self, path_or_url: str, params: Mapping[str, str] | None = None) -> JsonResponse: ...


Records = Callable[[JsonResponse], list[Any]]
"""The records of a page; raises ContractBroken where the envelope is not as promised."""


_MOST_STEPS_BACK = 20
_MOST_STALE_PAGES = 3


@dataclass(frozen=True)
class PageLimits:
    """When to stop believing that a page set ends.

    max_cursor: characters of a token, or of a next page's address.
    """

    max_pages: int = 50_000
    max_records: int = 25_000_000
    max_cursor: int = 16_384


@dataclass(frozen=True)
class Page:
    """One page. repeats: how many at its head stood on the page before; they are not in `records`."""

    response: JsonResponse = field(repr=False)
    records: list[Any] = field(repr=False)
    repeats: int = 0

    @property
    def body(self) -> bytes:
        """The JSON list of `records`, as the platform wrote them."""
        return without_first(self.response.body, self.repeats) if self.repeats else self.response.body


class _Guard:
    """Refuses a cursor that was followed before, and page sets without end."""

    def __init__(self, what: str, limits: PageLimits) -> None:
        self._what = what
        self._limits = limits
        self._seen: set[str] = set()
        self._records = 0

    def follow(self, cursor: str) -> None:
        if len(cursor) > self._limits.max_cursor:
            raise ContractBroken(
                f"{self._what}: the next page's address or token is {len(cursor)} characters long, more than the "
                f"{self._limits.max_cursor} that are followed. Nothing was landed; ask the vendor"
            )
        if cursor in self._seen:
            raise ContractBroken(
                f"{self._what}: after {len(self._seen)} pages the platform points back to a page already read. "
                "Nothing was landed; ask the vendor"
            )
        if len(self._seen) >= self._limits.max_pages:
            raise ContractBroken(
                f"{self._what}: no end after {len(self._seen)} pages and {self._records} records. Nothing was landed; "
                "ask the vendor, or raise the limit if there is that much"
            )
        self._seen.add(cursor)

    @property
    def pages(self) -> int:
        return len(self._seen)

    def lost(self) -> PageSetLost:
        return PageSetLost(
            f"{self._what}: after {self.pages} pages the platform no longer knows where the next one is. "
            "Nothing was landed; run again later"
        )

    def count(self, page: Page) -> Page:
        self._records += len(page.records)
        if self._records > self._limits.max_records:
            raise ContractBroken(
                f"{self._what}: more than {self._limits.max_records} records after {len(self._seen)} pages. "
                "Nothing was landed; ask the vendor, or raise the limit if there are that many"
            )
        return page


def link_pages(
    fetch: Fetch,
    start: str,
    params: Mapping[str, str],
    records: Records,
    what: str,
    limits: PageLimits | None = None,
) -> Iterator[Page]:
    """Pages chained by the Link header (`rel="next"`)."""
    return _next_url_pages(fetch, start, params, records, lambda page: page.links.get("next"), what, limits)


def body_link_pages(
    fetch: Fetch,
    start: str,
    params: Mapping[str, str],
    records: Records,
    next_url: Callable[[JsonResponse], str | None],
    what: str,
    limits: PageLimits | None = None,
) -> Iterator[Page]:
    """Pages chained by an address in the body."""
    return _next_url_pages(fetch, start, params, records, next_url, what, limits)


def offset_pages(
    fetch: Fetch,
    path: str,
    params: Mapping[str, str],
    records: Records,
    identity: Callable[[Any], Hashable],
    limit: int,
    what: str,
    limits: PageLimits | None = None,
    offset_parameter: str = "offset",
) -> Iterator[Page]:
    """Pages by limit and offset, until an empty one. identity: what tells a record from all others.

    The offset grows by what came, not by what was asked for: a server may cap the limit.

    Each page begins with the last record of the one before. Where none of the page before
    is found, rows before it were deleted and the rest moved up: pages are read again from
    further back, so that no record is on none of them. Raises PageSetLost where the list
    changes faster than it can be read.
    """
    guard = _Guard(what, limits or PageLimits())
    before: set[Hashable] = set()
    offset = largest = stale = steps_back = 0
    overlaps = False
    while True:
        start = offset - 1 if overlaps else offset
        guard.follow(f"request {guard.pages} at {start}")
        response = fetch(path, {**params, "limit": str(limit), offset_parameter: str(start)})
        found = records(response)
        if not found and not overlaps:
            return
        named = [identity(record) for record in found]
        largest = max(largest, len(found))
        if overlaps and before.isdisjoint(named):
            steps_back += 1
            if steps_back > _MOST_STEPS_BACK:
                raise guard.lost()
            offset = max(0, offset - largest)
            overlaps = offset > 0
            continue
        repeats = next((place for place, name in enumerate(named) if name not in before), len(named))
        offset = start + len(found)
        if repeats < len(named):
            yield guard.count(Page(response, found[repeats:], repeats))
            before, overlaps, stale = set(named), True, 0
            continue
        stale += 1
        if stale >= _MOST_STALE_PAGES:
            raise ContractBroken(
                f"{what}: after {guard.pages} pages the platform sends the same records whatever the offset. "
                "Nothing was landed; ask the vendor"
            )
        # the overlap alone: the end, or a server that gives a single record at a time
        overlaps = len(named) > 1


def without_first(body: bytes, count: int) -> bytes:
    """A JSON list without its first items; all others stay as they were written."""
    text = body.decode()
    decoder = json.JSONDecoder()
    at = text.index("[") + 1
    for _ in range(count):
        at = len(text) - len(text[at:].lstrip())
        _, at = decoder.raw_decode(text, at)
        at = len(text) - len(text[at:].lstrip().removeprefix(","))
    return f"[{text[at:]}".encode()


def token_pages(
    fetch: Fetch,
    path: str,
    params: Mapping[str, str],
    records: Records,
    token_parameter: str,
    token_header: str,
    what: str,
    limits: PageLimits | None = None,
) -> Iterator[Page]:
    """Pages chained by a token in a header, until an answer has none."""
    guard = _Guard(what, limits or PageLimits())
    token = ""
    while True:
        guard.follow(token)
        try:
            response = fetch(path, {**params, token_parameter: token} if token else params)
        except (NotFound, RequestRefused):
            if not token:
                raise
            raise guard.lost() from None
        yield guard.count(Page(response, records(response)))
        token = response.headers.get(token_header, "")
        if not token:
            return


def _next_url_pages(
    fetch: Fetch,
    start: str,
    params: Mapping[str, str],
    records: Records,
    next_url: Callable[[JsonResponse], str | None],
    what: str,
    limits: PageLimits | None,
) -> Iterator[Page]:
    guard = _Guard(what, limits or PageLimits())
    response = fetch(start, params)
    guard.follow(_page_named(f"{response.url_without_query}?{urlencode(params)}"))
    while True:
        yield guard.count(Page(response, records(response)))
        target = next_url(response)
        if not target:
            return
        try:
            target = urljoin(response.url_without_query, target)
            name = _page_named(target)
        except ValueError:
            raise ContractBroken(
                f"{what}: the next page's address can't be read. Nothing was landed; ask the vendor"
            ) from None
        guard.follow(name)
        try:
            response = fetch(target)
        except (NotFound, RequestRefused):
            raise guard.lost() from None


def _page_named(url: str) -> str:
    """Path and query of an address in one spelling, so that one page has one name."""
    parts = urlsplit(url)
    return f"{parts.path}?{urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True)))}"
