"""Records that are not as declared: new fields, missing ones, other types, blank keys, odd text and numbers.

Belongs here: drift of what a platform says, run through its own client and paging. Does not
belong here: what the values mean (dbt).
"""

from __future__ import annotations

import contextlib
import copy
import re
from collections.abc import Callable
from typing import Any

from connectors.core.errors import ConnectorError
from connectors.core.schema import Field, Stream
from connectors.sandbox import canaries
from tests.connectors.conformance import strikes
from tests.connectors.conformance.bench import HttpBench, WalkBench
from tests.connectors.conformance.case import case
from tests.connectors.conformance.strikes import Records

TOLERANT = {"max_reject_share": 0.9}
NEW_FIELD = "conformanceKitField"
UNUSUAL = (
    "cafe\u0301 and caf\u00e9",
    "\U0001f469\U0001f3fd\u200d\U0001f3eb",
    "\u0645\u0639\u0644\u0645\u0629 \u202ereversed\u202c",
    'tab\tquote"back\\slash\nline',
)
MARK = "conformance-kit-mark"
MANY_DIGITS = "123456789012345678901234567890"


def holders(record: Any, path: str) -> list[tuple[dict[str, Any], str]]:
    """The object that holds the last part of a dotted path, where the record has it."""
    *steps, last = path.split(".")
    for step in steps:
        record = record.get(step) if isinstance(record, dict) else None
    return [(record, last)] if isinstance(record, dict) and last in record else []


def setting(path: str, value: Callable[[Any], object]) -> Callable[[Any], int]:
    """Sets the value at a path where the record has one; says how many it set."""

    def edit(record: Any) -> int:
        found = holders(record, path)
        for holder, name in found:
            holder[name] = value(holder[name])
        return len(found)

    return edit


def removing(path: str) -> Callable[[Any], int]:
    def edit(record: Any) -> int:
        found = holders(record, path)
        for holder, name in found:
            del holder[name]
        return len(found)

    return edit


class Edited:
    """Edits records of pages as they go by, and counts what it edited.

    only_one: the middle one of those that can be edited, in the first page that has any; pages by
    offset overlap, and a page's first and last record also stand on its neighbours.
    """

    def __init__(self, edit: Callable[[Any], int], only_one: bool = False) -> None:
        self.edited = 0
        self._edit = edit
        self._only_one = only_one

    def __call__(self, records: Records) -> None:
        if not self._only_one:
            self.edited += sum(self._edit(record) for record in records)
        elif not self.edited:
            able = [place for place, record in enumerate(records) if self._edit(copy.deepcopy(record))]
            if able:
                self.edited = self._edit(records[able[len(able) // 2]])


def edit_all(walk: WalkBench, edit: Callable[[Any], int]) -> Edited:
    edited = Edited(edit)
    walk.strike(strikes.with_records(walk.walk.records, edited), first=1, times=None)
    return edited


def edit_one(walk: WalkBench, edit: Callable[[Any], int]) -> Edited:
    """Edits one record of the walk."""
    edited = Edited(edit, only_one=True)
    walk.strike(strikes.with_records(walk.walk.records, edited), first=1, times=None)
    return edited


def edit_raw(walk: WalkBench, field: Field, raw: str) -> Edited:
    """Puts JSON text in place of one record's value, as it stands."""
    edited = Edited(setting(field.source_path, lambda _: MARK), only_one=True)
    walk.strike(strikes.with_text(walk.walk.records, edited, MARK, raw), first=1, times=None)
    return edited


def plain(fields: list[Field]) -> list[Field]:
    return [field for field in fields if "[*]" not in field.source_path]


def filled(walk: WalkBench, chosen: Callable[[Stream, Field], bool]) -> list[Field]:
    """The fields of the walk's stream that are chosen and have values, those of most records first."""
    stream = walk.streams[walk.stream]
    rows = walk.wanted().values()
    counts = {field: sum(row[field.name] != "None" for row in rows) for field in plain(list(stream.fields))}
    found = [field for field in counts if chosen(stream, field) and counts[field]]
    return sorted(found, key=lambda field: -counts[field])


def served(walk: WalkBench, chosen: Callable[[Stream, Field], bool]) -> list[Field]:
    """Those of `filled` that stand in the platform's own records, and are not the client's addition."""
    found = filled(walk, chosen)
    seen: set[str] = set()

    def look(record: Any) -> int:
        seen.update(field.name for field in found if holders(record, field.source_path))
        return 0

    looking = walk.again()
    edit_all(looking, look)
    looking.land()
    return [field for field in found if field.name in seen]


def free_text(walk: WalkBench) -> Field:
    """A field of any text that says nothing of a person and leads to nothing."""
    found = served(
        walk, lambda stream, field: field.type == "text" and field.name not in stream.key and not field.required
    )
    # a status or an id may lead the client somewhere: those come last
    found.sort(key=lambda field: bool(re.search("(?i)id$|status|type|state|url", field.name)))
    assert found, f"{walk.stream}: no text field that is neither key nor required: choose another stream for the walk"
    return found[0]


@case("63")
def new_field(bench: HttpBench) -> None:
    """A field that nobody declared: named in the manifest, kept raw in `_extra`, all else as it was."""
    for walk in bench.walks:

        def edit(record: Any) -> int:
            record[NEW_FIELD] = "new"
            return 1

        edited = edit_all(walk, edit)
        manifest = walk.land()
        assert edited.edited and manifest is not None
        assert NEW_FIELD in manifest.undeclared_fields, f"{walk.walk.name}: {manifest.undeclared_fields}"
        walk.assert_complete("a new field", ignoring=("_extra",))
        assert any(NEW_FIELD in row["_extra"] for row in walk.live(walk.stream).values())


@case("64")
def required_field_gone(bench: HttpBench) -> None:
    """A required field missing from all records, or renamed: a fault; nothing lands."""
    for walk in bench.walks:
        tried = 0
        for field in served(walk, lambda _stream, field: field.required)[-2:]:
            again = walk.again()
            edited = edit_all(again, removing(field.source_path))
            again.refuse(ConnectorError, why=f"{field.name} is gone")
            tried += bool(edited.edited)
        assert tried, f"{walk.walk.name}: no required field stands in the platform's records"


@case("65")
def numbers_become_words(bench: HttpBench) -> None:
    """A typed field full of words: a fault, nothing lands; in one record: that one is rejected, the others land."""
    tried = 0
    for walk in bench.walks:
        typed = served(walk, lambda stream, field: field.type not in ("text", "json") and field.name not in stream.key)
        for field in typed[:1]:
            tried += 1
            everywhere = walk.again()
            edit_all(everywhere, setting(field.source_path, lambda _: "Effective"))
            everywhere.refuse(ConnectorError, why=f"{field.name} holds words")
            one_rejected(walk, setting(field.source_path, lambda _: "Effective"), f"{field.name} holds a word")
    assert tried, "no walk's stream has a typed field with values: choose a stream that has, or write in `skips` why"


@case("68, 70")
def blank_key(bench: HttpBench) -> None:
    """A key that is null or blank, in whole or in part: that record is rejected, the others land; or a fault."""
    for walk in bench.walks:
        for field in served(walk, lambda stream, field: field.name in stream.key):
            for blank in (None, "  "):
                edit = setting(field.source_path, lambda _, blank=blank: blank)
                one_rejected(walk, edit, f"{field.name} {blank!r}", then_heals=blank is None)


def one_rejected(walk: WalkBench, edit: Callable[[Any], int], what: str, then_heals: bool = True) -> None:
    """One bad record is counted as a reject and the others land; or the client refuses the page by name."""
    again = walk.again()
    edited = edit_one(again, edit)
    before = again.live(again.stream)
    try:
        manifest = again.land(options=TOLERANT)
    except ConnectorError:
        assert again.live(again.stream) == before, f"{walk.walk.name}: {what}: a part landed"
    else:
        assert manifest is not None and manifest.records_rejected == 1, f"{walk.walk.name}: {what}: {manifest}"
        live, wanted = again.live(again.stream), again.wanted()
        odd = [key for key, row in live.items() if wanted.get(key) != row and not walk.walk.of_changes]
        assert not odd, f"{walk.walk.name}: {what}: other records are not as they were: {odd[:3]}"
        assert len(live) >= len(wanted) - 1, f"{walk.walk.name}: {what}: {len(wanted) - len(live)} records are missing"
    assert edited.edited == 1, f"{walk.walk.name}: {what}: {edited.edited} records were edited"
    if then_heals:
        again.assert_cured(what, full=True)


@case("69")
def same_record_twice(bench: HttpBench) -> None:
    """A record twice in one page: one row in the warehouse, the second counted as a duplicate or passed over."""
    for walk in bench.walks:
        walk.strike(strikes.with_records(walk.walk.records, lambda records: records.insert(0, dict(records[-1]))))
        manifest = walk.land()
        assert manifest is not None
        walk.assert_complete("a record twice")
        keys = walk.landed(walk.stream).filter(_change="upsert").select(walk.streams[walk.stream].key).n_unique()
        assert manifest.records_landed - manifest.duplicate_records == keys


@case("71")
def unusual_text(bench: HttpBench) -> None:
    """Decomposed letters, emoji, right-to-left, quotes, line ends: stored as they stand."""
    for walk in bench.walks:
        field = free_text(walk)
        texts: dict[str, str] = {}

        def edit(record: Any) -> int:
            # a page by offset repeats a record of the one before, which keeps its text
            text = texts.setdefault(repr(record), UNUSUAL[len(texts) % len(UNUSUAL)])  # noqa: B023 - of this turn
            return setting(field.source_path, lambda _: text)(record)  # noqa: B023

        edited = edit_all(walk, edit)
        walk.land()
        assert edited.edited >= len(UNUSUAL), f"{walk.walk.name}: {field.name} stands in {edited.edited} records only"
        found = {row[field.name] for row in walk.live(walk.stream).values()}
        lost = [ascii(text) for text in UNUSUAL if text not in found]
        assert not lost, f"{walk.walk.name}: {field.name} lost {lost}"


@case("71")
def impossible_text(bench: HttpBench) -> None:
    """NUL and half a surrogate pair: stored, rejected or refused; never a crash, and a later pull has everything."""
    for walk in bench.walks:
        field = free_text(walk)
        for raw in ('"\\u0000"', '"a\\ud800b"', '"\\udc00"'):
            again = walk.again()
            edited = edit_raw(again, field, raw)
            before = again.live(again.stream)
            try:
                again.land(options=TOLERANT)
            except ConnectorError:
                assert again.live(again.stream) == before, f"{walk.walk.name}: {raw}: a part landed"
            assert edited.edited == 1
            again.assert_cured(f"text {raw}", full=True)


@case("72")
def huge_numbers(bench: HttpBench) -> None:
    """An integer beyond 64 bits in a text field keeps every digit."""
    for walk in bench.walks:
        field = free_text(walk)
        edited = edit_raw(walk, field, MANY_DIGITS)
        walk.land()
        assert edited.edited == 1
        found = {row[field.name] for row in walk.live(walk.stream).values()}
        assert MANY_DIGITS in found, f"{walk.walk.name}: {field.name} holds {[v for v in found if '123456' in v]}"


@case("G13")
def nothing_personal_is_told(bench: HttpBench) -> None:
    """Faults whose answers hold names, notes and tokens: no log line, exception or manifest repeats them."""
    people = bench.district.staffing.people
    said = f"{canaries.TEXT} {canaries.SECRET_NUMBER} {canaries.BIRTH_DATE} {people['email'][0]}"
    document = {"error": said, "message": said, said: said, "token": list(bench.secrets_used)}
    for walk in bench.walks:
        for status in (200, 400, 500):
            again = walk.again()
            again.strike(strikes.answer_with(status, document), first=1, times=None)
            with contextlib.suppress(ConnectorError):
                again.land()
        stream = walk.streams[walk.stream]
        personal = [each for each in plain(list(stream.fields)) if each.personal and each.name not in stream.key]
        for field in personal[:1]:
            again = walk.again()
            edit_all(again, setting(field.source_path, lambda _: {"note": said}))
            with contextlib.suppress(ConnectorError):
                again.land()
    # what was said is searched after every case, see runner
