"""Walking through pages without missing, looping or running on for ever.

Belongs here: the four ways in which platforms chain pages, and the guards that all of
them share. Does not belong here: sending a request (http), what a page's envelope must
look like (the platform's client).

A page that is empty or shorter than asked for is not the end: only the platform's own
sign is (no next link, no next token), or an empty page where there is no sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from connectors.core.errors import ContractBroken
from connectors.core.http import JsonResponse


class Fetch(Protocol):
    """Gets one page: `PlatformSession.get_json`."""

    def __call__(self, path_or_url: str, params: Mapping[str, str] | None = None) -> JsonResponse: ...


Records = Callable[[JsonResponse], list[Any]]
"""The records of a page; raises ContractBroken where the envelope is not as promised."""


@dataclass(frozen=True)
class PageLimits:
    """When to stop believing that a page set ends."""

    max_pages: int = 50_000
    max_records: int = 25_000_000


@dataclass(frozen=True)
class Page:
    response: JsonResponse = field(repr=False)
    records: list[Any] = field(repr=False)


class _Guard:
    """Refuses a cursor that was followed before, and page sets without end."""

    def __init__(self, what: str, limits: PageLimits) -> None:
        self._what = what
        self._limits = limits
        self._seen: set[str] = set()
        self._records = 0

    def follow(self, cursor: str) -> None:
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
    limit: int,
    what: str,
    limits: PageLimits | None = None,
) -> Iterator[Page]:
    """Pages by limit and offset, until an empty one.

    The offset grows by what came, not by what was asked for: a server may cap the limit.
    """
    guard = _Guard(what, limits or PageLimits())
    offset = 0
    while True:
        guard.follow(str(offset))
        response = fetch(path, {**params, "limit": str(limit), "offset": str(offset)})
        page = guard.count(Page(response, records(response)))
        if not page.records:
            return
        yield page
        offset += len(page.records)


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
        response = fetch(path, {**params, token_parameter: token} if token else params)
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
        target = urljoin(response.url_without_query, target)
        guard.follow(_page_named(target))
        response = fetch(target)


def _page_named(url: str) -> str:
    """Path and query of an address in one spelling, so that one page has one name."""
    parts = urlsplit(url)
    return f"{parts.path}?{urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True)))}"
