"""What a platform declares of itself so that the conformance kit can run every case against it.

Belongs here: the declarations' shapes, and finding them in `platforms/`. Does not belong
here: any platform's own (platforms/), what is tried (cases/), the running of it (bench).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from connectors.sandbox.district import District

PLATFORMS_FOLDER = Path(__file__).with_name("platforms")


@dataclass(frozen=True)
class Changes:
    """What can happen to the records of one stream at the platform. What can't is left out.

    Each takes the stand-in first. `n` picks a record: different numbers, different records.
    add: a new record. change: an edit that the platform tells of with the next pull.
    remove: a revocation, archiving or delete that it tells of with the next pull; what it
    gives back is handed to `restore`, which brings the same record back under its own id.
    vanish: a removal that it tells nobody: a full pull finds it.
    late: a change saved now that bears a time of change this long ago.
    """

    add: Callable[[Any], object] | None = None
    change: Callable[[Any, int], object] | None = None
    remove: Callable[[Any, int], object] | None = None
    restore: Callable[[Any, Any], object] | None = None
    vanish: Callable[[Any, int], object] | None = None
    late: Callable[[Any, timedelta], object] | None = None


@dataclass(frozen=True)
class Walk:
    """One way in which the client walks through pages. One for each that it has.

    stream: pulled. It needs a field of type text that is neither key nor personal for some cases.
    pages: regular expression, searched in path and query (`/badgr/v2/issuers?num=3`), of the
        requests for this walk's pages. With the declared options there must be three or more.
    follows: what leads to the next page. `single`: the platform sends everything in one answer.
    of_changes: the walk of an incremental pull; the kit has `changed` records changed before it.
    struck: which of the pages a fault strikes, counted from 1; faults of paging need the second.
    records: where the records stand in a page, by key, dotted; empty where a page is a bare list.
    """

    stream: str
    pages: str
    follows: Literal["links", "tokens", "offsets", "single"]
    records: str = ""
    of_changes: bool = False
    changed: int = 8
    struck: int = 2

    @property
    def name(self) -> str:
        return f"{self.stream}, {'changes' if self.of_changes else 'everything'} by {self.follows}"


@dataclass(frozen=True)
class Total:
    """Where the platform says how many records there are: a header, or a key of the body (dotted).

    request: regular expression of the requests whose answers the client takes it from.
    """

    request: str
    header: str = ""
    key: str = ""


@dataclass(frozen=True)
class HttpPlatform:
    """A platform that is read over HTTP, with a stand-in in the sandbox.

    platform: as in connectors/registry.py. name: of this declaration, where a platform has several.
    stand_in: its name in the sandbox; the platform's own unless given.
    secrets: the connector's secret -> the name in `Sandbox.credentials`.
    wrong_secrets: secrets that the platform refuses, in place of the right ones.
    options: of the connection, beside base_url and requests_per_second: a page size that makes three pages.
    arrange: done to the stand-in before anything is asked of it.
    token_path: regular expression of token requests; empty where there are none.
    expire_tokens: ends the life of every access token that the stand-in gave.
    size_parameter: the query parameter that asks for a page size; empty where there is none.
    denied: the regular expression of one stream's requests, and that stream; another must still land.
    empty_streams: stream -> why nothing can come. absent_fields: `stream.field` -> why no record has it.
    absent_withheld: stream -> why the stand-in serves nothing in its withheld fields.
    momentary: `stream.field` -> why its value is of the pull and not of the record, so that two pulls differ.
    skips: case -> why it can't apply.
    modules: of a second declaration of one client, the modules of cases/ that try what differs in it:
        name of the module -> what differs. Empty: all.
    """

    platform: str
    secrets: Mapping[str, str]
    wrong_secrets: Mapping[str, str]
    walks: tuple[Walk, ...]
    changes: Mapping[str, Changes]
    token_path: str
    denied: tuple[str, str]
    options: Mapping[str, object] = field(default_factory=dict)
    total: Total | None = None
    size_parameter: str = ""
    name: str = ""
    stand_in: str = ""
    arrange: Callable[[Any], object] = lambda _stand_in: None
    expire_tokens: Callable[[Any], object] = lambda stand_in: stand_in.tokens.expire()
    empty_streams: Mapping[str, str] = field(default_factory=dict)
    absent_fields: Mapping[str, str] = field(default_factory=dict)
    absent_withheld: Mapping[str, str] = field(default_factory=dict)
    momentary: Mapping[str, str] = field(default_factory=dict)
    skips: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["http"] = "http"

    @property
    def called(self) -> str:
        return self.name or self.platform


@dataclass(frozen=True)
class Reach:
    """How the connector gets at a delivery: options and secrets of its connection."""

    options: Mapping[str, object]
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FileChanges:
    """What can happen to the files of one stream; each takes the folder of the delivery.

    add: a file more. change: new content under an old name. remove: a file gone, others stay.
    write_on: goes on writing a file that the connector is reading.
    """

    add: Callable[[Path], object] | None = None
    change: Callable[[Path], object] | None = None
    remove: Callable[[Path], object] | None = None
    write_on: Callable[[Path], object] | None = None


@dataclass(frozen=True)
class FilePlatform:
    """A platform that reads files: from a folder, or over SFTP from a server on 127.0.0.1.

    deliver: writes a delivery of the district into a folder.
    reach: opens the way to that folder for as long as the block runs. A folder needs nothing
        but options; SFTP starts its server there.
    out_of_reach: the same, and the way is wrong: no such folder, a wrong password. `check` fails.
    other_host_key: the same as `reach`, and the server shows another host key than the known one (SFTP).
    hostile: name of a file -> its content, put beside the delivery: it is refused, rejected or passed
        over by name, and nothing of it lands. Content is bytes, or a callable that makes it at a path.
    """

    platform: str
    kind: Literal["folder", "sftp"]
    deliver: Callable[[District, Path], object]
    reach: Callable[[Path], AbstractContextManager[Reach]]
    out_of_reach: Callable[[Path], AbstractContextManager[Reach]]
    changes: Mapping[str, FileChanges]
    hostile: Mapping[str, bytes | Callable[[Path], object]]
    other_host_key: Callable[[Path], AbstractContextManager[Reach]] | None = None
    name: str = ""
    empty_streams: Mapping[str, str] = field(default_factory=dict)
    absent_fields: Mapping[str, str] = field(default_factory=dict)
    absent_withheld: Mapping[str, str] = field(default_factory=dict)
    momentary: Mapping[str, str] = field(default_factory=dict)
    skips: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)

    @property
    def called(self) -> str:
        return self.name or self.platform


Declaration = HttpPlatform | FilePlatform


def declarations() -> tuple[Declaration, ...]:
    """What the modules in `platforms/` declare: each a tuple DECLARATIONS."""
    found: list[Declaration] = []
    for path in sorted(PLATFORMS_FOLDER.glob("*.py")):
        module = importlib.import_module(f"tests.connectors.conformance.platforms.{path.stem}")
        found += module.DECLARATIONS
    return tuple(found)
