"""A local Badgr v2 server with as many awards as wanted, fast enough not to be what is measured.

Belongs here: serving pages that differ in their ids only, made from one template.
Does not belong here: a platform's behaviour (connectors/sandbox has that).

`python tests/benchmarks/award_server.py AWARDS` prints its address and serves until its
standard input closes.
"""

from __future__ import annotations

import json
import sys
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PAGE = 500
ISSUER = "bench"


def _award(number: int) -> dict[str, object]:
    return {
        "entityType": "Assertion",
        "entityId": f"award-PAGE-{number:03d}",
        "openBadgeId": f"https://badges.example/public/assertions/award-PAGE-{number:03d}",
        "createdAt": "2026-03-02T03:04:05Z",
        "createdBy": "user-1",
        "badgeclass": f"bc-{number % 120}",
        "badgeclassOpenBadgeId": f"https://badges.example/public/badges/bc-{number % 120}",
        "issuer": ISSUER,
        "issuerOpenBadgeId": "https://badges.example/public/issuers/bench",
        "image": "https://badges.example/image.png",
        "recipient": {
            "identity": f"teacher-PAGE-{number:03d}@district.example",
            "type": "email",
            "hashed": False,
            "plaintextIdentity": f"teacher-PAGE-{number:03d}@district.example",
            "salt": None,
        },
        "issuedOn": "2026-03-02T03:04:05Z",
        "narrative": "What the teacher wrote about the work. " * 3,
        "evidence": [{"url": "https://evidence.example/1", "narrative": "What it shows. " * 10}],
        "revoked": number % 50 == 0,
        "revocationReason": None,
        "acceptance": "Accepted",
        "expires": None,
        "extensions": {},
    }


TEMPLATE = json.dumps(
    {"status": {"success": True, "description": "ok"}, "result": [_award(number) for number in range(PAGE)]}
).encode()
_PIECES = TEMPLATE.split(b"PAGE")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pages = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._send({"access_token": "token", "token_type": "Bearer", "expires_in": 86400, "refresh_token": "again"})

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        if target.path.endswith("/assertions"):
            page = int(parse_qs(target.query).get("cursor", ["0"])[0])
            following = f"http://{self.headers['Host']}{target.path}?num={PAGE}&cursor={page + 1}"
            link = {"Link": f'<{following}>; rel="next"'} if page + 1 < self.pages else {}
            self._send((b"%06d" % page).join(_PIECES), link)
        elif target.path.endswith("/changed"):
            self._send({"status": {"success": True}, "result": [], "timestamp": datetime.now(UTC).isoformat()})
        else:
            self._send({"status": {"success": True}, "result": [{"entityId": ISSUER, "name": "Bench"}]})

    def _send(self, document: object, headers: dict[str, str] | None = None) -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(200)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


def main() -> None:
    _Handler.pages = int(sys.argv[1]) // PAGE
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
