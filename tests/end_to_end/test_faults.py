"""Faults over the real HTTP path, with the outcomes of the guarantees: never less than was said, or it is told.

Rows of the fault table: 1, 5, 7, 10, 11, 13, 28 while pulling; 63, 64, 65, 68 in the
records; 56, 66, 77 through the whole line.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.core.landing.layout import stream_folder
from connectors.core.landing.state import StreamState
from connectors.sandbox import faults
from connectors.sandbox.faults import Fault
from pipelines.progress import Silent
from pipelines.publish import layout
from pipelines.pull_source import StreamPull, pull_source
from tests.homes import Home, release_rows


def pull(home: Home, source: str = "sis", full_refresh: bool = True) -> dict[str, StreamPull]:
    return {pulled.stream: pulled for pulled in pull_source(home.settings, source, full_refresh, Silent())}


def state(home: Home, platform: str, connection: str, stream: str) -> StreamState:
    settings = home.settings
    return StreamState.read(stream_folder(settings.landing, settings.district.id, platform, connection, stream))


STAFFS = r"/ed-fi/staffs(\?|$)"
ELEMENT_RATINGS = r"/evaluationElementRatings\?"


@pytest.mark.parametrize(
    ("row", "path", "effect", "times", "first"),
    [
        (1, STAFFS, faults.status(429, retry_after="2"), 1, 1),
        (5, STAFFS, faults.status(503), 2, 1),
        (6, STAFFS, faults.short_body(), 1, 1),
        (7, STAFFS, faults.cut_off(), 1, 1),
        (9, STAFFS, faults.cut_gzip(), 1, 1),
        (28, STAFFS, faults.status(401), 1, 1),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else "",
)
def test_faults__a_passing_fault_costs_nothing_but_time(
    own: Home, row: int, path: str, effect: faults.Effect, times: int, first: int
) -> None:
    expected = state(own, "edfi", "sis", "staffs").accepted[-1].manifest.records_landed
    fault = own.sandbox.faults.add(Fault(path, effect, times=times, first=first))
    pulled = pull(own)
    assert fault.struck == times, f"row {row}: the fault must have happened"
    assert all(one.fault is None for one in pulled.values())
    manifest = pulled["staffs"].manifest
    assert manifest is not None
    assert (manifest.records_landed, manifest.duplicate_records) == (expected, 0)


def test_faults__row_13_the_same_page_twice_is_counted_and_loaded_once(own: Home) -> None:
    fault = own.sandbox.faults.add(Fault(ELEMENT_RATINGS + ".*page", faults.same_page_again(), first=3))
    manifest = pull(own)["evaluation_element_ratings"].manifest
    assert fault.struck == 1 and manifest is not None
    assert manifest.duplicate_records == 500


@pytest.mark.parametrize(
    ("row", "effect", "says"),
    [
        (5, faults.status(500, retry_after="0"), "sis.*staffs"),
        (10, faults.login_page(), "login page"),
        (11, faults.error_body(), "staffs"),
        (11, faults.missing_key(), "staffs"),
    ],
)
def test_faults__a_lasting_fault_fails_the_stream_and_the_others_land(
    own: Home, row: int, effect: faults.Effect, says: str
) -> None:
    before = state(own, "edfi", "sis", "staffs")
    own.sandbox.faults.add(Fault(STAFFS, effect, times=None))
    pulled = pull(own)
    after = state(own, "edfi", "sis", "staffs")
    assert pulled["staffs"].fault is not None and pulled["schools"].fault is None
    assert after.runs[-1].manifest.outcome == "failed" and not after.runs[-1].parts
    assert after.accepted == before.accepted, "the cursor stays where it was"
    own.sandbox.faults.clear()
    assert pull(own)["staffs"].fault is None


def test_faults__row_63_a_new_field_is_kept_and_reported(own: Home) -> None:
    own.sandbox.faults.add(Fault(STAFFS, faults.each_record(faults.add_field("favouriteColour", "teal")), times=None))
    manifest = pull(own)["staffs"].manifest
    assert manifest is not None and manifest.undeclared_fields == ["favouriteColour"]


def test_faults__row_64_a_renamed_required_field_stops_before_anything_lands(own: Home) -> None:
    renamed = faults.each_record(faults.rename_field("lastSurname", "familyName"))
    own.sandbox.faults.add(Fault(STAFFS, renamed, times=None))
    fault = pull(own)["staffs"].fault
    assert fault is not None
    assert "required field lastSurname is missing from all" in str(fault) and "familyName" in str(fault)


def test_faults__row_65_numbers_that_became_words_stop_the_load(own: Home) -> None:
    worded = faults.each_record(faults.set_field("educationOrganizationReference.educationOrganizationId", "Central"))
    own.sandbox.faults.add(Fault("/staffEducationOrganizationAssignmentAssociations", worded, times=None))
    fault = pull(own)["staff_assignments"].fault
    assert fault is not None and "educationOrganizationId is not a whole number" in str(fault)


@pytest.mark.parametrize("blank", [None, "", "   "])
def test_faults__row_68_a_blank_key_is_rejected_with_its_reason(own: Home, blank: str | None) -> None:
    own.rewrite("    platform: edfi\n", "    platform: edfi\n    max_reject_share: 0.2\n")
    own.sandbox.faults.add(
        Fault(STAFFS, faults.each_record(faults.set_field("staffUniqueId", blank), every=10), times=None)
    )
    manifest = pull(own)["staffs"].manifest
    assert manifest is not None
    assert 0 < manifest.records_rejected < manifest.records_received / 5
    assert manifest.records_landed + manifest.records_rejected == manifest.records_received


def test_faults__row_56_a_revoked_award_is_kept_and_no_longer_counts(own: Home) -> None:
    award_key, staff_key, record_id = own.query(
        "select credential_award_key, staff_key, source_record_id from fct_credential_awards"
        " where is_demonstrated and staff_key is not null and source_system = 'badgr' order by 1 limit 1"
    )[0]
    own.sandbox.badgr.revoke(record_id)
    assert own.run().is_published
    assert own.query(
        f"select is_revoked, is_demonstrated from fct_credential_awards where credential_award_key = '{award_key}'"
    ) == [(True, False)]
    evidence = [
        row for row in release_rows(own)["evidence"] if staff_key in row and any("revoked" in str(v) for v in row)
    ]
    assert evidence, "the leaders' evidence says that it was revoked and does not count"


@pytest.mark.parametrize(
    "transform",
    [
        pytest.param(faults.set_field("results[*].rating", 6.0), id="score 6", marks=pytest.mark.proof),
        pytest.param(faults.set_field("results[*].rating", 0.0), id="score 0"),
    ],
)
def test_g05__rows_66_and_77_a_score_off_the_scale_is_never_averaged_nor_published(
    own: Home, transform: Callable[[dict[str, object]], None]
) -> None:
    before = layout.current_file(own.settings.published, "leaders")
    rows_before = release_rows(own)
    own.sandbox.faults.add(Fault(ELEMENT_RATINGS, faults.each_record(transform, every=50), times=None))
    report = own.run("sis", full_refresh=True)
    assert not report.is_published and report.checks_failed >= 1
    named = [problem for problem in report.problems if problem.severity == "error"]
    assert any("scale" in problem.where and problem.count for problem in named), named
    assert "the last good release is" in report.last_good
    assert layout.current_file(own.settings.published, "leaders") == before
    assert release_rows(own) == rows_before
    own.sandbox.faults.clear()
    assert own.run("sis", full_refresh=True).is_published
    assert release_rows(own) == rows_before


def test_faults__row_66_an_unknown_indicator_is_never_averaged_nor_published(own: Home) -> None:
    unknown = faults.set_field("evaluationElementReference.evaluationElementTitle", "Juggling")
    own.sandbox.faults.add(Fault(ELEMENT_RATINGS, faults.each_record(unknown, every=50), times=None))
    report = own.run("sis", full_refresh=True)
    assert not report.is_published
    assert any("scale" in problem.where for problem in report.problems if problem.severity == "error")
