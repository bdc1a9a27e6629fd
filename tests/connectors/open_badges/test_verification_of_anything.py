"""Documents with anything anywhere, from files and from hosts: an outcome or a reject, never a crash."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.connectors.local_internet import LocalInternet
from tests.connectors.open_badges.test_verification import (
    BADGE_2,
    BADGES,
    BIT,
    HOST,
    ISSUER,
    ISSUER_2,
    LIST,
    PROFILE,
    Folder,
    bits,
    claims,
    hosted,
    issued,
    learner_record,
    lists,
    method,
    status_list,
)

Json = dict[str, Any]
ANYTHING = st.recursive(
    st.sampled_from([None, True, 0, -1, 1e300, "", "a", "#", "https://issuer.fr/1", "did:key:z", "did:web:", "\u0000"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "type", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)
SERVICE = {"id": f"{HOST}/refresh", "type": "1EdTechCredentialRefresh"}
FILES: dict[str, Json] = {
    "proof.json": ISSUER.with_proof(
        issued(PROFILE, credentialStatus=[LIST, BIT], refreshService=SERVICE), f"{PROFILE}#key-1"
    ),
    "bare.json": issued(),
    "hosted.json": hosted(),
    "record.json": learner_record([issued(id="urn:uuid:4"), ISSUER.with_proof(issued(id="urn:uuid:1"))]),
}
PAGES: dict[str, Json] = {
    PROFILE: lists(method(), assertionMethod=["#key-1"], publicKey=f"{HOST}/key"),
    LIST["id"]: {"id": LIST["id"], "issuer": PROFILE, "revokedCredential": [{"id": "urn:uuid:9"}]},
    f"{HOST}/status": ISSUER.with_proof(status_list(bits(9), issuer=PROFILE), f"{PROFILE}#key-1"),
    f"{HOST}/refresh": issued(PROFILE),
    f"{BADGES}/a/1": hosted(),
    f"{BADGES}/b/1": BADGE_2,
    f"{BADGES}/i/4": ISSUER_2 | {"verification": {"startsWith": BADGES}},
}
CHECKS = [HealthCheck.function_scoped_fixture]
MUCH = settings(max_examples=60, deadline=None, suppress_health_check=CHECKS)
SOME = settings(max_examples=20, deadline=None, suppress_health_check=CHECKS)  # each asks every host over TLS


@pytest.fixture(scope="module")
def internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalInternet]:
    with LocalInternet(tmp_path_factory.mktemp("internet"), ["issuer.fr", "badges.fr"]) as running:
        yield running


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every member and item."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inner:
        yield (*path, name)
        yield from places(item, (*path, name))


def changed(document: Json, number: int, value: Any) -> Json:
    """The document with one of its members replaced."""
    whole = copy.deepcopy(document)
    every = list(places(whole))
    *path, last = every[number % len(every)]
    target: Any = whole
    for name in path:
        target = target[name]
    target[last] = value
    return whole


def says_all(internet: LocalInternet) -> None:
    for url, page in PAGES.items():
        internet.says(url, page)


def test_undisturbed__each_is_what_it_is(tmp_path: Path, internet: LocalInternet) -> None:
    says_all(internet)
    folder = Folder(tmp_path, internet)
    for name in ("proof.json", "bare.json", "hosted.json"):
        folder.write(name, FILES[name])
    found = {name: record["verification"] for name, record in folder.pull()[0].records.items()}
    assert found == {"proof.json": "verified", "bare.json": "unverified", "hosted.json": "verified"}


@MUCH
@given(st.sampled_from(sorted(FILES)), st.integers(0, 10**4), ANYTHING)
def test_file__with_anything_anywhere(
    tmp_path: Path, internet: LocalInternet, name: str, number: int, value: Any
) -> None:
    says_all(internet)
    folder = Folder(tmp_path, internet)
    content = changed(FILES[name], number, value)
    folder.write(name, content)
    folder.write("token.jwt", ISSUER.jws(claims(issued()) | {"vc": content} if number % 2 else content))
    sink, _ = folder.pull()
    for record in sink.records.values():
        assert record["verification"] in ("verified", "invalid", "unknown", "unverified")
        assert (record["verification"] == "verified") is ("verification_reason" not in record)
    (tmp_path / "badges" / name).unlink()


@SOME
@given(st.sampled_from(sorted(PAGES)), st.integers(0, 10**4), ANYTHING)
def test_host__that_says_anything_anywhere(
    tmp_path: Path, internet: LocalInternet, url: str, number: int, value: Any
) -> None:
    says_all(internet)
    internet.says(url, changed(PAGES[url], number, value))
    folder = Folder(tmp_path, internet)
    for name, content in FILES.items():
        folder.write(name, content)
    sink, _ = folder.pull()
    assert set(FILES) == set(sink.records) | set(sink.rejects)
