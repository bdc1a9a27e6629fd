"""Tokens that end, credentials that are wrong, what may not be read, and that nothing is written.

Belongs here: authentication, and which kinds of request are sent. Does not belong here:
how tokens are kept on disk (tests/connectors/core/test_auth.py).
"""

from __future__ import annotations

import pytest

from connectors.core.errors import AccessDenied, AuthenticationFailed, ConnectorError
from connectors.sandbox import faults
from tests.connectors.conformance import strikes
from tests.connectors.conformance.bench import CONNECTION, Bench, HttpBench
from tests.connectors.conformance.case import ALL, case


def has_tokens(bench: HttpBench) -> str:
    assert bench.declaration.token_path, "token_path is not declared: write in `skips` how the platform knows us"
    return bench.declaration.token_path


@case("Airbyte: connection test", kinds=ALL)
def check_passes(bench: Bench) -> None:
    """With the right credentials or folder, `check` answers with a sentence."""
    assert bench.check().strip()


@case("31")
def wrong_credentials(bench: HttpBench) -> None:
    """`check` and pulls end in AuthenticationFailed after one request for a token; the connection is named."""
    for ask in (bench.check, lambda secrets: bench.pull(bench.walks[0].stream, secrets=secrets)):
        begun = bench.mark
        with pytest.raises(AuthenticationFailed, match=f"(?i){CONNECTION}"):
            ask(secrets=bench.declaration.wrong_secrets)
        if bench.declaration.token_path:
            assert bench.token_requests(begun) == 1, f"{bench.token_requests(begun)} requests for a token"
        assert bench.mark - begun <= 4, f"{bench.mark - begun} requests with wrong credentials"


@case("28")
def token_expires_meanwhile(bench: HttpBench) -> None:
    """The token expires in the middle: one new one, the same page again, everything lands."""
    has_tokens(bench)
    for walk in bench.walks:
        walk.strike(strikes.meanwhile(lambda: bench.declaration.expire_tokens(bench.stand_in)))
        walk.land()
        walk.assert_complete("a token that expired")
        asked = walk.token_requests(walk.begun)
        assert asked == 2, f"{walk.walk.name}: {asked} requests for a token where 2 are due"


@case("29")
def odd_life_of_a_token(bench: HttpBench) -> None:
    """expires_in absent, 0, "3600" or 5: one token serves the whole pull."""
    token_path = has_tokens(bench)
    walk = bench.walks[0]
    for life in (None, 0, "3600", 5):
        fresh = walk.again()
        bench.sandbox.faults.clear()
        bench.sandbox.faults.add(
            faults.Fault(f"({token_path})(?#token)", strikes.granted("expires_in", life), times=None)
        )
        fresh.land()
        asked = fresh.token_requests(fresh.begun)
        assert asked == 1, f"expires_in {life!r}: {asked} requests for a token"
        fresh.assert_complete(f"expires_in {life!r}")


@case("32")
def token_refused_for_ever(bench: HttpBench) -> None:
    """401 also after a new token: AuthenticationFailed after two requests of a page; nothing lands."""
    for walk in bench.walks:
        fault = walk.strike(faults.status(401), times=None)
        walk.refuse(AuthenticationFailed, why="401 for ever")
        assert fault.struck <= 2, f"{walk.walk.name}: asked {fault.struck} times"
        assert walk.token_requests(walk.begun) <= 2
        walk.assert_cured("401 for ever")


@case("33")
def one_stream_denied(bench: HttpBench) -> None:
    """403 on one stream: AccessDenied, which stops no other; another stream lands."""
    requests, denied = bench.declaration.denied
    bench.sandbox.faults.add(faults.Fault(requests, faults.status(403), times=None))
    told = bench.refused(denied, AccessDenied, why="403")
    assert not told.stops_connection
    landed = 0
    for other in bench.streams:
        if other != denied and not landed:
            try:
                landed = len(bench.live(other)) if bench.pull(other) else 0
            except ConnectorError:
                continue  # a stream may need the denied one; some other must land
    assert landed, "no other stream landed"


@case("a write is never sent, nor repeated", changes_platform=True)
def only_reads(bench: HttpBench) -> None:
    """All streams in full, and those with changes again: nothing but GET, and one POST for a token."""
    begun = bench.mark
    for stream in [*bench.streams, *bench.changes()]:
        bench.pull(stream)
    sent = bench.sandbox.requests[begun:]
    assert len(sent) > len(bench.streams)
    tokens = bench.asked(bench.declaration.token_path, begun) if bench.declaration.token_path else []
    written = [f"{each.method} {each.path}" for each in sent if each.method != "GET" and each not in tokens]
    assert not written, f"the platform was written to: {written[:3]}"
    posted = [each for each in tokens if each.method != "GET"]
    assert len(posted) <= 1, f"{len(posted)} requests for a token where one lasts"


@case("31: a refused write is not repeated")
def broken_token_endpoint(bench: HttpBench) -> None:
    """A token endpoint that answers 400, a page, or JSON without a token: refused, and asked once."""
    token_path = f"({has_tokens(bench)})(?#token)"
    walk = bench.walks[0]
    page = faults.login_page()
    for effect in (strikes.answer_with(400, {"error": "invalid_grant"}), strikes.answer_with(200, {}), page):
        fresh = walk.again()
        bench.sandbox.faults.clear()
        fault = bench.sandbox.faults.add(faults.Fault(token_path, effect, times=None))
        fresh.refuse(ConnectorError, why="no token is given")
        assert fault.struck == 1, f"the token endpoint was asked {fault.struck} times"
        fresh.assert_cured("no token is given")
