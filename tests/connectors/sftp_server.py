"""A real SFTP server on 127.0.0.1 over a folder of this machine, and what a test may do to it.

Belongs here: paramiko's own server side, its host key, and faults: another host key,
permission denied, a connection cut after so many bytes, a drip, names that no folder
holds, files that change between two looks. Does not belong here: what a client should
make of them.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paramiko
from paramiko.sftp_attr import SFTPAttributes

USER, PASSWORD = "district17", "correct horse battery"


def fingerprint(key: paramiko.PKey) -> str:
    return key.fingerprint


def new_key() -> paramiko.PKey:
    return paramiko.ECDSAKey.generate()


def private_text(key: paramiko.PKey) -> str:
    text = io.StringIO()
    key.write_private_key(text)
    return text.getvalue()


class SftpStandIn:
    """Serves `root`. Faults are attributes; `reads` counts the bytes handed out per path, `sign_ins` the tries."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.host_key = new_key()
        self.known_user_key: paramiko.PKey | None = None
        self.denied: set[str] = set()
        self.cut_after_bytes: int | None = None
        """Close the connection once so many bytes of files were handed out; once, then it is None again."""
        self.drip_seconds: float = 0
        """A pause before every single byte of a file."""
        self.extra_names: list[str] = []
        self.endless_listing = False
        self.on_look: Callable[[str], None] = lambda path: None
        """Called before each listing and look, with the path."""
        self.reads: Counter[str] = Counter()
        self.sign_ins: list[str] = []
        self.looks: list[str] = []
        self._served = 0
        self._transports: list[paramiko.Transport] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._is_open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def write(self, name: str, content: str | bytes, modified: int | None = None) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        if modified is not None:
            os.utime(path, (modified, modified))
        return path

    def close(self) -> None:
        self._is_open = False
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # else the thread that waits there takes one more
        self._listener.close()
        for transport in self._transports:
            transport.close()

    def _accept(self) -> None:
        while self._is_open:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with contextlib.suppress(Exception):
                transport = paramiko.Transport(connection)
                transport.add_server_key(self.host_key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Folder, self, transport)
                self._transports.append(transport)
                transport.start_server(event=threading.Event(), server=_SignIn(self))

    def hand_out(self, path: str, data: bytes, transport: paramiko.Transport) -> bytes:
        self.reads[path] += len(data)
        self._served += len(data)
        if self.cut_after_bytes is not None and self._served > self.cut_after_bytes:
            self.cut_after_bytes = None
            transport.close()
        return data


class _SignIn(paramiko.ServerInterface):
    def __init__(self, server: SftpStandIn) -> None:
        self._server = server

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        self._server.sign_ins.append("password")
        right = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self._server.sign_ins.append("key")
        right = username == USER and self._server.known_user_key == key
        return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class _Folder(paramiko.SFTPServerInterface):
    def __init__(self, server: Any, stand_in: SftpStandIn, transport: paramiko.Transport, *_: Any) -> None:
        super().__init__(server)
        self._stand_in = stand_in
        self._transport = transport

    def _here(self, path: str) -> Path:
        return self._stand_in.root / path.lstrip("/")

    def _looked(self, path: str) -> str:
        bare = path.strip("/")
        self._stand_in.looks.append(bare)
        self._stand_in.on_look(bare)
        return bare

    def canonicalize(self, path: str) -> str:
        return os.path.normpath("/" + path)

    def list_folder(self, path: str) -> Any:
        bare = self._looked(path)
        if bare in self._stand_in.denied:
            return paramiko.SFTP_PERMISSION_DENIED
        try:
            found = []
            for child in sorted(self._here(path).iterdir()):
                attributes = SFTPAttributes.from_stat(child.lstat())
                attributes.filename = child.name
                found.append(attributes)
        except OSError as fault:
            return paramiko.SFTPServer.convert_errno(fault.errno or 0)
        for name in self._stand_in.extra_names:
            extra = SFTPAttributes()
            extra.filename, extra.st_mode, extra.st_size, extra.st_mtime, extra.st_atime = name, 0o100644, 10, 1, 1
            found.append(extra)
        return found

    def lstat(self, path: str) -> Any:
        self._looked(path)
        try:
            return SFTPAttributes.from_stat(self._here(path).lstat())
        except OSError as fault:
            return paramiko.SFTPServer.convert_errno(fault.errno or 0)

    stat = lstat

    def open(self, path: str, flags: int, attr: Any) -> Any:
        if path.strip("/") in self._stand_in.denied:
            return paramiko.SFTP_PERMISSION_DENIED
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
            raise AssertionError("the client wants to write on the server")
        try:
            file = self._here(path).open("rb")
        except OSError as fault:
            return paramiko.SFTPServer.convert_errno(fault.errno or 0)
        return _Handle(file, path.strip("/"), self._stand_in, self._transport)


class _Handle(paramiko.SFTPHandle):
    def __init__(self, file: Any, path: str, stand_in: SftpStandIn, transport: paramiko.Transport) -> None:
        super().__init__()
        self._file, self._path, self._stand_in, self._transport = file, path, stand_in, transport

    def read(self, offset: int, length: int) -> Any:
        self._file.seek(offset)
        if self._stand_in.drip_seconds:
            time.sleep(self._stand_in.drip_seconds)
            length = 1
        return self._stand_in.hand_out(self._path, self._file.read(length), self._transport)

    def stat(self) -> Any:
        return SFTPAttributes.from_stat(os.fstat(self._file.fileno()))

    def close(self) -> None:
        self._file.close()


@contextlib.contextmanager
def sftp_stand_in(root: Path) -> Iterator[SftpStandIn]:
    root.mkdir(parents=True, exist_ok=True)
    server = SftpStandIn(root)
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """A port that takes connections and says a byte now and then, never a whole banner."""
    listener = socket.create_server(("127.0.0.1", 0))
    taken: list[socket.socket] = []
    is_open = threading.Event()

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                taken.append(connection)
                threading.Thread(target=drip, args=(connection,), daemon=True).start()

    def drip(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while not is_open.wait(0.05):
                connection.sendall(b"S")

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        is_open.set()
        listener.close()
        for connection in taken:
            connection.close()
