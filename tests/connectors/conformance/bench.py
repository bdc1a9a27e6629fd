"""One platform on the bench: its client, something to read from, and a landing to look into.

Belongs here: pulling through core/pull and asking what landed, for a case. Does not belong
here: what must come out (cases/), the judging of a whole case (runner).
"""

from __future__ import annotations

import json
import shutil
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from connectors.core.connector import Connection, Connector, Cursor, Pulled, Sink, SourceFile
from connectors.core.errors import ConnectorError
from connectors.core.landing.layout import MANIFEST, stream_folder
from connectors.core.landing.manifest import Manifest, write_verdict
from connectors.core.landing.state import StreamState
from connectors.core.pull import pull_stream
from connectors.core.schema import Stream
from connectors.registry import PLATFORMS
from connectors.sandbox.district import District
from connectors.sandbox.faults import Effect, Fault
from connectors.sandbox.server import Logged, Sandbox
from tests.connectors.conformance import oracle
from tests.connectors.conformance.declaration import Changes, Declaration, FilePlatform, HttpPlatform, Reach, Walk
from tests.connectors.conformance.oracle import Rows

DISTRICT, CONNECTION, TIMEZONE = "cedar-valley", "kit", "America/Chicago"
PAGE_SIZE_OPTION = "page_size"
FAST_ENOUGH = 100_000
"""Requests a second: the kit is no test of patience."""


class Killed(Exception):
    """Stands for a kill in the middle of a pull: no fault of a connector's."""


class Bench:
    """A client of one platform and a landing of its own.

    told: what the client said in exceptions. slept: the seconds that it asked to wait. folder:
    everything it may write to. small_pages: pages of the declared size, and not of the client's
    own, which is faster. deliveries: how many its last pull handed over. stream: the one
    that a case is about, where it is about one.
    """

    small_pages = False

    def __init__(
        self, declaration: Declaration, connector_class: type[Connector], district: District, folder: Path
    ) -> None:
        self.declaration = declaration
        self.connector_class = connector_class
        self.district = district
        self.folder = folder
        self.told: list[str] = []
        self.secrets_used: list[str] = []
        self.slept: list[float] = []
        self.deliveries = 0
        self.stream = ""
        folder.mkdir(parents=True, exist_ok=True)

    # the way to the platform ---------------------------------------------------------------

    def reach(self) -> Reach:
        raise NotImplementedError

    def changes(self) -> Mapping[str, Any]:
        """What can happen to each stream, as declared."""
        raise NotImplementedError

    def happens(self, stream: str, what: str) -> bool:
        """One more change at the platform; False where it is not declared for the stream."""
        raise NotImplementedError

    def renew(self) -> None:
        """The platform as it was at first, where one stream's changes would hide another's."""

    def large_pages(self) -> dict[str, object]:
        """Options that put the declared page size back to what the client asks for by itself."""
        return {}

    @property
    def everything(self) -> Bench:
        """All streams, landed once by full pulls; for cases that only look."""
        raise NotImplementedError

    @property
    def beginnings(self) -> Sequence[OnStream]:
        """Benches for one stream each, ready to pull."""
        raise NotImplementedError

    def connection(
        self, options: Mapping[str, object] | None = None, secrets: Mapping[str, str] | None = None
    ) -> Connection:
        """The connection as declared, with some options or secrets replaced."""
        reach = self.reach()
        held = {**reach.secrets, **(secrets or {})}
        self.secrets_used += held.values()
        pages = {} if self.small_pages else self.large_pages()
        model = self.connector_class.options_model(**{**reach.options, **pages, **(options or {})})
        return Connection(DISTRICT, CONNECTION, TIMEZONE, model, self.folder, self.folder / "state", held)

    @contextmanager
    def connected(
        self, options: Mapping[str, object] | None = None, secrets: Mapping[str, str] | None = None
    ) -> Iterator[tuple[Connector, Connection]]:
        connection = self.connection(options, secrets)
        with self._listening():
            connector = self.connector_class(connection)
            try:
                yield connector, connection
            finally:
                connector.close()

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Keeps what exceptions say; anything else than a fault of the connector's own kind is a crash."""
        try:
            yield
        except (ConnectorError, Killed) as fault:
            self.told.append("".join(traceback.format_exception(fault)))
            raise
        except AssertionError:
            raise
        except Exception as fault:
            raise AssertionError(f"a {type(fault).__name__} came out, which is no ConnectorError: {fault}") from fault

    @cached_property
    def streams(self) -> dict[str, Stream]:
        with self.connected() as (connector, _):
            return {stream.name: stream for stream in connector.streams_of()}

    def check(self, secrets: Mapping[str, str] | None = None) -> str:
        with self.connected(secrets=secrets) as (connector, _):
            return connector.check()

    # pulling -------------------------------------------------------------------------------

    def pull(
        self,
        stream: str,
        full: bool = False,
        options: Mapping[str, object] | None = None,
        secrets: Mapping[str, str] | None = None,
        killed_at: int = 0,
        on_delivery: Callable[[], object] | None = None,
    ) -> Manifest | None:
        """Pull a stream and accept what landed. None: there was nothing new.

        killed_at: dies at that delivery to the sink. on_delivery: happens before the first one.
        """
        with self.connected(options, secrets) as (connector, connection):
            given = _Watched(connector, killed_at, on_delivery)
            try:
                outcome = pull_stream(given, connection, self.streams[stream], self.landing, full_refresh=full)
            finally:
                self.deliveries = given.deliveries
        if outcome.folder is not None:
            write_verdict(outcome.folder, json.dumps({"outcome": "accepted", "findings": []}))
        return outcome.manifest

    def refused(self, stream: str, *kinds: type[ConnectorError], why: str, **how: Any) -> ConnectorError:
        """The fault that a pull ends in. Asserts that nothing landed and the cursor stands where it stood."""
        allowed = kinds or (ConnectorError,)
        before = self._what_counts(stream)
        try:
            manifest = self.pull(stream, **how)
        except allowed as fault:
            told = fault
        except ConnectorError as fault:
            raise AssertionError(f"{stream}: {why}: another fault than {allowed}: {fault!r}") from fault
        else:
            landed = manifest.records_landed if manifest else 0
            raise AssertionError(f"{stream}: {why}, and the pull ended well with {landed} records")
        assert self._what_counts(stream) == before, f"{stream}: {why}: a refused pull changed what counts"
        return told

    def _what_counts(self, stream: str) -> tuple[Cursor | None, int]:
        return self.cursor(stream), len(StreamState.read(self.stream_folder(stream)).accepted)

    # the landing ---------------------------------------------------------------------------

    @property
    def landing(self) -> Path:
        return self.folder / "landing"

    def stream_folder(self, stream: str) -> Path:
        return stream_folder(self.landing, DISTRICT, self.declaration.platform, CONNECTION, stream)

    def live(self, stream: str) -> Rows:
        """The records that count, as staging would have them."""
        rows = oracle.live_rows(self.stream_folder(stream), self.streams[stream])
        momentary = [place.partition(".")[2] for place in self.declaration.momentary if place.startswith(f"{stream}.")]
        return oracle.without(rows, *momentary)

    def newest(self, stream: str) -> list[Manifest]:
        """The manifest of the newest accepted run, where there is one."""
        return [run.manifest for run in StreamState.read(self.stream_folder(stream)).accepted[-1:]]

    def landed(self, stream: str) -> pl.DataFrame:
        """The rows of the newest run."""
        run = StreamState.read(self.stream_folder(stream)).accepted[-1]
        return pl.concat([pl.read_parquet(part, hive_partitioning=False) for part in run.parts], how="diagonal")

    def cursor(self, stream: str) -> Cursor | None:
        return StreamState.read(self.stream_folder(stream)).cursor(self.streams[stream].schema_hash)

    def set_cursor(self, stream: str, cursor: object) -> None:
        """Puts another cursor into the newest manifest."""
        run = StreamState.read(self.stream_folder(stream)).accepted[-1]
        path = run.folder / MANIFEST
        path.write_text(json.dumps({**json.loads(path.read_bytes()), "cursor": cursor}))

    def manifests(self) -> list[str]:
        return [path.read_text() for path in sorted(self.folder.rglob("_*.json"))]

    def afresh(self, name: str = "afresh") -> Bench:
        """Another client of the same platform, with an empty landing."""
        raise NotImplementedError

    def expected(self, stream: str) -> Rows:
        """What one full pull lands now, into an empty landing."""
        other = self.afresh(f"expected-{len(list(self.folder.iterdir()))}")
        other.pull(stream)
        return other.live(stream)


class OnStream(Protocol):
    """A bench that is about one stream, and knows what must come out."""

    stream: str
    deliveries: int

    def again(self) -> Any:
        """The same from its start, in another landing."""

    def assert_complete(self, what: str) -> None: ...


class _Watched:
    """A connector whose deliveries can be interrupted; `platform` and `pull` are all that core/pull asks of it."""

    def __init__(self, connector: Connector, killed_at: int, on_delivery: Callable[[], object] | None) -> None:
        self.platform = connector.platform
        self.deliveries = 0
        self._connector = connector
        self._killed_at = killed_at
        self._on_delivery = on_delivery

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        return self._connector.pull(stream, cursor, _WatchedSink(sink, self._count))

    def _count(self) -> None:
        self.deliveries += 1
        if self.deliveries == self._killed_at:
            raise Killed(f"killed at delivery {self.deliveries}")
        if self.deliveries == 1 and self._on_delivery:
            self._on_delivery()


class _WatchedSink:
    def __init__(self, sink: Sink, count: Callable[[], None]) -> None:
        self._sink = sink
        self._count = count

    def add_page(self, body: bytes, records_path: str) -> None:
        self._count()
        self._sink.add_page(body, records_path)

    def add_frame(self, frame: pl.DataFrame, source_file: SourceFile) -> None:
        self._count()
        self._sink.add_frame(frame, source_file)

    def add_deletes(self, keys: Sequence[str]) -> None:
        self._count()
        self._sink.add_deletes(keys)

    def add_reject(self, row: int | None, field: str, reason: str) -> None:
        self._sink.add_reject(row, field, reason)


@dataclass
class Kept:
    """What cases of one platform share as long as nobody changes the platform.

    base: landings before the changes that incremental walks ask for. everything: all streams, landed.
    striking: the walk whose pages faults strike. happened: how often each change was made to each
    stream. removed: what `remove` gave back last.
    """

    base: Path
    expected: dict[str, Rows] = field(default_factory=dict)
    clean: dict[str, tuple[int, int]] = field(default_factory=dict)
    everything: Bench | None = None
    striking: Bench | None = None
    happened: Counter[tuple[str, str]] = field(default_factory=Counter)
    removed: dict[str, object] = field(default_factory=dict)


class HttpBench(Bench):
    """A client of a stand-in. `walks` are the ways in which it pages; `on` prepares one of them."""

    declaration: HttpPlatform

    def __init__(
        self,
        declaration: HttpPlatform,
        connector_class: type[Connector],
        district: District,
        folder: Path,
        sandbox: Sandbox,
        kept: Kept,
    ) -> None:
        super().__init__(declaration, connector_class, district, folder)
        self.sandbox = sandbox
        self.kept = kept
        self.stand_in: Any = sandbox.stand_in(declaration.stand_in or declaration.platform)

    @classmethod
    @contextmanager
    def opened(
        cls, declaration: HttpPlatform, connector_class: type[Connector], district: District, folder: Path
    ) -> Iterator[HttpBench]:
        """A platform of its own, with the changes made that incremental walks will ask for."""
        with Sandbox.start(district) as sandbox:
            bench = cls(declaration, connector_class, district, folder / "bench", sandbox, Kept(folder / "base"))
            declaration.arrange(bench.stand_in)
            before = bench._with_folder(folder / "base")
            for walk in declaration.walks:
                if walk.of_changes:
                    before.pull(walk.stream)
            for walk in declaration.walks:
                if walk.of_changes:
                    change = bench.changes()[walk.stream].change
                    assert change is not None, f"changes[{walk.stream!r}].change makes what the walk of changes reads"
                    for n in range(walk.changed):
                        change(bench.stand_in, n)
                    bench.kept.happened[walk.stream, "change"] = walk.changed
            bench.told += before.told
            yield bench

    def _with_folder(self, folder: Path) -> HttpBench:
        other = HttpBench(self.declaration, self.connector_class, self.district, folder, self.sandbox, self.kept)
        other.told, other.secrets_used, other.slept = self.told, self.secrets_used, self.slept  # one ear for all
        other.streams = self.streams
        return other

    def at(self, folder: Path) -> HttpBench:
        """The same platform, with another folder."""
        return self._with_folder(folder)

    def afresh(self, name: str = "afresh") -> HttpBench:
        return self._with_folder(self.folder / name)

    def reach(self) -> Reach:
        declared = self.declaration
        url = self.sandbox.url_of(declared.stand_in or declared.platform)
        return Reach(
            {"base_url": url, "requests_per_second": FAST_ENOUGH, **declared.options},
            {secret: self.sandbox.credentials[name] for secret, name in declared.secrets.items()},
        )

    def changes(self) -> Mapping[str, Changes]:
        return self.declaration.changes

    def happens(self, stream: str, what: str) -> bool:
        declared = self.changes().get(stream)
        does: Callable[..., object] | None = getattr(declared, what, None)
        if does is None or (what == "restore" and stream not in self.kept.removed):
            return False
        count = self.kept.happened[stream, what]
        self.kept.happened[stream, what] += 1
        if what == "add":
            does(self.stand_in)
        elif what == "restore":
            does(self.stand_in, self.kept.removed.pop(stream))
        else:
            done = does(self.stand_in, count)
            if what == "remove":
                self.kept.removed[stream] = done
        return True

    @property
    def beginnings(self) -> Sequence[WalkBench]:
        return self.walks

    # requests ------------------------------------------------------------------------------

    def asked(self, pattern: str, since: int = 0) -> list[Logged]:
        """The requests whose path and query match, as faults see them."""
        probe = Fault(pattern, lambda _request, answer: answer(), times=None)
        return [each for each in self.sandbox.requests[since:] if probe.strikes(_line(each), each.method)]

    def token_requests(self, since: int = 0) -> int:
        return len(self.asked(self.declaration.token_path, since)) if self.declaration.token_path else 0

    @property
    def mark(self) -> int:
        return len(self.sandbox.requests)

    # walks ---------------------------------------------------------------------------------

    @property
    def walks(self) -> list[WalkBench]:
        """A bench for each walk that is declared."""
        return [self.on(walk) for walk in self.declaration.walks]

    def on(self, walk: Walk, name: str = "walk") -> WalkBench:
        number = len(list(self.folder.iterdir()))
        bench = WalkBench(self._with_folder(self.folder / f"{name}-{number}"), walk)
        if walk.of_changes:
            shutil.copytree(self.kept.base / "landing", bench.landing)
        return bench

    @property
    def everything(self) -> Bench:
        """All streams, landed once by full pulls in large pages; for cases that only look."""
        if self.kept.everything is None:
            bench = self._with_folder(self.kept.base.with_name("everything"))
            with self.sandbox.faults.paused():
                for stream in bench.streams:
                    bench.pull(stream)
            self.kept.everything = bench
        return self.kept.everything

    def large_pages(self) -> dict[str, object]:
        default = self.connector_class.options_model.model_fields.get(PAGE_SIZE_OPTION)
        return {PAGE_SIZE_OPTION: default.default} if default is not None else {}


class WalkBench(HttpBench):
    """One walk, from where it starts. Faults strike its pages only."""

    small_pages = True

    def __init__(self, bench: HttpBench, walk: Walk) -> None:
        super().__init__(
            bench.declaration, bench.connector_class, bench.district, bench.folder, bench.sandbox, bench.kept
        )
        self.told, self.secrets_used, self.slept = bench.told, bench.secrets_used, bench.slept
        self.streams = bench.streams
        self.walk = walk
        self.stream = walk.stream
        self._begun: int | None = None

    @property
    def begun(self) -> int:
        """How many requests the sandbox had seen when this walk's first pull began."""
        if self._begun is None:
            self._begun = self.mark
        return self._begun

    def pull(self, stream: str, **how: Any) -> Manifest | None:
        assert self.begun >= 0  # from here on requests are this walk's
        return super().pull(stream, **how)

    def again(self) -> WalkBench:
        """The same walk from its start, in another landing."""
        return self.on(self.walk, "again")

    def strike(self, effect: Effect, first: int = 0, times: int | None = 1) -> Fault:
        """Does something to one of the walk's pages (`struck`, unless told), or to that one and those after it.

        Whatever was done to another walk's is over: two faults on one request hide each other.
        """
        if self.kept.striking is not self:
            self.sandbox.faults.clear()
            self.kept.striking = self
        return self.sandbox.faults.add(Fault(self.walk.pages, effect, first or self.walk.struck, times))

    def land(self, **how: Any) -> Manifest | None:
        return self.pull(self.stream, **how)

    def refuse(self, *kinds: type[ConnectorError], why: str, **how: Any) -> ConnectorError:
        return self.refused(self.stream, *kinds, why=f"{self.walk.name}: {why}", **how)

    def wanted(self) -> Rows:
        """What a full pull without faults lands; asked once, since nobody changes this platform."""
        if self.stream not in self.kept.expected:
            with self.sandbox.faults.paused():
                self.kept.expected[self.stream] = self.expected(self.stream)
        return self.kept.expected[self.stream]

    def assert_complete(self, what: str, ignoring: tuple[str, ...] = ()) -> None:
        found, wanted = self.live(self.stream), self.wanted()
        differs = oracle.differences(oracle.without(found, *ignoring), oracle.without(wanted, *ignoring))
        assert not differs, f"{self.walk.name}: {what}: not what a clean pull lands: {differs}"

    def assert_cured(self, what: str, full: bool = False) -> None:
        """Once the fault has passed, one more pull lands everything."""
        self.sandbox.faults.clear()
        self.land(full=full)
        self.assert_complete(f"{what}, and then a clean pull")

    def clean(self) -> tuple[int, int]:
        """How many requests a walk without faults makes: of its pages, and of any kind."""
        if self.walk.name not in self.kept.clean:
            other = self.again()
            with self.sandbox.faults.paused():
                other.land()
            self.kept.clean[self.walk.name] = other.page_requests(), other.mark - other.begun
            assert self.kept.clean[self.walk.name][0] >= self.walk.struck, (
                f"{self.walk.name}: {self.kept.clean[self.walk.name][0]} requests match {self.walk.pages!r}, "
                f"and faults strike number {self.walk.struck}. Declare a smaller page, or another pattern"
            )
        return self.kept.clean[self.walk.name]

    def page_requests(self) -> int:
        return len(self.asked(self.walk.pages, self.begun))


class FileBench(Bench):
    """A client of a delivery of files; `delivery` is the folder that a case may do things to."""

    declaration: FilePlatform

    def __init__(
        self,
        declaration: FilePlatform,
        connector_class: type[Connector],
        district: District,
        folder: Path,
        delivery: Path,
        reached: Reach,
        kept: Kept,
    ) -> None:
        super().__init__(declaration, connector_class, district, folder)
        self.delivery = delivery
        self.kept = kept
        self._reached = reached

    @classmethod
    @contextmanager
    def opened(
        cls, declaration: FilePlatform, connector_class: type[Connector], district: District, folder: Path
    ) -> Iterator[FileBench]:
        delivery = folder / "delivery"
        delivery.mkdir(parents=True)
        declaration.deliver(district, delivery)
        with declaration.reach(delivery) as reached:
            yield cls(
                declaration, connector_class, district, folder / "bench", delivery, reached, Kept(folder / "base")
            )

    def _with(self, folder: Path, reached: Reach) -> FileBench:
        other = FileBench(
            self.declaration, self.connector_class, self.district, folder, self.delivery, reached, self.kept
        )
        other.told, other.secrets_used, other.slept = self.told, self.secrets_used, self.slept
        return other

    def at(self, folder: Path) -> FileBench:
        """The same delivery, with another folder to land in."""
        return self._with(folder, self._reached)

    def afresh(self, name: str = "afresh") -> FileBench:
        return self._with(self.folder / name, self._reached)

    def reached_by(self, reached: Reach) -> FileBench:
        """The same landing, another way to the files."""
        return self._with(self.folder, reached)

    def connection(
        self, options: Mapping[str, object] | None = None, secrets: Mapping[str, str] | None = None
    ) -> Connection:
        """Paths in the options are relative to the delivery's folder."""
        made = super().connection(options, secrets)
        return Connection(
            made.district_id,
            made.name,
            made.timezone,
            made.options,
            self.delivery,
            made.state_folder,
            made.secrets,
        )

    def reach(self) -> Reach:
        return self._reached

    def changes(self) -> Mapping[str, Any]:
        return self.declaration.changes

    def happens(self, stream: str, what: str) -> bool:
        does: Callable[[Path], object] | None = getattr(self.changes().get(stream), what, None)
        if does is not None:
            does(self.delivery)
        return does is not None

    def renew(self) -> None:
        # the folder itself stays: a server may be serving it
        for path in self.delivery.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.declaration.deliver(self.district, self.delivery)

    @property
    def beginnings(self) -> Sequence[FileStreamBench]:
        return [FileStreamBench(self, stream, number) for number, stream in enumerate(self.changes())]

    @property
    def everything(self) -> Bench:
        if self.kept.everything is None:
            bench = self._with(self.kept.base.with_name("everything"), self._reached)
            for stream in bench.streams:
                bench.pull(stream)
            self.kept.everything = bench
        return self.kept.everything


class FileStreamBench(FileBench):
    """One stream of a delivery, and a landing of its own."""

    def __init__(self, bench: FileBench, stream: str, number: int) -> None:
        folder = bench.folder / f"{stream}-{number}"
        super().__init__(
            bench.declaration,
            bench.connector_class,
            bench.district,
            folder,
            bench.delivery,
            bench._reached,
            bench.kept,
        )
        self.told, self.secrets_used, self.slept = bench.told, bench.secrets_used, bench.slept
        self.stream = stream

    def again(self) -> FileStreamBench:
        """The same from its start, in another landing."""
        return FileStreamBench(self, self.stream, len(list(self.folder.iterdir())))

    def assert_complete(self, what: str) -> None:
        differs = oracle.differences(self.live(self.stream), self.expected(self.stream))
        assert not differs, f"{self.stream}: {what}: not what a clean pull lands: {differs}"


def open_bench(
    declaration: Declaration,
    district: District,
    folder: Path,
    stack: ExitStack,
    connector_class: type[Connector] | None = None,
) -> HttpBench | FileBench:
    """The bench of a declaration, closed with the stack."""
    connector_class = connector_class or PLATFORMS[declaration.platform].connector_class()
    if isinstance(declaration, HttpPlatform):
        return stack.enter_context(HttpBench.opened(declaration, connector_class, district, folder))
    return stack.enter_context(FileBench.opened(declaration, connector_class, district, folder))


def _line(request: Logged) -> str:
    return f"{request.path}?{request.query}" if request.query else request.path
