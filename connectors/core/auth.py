"""OAuth 2 access tokens: obtained once, renewed once, kept where only the owner may read.

Belongs here: the client credentials and password grants, tokens that a person was given,
token life, and the file that holds rotated tokens. Does not belong here: sending and retrying (http), which paths
need a token (the platform's client).

Tokens and secrets never appear in a repr, a message or a log.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from oauthlib.oauth2 import BackendApplicationClient, LegacyApplicationClient, OAuth2Error

from connectors.core.connector import Connection
from connectors.core.errors import AuthenticationFailed, ConfigurationError, MissingSecret
from connectors.core.http import Clock, FormAnswer, SystemClock

# RFC 6749 section 5.2: the only words of a refusal that are safe to repeat
_KNOWN_REFUSALS = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    }
)
_LONGEST_SKEW = 30.0
_SKEW_SHARE = 0.1


class PostForm(Protocol):
    """Sends a token request: `PlatformSession.post_form`."""

    def __call__(self, path_or_url: str, form: str, headers: Mapping[str, str] | None = None) -> FormAnswer: ...


def secret_variable(connection: str, secret: str) -> str:
    """The environment variable that holds a connection's secret."""
    return f"{connection}_{secret}".upper().replace("-", "_")


def secret_of(connection: Connection, secret: str) -> str:
    """A secret of the connection. Raises MissingSecret, which names the variable to set."""
    value = connection.secrets.get(secret, "")
    if not value:
        raise MissingSecret(connection.name, secret_variable(connection.name, secret))
    return value


@dataclass(frozen=True)
class Tokens:
    """What a token endpoint granted.

    expires_at: seconds since 1970, skew taken off; None where the platform does not say,
        and then the token is used until it is refused.
    """

    access: str = field(repr=False)
    expires_at: float | None
    refresh: str | None = field(default=None, repr=False)

    def is_fresh(self, now: float) -> bool:
        return self.expires_at is None or now < self.expires_at


class TokenFile:
    """The tokens of one connection on disk: mode 0600, replaced in one step.

    principal: a hash that says whose tokens these are, so that a changed user name or
    address never uses another's.
    """

    def __init__(self, state_folder: Path, connection: str, principal: str) -> None:
        self._path = state_folder / "tokens" / f"{connection}.json"
        self._principal = principal

    def read(self) -> Tokens | None:
        """The kept tokens, or None where there are none of this principal."""
        try:
            kept = json.loads(self._path.read_bytes())
            if kept["principal"] != self._principal:
                return None
            return Tokens(kept["access_token"], kept["expires_at"], kept["refresh_token"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        except OSError as fault:
            raise ConfigurationError(
                f"{self._path.stem}: the kept tokens in {self._path} can't be read ({type(fault).__name__}). "
                "Was an earlier run another user's? Give the file to the user who runs this, or remove it"
            ) from None

    def write(self, tokens: Tokens) -> None:
        """Keep tokens; when this returns they outlive a crash."""
        folder = self._path.parent
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = self._path.with_suffix(".json.part")
        temporary.unlink(missing_ok=True)
        content = json.dumps(
            {
                "principal": self._principal,
                "access_token": tokens.access,
                "expires_at": tokens.expires_at,
                "refresh_token": tokens.refresh,
            }
        )
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(self._path)
        directory = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


class _Refused(Exception):
    """The token endpoint said no; `reason` holds no secret."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class _OAuth:
    """What both grants share: one token for all threads, and one request for a new one."""

    scheme = "Bearer"
    refresh_statuses = frozenset({401})

    def __init__(
        self,
        post_form: PostForm,
        token_url: str | Callable[[], str],
        connection: Connection,
        principal: tuple[str, ...],
        secrets: tuple[str, ...],
        clock: Clock | None,
    ) -> None:
        self._post_form = post_form
        self._token_url = token_url
        self._connection = connection.name
        self._secrets = secrets
        self._clock = clock or SystemClock()
        fingerprint = hashlib.sha256("\0".join(principal).encode()).hexdigest()
        self._file = TokenFile(connection.state_folder, connection.name, fingerprint)
        self._lock = threading.Lock()
        self._tokens: Tokens | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(connection={self._connection!r})"

    def access_token(self) -> str:
        """A token that should be accepted; asks for one only where none is fresh."""
        with self._lock:
            tokens = self._tokens or self._file.read()
            if tokens is None or not tokens.is_fresh(self._now()):
                tokens = self._kept(self._renewed())
            self._tokens = tokens
            return tokens.access

    def replace(self, refused: str) -> str:
        """Another token than the refused one; threads that come late take what the first one got."""
        with self._lock:
            for tokens in (self._tokens, self._file.read()):
                if tokens is not None and tokens.access != refused and tokens.is_fresh(self._now()):
                    break
            else:
                tokens = self._kept(self._renewed())
            self._tokens = tokens
            return tokens.access

    def sign_in(self) -> None:
        """Prove the configured secrets: a new token by them, whatever is kept. Raises AuthenticationFailed."""
        with self._lock:
            self._tokens = self._kept(self._signed_in())

    def _renewed(self) -> Tokens:
        return self._signed_in()

    def _signed_in(self) -> Tokens:
        try:
            return self._ask_with_secrets()
        except _Refused as refused:
            variables = " and ".join(secret_variable(self._connection, secret) for secret in self._secrets)
            raise AuthenticationFailed(
                f"{self._connection}: the platform gave no access token ({refused.reason}). "
                f"Check the environment variables {variables}"
            ) from None

    def _ask_with_secrets(self) -> Tokens:
        raise NotImplementedError

    def _kept(self, tokens: Tokens) -> Tokens:
        # on disk before first use: a single-use refresh token that is lost locks us out
        self._file.write(tokens)
        return tokens

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _ask(
        self,
        client: BackendApplicationClient | LegacyApplicationClient,
        form: str,
        headers: Mapping[str, str] | None = None,
        refresh_token: str | None = None,
    ) -> Tokens:
        asked_at = self._now()
        url = self._token_url if isinstance(self._token_url, str) else self._token_url()
        answer = self._post_form(url, form, headers)
        body, expires_in = _without_life(answer.body)
        try:
            granted: dict[str, Any] = dict(client.parse_request_body_response(body))
        except (OAuth2Error, Warning, ValueError, TypeError, AttributeError, RecursionError) as fault:
            word = getattr(fault, "error", "")
            is_known = isinstance(word, str) and word in _KNOWN_REFUSALS
            raise _Refused(f"{word}, {answer.status}" if is_known else f"status {answer.status}") from None
        access = granted.get("access_token")
        if answer.status >= 300 or not _is_token(access):
            raise _Refused(f"status {answer.status}, no access token in the answer")
        rotated = granted.get("refresh_token")
        return Tokens(
            str(access), _expires_at(asked_at, expires_in), str(rotated) if _is_token(rotated) else refresh_token
        )


class ClientCredentials(_OAuth):
    """Client credentials grant, key and secret by HTTP Basic (Ed-Fi).

    The token is kept on disk too, since a server may allow a client few live tokens
    (Ed-Fi ODS/API 7.3: 15).
    """

    def __init__(
        self,
        post_form: PostForm,
        token_url: str | Callable[[], str],
        connection: Connection,
        base_url: str,
        clock: Clock | None = None,
        scope: str = "",
    ) -> None:
        """scope: what to ask for, words with blanks between; none where the platform grants what the client may."""
        client_id = secret_of(connection, "client_id")
        self._client_secret = secret_of(connection, "client_secret")
        self._client = BackendApplicationClient(client_id)
        self._scope = scope
        # a token of another scope is another token
        principal = (base_url, client_id, scope) if scope else (base_url, client_id)
        super().__init__(post_form, token_url, connection, principal, ("client_id", "client_secret"), clock)

    def _ask_with_secrets(self) -> Tokens:
        # as they are: RFC 6749 would form-encode both parts first, and Ed-Fi servers do not decode that
        basic = b64encode(f"{self._client.client_id}:{self._client_secret}".encode()).decode()
        form = self._client.prepare_request_body(scope=self._scope or None)
        return self._ask(self._client, form, {"Authorization": f"Basic {basic}"})


class PasswordGrant(_OAuth):
    """Password grant with single-use refresh tokens (Badgr).

    A kept refresh token is tried first; where it is refused, the user name and password
    are tried once.
    """

    def __init__(
        self,
        post_form: PostForm,
        token_url: str,
        connection: Connection,
        client_id: str,
        refresh_statuses: frozenset[int] = frozenset({401}),
        clock: Clock | None = None,
    ) -> None:
        self._username = secret_of(connection, "username")
        self._password = secret_of(connection, "password")
        self._client_id = client_id
        self.refresh_statuses = refresh_statuses
        super().__init__(post_form, token_url, connection, (token_url, self._username), ("username", "password"), clock)

    def _renewed(self) -> Tokens:
        # the file and not the memory: another process may have rotated the token since
        kept = self._file.read()
        if kept is not None and kept.refresh:
            client = LegacyApplicationClient(self._client_id)
            form = client.prepare_refresh_body(refresh_token=kept.refresh, client_id=self._client_id)
            try:
                return self._ask(client, form, refresh_token=kept.refresh)
            except _Refused:
                pass
        return self._signed_in()

    def _ask_with_secrets(self) -> Tokens:
        client = LegacyApplicationClient(self._client_id)
        return self._ask(client, client.prepare_request_body(self._username, self._password, include_client_id=True))


class FixedToken:
    """A token that a person was given, sent with each request: nothing to ask for, nothing to renew.

    scheme: `Bearer` sends the secret as it is; `Basic` as the user name, without a password.
    Raises MissingSecret where it is not set, ConfigurationError where no header can carry it.
    """

    refresh_statuses: frozenset[int] = frozenset()

    def __init__(self, connection: Connection, secret: str, scheme: Literal["Bearer", "Basic"]) -> None:
        self.scheme: str = scheme
        self._connection = connection.name
        given = secret_of(connection, secret).strip()
        if not _is_token(given):
            raise ConfigurationError(
                f"{connection.name}: the secret {secret_variable(connection.name, secret)} holds more than printable "
                "ASCII. Copy the token anew"
            )
        self._token = given if scheme == "Bearer" else b64encode(f"{given}:".encode()).decode()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(connection={self._connection!r})"

    def access_token(self) -> str:
        return self._token

    def replace(self, refused: str) -> str:
        """The same: there is no other."""
        return refused


def _is_token(value: object) -> bool:
    """Whether a header and a form can carry it: printable ASCII (RFC 6749, appendix A)."""
    return isinstance(value, str) and re.fullmatch("[\x20-\x7e]+", value) is not None


def _without_life(body: str) -> tuple[str, object]:
    """The answer without its `expires_in`, and that: the parser refuses a token whose life is no number."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return body, None
    if not isinstance(document, dict):
        return body, None
    expires_in = document.pop("expires_in", None)
    return json.dumps(document), expires_in


def _expires_at(asked_at: float, expires_in: object) -> float | None:
    """When to stop using a token: its life counted from before the request, less a skew.

    The skew is a share of short lives, so that a token of a few seconds is still used
    and not asked for anew with each request.
    """
    try:
        lifetime = float(expires_in)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    if not 0 < lifetime < float("inf"):
        return None
    return asked_at + lifetime - min(_LONGEST_SKEW, lifetime * _SKEW_SHARE)
