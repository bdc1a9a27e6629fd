"""G9: what is revoked or deleted at the source shows by the next run; what no feed tells, by the next full pull.

Rows 50, 51, 54, 55, 57, 58, 59 and 60 of the fault table, over real HTTP and real files. Rules of single
records are unit tests beside the staging models; the count check of a page set is in
tests/connectors/core.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connectors.core.landing.layout import stream_folder
from connectors.core.landing.state import Run, StreamState
from connectors.sandbox import faults
from connectors.sandbox.faults import Fault
from expectations.runner import AHEAD_CHECK, LATE_CHECK, SIZE_CHECK
from pipelines.full_pulls import FULL_PULL_EVERY
from pipelines.progress import Silent
from pipelines.pull_source import StreamPull, pull_source
from tests.homes import Home, judge

PLATFORMS = {"badges": "badgr", "sis": "edfi", "badge_files": "open_badges", "hr": "files"}


def pull_and_judge(home: Home, source: str) -> dict[str, StreamPull]:
    """Pull one source and judge what landed, as a run does before it builds."""
    settings = home.settings
    pulls = {pull.stream: pull for pull in pull_source(settings, source, False, Silent())}
    judge(home, source)
    return pulls


def state(home: Home, source: str, stream: str) -> StreamState:
    return StreamState.read(
        stream_folder(home.settings.landing, home.settings.district.id, PLATFORMS[source], source, stream)
    )


def findings(run: Run) -> dict[str, int]:
    assert run.verdict is not None
    return {one["check_name"]: one["record_count"] for one in run.verdict.document["findings"]}


def a_week_passes(home: Home, source: str) -> None:
    """As if the source's pulls had been made a week earlier."""
    for path in (home.folder / "landing").rglob(f"connection={source}/**/_manifest.json"):
        manifest = json.loads(path.read_text())
        manifest["started_at"] = (datetime.fromisoformat(manifest["started_at"]) - FULL_PULL_EVERY).isoformat()
        path.write_text(json.dumps(manifest))


def rewrite_rows(path: Path, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
    """Rewrite a CSV file's rows, byte order mark or not."""
    text = path.read_text(encoding="utf-8-sig")
    reader = csv.DictReader(io.StringIO(text))
    rows = change(list(reader))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, reader.fieldnames or [])
        writer.writeheader()
        writer.writerows(rows)


def watermark(home: Home) -> datetime:
    cursor = state(home, "badges", "assertions").accepted[-1].manifest.cursor
    assert cursor is not None
    return datetime.fromisoformat(cursor["changed_since"])


@pytest.mark.parametrize("before", [timedelta(0), timedelta(minutes=2)], ids=["at the cursor", "inside the look-back"])
def test_g09__rows_50_and_54_a_change_at_or_shortly_before_the_cursor_is_picked_up(
    own: Home, before: timedelta
) -> None:
    award = own.sandbox.badgr.award_ids()[0]
    own.sandbox.badgr.revoke(award)
    own.sandbox.badgr.entities["assertions"][award].updated_at = watermark(own) - before
    manifest = pull_and_judge(own, "badges")["assertions"].manifest
    assert manifest is not None and manifest.records_landed == 1 and not manifest.is_reset


def test_g09__row_51_what_no_feed_tells_is_found_within_a_week_and_counted_as_late(own: Home) -> None:
    badgr = own.sandbox.badgr
    badge_class = badgr.get(badgr.award_ids()[0])["badgeclass"]
    late = badgr.add_award(badge_class, "late@cedar-valley.example", createdAt="2020-01-01T00:00:00Z")
    badgr.entities["assertions"][late].updated_at = watermark(own) - timedelta(days=1)
    assert pull_and_judge(own, "badges")["assertions"].manifest is None, "no feed tells of it"
    a_week_passes(own, "badges")
    manifest = pull_and_judge(own, "badges")["assertions"].manifest
    assert manifest is not None and manifest.is_reset
    newest = state(own, "badges", "assertions").accepted[-1]
    assert newest.manifest.run_id == manifest.run_id
    assert findings(newest) == {LATE_CHECK: 1}
    assert pull_and_judge(own, "badges")["assertions"].manifest is None, "the full pull is not due again"


def test_g09__row_55_a_record_of_2999_does_not_move_the_cursor(own: Home) -> None:
    badgr = own.sandbox.badgr
    first, second = badgr.award_ids()[:2]
    badgr.change(first, {"createdAt": "2999-01-01T00:00:00Z", "issuedOn": "2999-01-01T00:00:00Z"})
    assert pull_and_judge(own, "badges")["assertions"].manifest is not None
    assert watermark(own).year < 2999
    badgr.revoke(second)
    manifest = pull_and_judge(own, "badges")["assertions"].manifest
    assert manifest is not None and manifest.records_landed >= 1 and not manifest.is_reset


def test_g09__row_58_a_platform_that_lost_most_of_its_awards_erases_nothing(own: Home) -> None:
    badgr = own.sandbox.badgr
    awards = badgr.award_ids()
    for award in awards[: len(awards) * 6 // 10]:
        badgr.hard_delete(award)
    a_week_passes(own, "badges")
    before = state(own, "badges", "assertions").accepted
    pulled = pull_and_judge(own, "badges")["assertions"].manifest
    after = state(own, "badges", "assertions")
    assert pulled is not None and pulled.is_reset
    assert SIZE_CHECK in findings(after.runs[-1])
    assert after.accepted == before, "neither the rows nor the cursor moved"
    again = pull_and_judge(own, "badges")["assertions"].manifest
    assert again is not None and again.is_reset, "asked again until a person has decided"


@pytest.mark.parametrize("rows_left", [0, 0.4], ids=["header only", "40 %"])
def test_g09__row_58_a_cut_off_roster_erases_nobody(own: Home, rows_left: float) -> None:
    for path in (own.folder / "drop" / "hr").glob("roster_*.csv"):
        rewrite_rows(path, lambda rows: rows[: int(len(rows) * rows_left)])
    before = state(own, "hr", "roster").accepted
    pulled = pull_and_judge(own, "hr")["roster"]
    after = state(own, "hr", "roster")
    assert after.accepted == before
    if rows_left:
        assert SIZE_CHECK in findings(after.runs[-1])
    else:
        assert pulled.fault is not None and "holds a header and no rows" in str(pulled.fault)


def test_g09__row_58_a_folder_in_which_no_award_is_left_erases_nothing(own: Home) -> None:
    """Every stream is guarded, not only those whose suite says so."""
    folder = own.folder / "drop" / "badges"
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()
    (folder / "issuer.json").write_text(json.dumps({"id": "https://issuer.example", "type": "Issuer", "name": "One"}))
    before = state(own, "badge_files", "credentials").accepted
    pulled = pull_and_judge(own, "badge_files")["credentials"].manifest
    after = state(own, "badge_files", "credentials")
    assert pulled is not None and pulled.records_landed == 0 and pulled.is_reset
    assert SIZE_CHECK in findings(after.runs[-1])
    assert after.accepted == before


def test_g09__what_changed_at_the_sources_stands_in_the_next_release(own: Home) -> None:
    """One night with everything: revoked, deleted, deleted and made anew, another address, another clock."""
    badgr, edfi = own.sandbox.badgr, own.sandbox.edfi
    counting = "select source_record_id from fct_credential_awards where is_demonstrated and source_system = 'badgr'"
    revoked, vanished = (row[0] for row in own.query(f"{counting} and record_count = 1 order by 1 limit 2"))
    ratings = edfi.ids("evaluationElementRatings")
    deleted, made_anew = ratings[:2]
    document = edfi.get("evaluationElementRatings", made_anew)
    staff = edfi.ids("staffs")[0]
    # somebody on two years' rosters, with an award under the address of the older one
    employee, staff_key, old_email, award, badge_class = own.query(
        "select newer.employee_id, awards.staff_key, lower(trim(newer.email)), awards.source_record_id,"
        " assertions.badge_class_id_badgr"
        " from stg_files__roster as newer"
        " join stg_files__roster as older on older.employee_id = newer.employee_id and older.school_year = 2025"
        " and lower(trim(older.email)) = lower(trim(newer.email))"
        " join dim_staff on dim_staff.roster_id = newer.employee_id"
        " join fct_credential_awards as awards on awards.staff_key = dim_staff.staff_key"
        " join stg_badgr__assertions as assertions on assertions.assertion_id_badgr = awards.source_record_id"
        " and lower(trim(assertions.recipient_plaintext_identity)) = lower(trim(newer.email))"
        f" where newer.school_year = 2026 and awards.source_record_id not in ('{revoked}', '{vanished}')"
        " order by 1, 4 limit 1"
    )[0]
    leaver = own.query(
        "select employee_id from stg_files__roster as newer join dim_staff on roster_id = employee_id"
        f" where is_active and newer.school_year = 2026 and employee_id <> '{employee}' and exists (select 1 from"
        " stg_files__roster as older where older.employee_id = newer.employee_id and older.school_year = 2025)"
        " order by 1 limit 1"
    )[0][0]
    people = own.query("select count(*) from dim_staff")[0][0]

    # the first night, pulled and not built: what the feeds tell
    badgr.revoke(revoked)
    badgr.hard_delete(vanished)
    edfi.delete("evaluationElementRatings", deleted)
    edfi.delete("evaluationElementRatings", made_anew)
    edfi.change("staffs", staff, {"lastSurname": "Skewed"})
    ahead = faults.each_record(faults.set_field("_lastModifiedDate", "2999-01-01T00:00:00Z"))
    fault = own.sandbox.faults.add(Fault(r"/ed-fi/staffs\?.*ChangeVersion", ahead, times=None))
    assert pull_and_judge(own, "badges")["assertions"].manifest.records_landed == 1  # type: ignore[union-attr]
    assert pull_and_judge(own, "sis")["evaluation_element_ratings"].manifest.records_deleted == 2  # type: ignore[union-attr]
    assert fault.struck and findings(state(own, "sis", "staffs").accepted[-1]) == {AHEAD_CHECK: 1}

    # the second night: made anew, healed, another roster, and the badge platform's full pull is due
    own.sandbox.faults.clear()
    edfi.add("evaluationElementRatings", document)
    edfi.change("staffs", staff, {"lastSurname": "Healed"})
    new_award = badgr.add_award(badge_class, "new.address@cedar-valley.example")

    def other_roster(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in rows:
            if row["Employee ID"].zfill(6) == employee:
                row["Work Email"] = "new.address@cedar-valley.example"
        return [row for row in rows if row["Employee ID"].zfill(6) != leaver]

    rewrite_rows(own.folder / "drop" / "hr" / "roster_2026.csv", other_roster)
    a_week_passes(own, "badges")
    report = own.run()
    assert report.is_published, report.problems

    awards = "select is_revoked, is_demonstrated from fct_credential_awards where source_record_id"
    assert own.query(f"{awards} = '{revoked}'") == [(True, False)], "kept, and it no longer counts"
    assert own.query(f"{awards} = '{vanished}'") == [], "found by the full pull"
    assert own.query(f"select is_deleted from stg_badgr__assertions where assertion_id_badgr = '{vanished}'") == [
        (True,)
    ]
    scored = "select count(*) from fct_evaluation_scores where source_record_id"
    assert own.query(f"{scored} = '{deleted}'") == [(0,)]
    assert own.query(f"{scored} = '{made_anew}'") == [(1,)]
    assert own.query(f"select last_name from stg_edfi__staffs where staff_resource_id_edfi = '{staff}'") == [
        ("Healed",)
    ]
    # row 60: one person before and after, by the old address and by the new
    assert own.query("select count(*) from dim_staff") == [(people,)]
    assert own.query(
        f"select distinct staff_key from fct_credential_awards where source_record_id in ('{award}', '{new_award}')"
    ) == [(staff_key,)]
    assert {("email", old_email), ("email", "new.address@cedar-valley.example")} <= set(
        own.query(f"select alias_kind, alias_value from bridge_staff_aliases where staff_key = '{staff_key}'")
    )
    # absent from the newest roster: no longer active, and still somebody
    assert own.query(f"select is_active from dim_staff where roster_id = '{leaver}'") == [(False,)]
