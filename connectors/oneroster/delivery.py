"""Deliveries of OneRoster CSV files: a folder or a zip, each with its manifest.csv.

Belongs here: which deliveries a folder holds, what a manifest says, and opening a file of
one within limits. Does not belong here: rows and columns (csv_rows), which deliveries are
read and what of them is landed (csv_source).

A zip is never unpacked: its members are read where they stand, and what could be a bomb, a
way out of the folder or a link is refused before the first is opened.
"""

from __future__ import annotations

import csv
import hashlib
import io
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from connectors.core.errors import ConfigurationError, ContractBroken, IncompleteResponse

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MANIFEST_FILE = "manifest.csv"
VERSIONS = ("1.1", "1.2")
MOST_MEMBERS = 1_000
MOST_BYTES = 2 << 30
"""Of one file as it is read."""
MOST_RATIO = 200
"""Times that a member may be larger than what is stored of it, if it is larger than _RATIO_FROM."""
_RATIO_FROM = 16 << 20
_MOST_MANIFEST_BYTES = 1 << 20
_MODES = ("bulk", "delta", "absent")
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """What a delivery says of itself. modes: by file without `.csv`: bulk, delta, absent."""

    version: str
    modes: Mapping[str, str]


@dataclass(frozen=True)
class Delivery:
    """One delivery. name: as a person knows it. files: name inside it by name in small letters.

    path: the folder, or the zip; inside: the part of the zip where the files stand.
    """

    name: str
    path: Path
    files: Mapping[str, str]
    manifest: Manifest

    def mode(self, file: str) -> str:
        """What it says of a file. Raises ContractBroken where that is not so."""
        mode = self.manifest.modes.get(file, "absent")
        is_there = f"{file}.csv".lower() in self.files
        if mode != "absent" and not is_there:
            raise ContractBroken(
                f"{self.name}: {MANIFEST_FILE} says {file} is {mode}, and there is no {file}.csv. "
                "Is the delivery still being written? Else ask for it again"
            )
        if file not in self.manifest.modes and is_there:
            raise ContractBroken(
                f"{self.name}: there is a {file}.csv, and {MANIFEST_FILE} does not say whether it is bulk or delta. "
                f"Ask for a manifest with file.{file}"
            )
        return mode

    def has_passed_over(self, file: str) -> bool:
        """Whether a file is there although the manifest calls it absent."""
        return self.manifest.modes.get(file) == "absent" and f"{file}.csv".lower() in self.files

    @contextmanager
    def open(self, file: str) -> Iterator[BufferedReader]:
        """The bytes of `file`.csv. Raises IncompleteResponse where they change meanwhile."""
        with _opened(self.path, self.name, self.files[f"{file}.csv".lower()]) as content:
            yield content

    def state(self, file: str) -> tuple[int, int]:
        """Size and time of change of what holds `file`.csv: another state is another content."""
        return _state(self.path if self.path.is_file() else self.path / self.files[f"{file}.csv".lower()])

    def sha256(self, file: str) -> str:
        digest = hashlib.sha256()
        with self.open(file) as content:
            while block := content.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest()


def deliveries_in(root: Path, shown: str) -> list[Delivery]:
    """The deliveries at a place, in the order of their names. shown: the place as district.yml has it.

    Raises ConfigurationError where there is no such place, ContractBroken where it holds no delivery.
    """
    if root.is_file():
        return [_delivery(root, shown)]
    if not root.is_dir():
        raise ConfigurationError(
            f"{shown}: there is no such folder or zip beside district.yml. Create it, or correct `folder`"
        )
    names = sorted(entry.name for entry in root.iterdir())
    if MANIFEST_FILE in (name.lower() for name in names):
        return [_delivery(root, shown)]
    if loose := [name for name in names if name.lower().endswith(".csv")]:
        raise ContractBroken(
            f"{shown}: {len(loose)} CSV files and no {MANIFEST_FILE}, so this is no OneRoster delivery "
            "(School Data Sync's own layout has none). Ask for OneRoster 1.1 or 1.2 CSV with its manifest"
        )
    found = [
        _delivery(root / name, f"{shown}/{name}")
        for name in names
        if name.lower().endswith(".zip") or _is_delivery_folder(root / name)
    ]
    if not found:
        raise ContractBroken(f"{shown}: no delivery is there yet: neither a {MANIFEST_FILE}, nor a zip. Deliver one")
    return found


def _is_delivery_folder(path: Path) -> bool:
    return path.is_dir() and any(entry.name.lower() == MANIFEST_FILE for entry in path.iterdir())


def _delivery(path: Path, shown: str) -> Delivery:
    _refuse_link(path, shown)
    names = _members(path, shown) if path.is_file() else [entry.name for entry in path.iterdir() if entry.is_file()]
    manifests = [name for name in names if PurePosixPath(name).name.lower() == MANIFEST_FILE and _is_plain(name)]
    if len(manifests) != 1:
        raise ContractBroken(
            f"{shown}: {len(manifests) or 'no'} {MANIFEST_FILE}, where a OneRoster delivery has one. "
            "Ask for OneRoster 1.1 or 1.2 CSV with its manifest"
        )
    # some pack the folder, some what is in it
    folder = PurePosixPath(manifests[0]).parent
    files: dict[str, str] = {}
    for name in names:
        member = PurePosixPath(name)
        if member.parent == folder and files.setdefault(member.name.lower(), name) != name:
            raise ContractBroken(f"{shown}: {member.name} is there twice, in other letter case. Ask for it again")
    return Delivery(shown, path, files, _manifest(path, shown, manifests[0]))


def _is_plain(name: str) -> bool:
    """Not what a Mac puts beside each file."""
    return "__MACOSX" not in PurePosixPath(name).parts


def _manifest(path: Path, shown: str, name: str) -> Manifest:
    with _opened(path, shown, name) as content:
        text = content.read(_MOST_MANIFEST_BYTES + 1)
    if len(text) > _MOST_MANIFEST_BYTES:
        raise ContractBroken(f"{shown}: {MANIFEST_FILE} is larger than any manifest. Is it another file?")
    try:
        rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise ContractBroken(f"{shown}: {MANIFEST_FILE} can't be read as CSV in UTF-8. Ask for it again") from None
    said = {row[0].strip(): row[1].strip() for row in rows if len(row) >= 2}
    if said.get("propertyName") != "value" or said.get("manifest.version") != "1.0":
        raise ContractBroken(
            f"{shown}: {MANIFEST_FILE} is not one of version 1.0 with the columns propertyName and value. "
            "Ask for OneRoster 1.1 or 1.2 CSV"
        )
    version = said.get("oneroster.version", "")
    if version not in VERSIONS:
        named = version if version.replace(".", "").isdigit() and len(version) < 8 else "a version that is none"
        raise ContractBroken(
            f"{shown}: {MANIFEST_FILE} names OneRoster {named or 'without a version'}; "
            f"{' and '.join(VERSIONS)} are read. Ask for one of them"
        )
    modes = {key.removeprefix("file."): value.lower() for key, value in said.items() if key.startswith("file.")}
    if wrong := sorted(file for file, mode in modes.items() if mode not in _MODES):
        raise ContractBroken(
            f"{shown}: {MANIFEST_FILE} says of {wrong[0][:40]} something else than {', '.join(_MODES)}. "
            "Ask for it again"
        )
    return Manifest(version, modes)


# -- bytes ---------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path, shown: str, name: str) -> Iterator[BufferedReader]:
    """A file of a delivery, within limits. Raises IncompleteResponse where it changes while it is open."""
    container = path if path.is_file() else path / name
    _refuse_link(container, shown if path.is_file() else f"{shown}/{name}")
    before = _state(container)
    with ExitStack() as still_open:
        if path.is_file():
            with _zip_faults(f"{shown}/{name}"):
                archive = still_open.enter_context(zipfile.ZipFile(path))
                content: IO[bytes] = still_open.enter_context(archive.open(name))
        else:
            content = still_open.enter_context(container.open("rb"))
        # a file that somebody writes on may grow for as long as it is read
        size = None if path.is_file() else before[0]
        yield BufferedReader(_Capped(content, f"{shown}/{name}", size), _BLOCK)
    if _state(container) != before:
        raise _changed(f"{shown}/{name}")


class _Capped(RawIOBase):
    """Reads no further than MOST_BYTES, and says what is wrong with a zip in words.

    size: bytes that there were at first, where that is known: more means that somebody writes on.
    """

    def __init__(self, source: IO[bytes], shown: str, size: int | None) -> None:
        self._source = source
        self._shown = shown
        self._size = size
        self._bytes_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        with _zip_faults(self._shown):
            block = self._source.read(len(view))
        self._bytes_read += len(block)
        if self._size is not None and self._bytes_read > self._size:
            raise _changed(self._shown)
        if self._bytes_read > MOST_BYTES:
            raise ContractBroken(
                f"{self._shown}: larger than {MOST_BYTES >> 20} MiB, more than a roster holds. "
                "Nothing was landed; ask for it again"
            )
        view[: len(block)] = block
        return len(block)


def _changed(shown: str) -> IncompleteResponse:
    return IncompleteResponse(f"{shown}: changed while it was read. Run again once the delivery is finished")


@contextmanager
def _zip_faults(shown: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as fault:
        raise IncompleteResponse(
            f"{shown}: can't be read from the zip ({type(fault).__name__}). "
            "Is it still being written, or damaged? Deliver it again"
        ) from None


def _members(path: Path, shown: str) -> list[str]:
    """The names of a zip's files. Raises ContractBroken for what should not be opened."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, EOFError, NotImplementedError):
        raise IncompleteResponse(f"{shown}: no whole zip. Is it still being written? Deliver it again if not") from None
    if len(members) > MOST_MEMBERS:
        raise ContractBroken(f"{shown}: {len(members)} members, and a OneRoster delivery has some twenty. Ask again")
    for number, member in enumerate(members, start=1):
        if reason := _refusal(member):
            raise ContractBroken(
                f"{shown}: member {number} of the zip {reason}, so none was opened. Ask for a zip of plain files"
            )
    names = [member.filename for member in members if not member.is_dir()]
    if len(set(names)) < len(names):
        raise ContractBroken(f"{shown}: two members of the zip have the same name. Ask for it again")
    return names


def _refusal(member: zipfile.ZipInfo) -> str:
    """Why a member is not to be opened; nothing where it is."""
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    if ".." in parts or member.filename.startswith(("/", "\\")) or (parts and ":" in parts[0]):
        return "leads out of the folder"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a symbolic link"
    if member.flag_bits & 0x1:
        return "is encrypted"
    if member.file_size > MOST_BYTES:
        return f"is larger than {MOST_BYTES >> 20} MiB"
    if member.file_size > _RATIO_FROM and member.file_size > MOST_RATIO * max(1, member.compress_size):
        return f"would grow more than {MOST_RATIO} times"
    return ""


def _refuse_link(path: Path, shown: str) -> None:
    if path.is_symlink():
        raise ContractBroken(
            f"{shown}: a symbolic link, which may lead to anything on this machine, so it is not read. "
            "Deliver the file itself"
        )


def _state(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_size, state.st_mtime_ns
