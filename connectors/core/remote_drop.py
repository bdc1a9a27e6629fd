"""A drop folder on a server, mirrored into a folder here: each file fetched once, whole, and only when finished.

Belongs here: which remote names a pattern means, when a file counts as finished, what is
fetched anew, how a fetched file gets its name. Does not belong here: the connection
(sftp), what is in the files.

The folder here is a copy and nothing more: delete it, and the next pull fetches it again.
A file whose size and time are those of the copy is not fetched again; a pull of
everything trusts no copy. What is gone from the server goes from the copy.
"""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from connectors.core.errors import ConfigurationError, ContractBroken, IncompleteResponse, PlatformUnavailable
from connectors.core.sftp import Entry, SftpServer

_MOST_FOLDERS_DEEP = 10
_PART = ".part"


@dataclass(frozen=True)
class DoneMarker:
    """The name of the file that says that another one is finished: `{name}.done`, `{stem}.ok`."""

    form: str

    def of(self, path: str) -> str:
        """The path of the marker of a file."""
        bare = PurePosixPath(path)
        return str(bare.with_name(self.form.replace("{name}", bare.name).replace("{stem}", bare.stem)))


class RemoteDrop:
    """One server's folder and its copy.

    folder: the copy; its files are readable by the account that runs this only.
    looks, seconds_between_looks: a file is finished once two looks in a row see the same
    size and time; after so many looks the pull gives up, to be tried again.
    """

    def __init__(
        self,
        server: SftpServer,
        folder: Path,
        marker: DoneMarker | None = None,
        looks: int = 4,
        seconds_between_looks: float = 10,
        lock_seconds: float = 600,
    ) -> None:
        self.folder = folder
        self._server = server
        self._marker = marker
        self._looks = looks
        self._pause = seconds_between_looks
        self._lock_seconds = lock_seconds

    def bring(self, patterns: Iterable[str], known: Collection[str] = (), is_fresh: bool = False) -> list[str]:
        """Make the copy of what the patterns mean as the server's; sentences about what was left there.

        patterns: relative to the server's folder, as the copy's are to its own. known: names
        that were read before. is_fresh: fetch even what looks unchanged.

        Raises IncompleteResponse (transient) where a file is still being written, ContractBroken
        where one is a link or a name leads elsewhere.
        """
        patterns = tuple(patterns)
        for pattern in patterns:
            if pattern.startswith("/") or ".." in PurePosixPath(pattern).parts:
                raise ConfigurationError(
                    f"{self._server.name}: the pattern {pattern!r} leads out of the server's folder. Write it relative "
                    "to `folder`"
                )
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with FileLock(self.folder / ".lock", timeout=self._lock_seconds):
                return self._bring(patterns, known, is_fresh)
        except Timeout:
            raise PlatformUnavailable(
                f"{self._server.name}: another command has been fetching into {self.folder.name} for "
                f"{self._lock_seconds:.0f} seconds. Run again once it has ended"
            ) from None

    def close(self) -> None:
        self._server.close()

    def _bring(self, patterns: tuple[str, ...], known: Collection[str], is_fresh: bool) -> list[str]:
        for left in self.folder.rglob(f".*{_PART}"):  # of a pull that was killed
            left.unlink()
        found = self._found(patterns)
        if links := [path for path, entry in found.items() if entry.kind == "link"]:
            raise ContractBroken(
                f"{self._server.name}: {', '.join(sorted(links))}: a symbolic link on the server, which may lead to "
                "anything, so it is not read. Have the file itself delivered"
            )
        files = {path: entry for path, entry in found.items() if entry.kind == "file"}
        files, notes = self._finished_by_marker(files, known)
        wanted = {path: entry for path, entry in files.items() if is_fresh or not self._is_copied(path, entry)}
        if wanted and self._marker is None:
            wanted = self._settled(wanted)
        for path in self._copies(patterns):
            if path not in files:
                (self.folder / path).unlink()
        for path, entry in sorted(wanted.items()):
            self._fetch(path, entry)
        return notes

    def _found(self, patterns: tuple[str, ...]) -> dict[str, Entry]:
        listings: dict[str, dict[str, Entry]] = {}
        found: dict[str, Entry] = {}
        for pattern in patterns:
            found |= dict(self._matching("", PurePosixPath(pattern).parts, listings, 0))
        if self._marker:
            # only as far as they were listed: a marker beside its file
            for path in list(found):
                parent = PurePosixPath(path).parent.as_posix()
                names = listings["" if parent == "." else parent]
                if (marker := self._marker.of(path)).rpartition("/")[2] in names:
                    found[marker] = names[marker.rpartition("/")[2]]
        return found

    def _matching(
        self, folder: str, parts: tuple[str, ...], listings: dict[str, dict[str, Entry]], depth: int
    ) -> Iterator[tuple[str, Entry]]:
        """Names below a folder that the rest of a pattern means, as `glob` would find them here."""
        if depth > _MOST_FOLDERS_DEEP:
            raise ContractBroken(
                f"{self._server.name}: folders stand more than {_MOST_FOLDERS_DEEP} deep below {self._server.place()}. "
                "Name them in the pattern instead of `**`"
            )
        if folder not in listings:
            listings[folder] = self._server.entries(folder)
        part, rest = parts[0], parts[1:]
        for name, entry in listings[folder].items():
            path = f"{folder}/{name}" if folder else name
            if part == "**":
                if entry.kind == "folder" and not name.startswith("."):
                    yield from self._matching(path, parts, listings, depth + 1)
            elif _is_meant(name, part):
                if not rest:
                    if entry.kind in ("file", "link"):
                        yield path, entry
                elif entry.kind == "folder":
                    yield from self._matching(path, rest, listings, depth + 1)
        if part == "**":
            yield from self._matching(folder, rest or ("*",), listings, depth)

    def _finished_by_marker(
        self, files: dict[str, Entry], known: Collection[str]
    ) -> tuple[dict[str, Entry], list[str]]:
        if self._marker is None:
            return files, []
        markers = {self._marker.of(path) for path in files} & files.keys()
        data = {path: entry for path, entry in files.items() if path not in markers}
        unfinished = sorted(path for path in data if self._marker.of(path) not in markers)
        if again := [path for path in unfinished if path in known]:
            raise IncompleteResponse(
                f"{self._server.name}: {', '.join(again)}: was read before and its marker is gone, so it is being "
                "written anew. Run again once the marker is back"
            )
        notes = [f"{path}: left on the server, since {self._marker.of(path)} is not there yet" for path in unfinished]
        return {path: entry for path, entry in data.items() if path not in unfinished}, notes

    def _settled(self, wanted: dict[str, Entry]) -> dict[str, Entry]:
        """The files once no look sees one change any more."""
        settled: dict[str, Entry] = {}
        moving = wanted
        for _ in range(self._looks - 1):
            self._server.clock.sleep(self._pause)
            seen = {path: self._look(path) for path in moving}
            settled |= {path: entry for path, entry in seen.items() if entry == moving[path]}
            moving = {path: entry for path, entry in seen.items() if entry != moving[path]}
            if not moving:
                return settled
        raise IncompleteResponse(
            f"{self._server.name}: {', '.join(sorted(moving))}: still being written after "
            f"{self._pause * (self._looks - 1):.0f} seconds. Run again once the export is finished"
        )

    def _look(self, path: str) -> Entry:
        entry = self._server.look(path)
        if entry is None or entry.kind != "file":
            raise IncompleteResponse(
                f"{self._server.name}: {path}: was taken away while it was looked at. Run again once deliveries rest"
            )
        return entry

    def _is_copied(self, path: str, entry: Entry) -> bool:
        copy = self.folder / path
        if not copy.is_file():
            return False
        state = copy.stat()
        return (state.st_size, int(state.st_mtime)) == (entry.size, entry.modified)

    def _fetch(self, path: str, entry: Entry) -> None:
        copy = self.folder / path
        copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = copy.with_name(f".{copy.name}{_PART}")
        try:
            with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as target:
                self._server.fetch(path, entry.size, target)
                target.flush()
                os.fsync(target.fileno())
            if self._look(path) != entry:
                raise IncompleteResponse(
                    f"{self._server.name}: {path}: changed while it was fetched. Run again once the export is finished"
                )
            os.utime(part, (entry.modified, entry.modified))
            os.replace(part, copy)
        finally:
            part.unlink(missing_ok=True)

    def _copies(self, patterns: tuple[str, ...]) -> set[str]:
        return {
            name
            for pattern in patterns
            # not Path.glob: its last `**` means folders only
            for name in glob.glob(pattern, root_dir=self.folder, recursive=True)  # noqa: PTH207
            if (self.folder / name).is_file()
        }


def _is_meant(name: str, part: str) -> bool:
    return (part.startswith(".") or not name.startswith(".")) and fnmatch.fnmatchcase(name, part)
