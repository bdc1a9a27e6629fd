"""The kit finds what it is there for: clients that are broken on purpose fail the case that is about it.

Belongs here: broken clients, and the cases that must fail them. Does not belong here: the
platforms themselves (test_conformance).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.badgr.client import BadgrConnector
from connectors.core.auth import PasswordGrant
from connectors.core.connector import Connection, Connector, Cursor, Pulled, Sink
from connectors.core.errors import AuthenticationFailed, ConnectorError
from connectors.core.http import JsonResponse
from connectors.core.paging import Page
from connectors.core.schema import Stream
from connectors.edfi.client import EdFiConnector
from connectors.open_badges.client import OpenBadgesConnector
from connectors.registry import PLATFORMS
from connectors.sandbox.district import generate
from tests.connectors.conformance.case import all_cases, cases_of
from tests.connectors.conformance.declaration import PLATFORMS_FOLDER, Declaration, declarations
from tests.connectors.conformance.runner import Platforms

README = Path(__file__).with_name("README.md")
SHORTEST_REASON = 15


# broken clients ----------------------------------------------------------------------------


class DropsTheLastPage(BadgrConnector):
    def _linked(self, path: str, params: dict[str, str], what: str) -> Iterator[Page]:
        pages = list(super()._linked(path, params, what))
        yield from pages[:-1] if len(pages) > 1 else pages


class IgnoresRevocations(BadgrConnector):
    def _pull_changes(self, stream: Stream, since: Any, sink: Sink) -> Pulled:
        return super()._pull_changes(stream, since, _WithoutRevoked(sink))


class _WithoutRevoked:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def add_page(self, body: bytes, records_path: str) -> None:
        if b'"revoked":true' not in body:
            self._sink.add_page(body, records_path)


class IgnoresDeletes(EdFiConnector):
    def _changes(self, stream: Stream, window: dict[str, str]) -> Any:
        return replace(super()._changes(stream, window), deleted=set())


class RepeatsAWrite(BadgrConnector):
    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        for _ in range(2):
            self._http.post_form("/v2/assertions", "badgeclass=bc-1")
        return super().pull(stream, cursor, sink)


class TakesABadEnvelopeForNothing(BadgrConnector):
    def _records(self, response: JsonResponse) -> list[Any]:
        try:
            return super()._records(response)
        except ConnectorError:
            return []

    def _pull_everything(self, stream: Stream, sink: Sink, reason: str = "") -> Pulled:
        pages = [page for page in self._all_pages(stream) if page.records]
        for page in pages:
            sink.add_page(page.response.body, "$.result[*]")
        return Pulled(None, is_reset=True, pages=len(pages))


class LogsATokenAway(BadgrConnector):
    def check(self) -> str:
        logging.getLogger("vendor").debug("signing in with %s", self._auth.access_token())
        return super().check()


class TellsThePassword(BadgrConnector):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._password = connection.secrets["password"]

    def check(self) -> str:
        try:
            return super().check()
        except AuthenticationFailed as fault:
            raise AuthenticationFailed(f"{fault}: {self._password} was not taken") from None


class _AsksTwice(PasswordGrant):
    def _signed_in(self) -> Any:
        try:
            return super()._signed_in()
        except AuthenticationFailed:
            return super()._signed_in()


class AsksAgainWithWrongCredentials(BadgrConnector):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._auth.__class__ = _AsksTwice


class TrustsAnyCursor(BadgrConnector):
    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        return super().pull(stream, cursor and {**cursor, "server": self._http.base_url}, sink)


class BelievesACursorOf2999(BadgrConnector):
    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        if cursor and str(cursor.get("changed_since", "")).startswith("2999"):
            return Pulled(cursor, is_reset=False, pages=0)
        return super().pull(stream, cursor, sink)


class StopsAtAShortPage(EdFiConnector):
    def _pages(self, stream: Stream, window: dict[str, str], expected: int | None) -> Iterator[Page]:
        for page in super()._pages(stream, window, None):
            yield page
            if len(page.records) < self._page_size:
                return

    def _total(self, stream: Stream) -> int | None:
        return None


class CrashesOnOddAnswers(BadgrConnector):
    def _records(self, response: JsonResponse) -> list[Any]:
        records: list[Any] = response.document["result"]
        return [dict(record) for record in records]


class KeepsNoCount(EdFiConnector):
    def _total(self, stream: Stream) -> int | None:
        super()._total(stream)
        return None


class GoesOnFromAKilledPull(BadgrConnector):
    """Keeps where it is beside the landing: state that leads its data."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._state = connection.state_folder

    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        mark = self._state / f"begun-{stream.name}"
        if mark.exists():
            return Pulled(cursor, is_reset=False, pages=0)
        mark.parent.mkdir(exist_ok=True)
        mark.touch()
        return super().pull(stream, cursor, sink)


class CallsEachReadNew(OpenBadgesConnector):
    def pull(self, stream: Stream, cursor: Cursor | None, sink: Sink) -> Pulled:
        return super().pull(stream, None, sink)


BROKEN: list[tuple[type[Connector], str, str, str]] = [
    (DropsTheLastPage, "badgr", "page_size_does_not_matter", "only in the second"),
    (IgnoresRevocations, "badgr", "incremental_equals_full", "after remove"),
    (IgnoresDeletes, "edfi", "incremental_equals_full", "after remove"),
    (RepeatsAWrite, "badgr", "only_reads", "written to: .*POST /badgr/v2/assertions"),
    (TakesABadEnvelopeForNothing, "badgr", "error_in_a_success", "the pull ended well"),
    (TakesABadEnvelopeForNothing, "badgr", "records_missing", "the pull ended well"),
    (LogsATokenAway, "badgr", "check_passes", "log lines tell a secret or token"),
    (TellsThePassword, "badgr", "wrong_credentials", "exceptions tell a secret or token"),
    (AsksAgainWithWrongCredentials, "badgr", "wrong_credentials", "2 requests for a token"),
    (TrustsAnyCursor, "badgr", "cursor_of_another_server", "another server's cursor was used"),
    (BelievesACursorOf2999, "badgr", "cursor_of_2999", "after a cursor of 2999"),
    (StopsAtAShortPage, "edfi", "page_size_is_capped", "pages that are capped"),
    (CrashesOnOddAnswers, "badgr", "error_in_a_success", "which is no ConnectorError"),
    (KeepsNoCount, "edfi", "total_is_wrong", "the pull ended well"),
    (GoesOnFromAKilledPull, "badgr", "resumes_from_every_checkpoint", "after a kill at delivery 1"),
    (CallsEachReadNew, "open_badges", "same_files_again", "landed twice"),
]


@pytest.fixture(scope="module")
def platforms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platforms]:
    with Platforms(generate(teachers=20, school_years=3), tmp_path_factory.mktemp("kit")) as running:
        yield running


def declared(name: str) -> Declaration:
    return next(each for each in declarations() if each.called == name)


@pytest.mark.parametrize(
    ("client", "platform", "case", "says"), BROKEN, ids=[f"{client.__name__}-{case}" for client, _, case, _ in BROKEN]
)
def test_kit__a_broken_client_fails_the_case_that_is_about_it(
    client: type[Connector], platform: str, case: str, says: str, platforms: Platforms
) -> None:
    declaration = declared(platform)
    chosen = next(each for each in cases_of(declaration) if each.name == case)
    with pytest.raises(AssertionError) as told:
        platforms.run(chosen, declaration, client)
    assert re.search(says, str(told.value)), f"it failed for another reason: {told.value}"


# declarations ------------------------------------------------------------------------------


def test_declarations__every_registered_platform_has_one() -> None:
    missing = sorted(PLATFORMS.keys() - {each.platform for each in declarations() if not each.modules})
    assert not missing, f"no declaration of {', '.join(missing)}: write {PLATFORMS_FOLDER.name}/<platform>.py"


def test_declarations__names_are_there_and_reasons_are_sentences() -> None:
    names = [each.called for each in declarations()]
    assert len(set(names)) == len(names), f"two declarations of one name: {names}"
    modules = {case.module for case in all_cases()}
    for each in declarations():
        # a second declaration of a client may hold skips of the first for cases that it leaves out
        unknown = each.skips.keys() - {case.name for case in all_cases() if each.kind in case.kinds}
        assert not unknown, f"{each.called} skips what is no case of it: {sorted(unknown)}"
        assert each.modules.keys() <= modules, f"{each.called}: {sorted(each.modules)} are not all modules of cases/"
        given = (each.skips, each.empty_streams, each.absent_fields, each.absent_withheld, each.momentary, each.modules)
        for place, reason in [item for reasons in given for item in reasons.items()]:
            assert len(reason) >= SHORTEST_REASON and " " in reason, f"{each.called}: {place}: no reason: {reason!r}"
        streams = {stream.name for stream in PLATFORMS[each.platform].streams}
        places = [*each.empty_streams, *each.absent_withheld, *each.changes, *each.absent_fields, *each.momentary]
        strange = {place.partition(".")[0] for place in places} - streams
        assert not strange, f"{each.called} names streams that {each.platform} has not: {sorted(strange)}"


def test_readme__its_table_is_what_the_cases_say() -> None:
    lines = [
        f"| `{case.name}` | {case.rows} | {', '.join(case.kinds)} | {case.expected} |"
        for case in sorted(all_cases(), key=lambda case: (case.module, list(all_cases()).index(case)))
    ]
    table = [line for line in README.read_text().splitlines() if line.startswith("| `") and line.count("|") == 5]
    assert table == lines, "the table in README.md must read:\n" + "\n".join(lines)
