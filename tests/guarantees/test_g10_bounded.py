"""G10: every network wait, retry loop, page loop, body and file has a limit, and a test that reaches it.

The tests stand beside what they test; here stands the list, so that a limit without a test
fails, and the limits of the whole: a pull from a platform that never ends ends.
"""

from __future__ import annotations

import importlib
import json
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from connectors.badgr.client import BadgrConnector, BadgrOptions
from connectors.badgr.streams import ISSUERS
from connectors.core.connector import Connection
from connectors.core.documents import MOST_YAML_BYTES, read_yaml
from connectors.core.errors import ConfigurationError, ConnectorError
from connectors.core.guarded_fetch import FetchLimits
from connectors.core.http import Limits
from connectors.core.paging import PageLimits
from connectors.core.pull import pull_stream
from connectors.open_badges.client import OpenBadgesConnector, OpenBadgesOptions
from connectors.open_badges.streams import CREDENTIALS
from tests.connectors.counting_sink import CountingSink
from tests.connectors.scripted_server import Answer, Request, ScriptedServer, answer, head, json_answer

HTTP, PAGING, PULL = (f"tests.connectors.core.test_{name}" for name in ("http", "paging", "pull"))
FILES, BADGE_FILES = "tests.connectors.files.test_files_reading", "tests.connectors.open_badges.test_open_badges_files"
FETCH, BAKED = "tests.connectors.core.test_guarded_fetch", "tests.connectors.open_badges.test_baked_badges"

REACHED_BY: dict[str, tuple[str, str]] = {
    "Limits.max_tries": (HTTP, "test_server_fault__ends_after_the_tries"),
    "Limits.max_total": (HTTP, "test_tries__end_when_the_total_time_is_used_up"),
    "Limits.request_deadline": (HTTP, "test_drip__ends_at_the_deadline_although_each_byte_is_in_time"),
    "Limits.connect_timeout": (HTTP, "test_connection__that_nobody_accepts_ends_at_the_connect_timeout"),
    "Limits.read_timeout": (HTTP, "test_silence__ends_at_the_read_timeout"),
    "Limits.backoff_first": (HTTP, "test_backoff__is_spread_over_the_whole_step"),
    "Limits.backoff_longest": (HTTP, "test_backoff__is_spread_over_the_whole_step"),
    "Limits.max_retry_after": (HTTP, "test_retry_after__longer_than_the_cap_ends_at_once"),
    "Limits.max_body_bytes": (HTTP, "test_huge_body__stops_within_a_chunk_of_the_cap"),
    "Limits.max_token_bytes": (HTTP, "test_token_answer__has_a_cap_of_its_own"),
    "PageLimits.max_pages": (PAGING, "test_chain_without_end__stops_at_max_pages"),
    "PageLimits.max_records": (PAGING, "test_chain_without_end__stops_at_max_records"),
    "PageLimits.max_cursor": (PAGING, "test_cursor_of_great_length__is_not_followed"),
    "FetchLimits.max_bytes": (FETCH, "test_body__of_two_gigabytes_without_length_stays_flat"),
    "FetchLimits.deadline": (FETCH, "test_drip__ends_at_the_deadline"),
    "FetchLimits.connect_timeout": (FETCH, "test_name_service__that_does_not_answer_ends_at_the_timeout"),
    "FetchLimits.read_timeout": (FETCH, "test_silence__ends_at_the_read_timeout"),
    "FetchLimits.max_redirects": (FETCH, "test_redirect__three_are_followed_and_a_fourth_is_not"),
    "FetchLimits.max_total": (FETCH, "test_run__asks_no_more_once_its_time_is_used_up"),
    "FetchLimits.max_kept_bytes": (FETCH, "test_memory__of_documents_is_bounded"),
    "a badge packed in an image": (BAKED, "test_png__a_bomb_is_refused_and_memory_stays_flat"),
    "parts of an image": (BAKED, "test_png__of_endless_parts_is_refused"),
    "entities of an image": (BAKED, "test_svg__entities_are_not_expanded_and_no_address_is_followed"),
    "a packed status list": (
        "tests.connectors.open_badges.test_verification",
        "test_bitstring__that_can_not_be_believed_is_unknown",
    ),
    "steps back of an offset": (PAGING, "test_offset__a_list_that_changes_faster_than_it_is_read_is_given_up"),
    "an offset that is passed over": (PAGING, "test_offset__a_server_that_passes_it_over_is_found_out"),
    "page sets of one pull": (PULL, "test_count_that_does_not_agree__row_20_is_pulled_once_more_then_fails"),
    "waits for the rate": (HTTP, "test_rate__that_would_wait_longer_than_a_page_may_take_is_no_wait_without_end"),
    "headers of an answer": (HTTP, "test_headers__without_measure_are_refused"),
    "bodies of faults": (HTTP, "test_fault_by_status__has_a_body_that_nobody_reads"),
    "a proxy's headers": (HTTP, "test_drip__through_a_proxy_ends_at_the_deadline_too"),
    "renewals of a token": ("tests.connectors.core.test_auth", "test_refused_after_renewal__stops"),
    "an inflated workbook": (FILES, "test_xlsx__a_bomb_is_refused_before_parsing"),
    "a workbook that lies of its size": (FILES, "test_xlsx__a_bomb_that_lies_about_its_size_is_refused"),
    "rejected rows of a file": (FILES, "test_landing__too_many_ragged_rows_fail_the_run"),
    "waits for the writer's lock": (
        "tests.pipelines.test_writer_lock",
        "test_writer_lock__a_second_writer_fails_at_once_and_names_the_holder",
    ),
}
"""What is bounded, and the test that reaches the bound."""


def test_g10__every_limit_is_reached_by_a_test() -> None:
    declared = {f"{kind.__name__}.{field.name}" for kind in (Limits, PageLimits, FetchLimits) for field in fields(kind)}
    assert declared == {name for name in REACHED_BY if "." in name}
    for module, name in REACHED_BY.values():
        assert callable(getattr(importlib.import_module(module), name))


def test_g10__every_limit_is_finite_and_fits_the_one_around_it() -> None:
    limits = Limits()
    assert limits.connect_timeout + limits.read_timeout < limits.request_deadline < limits.max_total
    assert limits.backoff_longest <= limits.max_retry_after < limits.max_total
    assert limits.max_tries * limits.backoff_longest < limits.max_total
    assert limits.max_token_bytes < limits.max_body_bytes < 2**30


# -- a whole pull --------------------------------------------------------------------------


def endless_pages(request: Request) -> Answer:
    """Every page leads to another one."""
    number = int(request.query.get("cursor", "0")) + 1
    document = {
        "status": {"success": True},
        "result": [{"entityId": f"i{number}"}],
        "timestamp": "2026-11-02T08:30:00Z",
    }
    return json_answer(document, headers={"Link": f'</v2/issuers?cursor={number}>; rel="next"'})


def drip(request: Request) -> Answer:
    drops: list[bytes | float] = [head(200, {"Content-Length": "100000"})]
    for _ in range(100):
        drops += [0.05, b" "]
    return Answer(tuple(drops), close=True)


@pytest.mark.parametrize(
    ("ill", "most_requests"),
    [
        pytest.param(endless_pages, 60, id="pages without end"),
        pytest.param(drip, 6, id="bytes one by one"),
        pytest.param(lambda request: answer(503), 6, id="always unavailable"),
        pytest.param(lambda request: answer(429, headers={"Retry-After": "0"}), 6, id="always too many"),
        pytest.param(lambda request: answer(401), 6, id="never signed in"),
        pytest.param(lambda request: Answer((), close=True), 6, id="hangs up"),
    ],
)
def test_g10__a_pull_from_a_platform_that_never_ends_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ill: Callable[[Request], Answer], most_requests: int
) -> None:
    monkeypatch.setattr(PageLimits, "__init__", _with(PageLimits, max_pages=50))
    with ScriptedServer() as server:
        server.always("POST", "/o/token", json_answer({"access_token": "a1", "token_type": "Bearer"}))
        server.always("GET", "/v2/issuers/changed", endless_pages)
        server.always("GET", "/v2/issuers", ill)
        options = BadgrOptions(base_url=server.base_url, requests_per_second=1000)
        secrets = {"username": "someone@example.org", "password": "x"}
        connection = Connection("cedar", "badges", "America/Chicago", options, tmp_path, tmp_path / "state", secrets)
        connector = BadgrConnector(connection)
        connector._http.limits = Limits(max_tries=3, request_deadline=0.3, backoff_first=0.01, backoff_longest=0.02)
        started = time.monotonic()
        with pytest.raises(ConnectorError):
            pull_stream(connector, connection, ISSUERS, tmp_path / "landing")
        connector.close()
        assert time.monotonic() - started < 3
        assert len(server.asked("GET", "/v2/issuers")) <= most_requests
        assert len(server.asked("POST", "/o/token")) <= 2
    assert not list((tmp_path / "landing").rglob("*.parquet"))


def _with(kind: type[Any], **values: int) -> Callable[..., None]:
    """The kind's own `__init__` with other defaults."""
    original = kind.__init__

    def init(self: Any, **given: int) -> None:
        original(self, **{**values, **given})

    return init


# -- files ---------------------------------------------------------------------------------


def test_g10__a_settings_file_is_no_film(tmp_path: Path) -> None:
    path = tmp_path / "district.yml"
    path.write_bytes(b"# " + b"x" * MOST_YAML_BYTES)
    with pytest.raises(ConfigurationError, match="larger than 1024 KiB"):
        read_yaml(path)


def test_g10__badge_files_are_held_a_page_at_a_time(tmp_path: Path) -> None:
    """60 files of 1.5 MB each: no more than a page of them is in memory."""
    (tmp_path / "badges").mkdir()
    for number in range(60):
        document = {
            "type": "Assertion",
            "id": f"https://badges.example.org/a/{number}",
            "recipient": {"type": "email", "hashed": False, "identity": "someone@example.org"},
            "issuedOn": "2026-01-05T00:00:00Z",
            "badge": {"id": "https://badges.example.org/b/1", "issuer": {"id": "https://badges.example.org/i/1"}},
            "narrative": "n" * 1_500_000,
        }
        (tmp_path / "badges" / f"{number}.json").write_text(json.dumps(document))
    connection = Connection("cedar", "files", "UTC", OpenBadgesOptions(folder="badges"), tmp_path, tmp_path / "state")

    class Forgetful(CountingSink):
        def add_page(self, body: bytes, records_path: str) -> None:
            self.events.append("page")

    sink = Forgetful()
    tracemalloc.start()
    try:
        OpenBadgesConnector(connection).pull(CREDENTIALS, None, sink)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(sink.events) > 3
    assert peak < 60_000_000, peak
