"""Documents from hosts that nobody configured: addresses that stand in files strangers handed in.

Belongs here: which addresses may be asked at all, and how long and how large an answer
may be. Does not belong here: what an answer means (the platform's folder), and a
platform whose base_url the district configured (http).

An address in a file is an attacker's to choose, so every one is treated as an attempt to
reach the district's own network. A name is resolved once, the address found is checked, and
the connection goes to that very address: a name that answers differently the second time
gains nothing. No credential, cookie or proxy is ever used. A failure is remembered, so that
a host that is down is waited for once in a run.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from connectors.core.http import Clock, SystemClock, port_of, shown_host

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_CHUNK_BYTES = 64 * 1024
_HEADERS = {
    "User-Agent": "expertise-warehouse",
    "Accept": "application/json, application/ld+json, application/*+json, application/jwt, text/plain;q=0.5",
    "Accept-Encoding": "gzip",
    "Connection": "close",
}
_DOCUMENT_TYPES = frozenset({"", "text/plain", "text/json", "application/octet-stream", "application/jwt"})
_RESERVED_NAMES = (
    # RFC 2606, 6761, 6762, 7686, 8375 and ICANN's private-use name: none of them is a host of the public internet
    *("example", "test", "invalid", "localhost", "example.com", "example.net", "example.org"),
    *("local", "internal", "onion", "home.arpa"),
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class NotFetched(Exception):
    """Why a document could not be had; a phrase that names the host at most.

    is_refused: the address itself is at fault, and another try would end the same.
    """

    def __init__(self, reason: str, is_refused: bool = False) -> None:
        self.reason = reason
        self.is_refused = is_refused
        super().__init__(reason)


@dataclass(frozen=True)
class FetchLimits:
    """How much one document, and all documents of a run, may take. Times in seconds.

    max_bytes: of one body, as it is sent and after decompression.
    deadline: of one document with its redirects, from looking up the name to the last byte.
    max_total: of all documents of a run; what is asked after it is not fetched.
    max_kept_bytes: of all documents remembered in a run.
    """

    max_bytes: int = 4 << 20
    deadline: float = 20.0
    connect_timeout: float = 5.0
    read_timeout: float = 10.0
    max_redirects: int = 3
    max_total: float = 900.0
    max_kept_bytes: int = 64 << 20


@dataclass(frozen=True)
class Fetched:
    """An answer: 200 with its body, or another final status, whose body is not JSON's to promise.

    url: where it was found in the end.
    """

    status: int
    url: str
    body: bytes = field(default=b"", repr=False)


class Fetch(Protocol):
    """What a verifier needs of the network."""

    def get(self, url: str) -> Fetched:
        """The document at the address. Raises NotFetched."""


def _resolve(host: str, port: int) -> list[tuple[str, int]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(str(address[0]), port) for *_, address in found]


@cache
def _public_tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet, whatever it is wrapped in."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour or _nat64(address)
        if carried is not None:
            return is_public(carried)
        if address.is_site_local or address.teredo is not None:
            return False
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_unspecified
        and not address.is_link_local
    )


@dataclass(frozen=True)
class Network:
    """Which part of the world may be asked.

    The default is the public internet over TLS, and district.yml can't change it. A test sets it
    aside by building another one in code: its own resolver (which may lead a name to another
    port of this machine), addresses, names and certificates.
    """

    resolve: Callable[[str, int], list[tuple[str, int]]] = _resolve
    is_allowed: Callable[[Address], bool] = is_public
    schemes: frozenset[str] = frozenset({"https"})
    reserved_names: tuple[str, ...] = _RESERVED_NAMES
    tls: Callable[[], ssl.SSLContext] = _public_tls


class GuardedFetch:
    """Documents of a run, each asked for once."""

    def __init__(
        self, network: Network | None = None, limits: FetchLimits | None = None, clock: Clock | None = None
    ) -> None:
        self.limits = limits or FetchLimits()
        self._network = network or Network()
        self._clock = clock or SystemClock()
        self._kept: dict[str, Fetched | _Failure] = {}
        self._kept_bytes = 0
        self._dead_hosts: dict[tuple[str, int], str] = {}
        self._seconds_used = 0.0
        self.failed_hosts: set[str] = set()
        """Hosts that did not answer; trying them another day may help."""

    def get(self, url: str) -> Fetched:
        """The document at the address, from memory where it was asked for before. Raises NotFetched."""
        kept = self._kept.get(url)
        if kept is None:
            kept = self._ask(url)
            size = len(kept.body) if isinstance(kept, Fetched) else 0
            if self._kept_bytes + size <= self.limits.max_kept_bytes:
                self._kept[url] = kept
                self._kept_bytes += size
        if isinstance(kept, _Failure):
            raise NotFetched(kept.reason, kept.is_refused)
        return kept

    def _ask(self, url: str) -> Fetched | _Failure:
        if self._seconds_used >= self.limits.max_total:
            self.failed_hosts.add("(time)")
            return _Failure(f"the {self.limits.max_total:.0f} s for asking hosts were used up in this run")
        started = self._clock.monotonic()
        try:
            return self._follow(url, started + self.limits.deadline)
        except NotFetched as fault:
            return _Failure(fault.reason, fault.is_refused)
        finally:
            self._seconds_used += self._clock.monotonic() - started

    def _follow(self, url: str, deadline: float) -> Fetched:
        for _ in range(self.limits.max_redirects + 1):
            answer, target = self._once(url, deadline)
            if target is None:
                return answer
            try:
                url = urljoin(url, target)
            except ValueError:
                raise NotFetched("redirects to an address that can't be read", is_refused=True) from None
        raise NotFetched(f"redirects more than {self.limits.max_redirects} times", is_refused=True)

    def _once(self, url: str, deadline: float) -> tuple[Fetched, str | None]:
        """One request; the second is where a redirect leads."""
        parts = self._parts(url)
        host, port = str(parts.hostname), port_of(parts)
        if dead := self._dead_hosts.get((host, port)):
            raise NotFetched(dead)
        try:
            address = self._address(host, port, deadline)
            with self._connected(address, parts, deadline) as connection:
                return self._exchange(connection, parts, deadline)
        except _Silent as fault:
            reason = f"{shown_host(host)} {fault}"
            self._dead_hosts[(host, port)] = reason
            self.failed_hosts.add(host)
            raise NotFetched(reason) from None

    # -- addresses -------------------------------------------------------------------------

    def _parts(self, url: str) -> SplitResult:
        try:
            if any(ord(character) <= 32 or ord(character) == 127 for character in url):
                raise ValueError
            parts = urlsplit(url)
            host = (parts.hostname or "").rstrip(".")
            port_of(parts)
            if host and not host.isascii():
                host = host.encode("idna").decode("ascii")
        except (ValueError, UnicodeError):
            raise NotFetched("the address can't be read", is_refused=True) from None
        if parts.scheme not in self._network.schemes:
            allowed = " and ".join(sorted(self._network.schemes))
            raise NotFetched(f"only {allowed} is asked, not {parts.scheme[:20] or 'no scheme'}:", is_refused=True)
        if not host:
            raise NotFetched("the address names no host", is_refused=True)
        if parts.username is not None or parts.password is not None:
            raise NotFetched("the address holds a user name", is_refused=True)
        if any(host == name or host.endswith(f".{name}") for name in self._network.reserved_names):
            raise NotFetched(f"{shown_host(host)} is a reserved name, no host of the internet", is_refused=True)
        literal = _literal(host)
        if literal is not None and not self._network.is_allowed(literal):
            raise NotFetched(f"{shown_host(host)} is no public address", is_refused=True)
        if literal is None and _looks_numeric(host):
            raise NotFetched(f"{shown_host(host)} is an address in a form that is not asked", is_refused=True)
        netloc = f"[{host}]" if ":" in host else host
        return parts._replace(netloc=f"{netloc}:{parts.port}" if parts.port else netloc)

    def _address(self, host: str, port: int, deadline: float) -> tuple[str, int]:
        """The one address to connect to. One that is not public refuses the name as a whole."""
        found: list[list[tuple[str, int]]] = []
        failed: list[OSError | UnicodeError] = []

        def look_up() -> None:
            try:
                found.append(self._network.resolve(host, port))
            except (OSError, UnicodeError) as fault:
                failed.append(fault)

        # the system's resolver has no timeout of its own
        thread = threading.Thread(target=look_up, daemon=True)
        thread.start()
        thread.join(min(self.limits.connect_timeout, max(0.0, deadline - self._clock.monotonic())))
        if failed or not found or not found[0]:
            raise _Silent("is not known to the name service")
        for text, _ in found[0]:
            if not self._network.is_allowed(ipaddress.ip_address(text.partition("%")[0])):
                raise NotFetched(f"{shown_host(host)} leads to an address that is not public", is_refused=True)
        return found[0][0]

    # -- one exchange ----------------------------------------------------------------------

    @contextlib.contextmanager
    def _connected(
        self, address: tuple[str, int], parts: SplitResult, deadline: float
    ) -> Iterator[http.client.HTTPConnection]:
        """An open connection to that address, which is hung up at the deadline whatever it is doing."""
        left = deadline - self._clock.monotonic()
        if left <= 0:
            raise _Silent("did not answer in time")
        try:
            sock = socket.create_connection(address, timeout=min(left, self.limits.connect_timeout))
        except OSError:
            raise _Silent("can't be reached") from None
        timer: threading.Timer | None = None
        try:
            sock.settimeout(self.limits.read_timeout)
            if parts.scheme == "https":
                sock = self._network.tls().wrap_socket(
                    sock, server_hostname=parts.hostname, do_handshake_on_connect=False
                )
            # a read timeout starts anew with every byte, so a server that drips would never reach it
            timer = threading.Timer(max(0.0, deadline - self._clock.monotonic()), _hang_up, [sock])
            timer.daemon = True
            timer.start()
            if isinstance(sock, ssl.SSLSocket):
                try:
                    sock.do_handshake()
                except ssl.SSLError:
                    raise _Silent("has no certificate to be trusted") from None
                except OSError:
                    raise _Silent("did not answer in time") from None
            connection = http.client.HTTPConnection(str(parts.hostname), port_of(parts))
            connection.sock = sock
            yield connection
        finally:
            if timer is not None:
                timer.cancel()
            sock.close()

    def _exchange(
        self, connection: http.client.HTTPConnection, parts: SplitResult, deadline: float
    ) -> tuple[Fetched, str | None]:
        host = shown_host(str(parts.hostname))
        target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        try:
            connection.putrequest("GET", target, skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", parts.netloc)
            for name, value in _HEADERS.items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            # a connection that was hung up looks like one whose headers ended
            self._check_time(deadline)
            status, found = response.status, urlunsplit(parts)
            if status in _REDIRECTS and (location := response.getheader("Location")):
                return Fetched(status, found), location
            if status not in (200, 410):
                if status >= 500 or status == 429:
                    self.failed_hosts.add(str(parts.hostname))
                return Fetched(status, found), None
            self._check_kind(response, host)
            return Fetched(status, found, self._body(response, host, deadline)), None
        except UnicodeError:
            raise NotFetched("the address can't be read", is_refused=True) from None
        except (OSError, http.client.HTTPException):
            raise _Silent("broke off its answer") from None

    def _check_kind(self, response: http.client.HTTPResponse, host: str) -> None:
        kind = response.getheader("Content-Type", "").partition(";")[0].strip().lower()
        is_document = kind in _DOCUMENT_TYPES or (kind.startswith("application/") and kind.endswith(("json", "jwt")))
        if not is_document:
            raise NotFetched(f"{host} answered with {kind[:60] or 'no type'}, no document")

    def _check_time(self, deadline: float) -> None:
        if self._clock.monotonic() > deadline:
            raise _Silent("did not answer in time")

    def _body(self, response: http.client.HTTPResponse, host: str, deadline: float) -> bytes:
        encoding = response.getheader("Content-Encoding", "").strip().lower()
        if encoding not in ("", "identity", "gzip"):
            raise NotFetched(f"{host} answered in the encoding {encoding[:20]}, which was not asked for")
        declared = response.getheader("Content-Length")
        too_long = NotFetched(f"{host} answered with more than {self.limits.max_bytes >> 10} KiB")
        if declared is not None and declared.isdigit() and int(declared) > self.limits.max_bytes:
            raise too_long
        inflater = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
        body = bytearray()
        received = 0
        while piece := response.read(_CHUNK_BYTES):
            received += len(piece)
            while piece:
                body += inflater.decompress(piece, _CHUNK_BYTES) if inflater else piece
                if max(received, len(body)) > self.limits.max_bytes:
                    raise too_long
                piece = inflater.unconsumed_tail if inflater else b""
        self._check_time(deadline)
        is_cut = declared is not None and declared.isdigit() and received < int(declared)
        if is_cut or (inflater is not None and not inflater.eof):
            raise _Silent("broke off its answer")
        return bytes(body)


@dataclass(frozen=True)
class _Failure:
    """A failure to be remembered: the exception itself would keep everything alive that stood around it."""

    reason: str
    is_refused: bool = False


class _Silent(Exception):
    """A host that did not answer as a host should: the others of the run need not wait for it."""


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _looks_numeric(host: str) -> bool:
    """A host whose last part is a number: 2130706433, 0x7f.1, 0177.0.0.1, which resolvers take for addresses."""
    last = host.rpartition(".")[2]
    return last.isdigit() or last.startswith("0x")


def _nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a NAT64 prefix (RFC 6052) or the old compatible form (::a.b.c.d) carries."""
    if address in ipaddress.ip_network("64:ff9b::/96") or 1 < int(address) < 1 << 32:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _hang_up(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # past TLS, which another thread is reading from
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
