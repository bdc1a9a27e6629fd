"""Whole reads: everything once, the same twice, from any checkpoint and cursor, and day by day as in one go.

Belongs here: what the anchors ask of a connector as a whole (Airbyte's acceptance tests, the
Singer SDK's, dlt's). Does not belong here: a single fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from connectors.sandbox import canaries
from tests.connectors.conformance import oracle
from tests.connectors.conformance.bench import Bench, HttpBench, Killed
from tests.connectors.conformance.case import ALL, case

WITHIN_THE_LOOK_BACK = timedelta(minutes=1)
BEYOND_IT = timedelta(days=700)
CENTURIES = timedelta(days=355_000)
ELSEWHERE = "https://elsewhere.example"


@case("57, Airbyte: basic read", kinds=ALL)
def every_stream_has_records(bench: Bench) -> None:
    """Each stream lands records, or its emptiness has a written reason; none is rejected."""
    whole = bench.everything
    for stream in whole.streams:
        reason = bench.declaration.empty_streams.get(stream)
        assert bool(whole.live(stream)) != bool(reason), (
            f"{stream}: {'not empty' if reason else 'empty, without a reason'}"
        )
        for manifest in whole.newest(stream):
            assert manifest.records_rejected == 0, f"{stream}: {manifest.records_rejected} rejected"
            assert manifest.is_reset, f"{stream}: a first pull is a full one"


@case("69, 70, Singer SDK: keys", kinds=ALL)
def keys_are_unique(bench: Bench) -> None:
    """The declared key is never null, and no two records share it."""
    whole = bench.everything
    for name, stream in whole.streams.items():
        if name in bench.declaration.empty_streams:
            continue
        for manifest in whole.newest(name):
            rows = whole.landed(name)
            distinct = rows.select(stream.key).n_unique()
            assert sum(rows[part].null_count() for part in stream.key) == 0, f"{name}: a null in {stream.key}"
            assert rows.height == distinct, f"{name}: {rows.height} rows and {distinct} keys"
            assert manifest.duplicate_records == 0


@case("Singer SDK: catalogue and records match", kinds=ALL)
def every_field_occurs(bench: Bench) -> None:
    """Each declared field has a value in some record, or a written reason; nothing undeclared is served."""
    whole = bench.everything
    absent, undeclared, needless = [], [], []
    for name, stream in whole.streams.items():
        if name in bench.declaration.empty_streams:
            continue
        rows = whole.landed(name)
        for field in stream.fields:
            is_there = rows[field.name].null_count() < rows.height
            has_reason = bool(bench.declaration.absent_fields.get(f"{name}.{field.name}"))
            if not is_there and not has_reason:
                absent.append(f"{name}.{field.name}")
            if is_there and has_reason:
                needless.append(f"{name}.{field.name}")
        for manifest in whole.newest(name):
            undeclared += [f"{name}.{path}" for path in manifest.undeclared_fields]
    assert not absent, f"in no record and without a reason in absent_fields: {absent}"
    assert not needless, f"a reason for fields that do occur: {needless}"
    assert not undeclared, f"served and neither declared, omitted nor withheld: {undeclared}"


@case("withheld, G13", kinds=ALL)
def withheld_stays_out(bench: Bench) -> None:
    """What is withheld is served by the platform, and stands in no landed file."""
    whole = bench.everything
    unproven = [
        name
        for name, stream in whole.streams.items()
        if stream.withheld
        and name not in bench.declaration.empty_streams
        and not any(sum(manifest.withheld_fields.values()) for manifest in whole.newest(name))
        and not bench.declaration.absent_withheld.get(name)
    ]
    assert not unproven, f"the platform serves nothing in the withheld fields of {unproven}, and no reason is written"
    text = oracle.everything_in(whole.landing)
    found = [mark for mark in canaries.CANARIES if mark in text]
    assert not found, f"withheld values stand in landed files: {found}"


@case("Airbyte: two sequential reads", kinds=ALL)
def two_reads_agree(bench: Bench) -> None:
    """A second full read lands the same records; a read of what is new since the first adds and changes nothing."""
    whole = bench.everything
    again = bench.afresh("again")
    for stream in whole.streams:
        again.pull(stream)
        first = whole.live(stream)
        assert again.live(stream) == first, f"{stream}: {oracle.differences(first, again.live(stream))}"
        again.pull(stream)
        assert again.live(stream) == first, f"{stream}: a read of what is new changed what was there"


@case("46, Airbyte and dlt: resume from every checkpoint", kinds=ALL)
def resumes_from_every_checkpoint(bench: Bench) -> None:
    """Killed at the first, a middle or the last delivery: nothing of it counts, and the next pull lands everything."""
    for beginning in bench.beginnings:
        stream, whole = beginning.stream, beginning.again()
        whole.pull(stream)
        assert whole.deliveries, f"{stream}: nothing was delivered"
        for at in sorted({1, (whole.deliveries + 1) // 2, whole.deliveries}):
            killed = beginning.again()
            cursor, before = killed.cursor(stream), killed.live(stream)
            try:
                killed.pull(stream, killed_at=at)
            except Killed:
                pass
            else:
                raise AssertionError(f"{stream}: delivery {at} of {whole.deliveries} was never made")
            assert killed.cursor(stream) == cursor, f"{stream}: the cursor of a killed pull counts"
            assert killed.live(stream) == before, f"{stream}: rows of a killed pull count"
            killed.pull(stream)
            killed.assert_complete(f"after a kill at delivery {at} of {whole.deliveries}")


# cursors -----------------------------------------------------------------------------------


def leaves(value: Any, edit: Callable[[Any], Any]) -> Any:
    """The cursor with every value in it edited."""
    if isinstance(value, dict):
        return {name: leaves(part, edit) for name, part in value.items()}
    if isinstance(value, list):
        return [leaves(part, edit) for part in value]
    return edit(value)


def in_2999(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return value + 10**12
    if re.match(r"\d{4}-\d\d-\d\d", value):
        return f"2999{value[4:]}"
    return str(int(value) + 10**12) if re.fullmatch(r"\d{1,18}", value) else value


def with_cursor(bench: Bench) -> list[Bench]:
    """Streams that have landed in full and left a cursor."""
    found = []
    for stream in dict.fromkeys(beginning.stream for beginning in bench.beginnings):
        begun = bench.afresh(f"cursor-{stream}")
        begun.pull(stream)
        begun.stream = stream
        if begun.cursor(stream) is not None:
            found.append(begun)
    assert found, "no stream leaves a cursor: write in `skips` why"
    return found


def as_a_full_pull(bench: Bench, what: str) -> None:
    differs = oracle.differences(bench.live(bench.stream), bench.expected(bench.stream))
    assert not differs, f"{bench.stream}: {what}: {differs}"


@case("55, Airbyte: future state", kinds=ALL, changes_platform=True)
def cursor_of_2999(bench: Bench) -> None:
    """A cursor in the future crashes nothing, and what changes afterwards is there after the next pull."""
    for begun in with_cursor(bench):
        begun.set_cursor(begun.stream, leaves(begun.cursor(begun.stream), in_2999))
        bench.happens(begun.stream, "change")
        begun.pull(begun.stream)
        begun.pull(begun.stream)
        as_a_full_pull(begun, "after a cursor of 2999")


@case("a cursor of another server", changes_platform=True)
def cursor_of_another_server(bench: HttpBench) -> None:
    """A cursor that another server gave is not used: everything is read, as a reset."""
    for begun in with_cursor(bench):
        cursor = begun.cursor(begun.stream)
        foreign = leaves(
            cursor, lambda value: value.replace(bench.sandbox.url, ELSEWHERE) if isinstance(value, str) else value
        )
        assert foreign != cursor, (
            f"{begun.stream}: the cursor does not say which server it is of: {sorted(cursor or ())}"
        )
        bench.happens(begun.stream, "change")
        begun.set_cursor(begun.stream, foreign)
        manifest = begun.pull(begun.stream)
        assert manifest is not None and manifest.is_reset, f"{begun.stream}: another server's cursor was used"
        as_a_full_pull(begun, "after another server's cursor")


@case("a cursor that can't be read", kinds=ALL, changes_platform=True)
def cursor_unreadable(bench: Bench) -> None:
    """A cursor of other names or of nonsense crashes nothing and loses nothing."""
    for begun in with_cursor(bench):
        cursor = begun.cursor(begun.stream)
        for odd in (leaves(cursor, lambda _: "?"), leaves(cursor, lambda _: None), {"unknown": 1}):
            bench.happens(begun.stream, "change")
            begun.set_cursor(begun.stream, odd)
            begun.pull(begun.stream)
            as_a_full_pull(begun, f"after the cursor {odd}")


# changes -----------------------------------------------------------------------------------


@case("54, 56, 57, 59, Airbyte: incremental", kinds=ALL, changes_platform=True)
def incremental_equals_full(bench: Bench) -> None:
    """After each change, removal, return and addition one incremental pull makes the landing equal to a full one."""
    assert bench.changes(), "no changes are declared: write in `skips` why nothing can change"
    for stream in bench.changes():
        bench.renew()
        begun = bench.afresh(f"day-by-day-{stream}")
        begun.stream = stream
        begun.pull(stream)
        before = begun.live(stream)
        for what in ("change", "remove", "restore", "add"):
            if not bench.happens(stream, what):
                continue
            begun.pull(stream)
            as_a_full_pull(begun, f"after {what}")
            after = begun.live(stream)
            assert after != before, f"{stream}: {what} shows nowhere"
            before = after
        begun.pull(stream)
        assert begun.live(stream) == before, f"{stream}: a pull without changes changed what was there"


@case("57, 51: deletes that nobody tells", changes_platform=True)
def full_pull_finds_what_vanished(bench: HttpBench) -> None:
    """A record that vanished without a word is gone after the next full pull, and no other is."""
    tried = 0
    for stream in bench.changes():
        begun = bench.afresh(f"vanished-{stream}")
        begun.stream = stream
        begun.pull(stream)
        before = begun.live(stream)
        if bench.happens(stream, "vanish"):
            tried += 1
            begun.pull(stream)
            begun.pull(stream, full=True)
            after = begun.live(stream)
            assert len(before) - len(after) == 1 and after.keys() < before.keys(), (
                f"{stream}: {len(before)} {len(after)}"
            )
            as_a_full_pull(begun, "after a full pull")
    assert tried, "no stream has `vanish`: write in `skips` why nothing vanishes in silence"


@case("50, 51", changes_platform=True)
def change_that_comes_late(bench: HttpBench) -> None:
    """A change saved late: inside the look-back the next pull brings it, beyond it the next full pull."""
    tried = 0
    for stream, declared in bench.changes().items():
        if declared.late is None:
            continue
        tried += 1
        begun = bench.afresh(f"late-{stream}")
        begun.stream = stream
        begun.pull(stream)
        before = begun.live(stream)
        declared.late(bench.stand_in, WITHIN_THE_LOOK_BACK)
        begun.pull(stream)
        assert begun.live(stream) != before, f"{stream}: a change that is a minute late shows nowhere"
        as_a_full_pull(begun, "after a change that is a minute late")
        declared.late(bench.stand_in, BEYOND_IT)
        begun.pull(stream)
        begun.pull(stream, full=True)
        as_a_full_pull(begun, "after a change that is years late, and a full pull")
    assert tried, "no stream has `late`: write in `skips` why nothing comes late"


@case("55", changes_platform=True)
def record_of_2999(bench: HttpBench) -> None:
    """A record whose time of change is centuries ahead does not take the cursor along: later changes are not missed."""
    tried = 0
    for stream, declared in bench.changes().items():
        if declared.late is None or declared.change is None:
            continue
        tried += 1
        begun = bench.afresh(f"ahead-{stream}")
        begun.stream = stream
        begun.pull(stream)
        declared.late(bench.stand_in, -CENTURIES)
        begun.pull(stream)
        declared.change(bench.stand_in, 3)
        begun.pull(stream)
        as_a_full_pull(begun, "after a record of 2999 and then a change")
    assert tried, "no stream has `late`: write in `skips` why no record can be of the future"
