"""Decisions on identity: before every rule, through rebuilds and later merges, and into the queue.

Belongs here: log, build input and dbt together, down to the published queue. Does not belong here:
the rule of one model (unit tests beside it), the log by itself (tests/pipelines/decisions).
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.decisions.kinds import NewDecision
from pipelines.decisions.store import DecisionStore, decisions_frame
from pipelines.settings import load_settings
from tests.dbt.conftest import run_dbt, write_build_input

WHO_AND_WHY = {"reason": "asked by letter", "decided_by": "Robin Registrar"}
DECISIONS = [
    NewDecision("identity", "badgr.email", "Stitcher@Home.Example", "files", "1", "same", **WHO_AND_WHY),
    NewDecision("identity", "files", "20", "files", "2", "same", **WHO_AND_WHY),
    NewDecision("identity", "badgr.email", "twins@tiny.example", "files", "4", "different", **WHO_AND_WHY),
    NewDecision("identity", "badgr.email", "torn@home.example", "files", "1", "same", **WHO_AND_WHY),
    NewDecision("identity", "badgr.email", "torn@home.example", "files", "3", "same", **WHO_AND_WHY),
    NewDecision("identity", "badgr.email", "adda.ash@tiny.example", "files", "1", "different", **WHO_AND_WHY),
]
STAFF = {
    "1": ("Ada", "Ash", "ada.ash@tiny.example", (2025, 2026)),
    "2": ("Ben", "Birch", "ben.birch@tiny.example", (2023, 2024)),
    "20": ("Benjamin", "Birch", "benjamin@tiny.example", (2026,)),
    "3": ("Eve", "Elm", "twins@tiny.example", (2025, 2026)),
    "4": ("Fay", "Fir", "twins@tiny.example", (2025, 2026)),
}
AWARDS = (
    "stitcher@home.example",
    "twins@tiny.example",
    "torn@home.example",
    "adda.ash@tiny.example",
    "ev.elm@tiny.example",
)
ASKED = ("dim_staff", "bridge_staff_aliases", "fct_credential_awards", "int_identity__staff_matched")
QUEUE = ("pub_analysts__identity_queue", "pub_analysts__identity_matches")
Landed = dict[tuple[str, str], list[dict[str, Any]]]


def hr_and_badges() -> Landed:
    return {
        ("files", "roster"): [
            {
                "staff_id": number,
                "school_year": year,
                "first_name": given,
                "last_name": family,
                "email": email,
                "school_id": "101",
                "school_name": "Elm School",
                "role": "Teacher",
                "state_id": f"S{number}",
                "status": "Active",
            }
            for number, (given, family, email, years) in STAFF.items()
            for year in years
        ],
        ("badgr", "assertions"): [
            {
                "entityId": address,
                "badgeclass": "bc-1",
                "issuer": "iss-1",
                "recipient_identity": address,
                "recipient_type": "email",
                "recipient_hashed": False,
                "issuedOn": "2026-03-02T15:00:00Z",
                "revoked": False,
            }
            for address in AWARDS
        ],
    }


def with_a_second_roster() -> Landed:
    staffs = [
        {
            "id": f"staff-{number}",
            "staffUniqueId": f"S{number}",
            "personId": f"P{number}",
            "personSourceSystemDescriptor": "uri://ed-fi.org/SourceSystemDescriptor#State",
            "firstName": STAFF[number][0],
            "lastSurname": STAFF[number][1],
        }
        for number in STAFF
    ]
    # somebody whom the district's own list never had has been deleted there
    gone = staffs[0] | {"id": "staff-9", "staffUniqueId": "S9", "personId": "P9", "lastSurname": "Gone"}
    return hr_and_badges() | {
        ("edfi", "staffs"): [*staffs, gone | {"_run_id": "run-0"}, {"id": "staff-9", "_change": "delete"}]
    }


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> list[duckdb.DuckDBPyConnection]:
    """Two builds: with one roster, and from nothing with a second one."""
    home = tmp_path_factory.mktemp("decided")
    (home / "district.yml").write_text("district: {id: tiny, name: Tiny Schools, timezone: America/Chicago}\n")
    settings = load_settings(home / "district.yml", {})
    with DecisionStore.open(settings) as store:
        store.record_all(DECISIONS)
    answers = []
    models = [f"+{model}" for model in (*ASKED, *QUEUE)]
    for number, landed in enumerate((hr_and_badges(), with_a_second_roster())):
        write_build_input(home / "build_input", landed)
        decisions_frame(settings).write_parquet(home / "build_input" / "decisions.parquet")
        done = run_dbt(home, "build", "--exclude-resource-type", "unit_test", "test", "--select", *models)
        assert done.returncode == 0, done.stdout
        kept = Path(home / f"warehouse{number}.duckdb")
        shutil.move(home / "warehouse.duckdb", kept)
        shutil.rmtree(home / "build_input")
        answers.append(duckdb.connect(str(kept), read_only=True))
    return answers


def owners(build: duckdb.DuckDBPyConnection) -> dict[str, str | None]:
    """Roster id of the person whom each award was matched to."""
    return dict(
        build.execute(
            "select source_record_id, roster_id from fct_credential_awards left join dim_staff using (staff_key)"
        ).fetchall()
    )


def queue(build: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    return build.execute("select * from pub_analysts__identity_queue order by subject_id, candidate_rank").pl()


def test_decisions__decide_before_every_rule_in_every_build(builds: list[duckdb.DuckDBPyConnection]) -> None:
    for build in builds:
        assert owners(build) == {
            "stitcher@home.example": "1",
            "twins@tiny.example": "3",
            "torn@home.example": None,
            "adda.ash@tiny.example": None,
            "ev.elm@tiny.example": None,
        }
        evidence = build.execute(
            "select match_evidence from int_identity__staff_matched where match_method = 'decision'"
        ).fetchall()
        assert evidence == [("a person decided it",)]


def test_decisions__make_two_roster_records_one_person_who_keeps_the_older_key(
    builds: list[duckdb.DuckDBPyConnection],
) -> None:
    first, second = (
        dict(build.execute("select roster_id, staff_key from dim_staff where roster_platform = 'files'").fetchall())
        for build in builds
    )
    assert set(first) == {"1", "2", "3", "4"}
    assert second == first, "a later roster changes nobody's key"
    former = builds[0].execute("select staff_key from bridge_staff_aliases where alias_kind = 'staff_key'").fetchall()
    assert former == [(first["2"],)]
    names = builds[0].execute("select staff_name, is_active from dim_staff where roster_id = '2'").fetchall()
    assert names == [("Benjamin Birch", True)], "the newer record tells the name"


def test_decisions__leave_the_queue_and_contradicting_ones_enter_it(builds: list[duckdb.DuckDBPyConnection]) -> None:
    for build in builds:
        listed = queue(build)
        assert set(listed["subject_id"]) == {"adda.ash@tiny.example", "ev.elm@tiny.example", "torn@home.example"}
        refused = listed.filter(pl.col("subject_id") == "adda.ash@tiny.example")
        assert refused["target_id"].to_list() == [None], "the refused pair is proposed no more"
        open_one = listed.filter(pl.col("subject_id") == "ev.elm@tiny.example").row(0, named=True)
        assert (open_one["target_id"], open_one["reason"]) == ("3", "no_match")
        torn = listed.filter(pl.col("subject_id") == "torn@home.example")
        assert sorted(torn["target_id"]) == ["1", "3"]
        assert set(torn["reason"]) == {"contradicting_decisions"}


def test_deleted_staff__stay_people_and_are_not_active(builds: list[duckdb.DuckDBPyConnection]) -> None:
    gone = builds[1].execute("select staff_name, is_active from dim_staff where roster_id = 'S9'").fetchall()
    assert gone == [("Ada Gone", False)]


def test_matches__are_counted_by_rule(builds: list[duckdb.DuckDBPyConnection]) -> None:
    counted = builds[0].execute(
        "select outcome, rule, rule_source, record_count, record_share from pub_analysts__identity_matches order by all"
    )
    assert counted.fetchall() == [
        ("matched", "decision", "decision", 1, 0.2),
        ("matched", "email", "files", 1, 0.2),
        ("queued", "no_match", "none", 1, 0.2),
        ("unmatched", "no_match", "none", 2, 0.4),
    ]
