"""Public sample badges, valid and broken: each one's outcome, as its own name and content say.

The hosts that they name are reserved names (example.org, example.com), so that what only a host
could tell stays unknown; a second test leads those names to this machine.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from connectors.core.connector import Connection
from connectors.core.pull import pull_stream
from connectors.open_badges.client import OpenBadgesConnector, OpenBadgesOptions
from connectors.open_badges.streams import CREDENTIALS
from tests.connectors.local_internet import LocalInternet, Page
from tests.connectors.open_badges.test_open_badges_files import Drop, KeepingSink

NO_HOST = "the host's copy could not be asked for: example.org is a reserved name, no host of the internet"
NO_ISSUER = "the issuer's document could not be asked for: example.com is a reserved name, no host of the internet"
OUTCOMES: dict[str, tuple[str, str | None]] = {
    "ob20/assertion-with-data-image.json": ("unknown", NO_HOST),
    "ob20/assertion-with-endorsements.json": ("unknown", NO_HOST),
    "ob20/basic-assertion.json": ("unknown", NO_HOST),
    "ob20/basic-assertion-expired.json": ("unknown", NO_HOST),
    "ob20/basic-assertion-expired-before-issued.json": ("invalid", "expires before it was issued"),
    "ob20/basic-assertion-in-future.json": ("invalid", "issued in the future: not valid yet"),
    "ob20/simple-badge.png": ("unknown", NO_HOST),
    "ob20/simple.jwt": ("unknown", NO_HOST.replace("host's copy", "badge's definition")),
    "ob30/complete.json": (
        "unknown",
        "the proof matches, but it can't be told that it covers every member (no compacted JSON-LD)",
    ),
    "ob30/simple.json": ("unknown", NO_ISSUER),
    "ob30/simple-context-version.json": ("unknown", NO_ISSUER),
    "ob30/simple-json.png": ("unknown", NO_ISSUER),
    "ob30/simple-json.svg": ("unknown", NO_ISSUER),
    "ob30/simple-did-key-method.json": (
        "invalid",
        "signed with a key that is not its issuer's: the issuer's id names no key and no address",
    ),
    "ob30/simple-err-proof-value.json": ("invalid", "the signature does not match"),
    "ob30/simple_v1.json": ("unknown", "a proof of the kind Ed25519Signature2020 is not checked here"),
}
REJECTED = {
    "ob20/basic-assertion-invalid-type.json": ("type", "type is not Assertion"),
    "ob30/simple-err-type.json": ("type", "type holds neither AchievementCredential nor OpenBadgeCredential"),
    "ob30/simple-err-issuer.json": ("issuer_id", "issuer is missing"),
    "ob30/simple-err-issued.json": ("achievement_id", "credentialSubject.achievement is missing"),
    "ob30/simple-noproof.json": ("achievement_id", "credentialSubject.achievement is missing"),
    "ob30/simple.jwt": ("achievement_id", "credentialSubject.achievement is missing"),
}


@pytest.fixture(scope="module")
def reference() -> Path:
    given_folder = os.environ.get("EXPERTISE_REFERENCE_DATA")
    if not given_folder:
        pytest.skip("EXPERTISE_REFERENCE_DATA is not set: the public sample badges are not on this machine")
    return Path(given_folder)


@pytest.fixture(scope="module")
def pulled(reference: Path) -> tuple[KeepingSink, tuple[str, ...]]:
    sink, result = Drop(reference, "open_badges").pull()
    return sink, result.notes


def test_reference__every_file_has_an_expected_outcome(
    reference: Path, pulled: tuple[KeepingSink, tuple[str, ...]]
) -> None:
    sink, notes = pulled
    folder = reference / "open_badges"
    suffixes = (".json", ".jwt", ".png", ".svg")
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in suffixes}
    assert {name for name in files if not name.startswith("ob20/assets/")} == set(OUTCOMES) | set(REJECTED)
    assert "supporting documents, no awards: 1 BadgeClass, 1 CryptographicKey, 3 Issuer, 1 RevocationList" in notes
    assert set(sink.records) == set(OUTCOMES)


@pytest.mark.parametrize("name", sorted(OUTCOMES))
def test_reference__outcome(pulled: tuple[KeepingSink, tuple[str, ...]], name: str) -> None:
    record = pulled[0].records[name]
    assert (record["verification"], record.get("verification_reason")) == OUTCOMES[name]
    # what could not be asked is never called revoked
    assert not record.get("revoked") and record["checked_at"]


@pytest.mark.parametrize("name", sorted(REJECTED))
def test_reference__broken_is_rejected_with_its_reason(pulled: tuple[KeepingSink, tuple[str, ...]], name: str) -> None:
    assert pulled[0].rejects[name] == REJECTED[name]


def test_reference__lands(reference: Path, tmp_path: Path) -> None:
    drop = Drop(reference, "open_badges")
    outcome = pull_stream(drop.connector(), drop.connection, CREDENTIALS, tmp_path / "landing")
    assert outcome.manifest
    landed = (outcome.manifest.records_landed, outcome.manifest.records_rejected)
    assert landed == (len(OUTCOMES), len(REJECTED))


# -- the same files where their hosts answer ------------------------------------------------


@pytest.fixture(scope="module")
def internet(reference: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """example.com publishes the keys that its samples are signed with; example.org its assertions."""
    keys = ("z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi", "z6MkrvfzkMnvCroEUP2DVc9SHPE48CRsvHiVSusHioxTYu1x")
    with LocalInternet(tmp_path_factory.mktemp("internet"), ["example.com", "example.org"]) as running:
        issuer = "https://example.com/issuers/876543"
        methods = [{"id": f"{issuer}#{key}", "publicKeyMultibase": key, "controller": issuer} for key in keys]
        running.says(issuer, {"id": issuer, "verificationMethod": methods})
        samples = reference / "open_badges/ob20"
        organisation = "https://example.org/organization.json"
        running.says(organisation, (samples / "assets/organization.json").read_bytes())
        running.says("https://example.org/key1.json", (samples / "assets/key1.json").read_bytes())
        badge = {"type": "BadgeClass", "id": "https://example.org/robotics-badge.json", "issuer": organisation}
        running.says(badge["id"], badge | {"name": "Awesome Robotics Badge"})
        running.says("https://example.org/beths-robotics-badge.json", (samples / "basic-assertion.json").read_bytes())
        yield running


def reached(reference: Path, internet: LocalInternet) -> KeepingSink:
    options = OpenBadgesOptions(folder="open_badges")
    connection = Connection("cedar-valley", "badge_files", "UTC", options, reference, reference)
    sink = KeepingSink()
    OpenBadgesConnector(connection, internet.network).pull(CREDENTIALS, None, sink)
    return sink


def test_reference__whose_hosts_answer_is_verified(reference: Path, internet: LocalInternet) -> None:
    sink = reached(reference, internet)
    found = {name: record["verification"] for name, record in sink.records.items()}
    verified = {
        "ob20/assertion-with-data-image.json",
        "ob20/basic-assertion.json",
        "ob20/simple-badge.png",
        "ob30/simple.json",
        "ob30/simple-context-version.json",
        "ob30/simple-json.png",
        "ob30/simple-json.svg",
    }
    assert {name for name, verification in found.items() if verification == "verified"} >= verified
    assert found["ob30/simple-err-proof-value.json"] == "invalid"
    # its badge is another one than the host's copy names
    assert found["ob20/assertion-with-endorsements.json"] == "invalid"
    # its key is named by http, and asked for over https
    assert found["ob20/simple.jwt"] == "verified"
    assert not [url for url in internet.asked if not url.startswith("https://")]
    assert sink.records["ob20/basic-assertion.json"]["achievement_name"] == "Awesome Robotics Badge"


def test_reference__gone_at_its_host_stays_and_is_revoked(reference: Path, internet: LocalInternet) -> None:
    address = "https://example.org/beths-robotics-badge.json"
    before = internet.pages[address]
    internet.pages[address] = Page(410, json.dumps({"id": address, "revoked": True}).encode())
    record = reached(reference, internet).records["ob20/basic-assertion.json"]
    internet.pages[address] = before
    assert record["revoked"] is True and record["verification"] != "verified"
    assert record["achievement_id"] == "https://example.org/robotics-badge.json"
