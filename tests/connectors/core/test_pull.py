"""One load over real HTTP, with the fault in the middle: whole and once, or nothing and the cursor where it was.

Rows of the fault table: 3, 5, 13, 18, 20, 21, 31, 33.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.core.connector import Connection
from connectors.core.errors import (
    AccessDenied,
    AuthenticationFailed,
    ConnectorError,
    IncompleteResponse,
    PageSetLost,
    PlatformUnavailable,
    RateLimited,
)
from connectors.core.landing.layout import stream_folder
from connectors.core.landing.manifest import write_verdict
from connectors.core.landing.state import StreamState
from connectors.core.pull import PullOutcome, pull_stream
from connectors.edfi.client import EdFiConnector, EdFiOptions
from connectors.edfi.streams import STAFFS
from connectors.sandbox import faults
from connectors.sandbox.district import District
from connectors.sandbox.exchange import Request, Response
from connectors.sandbox.faults import Fault
from connectors.sandbox.server import Sandbox
from pipelines.progress import Silent
from pipelines.pull_source import pull_source
from tests.connectors.scripted_server import SkippingClock
from tests.homes import make_home

PAGE = r"/ed-fi/staffs\?"
LATER_PAGE = r"/ed-fi/staffs\?.*pageToken"


class Source:
    """The staff of a sandbox, pulled into a landing folder of its own, in pages of 25."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.landing = folder / "landing"
        self.clock = SkippingClock()
        options = EdFiOptions(base_url=sandbox.edfi_url, page_size=25, requests_per_second=1000)
        secrets = {"client_id": "sandbox-sis-client", "client_secret": sandbox.credentials["SIS_CLIENT_SECRET"]}
        self.connection = Connection("cedar", "sis", "America/Chicago", options, folder, folder / "state", secrets)

    def pull(self, full_refresh: bool = False) -> PullOutcome:
        connector = EdFiConnector(self.connection)
        connector._http.clock = self.clock
        try:
            return pull_stream(connector, self.connection, STAFFS, self.landing, full_refresh)
        finally:
            connector.close()

    def pull_and_accept(self) -> None:
        folder = self.pull().folder
        assert folder is not None
        write_verdict(folder, json.dumps({"outcome": "accepted"}))

    @property
    def state(self) -> StreamState:
        return StreamState.read(stream_folder(self.landing, "cedar", "edfi", "sis", "staffs"))

    def cursor(self) -> dict[str, Any] | None:
        return self.state.cursor(STAFFS.schema_hash)

    def landed(self) -> list[dict[str, Any]]:
        """The rows of the newest run, in the order in which they came."""
        frame = pl.concat([pl.read_parquet(part) for part in self.state.runs[-1].parts], how="diagonal_relaxed")
        return frame.sort("_row_number").to_dicts()

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.landing)): path.read_bytes() for path in self.landing.rglob("*") if path.is_file()
        }

    def asked(self, path: str) -> int:
        return sum(path in f"{request.path}?{request.query}" for request in self.sandbox.requests)


@pytest.fixture
def staff(district: District, tmp_path: Path) -> Iterator[Source]:
    with Sandbox.start(district) as sandbox:
        yield Source(sandbox, tmp_path)


def assert_whole(staff: Source) -> None:
    """Every record of the platform stands in the newest run exactly once."""
    assert sorted(row["id"] for row in staff.landed()) == sorted(staff.sandbox.edfi.ids("staffs"))


# -- faults that last ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "kind"),
    [
        pytest.param(faults.status(429), RateLimited, id="row 3"),
        pytest.param(faults.status(503), PlatformUnavailable, id="row 5"),
        pytest.param(faults.status(403), AccessDenied, id="row 33"),
        pytest.param(faults.status(410), PageSetLost, id="row 21"),
    ],
)
def test_fault_in_the_middle_that_lasts__leaves_the_state_as_it_was(
    staff: Source, effect: faults.Effect, kind: type[ConnectorError]
) -> None:
    staff.pull_and_accept()
    before, cursor = staff.files(), staff.cursor()
    fault = staff.sandbox.faults.add(Fault(LATER_PAGE, effect, first=2, times=None))
    with pytest.raises(kind) as caught:
        staff.pull(full_refresh=True)
    after = staff.files()
    assert fault.struck <= 6
    assert {name: after[name] for name in before} == before
    assert [Path(name).name for name in after.keys() - before.keys()] == ["_manifest.json"]
    newest = staff.state.runs[-1].manifest
    assert (newest.outcome, newest.is_transient, newest.files) == ("failed", caught.value.is_transient, [])
    assert staff.cursor() == cursor
    staff.sandbox.faults.clear()
    staff.pull(full_refresh=True)
    assert_whole(staff)


@pytest.mark.parametrize("times", [1, 5])
def test_server_fault__that_passes_in_time_costs_one_request_each(staff: Source, times: int) -> None:
    """Row 5, n below the tries: every page once, the ill one so often more."""
    staff.pull()
    undisturbed = len(staff.sandbox.requests)
    staff.sandbox.faults.add(Fault(LATER_PAGE, faults.status(503), times=times))
    staff.sandbox.requests.clear()
    staff.pull(full_refresh=True)
    # the second connector has its token from the first
    assert len(staff.sandbox.requests) == undisturbed - 1 + times
    assert_whole(staff)


# -- page sets that are not whole ----------------------------------------------------------


def test_page_token_that_expires__row_21_starts_the_page_set_again(staff: Source) -> None:
    fault = staff.sandbox.faults.add(Fault(LATER_PAGE, faults.status(410), first=2))
    manifest = staff.pull().manifest
    assert fault.struck == 1 and manifest is not None
    assert manifest.duplicate_records == 0
    assert_whole(staff)


def drops_a_page(request: Request, answer: Callable[[], Response]) -> Response:
    response = answer()
    response.body = b"[]"
    return response


def first_page_instead(sandbox: Sandbox) -> faults.Effect:
    """Sends the first page's records in place of the right ones, with the right next token: as many, others lost."""

    def effect(request: Request, answer: Callable[[], Response]) -> Response:
        right = answer()
        request.query.pop("pageToken", None)
        right.body = sandbox.edfi.answer(request).body
        return right

    return effect


def reported(change: int) -> faults.Effect:
    """The platform's own count, wrong by so many."""

    def effect(_request: Request, answer: Callable[[], Response]) -> Response:
        response = answer()
        response.headers["Total-Count"] = str(int(response.headers["Total-Count"]) + change)
        return response

    return effect


ROW_20 = {
    "a page came empty": (LATER_PAGE, lambda sandbox: drops_a_page),
    "a page came twice and another never": (LATER_PAGE, first_page_instead),
    "more is counted than sent": ("totalCount", lambda sandbox: reported(3)),
    "less is counted than sent": ("totalCount", lambda sandbox: reported(-3)),
}


@pytest.mark.parametrize("what", ROW_20)
def test_count_that_does_not_agree__row_20_is_pulled_once_more_then_fails(staff: Source, what: str) -> None:
    path, effect = ROW_20[what]
    pages = len(staff.sandbox.edfi.ids("staffs")) // 25 + 2
    staff.sandbox.faults.add(Fault(path, effect(staff.sandbox), times=None))
    with pytest.raises(
        IncompleteResponse, match=r"sis\.staffs: the platform reports \d+ records and sent \d+, 2 times"
    ):
        staff.pull()
    assert staff.asked("pageSize") == 2 * pages
    assert staff.state.runs[-1].manifest.outcome == "failed" and staff.cursor() is None


@pytest.mark.parametrize("what", ROW_20)
def test_count_that_does_not_agree_once__row_20_is_cured_by_the_second_pull(staff: Source, what: str) -> None:
    path, effect = ROW_20[what]
    # of a wrong count both requests of one pull are struck: the second asks what was added
    times = 2 if what == "less is counted than sent" else 1
    staff.sandbox.faults.add(Fault(path, effect(staff.sandbox), times=times))
    manifest = staff.pull().manifest
    assert manifest is not None and manifest.duplicate_records == 0
    assert_whole(staff)


def test_same_page_twice__row_13_is_counted_and_costs_no_second_pull(staff: Source) -> None:
    staff.sandbox.faults.add(Fault(LATER_PAGE, faults.same_page_again()))
    manifest = staff.pull().manifest
    assert manifest is not None and manifest.duplicate_records == 25
    assert {row["id"] for row in staff.landed()} == set(staff.sandbox.edfi.ids("staffs"))
    assert staff.asked("totalCount") == 2


def test_rows_added_meanwhile__are_no_fault(staff: Source) -> None:
    record = staff.sandbox.edfi.get("staffs", staff.sandbox.edfi.ids("staffs")[0])

    def adds(request: Request, answer: Callable[[], Response]) -> Response:
        staff.sandbox.edfi.add("staffs", {**record, "id": "added", "staffUniqueId": "T-ADDED"})
        return answer()

    staff.sandbox.faults.add(Fault(LATER_PAGE, adds))
    manifest = staff.pull().manifest
    assert manifest is not None and "1 records were added while pages were read" in manifest.notes[0]
    assert_whole(staff)
    assert staff.asked("totalCount") == 2


def test_row_that_changes_and_moves_to_the_last_page__row_18_comes_last_in_its_newest_version(staff: Source) -> None:
    """Both versions land; staging takes the one that the platform modified last (its unit tests prove that)."""
    staff.pull_and_accept()
    edfi = staff.sandbox.edfi
    ids = edfi.ids("staffs")
    for identifier in ids[:60]:
        edfi.change("staffs", identifier, {"lastSurname": "Before"})

    def moves(request: Request, answer: Callable[[], Response]) -> Response:
        # a platform that lists by time of change: the page that comes last now ends with the changed record
        response = answer()
        changed = edfi.change("staffs", ids[0], {"lastSurname": "After"})
        response.body = response.body[:-1] + b"," + json.dumps(changed).encode() + b"]"
        return response

    staff.sandbox.faults.add(Fault(LATER_PAGE, moves, first=2))
    manifest = staff.pull().manifest
    assert manifest is not None and manifest.duplicate_records == 1
    versions = [row["lastSurname"] for row in staff.landed() if row["id"] == ids[0]]
    assert versions == ["Before", "After"]


# -- the connection as a whole -------------------------------------------------------------


def test_wrong_secret__row_31_is_one_token_request_for_all_streams(district: District, tmp_path: Path) -> None:
    with Sandbox.start(district) as sandbox:
        home = make_home(tmp_path / "home", district, sandbox)
        sandbox.edfi._client = "sandbox-sis-client:another-secret"
        pulls = pull_source(home.settings, "sis", True, Silent())
        tokens = [request for request in sandbox.requests if request.path.endswith("/oauth/token")]
    assert len(tokens) == 1
    assert len(pulls) == 16 and all(isinstance(one.fault, AuthenticationFailed) for one in pulls)
    assert all("sis" in str(one.fault) and "sandbox-sis-secret" not in str(one.fault) for one in pulls)


def test_forbidden_stream__row_33_fails_alone(district: District, tmp_path: Path) -> None:
    with Sandbox.start(district) as sandbox:
        home = make_home(tmp_path / "home", district, sandbox)
        sandbox.faults.add(Fault("/ed-fi/staffs", faults.status(403), times=None))
        pulls = {one.stream: one for one in pull_source(home.settings, "sis", True, Silent())}
    assert isinstance(pulls["staffs"].fault, AccessDenied)
    assert all(one.manifest is not None for name, one in pulls.items() if name != "staffs")
