"""Names of the internet that lead to this machine, over real TLS with certificates of their own.

Belongs here: a server that answers for many hosts, and the `Network` that leads there. Does
not belong here: what any host says (the tests').
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connectors.core.guarded_fetch import Network


@dataclass(frozen=True)
class Page:
    """What stands at an address."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    location: str = ""


class LocalInternet:
    """Hosts on one port of this machine. Pages may change while it runs; `asked` holds every request.

    hosts: the names that its certificate is good for; a name outside of them is not known at all.
    """

    def __init__(self, folder: Path, hosts: Sequence[str]) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self._hosts = frozenset(hosts)
        certificate, key = _certificate(folder, hosts)
        self._trust = certificate
        server = _server(self)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self._server = server
        self.port = server.server_address[1]

    def says(self, url: str, document: Any, **page: Any) -> None:
        """Puts a page at an address: an object as JSON, text and bytes as they are."""
        if not isinstance(document, str | bytes):
            document = json.dumps(document)
        body = document.encode() if isinstance(document, str) else document
        self.pages[url] = Page(body=body, **page)

    @property
    def network(self) -> Network:
        """Leads the hosts' names here; everything else is unknown or refused."""

        def tls() -> ssl.SSLContext:
            return ssl.create_default_context(cafile=str(self._trust))

        return Network(self._resolve, lambda address: address.is_loopback, frozenset({"https"}), (), tls)

    def _resolve(self, host: str, port: int) -> list[tuple[str, int]]:
        if host not in self._hosts:
            raise OSError("no such name")
        return [("127.0.0.1", self.port)]

    def __enter__(self) -> LocalInternet:
        # stopping waits for the next look at the clock
        threading.Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _server(internet: LocalInternet) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = f"https://{self.headers['Host']}{self.path}"
            internet.asked.append(url)
            internet.headers.append({name.lower(): value for name, value in self.headers.items()})
            page = internet.pages.get(url, Page(404))
            self.send_response(page.status)
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(page.body)))
            if page.location:
                self.send_header("Location", page.location)
            self.end_headers()
            self.wfile.write(page.body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass

    return Server(("127.0.0.1", 0), Handler)


def _certificate(folder: Path, hosts: Sequence[str]) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "local internet (test)")])
    now = dt.datetime.now(dt.UTC)
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([*names, x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "local_internet.pem", folder / "local_internet.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    paths[1].write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
    return paths
