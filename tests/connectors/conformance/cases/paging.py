"""Page after page: empty ones, repeated ones, loops, lists that change while they are read, counts.

Belongs here: faults of page sets. Does not belong here: a single answer that is broken (transport).
"""

from __future__ import annotations

from connectors.core.errors import ConnectorError, ContractBroken, IncompleteResponse
from connectors.sandbox import faults
from tests.connectors.conformance import oracle, strikes
from tests.connectors.conformance.bench import PAGE_SIZE_OPTION, HttpBench, WalkBench
from tests.connectors.conformance.case import case

MORE_REQUESTS = 30
"""How many more requests than usual a client may make before it gives a page set up."""


def paged(bench: HttpBench) -> list[WalkBench]:
    walks = [walk for walk in bench.walks if walk.walk.follows != "single"]
    assert walks, "no walk has pages: write in `skips` why"
    return walks


@case("12")
def empty_page_in_the_middle(bench: HttpBench) -> None:
    """An empty page that is not the last: goes on, everything lands."""
    for walk in paged(bench):
        walk.strike(strikes.emptied_again(walk.walk.records))
        walk.land()
        walk.assert_complete("an empty page in the middle")


@case("13")
def same_page_twice(bench: HttpBench) -> None:
    """The same page served twice: everything lands, no record twice; what came twice is counted or passed over."""
    for walk in paged(bench):
        walk.strike(faults.same_page_again())
        manifest = walk.land()
        walk.assert_complete("the same page twice")
        assert manifest is not None
        beyond = manifest.records_landed - manifest.duplicate_records
        keys = walk.landed(walk.stream).filter(_change="upsert").select(walk.streams[walk.stream].key).n_unique()
        assert beyond == keys, (
            f"{walk.walk.name}: {manifest.duplicate_records} duplicates counted, {beyond} of {keys} left"
        )


@case("14")
def next_page_leads_back(bench: HttpBench) -> None:
    """A next page that leads back to the first: found within two requests; or not taken, and everything lands."""
    for walk in paged(bench):
        pages, _ = walk.clean()
        again = walk.again()
        again.strike(faults.looping_link(), times=None)
        if again.walk.follows == "offsets":
            refused_or_complete(again, "a loop")
            assert again.page_requests() <= pages + MORE_REQUESTS
        else:
            again.refuse(ContractBroken, why="a loop")
            assert again.page_requests() <= pages + 2, f"{walk.walk.name}: {again.page_requests()} requests in a loop"


@case("15")
def same_page_for_ever(bench: HttpBench) -> None:
    """The same page for ever: given up after a bounded number of requests; nothing lands."""
    for walk in paged(bench):
        pages, _ = walk.clean()
        again = walk.again()
        again.strike(faults.same_page_again(), times=None)
        # a client without an end is stopped here and not by the patience of whoever runs this
        stop = again.strike(faults.status(404), first=pages + 2 * MORE_REQUESTS, times=None)
        refused_or_complete(again, "the same page for ever")
        assert again.page_requests() <= pages + MORE_REQUESTS, f"{walk.walk.name}: {again.page_requests()} requests"
        assert stop.struck == 0
        again.assert_cured("the same page for ever")


@case("16", changes_platform=True)
def record_added_meanwhile(bench: HttpBench) -> None:
    """A record added while pages are read: no record is lost or doubled; it is there after the next pull."""
    walks = [walk for walk in bench.walks if bench.changes().get(walk.stream) and bench.changes()[walk.stream].add]
    assert walks, "no walk's stream has `add`: write in `skips` why"
    for walk in walks:
        add = bench.changes()[walk.stream].add
        struck = walk.strike(strikes.meanwhile(lambda: add(bench.stand_in)))  # type: ignore[misc] # noqa: B023
        settles(walk, "a record added meanwhile")
        assert struck.struck == 1


@case("17", changes_platform=True)
def record_removed_meanwhile(bench: HttpBench) -> None:
    """The first record removed while pages are read: no other record is missing after the next pull."""
    walks = []
    for walk in bench.walks:
        declared = bench.changes().get(walk.stream)
        remove = declared and (declared.remove or declared.vanish)
        if remove:
            walks.append(walk)
            walk.strike(strikes.meanwhile(lambda: remove(bench.stand_in, 0)))  # noqa: B023 - struck before the next turn
            settles(walk, "a record removed meanwhile")
    assert walks, "no walk's stream has `remove` or `vanish`: write in `skips` why"


@case("18", changes_platform=True)
def record_changed_meanwhile(bench: HttpBench) -> None:
    """Records changed while pages are read, which may move to another page: the newest version after the next pull."""
    walks = []
    for walk in bench.walks:
        declared = bench.changes().get(walk.stream)
        change = declared and declared.change
        if change:
            walks.append(walk)
            walk.strike(strikes.meanwhile(lambda: [change(bench.stand_in, n) for n in (0, 1)]))  # noqa: B023
            settles(walk, "records changed meanwhile")
    assert walks, "no walk's stream has `change`: write in `skips` why"


@case("19")
def page_size_is_capped(bench: HttpBench) -> None:
    """A platform that gives smaller pages than asked for: a short page is not the end, everything lands."""
    assert bench.declaration.size_parameter, "size_parameter is not declared: write in `skips` why"
    for walk in paged(bench):
        pages, _ = walk.clean()
        again = walk.again()
        asked = bench.declaration.options.get(PAGE_SIZE_OPTION, 4)
        assert isinstance(asked, int)
        capped = strikes.asked_for(bench.declaration.size_parameter, "2" if asked > 2 else "1")
        again.strike(capped, first=1, times=None)
        again.land()
        again.assert_complete("pages that are capped")
        assert again.page_requests() > pages, f"{walk.walk.name}: the cap made no more pages"


@case("19, Airbyte: full reads agree")
def page_size_does_not_matter(bench: HttpBench) -> None:
    """Small pages and the client's own page size land the same records: none is lost at a page's end."""
    for walk in bench.walks:
        if not walk.walk.of_changes:
            walk.land()
            differs = oracle.differences(walk.live(walk.stream), bench.everything.live(walk.stream))
            assert not differs, f"{walk.stream}: other records in small pages than in large ones: {differs}"


@case("20")
def total_is_wrong(bench: HttpBench) -> None:
    """More records are counted than came: pulled once more, then IncompleteResponse; once only: everything lands."""
    total = bench.declaration.total
    assert total is not None, "total is not declared: write in `skips` why the platform's count can't be used"
    walks = [walk for walk in bench.walks if not walk.walk.of_changes]
    for walk in walks:
        effect = strikes.counts_more(3, total.header, total.key)
        fault = bench.sandbox.faults.add(faults.Fault(total.request, effect, times=None))
        walk.refuse(IncompleteResponse, why="3 records more are counted")
        assert fault.struck >= 2, f"{walk.walk.name}: the page set was not pulled once more"
        bench.sandbox.faults.clear()
        bench.sandbox.faults.add(faults.Fault(total.request, effect))
        walk.land()
        walk.assert_complete("3 records more are counted once")


@case("21")
def next_page_expires(bench: HttpBench) -> None:
    """The next page is no longer known (404, 400): read again from the start, or refused; nothing is lost."""
    for walk in paged(bench):
        for status in (404, 400):
            again = walk.again()
            again.strike(faults.status(status))
            if again.walk.follows == "offsets":
                refused_or_complete(again, f"{status} in the middle")
            else:
                again.land()
                again.assert_complete(f"{status} in the middle")


@case("21")
def next_page_is_lost_for_ever(bench: HttpBench) -> None:
    """The same each time: a fault after one page set more at most, and nothing lands; or everything by another way."""
    for walk in paged(bench):
        pages, _ = walk.clean()
        again = walk.again()
        again.strike(faults.status(410), times=None)
        refused_or_complete(again, "410 in the middle for ever")
        assert again.page_requests() <= 2 * pages + MORE_REQUESTS


def refused_or_complete(walk: WalkBench, what: str) -> None:
    """Either a fault and nothing landed, or everything: never a part."""
    before = walk.live(walk.stream)
    try:
        walk.land()
    except ConnectorError:
        assert walk.live(walk.stream) == before, f"{walk.walk.name}: {what}: a part landed"
    else:
        walk.assert_complete(what)


def settles(walk: WalkBench, what: str) -> None:
    """Everything is there after the pull in which it happened and the next; what is gone, after a full pull."""
    walk.land()
    walk.sandbox.faults.clear()
    walk.land()
    wanted = walk.expected(walk.stream)
    live = walk.live(walk.stream)
    lost = [key for key in wanted if live.get(key) != wanted[key]]
    assert not lost, f"{walk.walk.name}: {what}: {len(lost)} records are not as they are at the platform: {lost[:3]}"
    walk.land(full=True)
    assert walk.live(walk.stream) == wanted, f"{walk.walk.name}: {what}: a full pull does not heal it"
