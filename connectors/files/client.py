"""The connector of mapped files: finds them, here or on a server, reads what changed, hands it over.

Belongs here: which files a stream has, when they are read again, what a person is
told. Does not belong here: the mapping's format (mapping), reading (csv_file,
workbook), rules (shaping), fetching from a server (core/remote_drop).
"""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, field_validator

from connectors.core.connector import Connection, Cursor, Options, Pulled, Sink, SourceFile
from connectors.core.errors import ConfigurationError, ContractBroken, IncompleteResponse
from connectors.core.remote_drop import DoneMarker, RemoteDrop
from connectors.core.schema import Stream
from connectors.core.sftp import SftpOptions, SftpServer
from connectors.files.csv_file import CsvFile
from connectors.files.mapping import NamedMapping, load_mappings
from connectors.files.shaping import Shaper
from connectors.files.streams import STREAMS
from connectors.files.workbook import Workbook

if TYPE_CHECKING:
    from connectors.core.http import Clock

ROWS_PER_FRAME = 100_000
COPIES = "spool"


class FilesOptions(Options):
    """mappings: pattern of mapping files, relative to district.yml's folder.

    sftp: where the exports are, if not on this machine; `files` of a mapping is then
    relative to the folder there. done_marker: the name of the file that says that another
    one is finished (`{name}.done`, `{stem}.ok`).
    """

    mappings: str
    sftp: SftpOptions | None = None
    done_marker: str | None = None
    school_year_start: str = Field(default="07-01", pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")
    """Month and day on which `school_year_of` begins a school year."""

    @field_validator("done_marker")
    @classmethod
    def _names_its_file(cls, value: str | None) -> str | None:
        if value is not None and ("/" in value or value in ("{name}", "") or not {"{name}", "{stem}"} & _parts(value)):
            raise ValueError("a file name with {name} or {stem} of the finished file in it, such as {name}.done")
        return value

    def secrets_of(self, secret_names: tuple[str, ...]) -> tuple[str, ...]:
        return (*secret_names, self.sftp.secret) if self.sftp else secret_names


def _parts(form: str) -> set[str]:
    return {part for part in ("{name}", "{stem}") if part in form}


@dataclass(frozen=True)
class _MappedFile:
    path: Path
    state: tuple[int, int]
    source: SourceFile
    named: NamedMapping


class FilesConnector:
    """Mapped CSV and XLSX files of one connection. No secret and no network, except for a folder over SFTP."""

    platform: ClassVar[str] = "files"
    streams: ClassVar[tuple[Stream, ...]] = STREAMS
    options_model: ClassVar[type[Options]] = FilesOptions
    secret_names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, connection: Connection, clock: Clock | None = None) -> None:
        if not isinstance(connection.options, FilesOptions):
            raise TypeError("FilesConnector needs FilesOptions")
        self._connection = connection
        self._options = options = connection.options
        self._marker = DoneMarker(options.done_marker) if options.done_marker else None
        self._drop: RemoteDrop | None = None
        if options.sftp:
            server = SftpServer(connection.name, options.sftp, connection.secrets, connection.base_folder, clock=clock)
            self._drop = RemoteDrop(server, connection.base_folder / COPIES / connection.name, self._marker)
        self._root = self._drop.folder if self._drop else connection.base_folder

    def streams_of(self) -> tuple[Stream, ...]:
        """The streams that some mapping feeds."""
        mapped = {named.mapping.stream for named in self._mappings}
        return tuple(stream for stream in STREAMS if stream.name in mapped)

    def check(self) -> str:
        """Every mapping is sound, finds files, and the files hold its columns."""
        count = 0
        self._bring(self._mappings)
        for named in self._mappings:
            for path in self._paths(named):
                self._opened(path, named)
                count += 1
        mappings = len(self._mappings)
        return (
            f"{mappings} mapping{'s' * (mappings != 1)}, {count} file{'s' * (count != 1)}: every mapped column is there"
        )

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        """All files of the stream where any of them, or a mapping, changed; nothing otherwise."""
        mappings = [named for named in self._mappings if named.mapping.stream == stream.name]
        if not mappings:
            raise ConfigurationError(f"{self._connection.name}: no mapping feeds the stream {stream.name}")
        read_before = set(cursor.get("files", {})) if cursor else set()
        notes = self._bring(mappings, read_before, is_fresh=cursor is None)
        files = [
            _MappedFile(path, _state(path), SourceFile(self._name(path), _sha256(path)), named)
            for named in mappings
            for path in self._paths(named, read_before, notes)
        ]
        newest: Cursor = {
            "files": {file.source.name: file.source.sha256 for file in files},
            "mapping": self._fingerprint(mappings),
        }
        if cursor == newest:
            return Pulled(cursor, is_reset=False, pages=0)
        pages = 0
        notes += [
            f"{name}: was read before and is no longer there, so its rows count as deleted"
            for name in sorted(read_before - newest["files"].keys())
        ]
        for file in files:
            pages += self._read(file, sink, notes)
        return Pulled(newest, is_reset=True, pages=pages, notes=tuple(dict.fromkeys(notes)))

    def close(self) -> None:
        """Let go of the server, where there is one."""
        if self._drop:
            self._drop.close()

    def _bring(
        self, mappings: Sequence[NamedMapping], read_before: Collection[str] = (), is_fresh: bool = False
    ) -> list[str]:
        """Fetch what the mappings name, where it is on a server; sentences about what was left there."""
        if self._drop is None:
            return []
        return self._drop.bring([named.mapping.files for named in mappings], read_before, is_fresh)

    @cached_property
    def _mappings(self) -> tuple[NamedMapping, ...]:
        pattern = self._options.mappings
        paths = self._glob(pattern, self._connection.base_folder)
        if not paths:
            raise ConfigurationError(
                f"{self._connection.name}: no mapping file matches {pattern!r} in the folder of district.yml. "
                "Write one, as the README of connectors/files shows"
            )
        return load_mappings(paths, self._connection.base_folder)

    def _glob(self, pattern: str, base: Path) -> list[Path]:
        # Path.glob takes no pattern of a shared drive (absolute)
        found = (base / name for name in glob.glob(pattern, root_dir=base, recursive=True))  # noqa: PTH207
        # spreadsheets keep a lock file named ~$x.xlsx beside an open workbook
        return sorted(
            path
            for path in found
            if (path.is_file() or (path.is_symlink() and not path.is_dir())) and not path.name.startswith("~$")
        )

    def _paths(
        self, named: NamedMapping, read_before: Collection[str] = (), notes: list[str] | None = None
    ) -> list[Path]:
        """The finished files of a mapping; of others a sentence in the notes."""
        paths = self._glob(named.mapping.files, self._root)
        unfinished = ""
        if self._marker and not self._drop:
            paths, left = self._finished(paths, read_before)
            unfinished = f"; {len(left)} without a marker beside them" if left else ""
            if notes is not None:
                notes += [f"{name}: not read, since {self._marker.of(name)} is not there yet" for name in left]
        if not paths:
            where = "on the server" if self._drop else "in the folder of district.yml"
            raise ContractBroken(
                f"{self._connection.name}: no file matches {named.mapping.files!r} (mapping {named.name}, stream "
                f"{named.mapping.stream}) {where}{unfinished}. Deliver the export there, or correct `files`"
            )
        if links := [self._name(path) for path in paths if path.is_symlink()]:
            raise ContractBroken(
                f"{self._connection.name}: {', '.join(links)}: a symbolic link, which may lead to anything on this "
                f"machine, so it is not read (mapping {named.name}). Deliver the file itself"
            )
        return paths

    def _finished(self, paths: list[Path], read_before: Collection[str]) -> tuple[list[Path], list[str]]:
        """Files with their marker beside them, and the names of those without."""
        marker = self._marker
        assert marker is not None  # noqa: S101 - asked for by the only caller
        markers = {path.with_name(marker.of(path.name)) for path in paths}
        finished = [path for path in paths if path not in markers and path.with_name(marker.of(path.name)).is_file()]
        left = [self._name(path) for path in paths if path not in markers and path not in finished]
        if again := [name for name in left if name in read_before]:
            raise IncompleteResponse(
                f"{self._connection.name}: {', '.join(again)}: was read before and its marker is gone, so it is being "
                "written anew. Run again once the marker is back"
            )
        return finished, left

    def _name(self, path: Path) -> str:
        base = self._root
        return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()

    def _fingerprint(self, mappings: Sequence[NamedMapping]) -> str:
        parts = [self._options.school_year_start, *(f"{named.name} {named.mapping.fingerprint}" for named in mappings)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _opened(self, path: Path, named: NamedMapping) -> tuple[CsvFile | Workbook, Shaper]:
        mapping = named.mapping
        name = self._name(path)
        content: CsvFile | Workbook = (
            Workbook(path, name, mapping.sheet, mapping.skip_rows)
            if mapping.format == "xlsx"
            else CsvFile(path, name, mapping.encoding, mapping.delimiter, mapping.skip_rows)
        )
        header = content.open()
        month, day = self._options.school_year_start.split("-")
        return content, Shaper(named, header, name, (int(month), int(day)))

    def _read(self, file: _MappedFile, sink: Sink, notes: list[str]) -> int:
        name = file.source.name
        content, shaper = self._opened(file.path, file.named)
        frames = rows = blank_rows = 0
        for batch in content.batches():
            for part in batch.iter_slices(max(1, ROWS_PER_FRAME // shaper.rows_per_row)):
                shaped = shaper.shape(part)
                blank_rows += shaped.blank_rows
                if shaped.frame.height:
                    sink.add_frame(shaped.frame, file.source)
                    frames += 1
                    rows += shaped.frame.height
        ragged = 0
        if isinstance(content, CsvFile):
            ragged = content.ragged_count
            blank_rows += content.blank_rows
            _reject_ragged(content, sink)
        if _state(file.path) != file.state:
            raise IncompleteResponse(f"{name}: changed while it was read. Run again once the export is finished")
        if rows + ragged == 0:
            raise ContractBroken(f"{name}: holds a header and no rows. Ask for the export again, or take the file away")
        notes += [*([note] if (note := content.header.note(name)) else []), *shaper.notes]
        if blank_rows:
            notes.append(f"{name}: {blank_rows} blank row{'s' * (blank_rows != 1)} passed over")
        if isinstance(content, Workbook) and content.error_cells:
            notes.append(
                f"{name}: {content.error_cells} cells of the workbook hold a formula error and read as missing"
            )
        return frames


def _reject_ragged(content: CsvFile, sink: Sink) -> None:
    if not content.ragged_count:
        return
    width = len(content.header.names)
    located: Iterator[tuple[int | None, str]] = (
        (row.line, f"{content.name} line {row.line}: {row.cells} cells where the header has {width}")
        for row in content.ragged_rows()
    )
    for _ in range(content.ragged_count):
        # the second reading may see fewer where quotes are odd; each rejected row is still counted
        row, reason = next(located, (None, f"{content.name}: a row has not the {width} cells of the header"))
        sink.add_reject(row, "(row)", reason)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _state(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_size, state.st_mtime_ns
