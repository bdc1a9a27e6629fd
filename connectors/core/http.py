"""One bounded, careful HTTP session for every platform that speaks JSON over HTTP.

Belongs here: how often and how long a request may try, what counts as a whole body,
which hosts may be asked, and which fault an answer means. Does not belong here: how
tokens are obtained (auth), how pages follow each other (paging), what a platform's
paths and fields are (the platform's folder).

Only GET and the token POST are sent, so every request may be repeated. Messages name
the connection, the method and the path; never a query string, a token or a body.
"""

from __future__ import annotations

import contextlib
import email.utils
import functools
import ipaddress
import random
import re
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol, TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import urllib3
from pydantic import AfterValidator
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests_ratelimiter import LimiterMixin
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from connectors.core import json_body
from connectors.core.errors import (
    AccessDenied,
    AuthenticationFailed,
    ConfigurationError,
    ConnectorError,
    ContractBroken,
    IncompleteResponse,
    NotFound,
    PlatformUnavailable,
    PlatformUnreachable,
    RateLimited,
)

_CHUNK_BYTES = 256 * 1024
_USER_AGENT = "expertise-warehouse"
_T = TypeVar("_T")


class Clock(Protocol):
    """Time as the session sees it, so that a test of backoff need not wait."""

    def monotonic(self) -> float: ...

    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own time."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True)
class Limits:
    """The one place that decides how often and how long. All times are in seconds.

    max_tries: requests for one page, the first included.
    max_total: of all tries of one page and the waits between them.
    request_deadline: of one try from the first byte sent to the last byte read.
    max_retry_after: a platform that asks for a longer pause ends the run at once.
    max_body_bytes: of one body, as it is sent and after decompression.
    max_token_bytes: the same of a token endpoint's answer.
    """

    max_tries: int = 6
    max_total: float = 900.0
    request_deadline: float = 300.0
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    backoff_first: float = 1.0
    backoff_longest: float = 60.0
    max_retry_after: float = 300.0
    max_body_bytes: int = 256 * 1024 * 1024
    max_token_bytes: int = 1024 * 1024

    def backoff(self, tries: int) -> float:
        """Full jitter: anywhere between nothing and the doubled step, so that clients don't march in step."""
        step = min(self.backoff_longest, self.backoff_first * 2.0 ** min(tries - 1, 60))
        return random.uniform(0.0, step)  # noqa: S311 - spreads load, keeps no secret


class RequestRefused(ContractBroken):
    """The platform calls the request itself wrong (400 and other unexpected 4xx)."""

    def __init__(self, message: str, status: int) -> None:
        self.status = status
        super().__init__(message)


class Authenticator(Protocol):
    """What the session needs of an authentication method (see auth)."""

    scheme: str
    """The word in front of it in the Authorization header: Bearer or Basic."""
    refresh_statuses: frozenset[int]

    def access_token(self) -> str:
        """A token to send, obtained first where there is none."""

    def replace(self, refused: str) -> str:
        """Another token than the refused one; one request however many threads ask."""


@dataclass(frozen=True)
class JsonResponse:
    """A whole answer in JSON. `body` is what the platform sent, so that numbers keep their digits.

    named: connection, method and path, for messages.
    links: targets of the Link header by relation, as absolute addresses.
    """

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    url_without_query: str
    named: str
    links: Mapping[str, str] = field(default_factory=dict, repr=False)

    @functools.cached_property
    def document(self) -> Any:
        """Everything, parsed. Raises ContractBroken where an object names a field twice."""
        return self._read(json_body.document)

    @functools.cached_property
    def outline(self) -> Any:
        """The document with its records left unread, for pages that are handed to landing as they are."""
        return self._read(json_body.outline)

    @property
    def server_time(self) -> datetime | None:
        """The server's own clock as it answered, in UTC; None where it does not tell."""
        return _http_date(self.headers.get("Date", ""))

    def count_in(self, header: str) -> int | None:
        """The number of records that a header tells; None where it tells none."""
        text = self.headers.get(header, "").strip()
        return int(text) if re.fullmatch("[0-9]{1,18}", text) else None

    def _read(self, reader: Callable[[bytes], Any]) -> Any:
        try:
            return reader(self.body)
        except json_body.RepeatedName:
            raise ContractBroken(
                f"{self.named} sent an object that names a field twice, so that no reader can tell which "
                "value holds. Ask the vendor"
            ) from None
        except json_body.NotJson as fault:
            raise ContractBroken(f"{self.named} sent JSON that can't be read: {fault}. Ask the vendor") from None


@dataclass(frozen=True)
class FormAnswer:
    """What a token endpoint answered; the body is for the OAuth parser only."""

    status: int
    body: str = field(repr=False)


def checked_base_url(url: str) -> str:
    """A platform's base address without trailing slash: https, or http on this machine only."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("base_url must be an address such as https://api.example.org")
    try:
        port_of(parts)
    except ValueError:
        raise ValueError("base_url must name a port below 65536, or none") from None
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("base_url must hold no user name, password, query or fragment")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError(f"base_url must use https: {parts.hostname} is not this machine")
    return url.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(checked_base_url)]


class PlatformSession:
    """Requests to one platform, within limits and with one host allowed.

    connection: the connection's name, for messages.
    base_url: paths resolve against it; only its host is ever asked.
    requests_per_second: shared by all threads of this session.
    """

    def __init__(
        self,
        connection: str,
        base_url: str,
        requests_per_second: float = 10.0,
        limits: Limits | None = None,
        clock: Clock | None = None,
    ) -> None:
        try:
            self.base_url = checked_base_url(base_url)
        except ValueError as fault:
            raise ConfigurationError(f"{connection}: {fault}") from None
        self.connection = connection
        self.limits = limits or Limits()
        self.clock = clock or SystemClock()
        self._base = urlsplit(self.base_url)
        self._authenticator: Authenticator | None = None
        self._requests = _LimitedSession(
            per_second=requests_per_second,
            max_delay=self.limits.max_total,
            # the mixin would log whole addresses on 429, and this session waits by itself
            limit_statuses=(),
        )
        self._requests.mount("http://", _DeadlineAdapter())
        self._requests.mount("https://", _DeadlineAdapter())
        self._requests.headers.update({"User-Agent": _USER_AGENT, "Accept-Encoding": "gzip"})
        if _is_loopback(self._base.hostname or ""):
            self._requests.trust_env = False  # a proxy has no business on this machine's own addresses

    def authenticate_with(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    @property
    def _scheme(self) -> str:
        return self._authenticator.scheme if self._authenticator is not None else "Bearer"

    def close(self) -> None:
        self._requests.close()

    def get_json(
        self,
        path_or_url: str,
        params: Mapping[str, str] | None = None,
        authenticated: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> JsonResponse:
        """GET a JSON document. Raises ConnectorError; never returns part of a body."""
        url = self._target(path_or_url)
        request = _Request("GET", url, params=params, headers={"Accept": "application/json", **(headers or {})})
        token = None
        if authenticated and self._authenticator is not None:
            token = self._authenticator.access_token()
            answer = self._exchange(request, token)
            if answer.status in self._authenticator.refresh_statuses:
                answer = self._exchange(request, self._authenticator.replace(token))
        else:
            answer = self._exchange(request, None)
        if not 200 <= answer.status < 300:
            raise self._fault(request, answer)
        return JsonResponse(answer.body, answer.headers, request.shown_url, self._named(request), answer.links)

    def post_form(self, path_or_url: str, form: str, headers: Mapping[str, str] | None = None) -> FormAnswer:
        """POST a token request. Returns any answer below 500 that is not 429: OAuth gives faults a meaning."""
        request = _Request(
            "POST",
            self._target(path_or_url),
            headers={
                "Accept": "application/json",
                "Content-Type": "application/x-www-form-urlencoded",
                **(headers or {}),
            },
            form=form,
        )
        answer = self._exchange(request, None)
        if 300 <= answer.status < 400:
            raise self._fault(request, answer)
        return FormAnswer(answer.status, answer.body.decode("utf-8", errors="replace"))

    # -- targets ---------------------------------------------------------------------------

    def _target(self, path_or_url: str) -> str:
        url = path_or_url if "://" in path_or_url else f"{self.base_url}/{path_or_url.lstrip('/')}"
        try:
            parts = urlsplit(url)
            port = port_of(parts)
        except ValueError:
            raise ContractBroken(f"{self.connection}: {_UNREADABLE_ADDRESS}") from None
        if parts.username or parts.password or parts.hostname != self._base.hostname:
            raise ContractBroken(
                f"{self.connection}: the platform points to the host {shown_host(parts.hostname)}, and only "
                f"{self._base.hostname} may be asked. If the platform has moved, correct base_url"
            )
        if parts.scheme != self._base.scheme and not (self._base.scheme == "http" and parts.scheme == "https"):
            raise ContractBroken(
                f"{self.connection}: the platform points from {self._base.scheme} to {parts.scheme} at {parts.path}, "
                "which would send the token unprotected. Ask the vendor to correct its links"
            )
        if parts.scheme == self._base.scheme and port != port_of(self._base):
            raise ContractBroken(
                f"{self.connection}: the platform points to port {port} of {parts.hostname}, and only port "
                f"{port_of(self._base)} may be asked. If the platform has moved, correct base_url"
            )
        return url

    # -- tries -----------------------------------------------------------------------------

    def _exchange(self, request: _Request, token: str | None) -> _Answer:
        """Send until an answer is final, the tries run out or the time does."""
        started = self.clock.monotonic()
        tries = 0
        while True:
            tries += 1
            remaining = self.limits.max_total - (self.clock.monotonic() - started)
            # a sleep may last longer than asked, and no try can be made in no time
            seconds = min(self.limits.request_deadline, max(_SHORTEST_TRY, remaining))
            try:
                return self._attempt(request, token, seconds)
            except _TryAgain as again:
                wait = self.limits.backoff(tries) if again.retry_after is None else again.retry_after
                elapsed = self.clock.monotonic() - started
                if again.retry_after is not None and wait > self.limits.max_retry_after:
                    raise again.fault(
                        f"{self._named(request)} {again.what} and asks for a pause of {wait:.0f} s, more than the "
                        f"{self.limits.max_retry_after:.0f} s that a run waits. Run again later"
                    ) from None
                if tries >= self.limits.max_tries or elapsed + wait >= self.limits.max_total:
                    raise again.fault(
                        f"{self._named(request)} {again.what}; tried {tries} "
                        f"{'time' if tries == 1 else 'times'} in {elapsed:.0f} s. {again.advice}"
                    ) from None
                self.clock.sleep(wait)

    def _attempt(self, request: _Request, token: str | None, seconds: float) -> _Answer:
        deadline = self.clock.monotonic() + seconds
        with self._opened(request, token, deadline) as response:
            status = response.status_code
            if status == 429:
                raise _TryAgain(
                    RateLimited,
                    "answered 429 (too many requests)",
                    "Lower requests_per_second, or run again later",
                    self._retry_after(response.headers),
                )
            if status >= 500 or status == 408:
                raise _TryAgain(
                    PlatformUnavailable,
                    f"answered {status}",
                    "Run again later; if it stays, ask the vendor",
                    self._retry_after(response.headers),
                )
            is_success = 200 <= status < 300
            if not is_success and request.method == "GET":
                return _Answer(status, response.headers)
            body = self._body(request, response, deadline)
        # a token too is only known to be whole when it can be read
        if is_success:
            self._fail_if_not_json(request, body, response)
        return _Answer(status, response.headers, body, self._links(request, response))

    def _links(self, request: _Request, response: requests.Response) -> dict[str, str]:
        """Link targets by relation (RFC 8288): names in any case, many of one link, the first link wins."""
        links: dict[str, str] = {}
        for link in requests.utils.parse_header_links(response.headers.get("Link", "")):
            relations = next((text for name, text in link.items() if name.lower() == "rel"), "")
            for relation in relations.lower().split():
                try:
                    links.setdefault(relation, urljoin(request.url, link["url"]))
                except ValueError:
                    # not passed over: a next page that is not followed would be lost in silence
                    raise ContractBroken(f"{self._named(request)}: {_UNREADABLE_ADDRESS}") from None
        return links

    @contextlib.contextmanager
    def _opened(self, request: _Request, token: str | None, deadline: float) -> Iterator[requests.Response]:
        """An open response whose body is not read yet; transport faults become _TryAgain."""
        host = f"{self._base.hostname}:{port_of(self._base)}"
        seconds = deadline - self.clock.monotonic()
        response: requests.Response | None = None
        try:
            with _hung_up_after(seconds):
                response = self._requests.request(
                    request.method,
                    request.url,
                    params=request.params,
                    data=request.form,
                    headers=dict(request.headers),
                    # an explicit auth object also keeps requests from reading .netrc
                    auth=_Authorization(self._scheme, token),
                    timeout=(min(self.limits.connect_timeout, seconds), min(self.limits.read_timeout, seconds)),
                    allow_redirects=False,
                    stream=True,
                )
                yield response
        except requests.exceptions.SSLError:
            raise PlatformUnreachable(
                f"{self.connection}: no trusted TLS connection to {host}. "
                "Check the certificate of the platform and the certificate store of this machine"
            ) from None
        except (requests.exceptions.ConnectionError, requests.exceptions.Timeout):
            self._fail_if_late(deadline)
            raise _TryAgain(
                PlatformUnreachable,
                f"got no answer from {host}",
                "Check base_url, the network and whether the platform is up",
            ) from None
        except requests.exceptions.RequestException as fault:
            raise ContractBroken(f"{self._named(request)} could not be sent ({type(fault).__name__})") from None
        except (urllib3.exceptions.HTTPError, OSError):
            self._fail_if_late(deadline)
            raise _TryAgain(IncompleteResponse, "ended before the body was whole", _RUN_AGAIN) from None
        finally:
            if response is not None:
                response.close()

    def _fail_if_late(self, deadline: float) -> None:
        if self.clock.monotonic() >= deadline:
            raise _TryAgain(
                PlatformUnavailable, f"was not done within {self.limits.request_deadline:.0f} s", _RUN_AGAIN
            ) from None

    def _retry_after(self, headers: Mapping[str, str]) -> float | None:
        """Seconds to wait; a date counts from the answer's own Date, so this machine's clock does not matter."""
        text = headers.get("Retry-After", "").strip()
        if re.fullmatch(r"[+-]?\d{1,12}(\.\d+)?", text):
            return max(0.0, float(text))
        until = _http_date(text)
        if until is None:
            return None
        since = _http_date(headers.get("Date", "")) or self.clock.now()
        return max(0.0, (until - since).total_seconds())

    # -- bodies ----------------------------------------------------------------------------

    def _body(self, request: _Request, response: requests.Response, deadline: float) -> bytes:
        """The decoded body, or a fault: never a part of it."""
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("identity", "", "gzip", "x-gzip"):
            raise ContractBroken(f"{self._named(request)} is encoded as {encoding!r}; only gzip was offered")
        gunzip = _Gunzip() if "gzip" in encoding else None
        declared = response.headers.get("Content-Length", "")
        most = self.limits.max_token_bytes if request.method == "POST" else self.limits.max_body_bytes
        pieces: list[bytes] = []
        received = decoded = 0
        while True:
            chunk = response.raw.read1(_CHUNK_BYTES, decode_content=False)
            self._fail_if_late(deadline)
            if not chunk:
                break
            received += len(chunk)
            try:
                for piece in [chunk] if gunzip is None else gunzip.feed(chunk):
                    decoded += len(piece)
                    # what was received too: a gzip stream of empty blocks grows on the wire alone
                    if max(decoded, received) > most:
                        raise ContractBroken(
                            f"{self._named(request)} is larger than {most} bytes. "
                            "Nothing of it was kept; lower page_size, or ask the vendor"
                        )
                    if piece:
                        pieces.append(piece)
            except zlib.error:
                raise _TryAgain(IncompleteResponse, "sent a damaged gzip body", _RUN_AGAIN) from None
        if re.fullmatch("[0-9]{1,18}", declared) and received < int(declared):
            raise _TryAgain(IncompleteResponse, f"sent {received} of {declared} bytes", _RUN_AGAIN)
        if gunzip is not None and received and not gunzip.is_complete:
            raise _TryAgain(IncompleteResponse, f"sent a gzip body that stops early ({received} bytes)", _RUN_AGAIN)
        return b"".join(pieces)

    def _fail_if_not_json(self, request: _Request, body: bytes, response: requests.Response) -> None:
        content_type = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
        start = body[:64].lstrip()
        if "html" in content_type or start.startswith(b"<"):
            tag = re.match(rb"<!?[A-Za-z]{1,10}", start)
            raise AuthenticationFailed(
                f"{self._named(request)} answered {response.status_code} with a page, not JSON (content type "
                f"{content_type or 'not given'}, starts with {(tag.group() if tag else b'').decode()!r}): it looks "
                "like a login page. Check base_url, the credentials and any proxy in between"
            )
        try:
            json_body.check(body)
        except json_body.TooDeep as fault:
            raise ContractBroken(
                f"{self._named(request)} sent JSON that can't be read: {fault}. Ask the vendor"
            ) from None
        except json_body.NotJson as fault:
            has_known_end = "Content-Length" in response.headers or "Transfer-Encoding" in response.headers
            if fault.ends_early or not has_known_end:
                raise _TryAgain(
                    IncompleteResponse, f"sent JSON that stops early ({len(body)} bytes)", _RUN_AGAIN
                ) from None
            raise ContractBroken(f"{self._named(request)} sent no valid JSON: {fault}. Ask the vendor") from None

    # -- faults ----------------------------------------------------------------------------

    def _named(self, request: _Request) -> str:
        return f"{self.connection}: {request.method} {request.path}"

    def _fault(self, request: _Request, answer: _Answer) -> ConnectorError:
        named, status = self._named(request), answer.status
        if 300 <= status < 400:
            try:
                target = urlsplit(urljoin(request.url, answer.headers.get("Location", "")))
                where = f"{target.scheme}://{shown_host(target.hostname)}"
            except ValueError:
                where = "an address that can't be read"
            return ContractBroken(
                f"{named} redirects ({status}) to {where}. Redirects are not followed, "
                "for they could carry the credentials elsewhere. Correct base_url"
            )
        if status == 401:
            if self._authenticator is None:
                return AuthenticationFailed(
                    f"{named} wants to know who asks (401), and {self.connection} is configured without credentials"
                )
            renewed = ", also after a new one" if self._authenticator.refresh_statuses else ""
            return AuthenticationFailed(
                f"{named} refused the access token (401){renewed}. "
                f"Check the credentials of {self.connection} and what they may read"
            )
        if status == 403:
            return AccessDenied(
                f"{named} is not ours to read (403). Ask the platform's administrator for read access to it"
            )
        if status in (404, 410):
            return NotFound(f"{named} is not known to the platform ({status})")
        return RequestRefused(f"{named} was refused as a wrong request ({status})", status)


_RUN_AGAIN = "Nothing of it was kept; run again later"
_UNREADABLE_ADDRESS = "the platform points to an address that can't be read. Ask the vendor"
_SHORTEST_TRY = 1.0


@dataclass(frozen=True)
class _Request:
    method: str
    url: str
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    form: str | None = field(default=None, repr=False)

    @property
    def path(self) -> str:
        return urlsplit(self.url).path or "/"

    @property
    def shown_url(self) -> str:
        return urlsplit(self.url)._replace(query="", fragment="").geturl()


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    links: Mapping[str, str] = field(default_factory=dict)


class _TryAgain(Exception):
    """A fault that another try may cure, and what to raise when the tries run out."""

    def __init__(self, fault: type[ConnectorError], what: str, advice: str, retry_after: float | None = None) -> None:
        self.fault = fault
        self.what = what
        self.advice = advice
        self.retry_after = retry_after
        super().__init__(what)


class _Authorization(AuthBase):
    def __init__(self, scheme: str, token: str | None) -> None:
        self._scheme = scheme
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"{self._scheme} {self._token}"
        return request


class _Gunzip:
    """Decompresses piece by piece, and knows whether the stream came to its end."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)

    @property
    def is_complete(self) -> bool:
        return self._member.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The decoded bytes in pieces of a chunk at most, so that a bomb is seen before it is whole."""
        while data:
            if self._member.eof:
                self._member = zlib.decompressobj(wbits=31)
            yield self._member.decompress(data, _CHUNK_BYTES)
            data = self._member.unused_data if self._member.eof else self._member.unconsumed_tail


def _http_date(text: str) -> datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def port_of(parts: SplitResult) -> int:
    """The port of an address, its scheme's own where none is named. Raises ValueError."""
    return parts.port or (443 if parts.scheme == "https" else 80)


def shown_host(host: str | None) -> str:
    """The host for a message: a platform decides how long it is."""
    host = host or "(none)"
    return host if len(host) <= 253 else f"{host[:253]}…"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# -- a deadline for the whole answer -------------------------------------------------------
# A read timeout starts anew with each byte, so a server that drips headers, chunk sizes or
# trailers would never reach it: the library reads each of those in one call. A timer hangs up.


class _Deadline(threading.local):
    seconds: float = Limits.request_deadline
    timer: threading.Timer | None = None


_deadline = _Deadline()


@contextlib.contextmanager
def _hung_up_after(seconds: float) -> Iterator[None]:
    """Within the block, an answer that takes longer finds its connection closed."""
    _deadline.seconds = seconds
    try:
        yield
    finally:
        if _deadline.timer is not None:
            _deadline.timer.cancel()
        _deadline.seconds, _deadline.timer = Limits.request_deadline, None


def _hang_up(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # past TLS, which another thread is reading from
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _watch(connection: HTTPConnection) -> None:
    """Start the clock. The socket itself is held: a connection forgets one that only a body still needs."""
    if isinstance(connection.sock, socket.socket):
        _deadline.timer = threading.Timer(_deadline.seconds, _hang_up, [connection.sock])
        _deadline.timer.daemon = True
        _deadline.timer.start()


class _WatchedHTTPConnection(HTTPConnection):
    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]
        _watch(self)
        return super().getresponse()


class _WatchedHTTPSConnection(HTTPSConnection):
    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]
        _watch(self)
        return super().getresponse()


class _WatchedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTPConnection


class _WatchedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPSConnection


_WATCHED_POOLS = {"http": _WatchedHTTPPool, "https": _WatchedHTTPSPool}


class _DeadlineAdapter(HTTPAdapter):
    """The usual adapter, without retries of its own and with watched connections, also through a proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _WATCHED_POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _WATCHED_POOLS
        return manager


class _LimitedSession(LimiterMixin, requests.Session):
    """A requests session with a rate per host, which looks after no redirect."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - named by requests
        # also where redirects are not followed, requests would read such an answer to its end, however long
        return None
