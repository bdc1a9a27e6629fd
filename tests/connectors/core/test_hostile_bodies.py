"""Answers that would fill the memory or the stack: refused with a clear message, once, and nothing is kept.

Belongs here: bodies of a platform's answers. Does not belong here: addresses that a document
names (guarded_fetch), files (each platform's own tests).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from connectors.core.errors import ContractBroken
from connectors.core.http import Limits, PlatformSession
from connectors.core.landing.page_checks import PageChecks
from connectors.core.schema import Stream, public
from tests.connectors.scripted_server import Answer, ScriptedServer, answer, head, unframed_answer

JSON = {"Content-Type": "application/json"}
THINGS = Stream("things", "One row per thing.", ("id",), (public("id", required=True), public("odd", "json")))
MEGABYTE = b" " * 1024 * 1024
_Result = TypeVar("_Result")


def nested(levels: int, kind: str) -> str:
    return "[" * levels + "]" * levels if kind == "list" else '{"a":' * levels + "1" + "}" * levels


def in_a_record(deep: str) -> bytes:
    return f'{{"total":1,"things":[{{"id":"1","odd":{deep}}}]}}'.encode()


def in_the_envelope(deep: str) -> bytes:
    return f'{{"total":{deep},"things":[{{"id":"1"}}]}}'.encode()


def read(body: Answer) -> tuple[BaseException | None, int]:
    """What became of reading it in both ways, and how many requests were made."""
    with ScriptedServer() as server:
        server.always("GET", "/things", body)
        session = PlatformSession("toys", server.base_url, 1000, Limits(max_tries=3))
        fault = None
        try:
            response = session.get_json("/things")
            assert response.outline and response.document
        except Exception as raised:
            fault = raised
        session.close()
        return fault, len(server.requests)


@pytest.mark.parametrize("framed", [True, False], ids=["with length", "without length"])
@pytest.mark.parametrize("place", [in_a_record, in_the_envelope])
@pytest.mark.parametrize("kind", ["list", "object"])
@pytest.mark.parametrize("levels", [300, 980, 1_010, 10_000, 500_000])
def test_deep_json__is_refused_and_not_asked_for_again(
    levels: int, kind: str, place: Callable[[str], bytes], framed: bool
) -> None:
    body = place(nested(levels, kind))
    fault, requests = read(answer(200, body, JSON) if framed else unframed_answer(body))
    assert isinstance(fault, ContractBroken)
    assert "toys: GET /things sent JSON that can't be read: objects and lists are nested too deeply" in str(fault)
    assert requests == 1


@pytest.mark.parametrize("place", [in_a_record, in_the_envelope])
def test_deep_json__within_reason_is_read(place: Callable[[str], bytes]) -> None:
    assert read(answer(200, place(nested(100, "list")), JSON)) == (None, 1)


def near_the_end_of_the_stack(levels_left: int, then: Callable[[], _Result]) -> _Result:
    """Calls it where Python has so many levels left: an orchestrator's stack is deep."""
    used, frame = 0, sys._getframe()
    while frame is not None:
        used, frame = used + 1, frame.f_back  # type: ignore[assignment]

    def deeper(count: int) -> _Result:
        return then() if count == 0 else deeper(count - 1)

    return deeper(sys.getrecursionlimit() - used - levels_left)


def test_deep_json__that_passed_the_door_is_refused_at_landing_too() -> None:
    page = f'[{{"id":"1","odd":{nested(400, "list")},"more":1}}]'.encode()
    with PageChecks(THINGS, "toys.things") as checks:
        assert checks.check([page], "$[*]").are_as_declared is False
        with pytest.raises(ContractBroken, match=r"toys\.things: a page holds objects and lists that are nested too"):
            near_the_end_of_the_stack(200, lambda: checks.check([page], "$[*]"))


def test_two_gigabytes_without_a_length__end_at_the_cap_with_flat_memory() -> None:
    endless = Answer((head(200, JSON | {"Connection": "close"}), b"[", *[MEGABYTE] * 2048, b"]"), close=True)
    with ScriptedServer() as server:
        server.always("GET", "/things", endless)
        done = subprocess.run(
            [sys.executable, "-c", READER, server.base_url],
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        requests = len(server.requests)
    said = json.loads(done.stdout)
    assert said["fault"] == (
        "ContractBroken: toys: GET /things is larger than 268435456 bytes. "
        "Nothing of it was kept; lower page_size, or ask the vendor"
    )
    assert requests == 1
    # what one body may hold at most, and the reader's own; not the 2,048 MB that were on their way
    assert 0 < said["grown_megabytes"] < 256 + 64


READER = """
import json, re, resource, sys
from pathlib import Path
from connectors.core.http import PlatformSession

def peak_megabytes():
    if sys.platform == "linux":  # what rusage says there begins with the parent's peak
        return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024)

before = peak_megabytes()
session = PlatformSession("toys", sys.argv[1])
try:
    session.get_json("/things")
    fault = None
except Exception as raised:
    fault = f"{type(raised).__name__}: {raised}"
print(json.dumps({"fault": fault, "grown_megabytes": peak_megabytes() - before}))
"""
"""The reader in a process of its own: the peak of this one tells of other tests too."""
