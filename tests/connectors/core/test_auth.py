"""Tokens over real HTTP: asked for once, renewed once, kept before use, never shown."""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
import threading
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from connectors.core.auth import ClientCredentials, PasswordGrant, TokenFile, Tokens, secret_variable
from connectors.core.connector import Connection, Options
from connectors.core.errors import (
    AccessDenied,
    AuthenticationFailed,
    ConfigurationError,
    ConnectorError,
    MissingSecret,
)
from connectors.core.http import Limits, PlatformSession
from tests.connectors.scripted_server import (
    Answer,
    Request,
    ScriptedServer,
    SkippingClock,
    answer,
    json_answer,
    unframed_answer,
)

USERNAME, PASSWORD = "someone@example.org", "CANARY-PASSWORD"
SECRETS = {"username": USERNAME, "password": PASSWORD, "client_id": "key/1", "client_secret": "CANARY-SECRET"}


def connection_in(folder: Path, **secrets: str) -> Connection:
    return Connection("cedar", "badge-host", "America/Chicago", Options(), folder, folder, {**SECRETS, **secrets})


class District:
    """A session with a grant, as a connector builds it."""

    def __init__(
        self, server: ScriptedServer, folder: Path, grant: str = "password", statuses: frozenset[int] = frozenset({401})
    ) -> None:
        self.clock = SkippingClock()
        self.session = PlatformSession("badge-host", server.base_url, 1000, Limits(max_tries=3), self.clock)
        connection = connection_in(folder)
        self.auth: PasswordGrant | ClientCredentials
        if grant == "password":
            self.auth = PasswordGrant(
                self.session.post_form, f"{server.base_url}/o/token", connection, "public", statuses, self.clock
            )
        else:
            self.auth = ClientCredentials(
                self.session.post_form, "/oauth/token", connection, server.base_url, self.clock
            )
        self.session.authenticate_with(self.auth)

    def read(self) -> Any:
        return self.session.get_json("/things").document


def granted(access: str, refresh: str | None = None, **more: object) -> Answer:
    return json_answer(
        {"access_token": access, "token_type": "Bearer", **({"refresh_token": refresh} if refresh else {}), **more}
    )


def accepting(*tokens: str, refusal: int = 401) -> Any:
    """Answers the data to these tokens only."""

    def script(request: Request) -> Answer:
        return json_answer([1]) if request.token in tokens else answer(refusal)

    return script


def kept_in(folder: Path) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads((folder / "tokens" / "badge-host.json").read_text())
    return kept


# -- grants --------------------------------------------------------------------------------


def test_password_grant__sends_the_documented_form(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/o/token", granted("a1", "r1", expires_in=86400))
        server.always("GET", "/things", accepting("a1"))
        assert District(server, tmp_path).read() == [1]
        sent = server.asked("POST", "/o/token")[0]
    assert sent.form == {"grant_type": "password", "username": USERNAME, "password": PASSWORD, "client_id": "public"}
    assert "authorization" not in sent.headers
    assert sent.query == {}


def test_client_credentials__send_key_and_secret_by_basic(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/oauth/token", granted("a1", expires_in=1800))
        server.always("GET", "/things", accepting("a1"))
        assert District(server, tmp_path, "client").read() == [1]
        sent = server.asked("POST", "/oauth/token")[0]
    assert sent.form == {"grant_type": "client_credentials"}
    assert b64decode(sent.headers["authorization"].removeprefix("Basic ")) == b"key/1:CANARY-SECRET"


def test_kept_token__serves_the_next_connector_too(tmp_path: Path) -> None:
    """Ed-Fi allows 15 live tokens: a run of 13 streams must not ask for 13."""
    with ScriptedServer() as server:
        server.on("POST", "/oauth/token", granted("a1", expires_in=1800))
        server.always("GET", "/things", accepting("a1"))
        for _ in range(13):
            District(server, tmp_path, "client").read()
        assert len(server.asked("POST", "/oauth/token")) == 1


def test_kept_token__of_another_user_is_not_used(tmp_path: Path) -> None:
    TokenFile(tmp_path, "badge-host", "someone else").write(Tokens("old", None, "r-old"))
    with ScriptedServer() as server:
        server.on("POST", "/o/token", granted("a1", "r1"))
        server.always("GET", "/things", accepting("a1"))
        assert District(server, tmp_path).read() == [1]
        assert server.asked("POST", "/o/token")[0].form["grant_type"] == "password"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"principal": 1}', b"\xff"])
def test_kept_token__that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tokens").mkdir()
    (tmp_path / "tokens" / "badge-host.json").write_bytes(content)
    with ScriptedServer() as server:
        server.on("POST", "/o/token", granted("a1", "r1"))
        server.always("GET", "/things", accepting("a1"))
        assert District(server, tmp_path).read() == [1]


def test_sign_in__proves_the_password_although_a_token_is_kept(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/o/token", granted("a1", "r1"), json_answer({"error": "invalid_grant"}, 401))
        server.always("GET", "/things", accepting("a1"))
        district = District(server, tmp_path)
        district.read()
        with pytest.raises(AuthenticationFailed):
            district.auth.sign_in()
        assert server.asked("POST", "/o/token")[1].form["grant_type"] == "password"


def test_missing_secret__names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(MissingSecret, match="BADGE_HOST_PASSWORD"):
        PasswordGrant(lambda *_: pytest.fail("no request"), "/o/token", connection_in(tmp_path, password=""), "public")
    assert secret_variable("badge-host", "password") == "BADGE_HOST_PASSWORD"


# -- expiry --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expires",
    [{}, {"expires_in": 0}, {"expires_in": -1}, {"expires_in": "soon"}, {"expires_in": None}, {"expires_in": "1e999"}],
    ids=["absent", "0", "-1", "soon", "null", "beyond numbers"],
)
def test_unknown_life__is_used_until_it_is_refused(tmp_path: Path, expires: dict[str, Any]) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/oauth/token", granted("a1", **expires))
        server.always("GET", "/things", accepting("a1"))
        district = District(server, tmp_path, "client")
        for _ in range(10):
            district.read()
            district.clock.sleep(1000)
        assert len(server.asked("POST", "/oauth/token")) == 1


@pytest.mark.parametrize(
    ("expires_in", "still_used", "renewed"), [("3600", 3500, 3580), (1800, 1700, 1775), (5, 2.5, 4.8)]
)
def test_known_life__is_renewed_shortly_before_its_end(
    tmp_path: Path, expires_in: object, still_used: float, renewed: float
) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/oauth/token", *[granted(f"a{number}", expires_in=expires_in) for number in (1, 2)])
        server.always("GET", "/things", accepting("a1", "a2"))
        district = District(server, tmp_path, "client")
        for _ in range(20):
            district.read()
        district.clock.sleep(still_used)
        district.read()
        assert len(server.asked("POST", "/oauth/token")) == 1
        district.clock.sleep(renewed - still_used)
        district.read()
        assert len(server.asked("POST", "/oauth/token")) == 2
        assert server.requests[-1].token == "a2"


# -- refusals ------------------------------------------------------------------------------


@pytest.mark.parametrize("refusal", [401, 403])
def test_expired_token__is_renewed_once_and_the_page_replayed(tmp_path: Path, refusal: int) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/o/token", granted("a1", "r1"), granted("a2", "r2"))
        server.on("GET", "/things", json_answer([1]), answer(refusal), json_answer([2]))
        district = District(server, tmp_path, statuses=frozenset({401, 403}))
        assert district.read() == [1]
        assert district.read() == [2]
        tokens = server.asked("POST", "/o/token")
        pages = server.asked("GET", "/things")
    assert tokens[1].form == {"grant_type": "refresh_token", "refresh_token": "r1", "client_id": "public"}
    assert [page.token for page in pages] == ["a1", "a1", "a2"]
    assert pages[1].query == pages[2].query
    assert kept_in(tmp_path)["refresh_token"] == "r2"


def test_expired_token__is_renewed_once_for_all_threads(tmp_path: Path) -> None:
    at_once = threading.Barrier(6)

    def refuse_together(request: Request) -> Answer:
        if request.token == "a1":
            at_once.wait(10)
            return answer(401)
        return json_answer([1])

    with ScriptedServer() as server:
        server.on("POST", "/o/token", granted("a1", "r1"), granted("a2", "r2"))
        server.always("GET", "/things", refuse_together)
        district = District(server, tmp_path)
        results: list[Any] = []
        workers = [threading.Thread(target=lambda: results.append(district.read())) for _ in range(6)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert results == [[1]] * 6
        assert len(server.asked("POST", "/o/token")) == 2


def test_refused_after_renewal__stops(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/o/token", granted("a1", "r1"), granted("a2", "r2"))
        server.always("GET", "/things", answer(401))
        with pytest.raises(AuthenticationFailed, match="also after a new one"):
            District(server, tmp_path).read()
        assert len(server.asked("GET", "/things")) == 2
        assert len(server.asked("POST", "/o/token")) == 2


def test_forbidden__after_one_renewal_is_access_denied(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/o/token", granted("a1", "r1"), granted("a2", "r2"))
        server.always("GET", "/things", answer(403))
        with pytest.raises(AccessDenied):
            District(server, tmp_path, statuses=frozenset({401, 403})).read()
        assert len(server.asked("POST", "/o/token")) == 2


def test_forbidden__costs_no_renewal_where_403_never_means_expired(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/oauth/token", granted("a1"))
        server.on("GET", "/things", answer(403))
        with pytest.raises(AccessDenied):
            District(server, tmp_path, "client").read()


@pytest.mark.parametrize("grant", ["password", "client"])
@pytest.mark.parametrize(("status", "error"), [(400, "invalid_grant"), (401, "invalid_client"), (400, "CANARY-ERROR")])
def test_invalid_grant__is_one_request_and_names_the_variables(
    tmp_path: Path, grant: str, status: int, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    path, names = (
        ("/o/token", "USERNAME and BADGE_HOST_PASSWORD")
        if grant == "password"
        else (
            "/oauth/token",
            "CLIENT_ID and BADGE_HOST_CLIENT_SECRET",
        )
    )
    with ScriptedServer() as server, caplog.at_level(logging.DEBUG):
        server.on("POST", path, json_answer({"error": error, "error_description": "CANARY-TEXT"}, status))
        with pytest.raises(AuthenticationFailed, match=f"badge-host: .*BADGE_HOST_{names}") as caught:
            District(server, tmp_path, grant).read()
        assert len(server.requests) == 1
    assert not caught.value.is_transient
    assert "CANARY" not in str(caught.value) + caplog.text
    assert USERNAME not in str(caught.value) + caplog.text


@pytest.mark.parametrize(
    "nonsense",
    [
        answer(200, b"<html>CANARY</html>", {"Content-Type": "text/html"}),
        json_answer({"token": "a"}),
        json_answer(["a"]),
        json_answer({"access_token": 7, "token_type": "Bearer"}),
        json_answer({"access_token": "", "token_type": "Bearer"}),
        json_answer({"access_token": "CANARY-\u20ac", "token_type": "Bearer"}),
        json_answer({"access_token": "CANARY\r\nX-Injected: 1", "token_type": "Bearer"}),
        json_answer({"error": ["CANARY"]}, 400),
        json_answer({"error": {"CANARY": 1}, "error_description": ["CANARY"]}),
        answer(404),
    ],
)
def test_token_answer_without_token__is_a_failed_sign_in(tmp_path: Path, nonsense: Answer) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/o/token", nonsense)
        with pytest.raises(AuthenticationFailed) as caught:
            District(server, tmp_path).read()
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    "broken", [b"[" * 200_000, b'{"access_token": "CANARY-\\ud800", "token_type": "Bearer"}', b'{"expires_in": NaN}']
)
def test_token_answer_that_is_no_json__breaks_the_contract(tmp_path: Path, broken: bytes) -> None:
    with ScriptedServer() as server:
        server.always("POST", "/o/token", answer(200, broken))
        with pytest.raises(ConnectorError) as caught:
            District(server, tmp_path).read()
        assert len(server.requests) <= 3
    assert "CANARY" not in str(caught.value)


def test_token_answer_cut_short__is_asked_for_again(tmp_path: Path) -> None:
    """Without Content-Length nothing but the JSON tells; the secrets are not to blame."""
    with ScriptedServer() as server:
        server.on("POST", "/oauth/token", unframed_answer(b'{"access_token": "a0", "tok'), granted("a1"))
        server.always("GET", "/things", accepting("a1"))
        assert District(server, tmp_path, "client").read() == [1]
        assert len(server.asked("POST", "/oauth/token")) == 2


def test_refresh_token_that_no_form_can_carry__is_not_kept(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/o/token", granted("a1", "r\u20ac\n"))
        server.always("GET", "/things", accepting("a1"))
        assert District(server, tmp_path).read() == [1]
    assert kept_in(tmp_path)["refresh_token"] is None


def test_token_request__is_repeated_on_a_server_fault(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/o/token", answer(503), answer(429, headers={"Retry-After": "1"}), granted("a1", "r1"))
        server.always("GET", "/things", accepting("a1"))
        assert District(server, tmp_path).read() == [1]


# -- rotation ------------------------------------------------------------------------------


def test_refused_refresh_token__falls_back_to_the_password_once(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/o/token", granted("a1", "r1"), json_answer({"error": "invalid_grant"}, 400))
        server.on("POST", "/o/token", granted("a2", "r2"))
        server.always("GET", "/things", accepting("a2"))
        assert District(server, tmp_path).read() == [1]
        kinds = [request.form["grant_type"] for request in server.asked("POST", "/o/token")]
    assert kinds == ["password", "refresh_token", "password"]


def test_unrotated_refresh_token__is_kept(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/o/token", granted("a1", "r1"), granted("a2"))
        server.always("GET", "/things", accepting("a2"))
        District(server, tmp_path).read()
    assert kept_in(tmp_path)["refresh_token"] == "r1"


def test_token_file__is_private_and_replaced_whole(tmp_path: Path) -> None:
    file = TokenFile(tmp_path, "badge-host", "me")
    file.write(Tokens("a1", 1.5, "r1"))
    file.write(Tokens("a2", None, "r2"))
    path = tmp_path / "tokens" / "badge-host.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [item.name for item in path.parent.iterdir()] == ["badge-host.json"]
    assert file.read() == Tokens("a2", None, "r2")


def test_new_token__is_on_disk_before_its_first_use(tmp_path: Path) -> None:
    seen: list[str] = []

    def look(request: Request) -> Answer:
        seen.append(kept_in(tmp_path)["access_token"])
        return json_answer([1]) if request.token == "a2" else answer(401)

    with ScriptedServer() as server:
        server.on("POST", "/o/token", granted("a1", "r1"), granted("a2", "r2"))
        server.always("GET", "/things", look)
        District(server, tmp_path).read()
    assert seen == ["a1", "a2"]


CHILD = """
import sys
from pathlib import Path
from connectors.core.auth import PasswordGrant
from connectors.core.connector import Connection, Options
from connectors.core.http import PlatformSession
url, folder = sys.argv[1], Path(sys.argv[2])
secrets = {"username": "someone@example.org", "password": "CANARY-PASSWORD"}
connection = Connection("cedar", "badge-host", "UTC", Options(), folder, folder, secrets)
session = PlatformSession("badge-host", url, 1000)
session.authenticate_with(PasswordGrant(session.post_form, url + "/o/token", connection, "public"))
session.get_json("/things")
"""


@pytest.mark.parametrize("killed_at", ["/o/token", "/things"])
def test_kill_during_rotation__does_not_lock_out_the_next_run(tmp_path: Path, killed_at: str) -> None:
    """The child holds r1 and is killed when the server has rotated it (before or after it could be kept)."""
    valid = {"r1"}
    children: list[subprocess.Popen[bytes]] = []

    def token(request: Request) -> Answer:
        if request.form["grant_type"] == "password":
            return granted("a9", "r9")
        if request.form["refresh_token"] not in valid:
            return json_answer({"error": "invalid_grant"}, 400)
        number = int(request.form["refresh_token"][1:]) + 1
        valid.clear()
        valid.add(f"r{number}")
        if killed_at == "/o/token" and children[0].poll() is None:
            children[0].kill()
        return granted(f"a{number}", f"r{number}")

    def things(request: Request) -> Answer:
        if killed_at == "/things" and children[0].poll() is None:
            children[0].kill()
        return json_answer([1]) if request.token in ("a3", "a9") else answer(401)

    with ScriptedServer() as server:
        server.on("POST", "/o/token", granted("a1", "r1", expires_in=1))
        server.on("GET", "/things", json_answer([1]))
        District(server, tmp_path).read()
        _expire(tmp_path)
        server.always("POST", "/o/token", token)
        server.always("GET", "/things", things)
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, server.base_url, str(tmp_path)],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        )
        children.append(child)
        assert child.wait(60) == -9
        before = len(server.asked("POST", "/o/token"))
        assert District(server, tmp_path).read() == [1]
        kinds = [request.form["grant_type"] for request in server.asked("POST", "/o/token")[before:]]
    # kept in time: the rotated token works; lost with the process: the password does
    assert kinds == (["refresh_token"] if killed_at == "/things" else ["refresh_token", "password"])


def _expire(folder: Path) -> None:
    path = folder / "tokens" / "badge-host.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "expires_at": 1.0}))


def test_kept_token__that_may_not_be_read_is_named(tmp_path: Path) -> None:
    """A run by another user left it: its file is named, and no other path is taken in silence."""
    (tmp_path / "tokens" / "badge-host.json").mkdir(parents=True)
    with ScriptedServer() as server:
        with pytest.raises(ConfigurationError, match=r"badge-host: .*badge-host\.json can't be read"):
            District(server, tmp_path).read()
        assert server.requests == []


# -- silence -------------------------------------------------------------------------------


def test_tokens_and_secrets__are_in_no_repr(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/o/token", granted("CANARY-A", "CANARY-R"))
        server.always("GET", "/things", accepting("CANARY-A"))
        district = District(server, tmp_path)
        district.read()
        shown = repr((district.auth, district.session, Tokens("CANARY-A", 1.0, "CANARY-R"), connection_in(tmp_path)))
    assert "CANARY" not in shown
