"""Files that come again, are still being written, lead elsewhere or are not what they seem; keys of SFTP hosts.

Belongs here: faults of deliveries. Does not belong here: dialects of CSV and badges
(tests/connectors/files, tests/connectors/open_badges).
"""

from __future__ import annotations

import os
import shutil

from connectors.core.errors import ConnectorError, IncompleteResponse
from tests.connectors.conformance import oracle
from tests.connectors.conformance.bench import FileBench
from tests.connectors.conformance.case import FILES, case

OUTSIDE = "CONFORMANCE-OUTSIDE-THE-DELIVERY"


@case("31, 26", kinds=FILES)
def out_of_reach(bench: FileBench) -> None:
    """No such folder, or a server that does not let us in: `check` and pulls fail; what landed before counts."""
    stream = next(iter(bench.changes()))
    bench.pull(stream)
    before = bench.live(stream)
    with bench.declaration.out_of_reach(bench.delivery) as wrong:
        lost = bench.reached_by(wrong)
        lost.streams = bench.streams
        try:
            said = lost.check()
        except ConnectorError:
            pass
        else:
            raise AssertionError(f"check passes: {said}")
        lost.refused(stream, ConnectorError, why="the files are out of reach")
    assert bench.live(stream) == before


@case("34", kinds=("sftp",))
def other_host_key(bench: FileBench) -> None:
    """The server shows another host key than the known one: refused without a question; nothing lands."""
    assert bench.declaration.other_host_key is not None, "other_host_key is not declared"
    stream = next(iter(bench.changes()))
    with bench.declaration.other_host_key(bench.delivery) as wrong:
        lost = bench.reached_by(wrong)
        lost.streams = bench.streams
        lost.refused(stream, ConnectorError, why="another host key")
        try:
            lost.check()
        except ConnectorError:
            return
        raise AssertionError("check passes with another host key")


@case("75", kinds=FILES, changes_platform=True)
def same_files_again(bench: FileBench) -> None:
    """The same files again, touched or copied under another name: nothing new, or the same records."""
    for beginning in bench.beginnings:
        stream = beginning.stream
        again = beginning.again()
        again.pull(stream)
        before = again.live(stream)
        assert again.pull(stream) is None, f"{stream}: the same files landed twice"
        for path in bench.delivery.rglob("*"):
            if path.is_file():
                os.utime(path)
        again.pull(stream)
        assert again.live(stream) == before, f"{stream}: touched files changed what was there"


@case("74", kinds=FILES, changes_platform=True)
def file_still_written(bench: FileBench) -> None:
    """A file that grows while it is read: refused or taken whole by the next pull, never half of it."""
    tried = 0
    for beginning in bench.beginnings:
        write_on = bench.changes()[beginning.stream].write_on
        if write_on is None:
            continue
        tried += 1
        stream, again = beginning.stream, beginning.again()
        try:
            again.pull(stream, on_delivery=lambda: write_on(bench.delivery))  # noqa: B023 - called within this turn
        except IncompleteResponse:
            assert not again.live(stream), f"{stream}: a part of it landed"
        again.pull(stream)
        again.assert_complete("after a file that was still written")
    assert tried, "no stream has `write_on`: write in `skips` why no file can be read while it is written"


@case("71, 73, 76", kinds=FILES, changes_platform=True)
def hostile_files(bench: FileBench) -> None:
    """Files that are not what they seem (bombs, entities, nonsense): refused or passed over; others' records stay."""
    assert bench.declaration.hostile, "hostile is not declared: write in `skips` why"
    before = {stream: bench.everything.live(stream) for stream in bench.changes()}
    for number, (name, content) in enumerate(bench.declaration.hostile.items()):
        path = bench.delivery / name
        path.parent.mkdir(parents=True, exist_ok=True)
        assert not path.exists(), f"{name} is a file of the delivery"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            content(path)
        for stream, rows in before.items():
            after = bench.afresh(f"hostile-{number}-{stream}")
            try:
                after.pull(stream, options={"max_reject_share": 0.9})
            except ConnectorError:
                assert not after.live(stream), f"{name}: {stream}: a refused delivery landed"
            else:
                differs = oracle.differences(after.live(stream), rows)
                assert not differs, f"{name}: {stream}: {differs}"
        path.unlink()


@case("76", kinds=FILES, changes_platform=True)
def links_are_not_followed(bench: FileBench) -> None:
    """A symbolic link that leads out of the delivery: refused or passed over, nothing of its target lands."""
    files = sorted(path for path in bench.delivery.rglob("*") if path.is_file())
    for suffix in sorted({path.suffix for path in files} - {".yml"}):
        original = next(path for path in files if path.suffix == suffix)
        outside = bench.folder / f"outside{suffix}"
        shutil.copy(original, outside)
        with outside.open("ab") as file:
            file.write(OUTSIDE.encode())
        link = original.with_name(f"{original.stem}_linked{suffix}")
        link.symlink_to(outside)
        for stream in bench.changes():
            after = bench.afresh(f"linked-{suffix.lstrip('.')}-{stream}")
            try:
                after.pull(stream, options={"max_reject_share": 0.9})
            except ConnectorError:
                continue
            assert OUTSIDE not in oracle.everything_in(after.landing), f"{link.name}: the link was followed"
            after_rows, rows = after.live(stream), bench.everything.live(stream)
            assert after_rows == rows, f"{link.name}: {oracle.differences(after_rows, rows)}"
        link.unlink()
