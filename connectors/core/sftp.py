"""A server's folder over SFTP: whose key is known, who signs in, what is listed and read, and how long.

Belongs here: host keys, signing in, listing, reading one file, deadlines, retries, and
what each fault means. Does not belong here: which files are wanted and where they are
kept (remote_drop), what is in them.

Nothing is ever written, renamed or removed on the server. A host key that is not the
declared one ends the connection: there is nobody to ask, and nothing is learnt by heart.
"""

from __future__ import annotations

import errno
import io
import socket
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from connectors.core.errors import (
    AccessDenied,
    AuthenticationFailed,
    ConfigurationError,
    ConnectorError,
    ContractBroken,
    IncompleteResponse,
    PlatformUnavailable,
    PlatformUnreachable,
    ServerNotTrusted,
)

if TYPE_CHECKING:
    import paramiko  # a fifth of a second that only SFTP needs

    from connectors.core.http import Clock

Answer = TypeVar("Answer")
_FINGERPRINT = r"^SHA256:[A-Za-z0-9+/]{43}$"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# asked for ahead of what has come, in pieces of 32 KiB: one piece at a time would cost a round trip each
_SEGMENT_BYTES = 4 << 20


class SftpOptions(BaseModel):
    """Where a drop folder is. The password or private key is a secret of the connection.

    host_key: fingerprints (`SHA256:…`) that the server may show; known_hosts: a file in
    OpenSSH's format, relative to district.yml's folder. One of the two is required.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(min_length=1)
    port: int = Field(default=22, ge=1, le=65535)
    user: str = Field(min_length=1)
    folder: str = "."
    host_key: Annotated[
        tuple[Annotated[str, Field(pattern=_FINGERPRINT)], ...],
        BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    ] = ()
    known_hosts: str | None = None
    sign_in: Literal["password", "private_key"] = "password"

    @field_validator("folder")
    @classmethod
    def _plain_folder(cls, value: str) -> str:
        if ".." in PurePosixPath(value).parts or "\x00" in value:
            raise ValueError("a path on the server without `..`, such as /outgoing")
        return value or "."

    @model_validator(mode="after")
    def _one_way_to_know_the_server(self) -> SftpOptions:
        if bool(self.host_key) == bool(self.known_hosts):
            raise ValueError(
                "give host_key (a fingerprint such as SHA256:…, which the server's operator tells) or known_hosts (a "
                "file), and only one of them"
            )
        return self

    @property
    def secret(self) -> str:
        """The name of the one secret that signing in needs."""
        return f"sftp_{self.sign_in}"


@dataclass(frozen=True)
class Limits:
    """How long and how much.

    connect_seconds: from the first packet to being signed in. answer_seconds: one listing
    or look. least_bytes_per_second: below it, a file's reading is given up. most_entries:
    in one folder. tries: of anything that a lost connection ended.
    """

    connect_seconds: float = 60
    answer_seconds: float = 60
    least_bytes_per_second: int = 20_000
    most_entries: int = 20_000
    most_bytes: int = 2 << 30
    tries: int = 3
    pause_seconds: float = 2


@dataclass(frozen=True)
class Entry:
    """What a listing says of one name. modified: seconds since 1970, by the server's clock."""

    kind: Literal["file", "folder", "link", "other"]
    size: int
    modified: int


class SftpServer:
    """One server, signed in to when first asked. Raises ConnectorError; messages name the connection and the path."""

    def __init__(
        self,
        name: str,
        options: SftpOptions,
        secrets: Mapping[str, str],
        base_folder: Path,
        limits: Limits | None = None,
        clock: Clock | None = None,
    ) -> None:
        if clock is None:
            from connectors.core.http import SystemClock

            clock = SystemClock()
        self.name = name
        self.limits = limits or Limits()
        self.clock = clock
        self._options = options
        self._secret = secrets.get(options.secret, "")
        self._base_folder = base_folder
        self._client: paramiko.SSHClient | None = None
        self._sftp: paramiko.SFTPClient | None = None
        self._socket: socket.socket | None = None

    def __repr__(self) -> str:
        return f"SftpServer({self.place()!r})"

    def place(self, path: str = "") -> str:
        """Where something is, as a person writes it."""
        folder = self._options.folder.rstrip("/")
        return f"sftp://{self._options.host}/{folder.lstrip('/')}{'/' + path if path else ''}"

    def entries(self, folder: str) -> dict[str, Entry]:
        """What the folder (relative to the configured one) holds, by name."""

        def listed(sftp: paramiko.SFTPClient) -> dict[str, Entry]:
            found: dict[str, Entry] = {}
            for attributes in sftp.listdir_iter(self._path(folder)):
                found[_safe(attributes.filename, self.place(folder))] = _entry(attributes)
                if len(found) > self.limits.most_entries:
                    raise ContractBroken(
                        f"{self.name}: {self.place(folder)} lists more than {self.limits.most_entries:,} names. "
                        "Is `folder` right? Have old deliveries taken away"
                    )
            return found

        return self._answered(f"the folder {self.place(folder)}", self.limits.answer_seconds, listed)

    def look(self, path: str) -> Entry | None:
        """One file as it is now, links not followed; None where it is gone."""

        def looked(sftp: paramiko.SFTPClient) -> Entry | None:
            with suppress(FileNotFoundError):
                return _entry(sftp.lstat(self._path(path)))
            return None

        return self._answered(self.place(path), self.limits.answer_seconds, looked)

    def fetch(self, path: str, size: int, target: BinaryIO) -> None:
        """Write the file's `size` bytes to the target, from its beginning at each try.

        Raises IncompleteResponse where the file is not as long as that any more.
        """
        if size > self.limits.most_bytes:
            raise ContractBroken(
                f"{self.name}: {self.place(path)} has {size >> 20:,} MiB, more than the "
                f"{self.limits.most_bytes >> 20:,} that are fetched. Have the export split"
            )
        seconds = self.limits.answer_seconds + size / self.limits.least_bytes_per_second

        def fetched(sftp: paramiko.SFTPClient) -> None:
            target.seek(0)
            target.truncate()
            received = 0
            with sftp.open(self._path(path), "rb") as file:
                _quieten(file)
                for start in range(0, size, _SEGMENT_BYTES):
                    for block in file.readv([(start, min(_SEGMENT_BYTES, size - start))]):
                        received += len(block)
                        target.write(block)
            if received != size:
                raise IncompleteResponse(
                    f"{self.name}: {self.place(path)} was {size:,} bytes long and {received:,} came: it is still being "
                    "written. Run again once the export is finished"
                )

        self._answered(self.place(path), seconds, fetched)

    def close(self) -> None:
        client, self._client, self._sftp = self._client, None, None
        if client:
            with suppress(Exception):
                client.close()
        if self._socket:
            self._socket.close()
            self._socket = None

    def _path(self, path: str) -> str:
        return str(PurePosixPath(self._options.folder, path))

    def _answered(self, what: str, seconds: float, ask: Callable[[paramiko.SFTPClient], Answer]) -> Answer:
        """Ask; where the connection is lost, once more from the start, a bounded number of times."""
        from paramiko import SFTPError, SSHException

        for attempt in range(1, self.limits.tries + 1):
            try:
                sftp = self._signed_in()
                with self._within(seconds, what):
                    return ask(sftp)
            except ConnectorError as fault:
                if not fault.is_transient or isinstance(fault, IncompleteResponse):
                    raise
                lost: Exception = fault
            except PermissionError:
                raise AccessDenied(
                    f"{self.name}: the server does not let {self._options.user!r} read {what}. Ask its "
                    "operator for the right to read"
                ) from None
            except FileNotFoundError:
                raise ContractBroken(
                    f"{self.name}: the server has not {what}. Correct `folder`, or ask its operator"
                ) from None
            except UnicodeDecodeError:
                raise ContractBroken(
                    f"{self.name}: {what} holds a name that is no UTF-8 text. Have it renamed"
                ) from None
            except (EOFError, SSHException, SFTPError, OSError) as fault:
                if getattr(fault, "errno", None) in _NO_ROOM:
                    raise
                lost = fault
            self.close()
            if attempt < self.limits.tries:
                self.clock.sleep(self.limits.pause_seconds * 2 ** (attempt - 1))
        if isinstance(lost, ConnectorError):
            raise lost
        raise PlatformUnavailable(
            f"{self.name}: the connection was lost at {what}, {self.limits.tries} times ({type(lost).__name__}). "
            "Run again later"
        ) from None

    @contextmanager
    def _within(self, seconds: float, what: str) -> Iterator[None]:
        """A total deadline: a server that sends a byte now and then resets every other timeout."""
        is_late = threading.Event()
        connection = self._socket

        def cut() -> None:
            is_late.set()
            if connection:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(seconds, cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        except Exception as fault:
            if is_late.is_set() and not (isinstance(fault, ConnectorError) and not fault.is_transient):
                raise PlatformUnavailable(
                    f"{self.name}: {what} was not answered whole within {seconds:,.0f} seconds. Run again later"
                ) from None
            raise
        finally:
            timer.cancel()

    def _signed_in(self) -> paramiko.SFTPClient:
        if self._sftp is None:
            try:
                self._sftp = self._sign_in()
            except Exception:
                self.close()
                raise
        return self._sftp

    def _sign_in(self) -> paramiko.SFTPClient:
        import paramiko

        options, limits = self._options, self.limits
        where = f"{options.host}:{options.port}"
        client = paramiko.SSHClient()
        self._trust(client)
        key = self._private_key() if options.sign_in == "private_key" else None
        try:
            self._socket = socket.create_connection((options.host, options.port), timeout=limits.connect_seconds)
        except OSError as fault:
            raise PlatformUnreachable(
                f"{self.name}: nothing answers at {where} ({fault.strerror or type(fault).__name__}). "
                "Check `host` and `port`, and whether this machine may reach it"
            ) from None
        self._client = client
        with self._within(limits.connect_seconds, f"signing in at {where}"):
            try:
                client.connect(
                    options.host,
                    options.port,
                    options.user,
                    password=self._secret if key is None else None,
                    pkey=key,
                    sock=self._socket,
                    timeout=limits.connect_seconds,
                    banner_timeout=limits.connect_seconds,
                    auth_timeout=limits.connect_seconds,
                    channel_timeout=limits.connect_seconds,
                    allow_agent=False,
                    look_for_keys=False,
                )
                sftp = client.open_sftp()
            except paramiko.BadHostKeyException as fault:
                raise _not_trusted(self.name, where, fault.key, "another one than known_hosts holds") from None
            except paramiko.AuthenticationException:
                raise AuthenticationFailed(
                    f"{self.name}: {where} refused the {options.sign_in.replace('_', ' ')} of {options.user!r}. "
                    f"Correct the secret ..._{options.secret.upper()}, or `user`"
                ) from None
        channel = sftp.get_channel()
        if channel:
            channel.settimeout(limits.answer_seconds)
        return sftp

    def _trust(self, client: paramiko.SSHClient) -> None:
        """Tell the client whose key is the server's. Without a known one it must show a declared fingerprint."""
        import paramiko

        options, name = self._options, self.name

        class OnlyDeclared(paramiko.MissingHostKeyPolicy):
            def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:  # noqa: ARG002
                if options.known_hosts:
                    raise _not_trusted(name, hostname, key, f"and {options.known_hosts} names no key of it")
                if key.fingerprint not in options.host_key:
                    raise _not_trusted(name, hostname, key, "another one than `host_key`")

        client.set_missing_host_key_policy(OnlyDeclared())
        if options.known_hosts:
            try:
                client.get_host_keys().load(str(self._base_folder / options.known_hosts))
            except (OSError, paramiko.SSHException, ValueError) as fault:
                raise ConfigurationError(
                    f"{name}: known_hosts {options.known_hosts} can't be read ({type(fault).__name__}). "
                    "It stands beside district.yml, in the format of OpenSSH"
                ) from None

    def _private_key(self) -> paramiko.PKey:
        import paramiko

        kinds: tuple[type[paramiko.PKey], ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
        for kind in kinds:
            # a key of another kind, or no key at all: each says so in its own way
            with suppress(paramiko.SSHException, ValueError, IndexError, TypeError, AttributeError, UnicodeError):
                return kind.from_private_key(io.StringIO(self._secret.replace("\\n", "\n")))
        raise ConfigurationError(
            f"{self.name}: the secret ..._{self._options.secret.upper()} is no private key that can be read. It is the "
            "whole text of an Ed25519, ECDSA or RSA key in OpenSSH's or PEM format, without a passphrase"
        )


def _quieten(file: paramiko.SFTPFile) -> None:
    """The thread that asks ahead ends without a word where the connection is lost: the reading meets the same fault."""
    from paramiko import SSHException

    ask_ahead = getattr(file, "_prefetch_thread", None)

    def ask(*arguments: object) -> None:
        with suppress(EOFError, OSError, SSHException):
            ask_ahead(*arguments)  # type: ignore[misc]

    if ask_ahead:
        setattr(file, "_prefetch_thread", ask)  # noqa: B010 - not in the stubs


def _not_trusted(name: str, where: str, key: paramiko.PKey, how: str) -> ServerNotTrusted:
    return ServerNotTrusted(
        f"{name}: {where} shows the host key {key.fingerprint} ({key.get_name()}), {how}. Nothing was sent. Ask the "
        "server's operator, by telephone rather than by mail, whether the key was changed, and only then correct it in "
        "district.yml"
    )


def _entry(attributes: paramiko.SFTPAttributes) -> Entry:
    mode = attributes.st_mode or 0
    kind: Literal["file", "folder", "link", "other"] = (
        "link" if stat.S_ISLNK(mode) else "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "other"
    )
    return Entry(kind, attributes.st_size or 0, int(attributes.st_mtime or 0))


def _safe(name: str, where: str) -> str:
    """A name that stays inside the folder it is listed in, here too."""
    if name in (".", "..", "") or any(letter in "/\\" or ord(letter) < 32 for letter in name) or len(name) > 255:
        raise ContractBroken(
            f"{where} lists a name that leads out of the folder, or is no file name: nothing was fetched. "
            "Ask the server's operator"
        )
    return name
