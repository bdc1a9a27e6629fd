"""Thirty days in the life of a district: what changes on its platforms, and what fails.

Belongs here: one short function a day, in the words of who causes it. Does not belong
here: what the warehouse should make of it (the tests), the stand-ins (connectors.sandbox).

A day lasts twenty minutes of the platforms' clock: longer than the overlap that each
incremental pull reads again, and thirty of them stay below the day by which a time of
change may be ahead of our own clock before it is taken for a wrong one.
"""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.sandbox import faults
from connectors.sandbox.faults import Fault
from tests.homes import Home

A_DAY = timedelta(minutes=20)
LAST = 30
ELEMENT_RATINGS = "evaluationElementRatings"


@dataclass(frozen=True)
class Day:
    """What happens before the day's pull; `is_pulled` False is a day off. refreshed: sources pulled in full."""

    happens: Callable[[Home], None]
    is_pulled: bool = True
    refreshed: tuple[str, ...] = ()


def nothing(home: Home) -> None:
    """A quiet day."""


# what people do on the platforms ------------------------------------------------------------


def _award(home: Home, number: int, **fields: object) -> str:
    """An award to somebody of the roster, issued on a day that has been."""
    assert home.sandbox.district is not None
    emails = home.sandbox.district.staffing.people["email"].to_list()
    classes = sorted(home.sandbox.badgr.entities["badgeclasses"])
    issued_on = datetime(2026, 10, 1 + number % 28, 15, tzinfo=UTC)
    return home.sandbox.badgr.add_award(
        classes[number * 7 % len(classes)], emails[number * 5 % len(emails)], issued_on, **fields
    )


def _ratings(home: Home, first: int, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Some element ratings that have a score, with their ids."""
    edfi = home.sandbox.edfi
    collection = edfi.state.collections[ELEMENT_RATINGS]
    positions = collection.positions(None, None)[first : first + 3 * count]
    records = (json.loads(body) for body in collection.documents(positions))
    scored = ((str(record["id"]), record) for record in records if record.get("results"))
    return itertools.islice(scored, count)


def _rate_anew(home: Home, first: int, count: int) -> None:
    for identifier, record in _ratings(home, first, count):
        score = record["results"][0]["rating"]
        result = record["results"][0] | {"rating": 1.0 if score > 3 else 5.0}
        home.sandbox.edfi.change(ELEMENT_RATINGS, identifier, {"results": [result]})


def awards_are_issued(home: Home) -> None:
    for number in range(3):
        _award(home, number)


def an_award_is_revoked(home: Home) -> None:
    home.sandbox.badgr.revoke(home.sandbox.badgr.award_ids()[5])


def ratings_are_corrected(home: Home) -> None:
    _rate_anew(home, 100, 10)


def a_rating_is_added(home: Home) -> None:
    """An element seen once more in the same visit, on another day."""
    for _, record in _ratings(home, 2000, 3):
        reference = dict(record["evaluationObjectiveRatingReference"])
        reference["evaluationDate"] = reference["evaluationDate"].replace("T", " ")[:10] + "T09:41:00"
        added = {name: value for name, value in record.items() if name != "id"}
        home.sandbox.edfi.add(ELEMENT_RATINGS, added | {"evaluationObjectiveRatingReference": reference})


def ratings_are_deleted(home: Home) -> None:
    for identifier, _ in list(_ratings(home, 3000, 4)):
        home.sandbox.edfi.delete(ELEMENT_RATINGS, identifier)


def the_office_is_closed_and_the_platforms_are_not(home: Home) -> None:
    _award(home, 11)
    _rate_anew(home, 400, 5)
    home.sandbox.badgr.revoke(home.sandbox.badgr.award_ids()[9])


def the_same_ratings_are_corrected_again(home: Home) -> None:
    _rate_anew(home, 100, 5)


def a_stream_is_refused(home: Home) -> None:
    """The account loses its right to one resource, and the resource changes meanwhile."""
    _rate_anew(home, 700, 6)
    _award(home, 12)
    home.sandbox.faults.add(Fault(f"/{ELEMENT_RATINGS}", faults.status(403), times=None))


def the_right_is_given_back(home: Home) -> None:
    home.sandbox.faults.clear()
    _rate_anew(home, 703, 1)


def a_natural_key_changes(home: Home) -> None:
    """The observation was on another day than was entered: the same records, another key."""
    for identifier, record in list(_ratings(home, 4000, 3)):
        reference = record["evaluationObjectiveRatingReference"]
        day = {"evaluationDate": reference["evaluationDate"][:8] + "17T08:00:00"}
        home.sandbox.edfi.change_key(ELEMENT_RATINGS, identifier, {"evaluationObjectiveRatingReference": day})


def an_award_vanishes_without_a_word(home: Home) -> None:
    """An account was closed: Badgr's feed of changes does not tell."""
    home.sandbox.badgr.hard_delete(vanishing(home))


def vanishing(home: Home) -> str:
    """The award that vanishes."""
    return home.sandbox.badgr.award_ids()[20]


def a_definition_is_reworded(home: Home) -> None:
    classes = sorted(home.sandbox.badgr.entities["badgeclasses"])
    home.sandbox.badgr.change(classes[3], {"description": "Reworded (SYNTHETIC)."}, kind="badgeclasses")
    school = home.sandbox.edfi.ids("schools")[2]
    home.sandbox.edfi.change("schools", school, {"nameOfInstitution": "Renamed Elementary (SYNTHETIC)"})


def a_record_is_deleted_and_made_anew(home: Home) -> None:
    """The same id, so that the feed of deletes and the list both name it."""
    for identifier, record in list(_ratings(home, 5000, 2)):
        home.sandbox.edfi.delete(ELEMENT_RATINGS, identifier)
        home.sandbox.edfi.add(ELEMENT_RATINGS, record)


def a_record_of_the_last_visit_is_gone(home: Home) -> None:
    """What was made anew is deleted for good, and what was deleted is made anew."""
    edfi = home.sandbox.edfi
    (gone, _), (back, record) = list(_ratings(home, 5200, 2))
    edfi.delete(ELEMENT_RATINGS, gone)
    edfi.delete(ELEMENT_RATINGS, back)
    edfi.add(ELEMENT_RATINGS, record)
    edfi.delete(ELEMENT_RATINGS, back)
    edfi.add(ELEMENT_RATINGS, record)


def somebody_marries(home: Home) -> None:
    edfi = home.sandbox.edfi
    for identifier in edfi.ids("staffs")[10:12]:
        mails = edfi.get("staffs", identifier).get("electronicMails", [])
        renamed = [mail | {"electronicMailAddress": f"new.{mail['electronicMailAddress']}"} for mail in mails]
        edfi.change("staffs", identifier, {"lastSurname": "Newname", "electronicMails": renamed})


def a_page_is_served_twice(home: Home) -> None:
    """Fourteen awards change, the feed gives five at a time, and one page comes again."""
    badgr = home.sandbox.badgr
    for award in badgr.award_ids()[40:54]:
        badgr.change(award, {"acceptance": "Accepted"})
    badgr.page_size = 5
    home.sandbox.faults.add(Fault(r"/v2/assertions/changed.*cursor=", faults.same_page_again()))


def the_feed_is_itself_again(home: Home) -> None:
    home.sandbox.badgr.page_size = 500
    home.sandbox.faults.clear()


def many_ratings_change(home: Home) -> None:
    _rate_anew(home, 6000, 120)
    ratings_are_deleted(home)


def an_award_is_reissued(home: Home) -> None:
    badgr = home.sandbox.badgr
    old = badgr.get(badgr.award_ids()[30])
    badgr.revoke(old["entityId"])
    badgr.add_award(
        old["badgeclass"], "unused@cedar-valley.example", datetime(2026, 11, 2, tzinfo=UTC), recipient=old["recipient"]
    )


def everything_moves_once_more(home: Home) -> None:
    _rate_anew(home, 100, 3)
    _rate_anew(home, 100, 2)
    _award(home, 17)
    home.sandbox.badgr.revoke(home.sandbox.badgr.award_ids()[60])
    ratings_are_deleted(home)


# what people do with files ------------------------------------------------------------------


def _drop(home: Home, name: str) -> Path:
    return home.folder / "drop" / name


def edit_csv(path: Path, edit: Callable[[list[list[str]]], list[list[str]]], encoding: str = "utf-8-sig") -> None:
    """The rows of a CSV file, the header first, changed."""
    with path.open(encoding=encoding, newline="") as file:
        rows = list(csv.reader(file))
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(edit(rows))


def a_file_is_replaced(home: Home) -> None:
    """Consents delivered anew: answers changed, one row gone."""

    def edit(rows: list[list[str]]) -> list[list[str]]:
        changed = [[*row[:2], "Y" if row[2] == "N" else "N", *row[3:]] for row in rows[1:6]]
        return [rows[0], *changed, *rows[7:]]

    edit_csv(_drop(home, "hr/consents.csv"), edit, "utf-8")


def a_new_file_comes(home: Home) -> None:
    """The first hours of the next year."""

    def edit(rows: list[list[str]]) -> list[list[str]]:
        return [rows[0], *([*row[:4], "9/14/2026", *row[5:]] for row in rows[1:30])]

    new = _drop(home, "hr/pd_hours_2027.csv")
    new.write_bytes(_drop(home, "hr/pd_hours_2026.csv").read_bytes())
    edit_csv(new, edit, "cp1252")


def the_roster_is_corrected(home: Home) -> None:
    """Somebody is hired, somebody is struck off, an address changes."""

    def edit(rows: list[list[str]]) -> list[list[str]]:
        hired = ["777001", "Newhire", "Nia", "nia.newhire@cedar-valley.example", "2777001", *rows[3][5:]]
        moved = [*rows[4][:3], "moved@cedar-valley.example", *rows[4][4:]]
        return [*rows[:4], moved, *rows[6:], hired]

    edit_csv(_drop(home, "hr/roster_2026.csv"), edit)


def most_of_the_roster_is_missing(home: Home) -> None:
    """A delivery at a fifth of its size: the guard against mass deletion sets it aside."""
    for year in (2022, 2023, 2024, 2025):
        path = _drop(home, f"hr/roster_{year}.csv")
        path.rename(path.with_suffix(".late"))


def the_roster_is_whole_again(home: Home) -> None:
    for path in sorted(_drop(home, "hr").glob("roster_*.late")):
        path.rename(path.with_suffix(".csv"))


def badge_files_come_and_go(home: Home) -> None:
    """One new, one changed, one taken away, one that is no badge."""
    folder = _drop(home, "badges")
    # those that the platform knows nothing of come last
    files = sorted(folder.glob("*-ob20.json"))
    badge = json.loads(files[-1].read_text())
    (folder / "badge-900-ob20.json").write_text(json.dumps(badge | {"id": badge["id"] + "-again"}))
    changed = json.loads(files[-2].read_text())
    files[-2].write_text(json.dumps(changed | {"issuedOn": "2026-03-03T10:00:00Z"}))
    files[-3].unlink()
    (folder / "broken.json").write_text('{"type": "Assertion", "id": "urn:uuid:1"')


def the_ledger_is_closed(home: Home) -> None:
    """A line corrected, a line taken back, one more."""

    def edit(rows: list[list[str]]) -> list[list[str]]:
        corrected = [*rows[1][:11], "1,234.56", *rows[1][12:]]
        added = ["2026-99999", *rows[3][1:]]
        return [rows[0], corrected, *rows[3:], added]

    edit_csv(_drop(home, "hr/ledger_flagged_2026.csv"), edit)


DAYS: dict[int, Day] = {
    1: Day(awards_are_issued),
    2: Day(an_award_is_revoked),
    3: Day(ratings_are_corrected),
    4: Day(a_rating_is_added),
    5: Day(ratings_are_deleted),
    6: Day(nothing),
    7: Day(the_office_is_closed_and_the_platforms_are_not, is_pulled=False),
    8: Day(the_same_ratings_are_corrected_again),
    9: Day(a_file_is_replaced),
    10: Day(a_new_file_comes),
    11: Day(a_stream_is_refused),
    12: Day(the_right_is_given_back),
    13: Day(a_natural_key_changes),
    14: Day(an_award_vanishes_without_a_word),
    15: Day(a_definition_is_reworded),
    16: Day(nothing, refreshed=("badges",)),
    17: Day(a_record_is_deleted_and_made_anew),
    18: Day(somebody_marries),
    19: Day(the_roster_is_corrected),
    20: Day(a_page_is_served_twice),
    21: Day(most_of_the_roster_is_missing),
    22: Day(the_roster_is_whole_again),
    23: Day(the_feed_is_itself_again),
    24: Day(many_ratings_change),
    25: Day(badge_files_come_and_go),
    26: Day(a_record_of_the_last_visit_is_gone),
    27: Day(the_office_is_closed_and_the_platforms_are_not, is_pulled=False),
    28: Day(the_ledger_is_closed),
    29: Day(an_award_is_reissued),
    30: Day(everything_moves_once_more),
}
