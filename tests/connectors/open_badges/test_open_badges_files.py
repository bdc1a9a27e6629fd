"""A folder of badge files, from outside: what becomes a record, what a reject, what a note."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.core.connector import Connection, Pulled, SourceFile
from connectors.core.errors import ConfigurationError, ContractBroken
from connectors.core.pull import pull_stream
from connectors.open_badges.client import OpenBadgesConnector, OpenBadgesOptions
from connectors.open_badges.documents import NotABadge, read_document
from connectors.open_badges.records import clean_id
from connectors.open_badges.streams import CREDENTIALS

Json = dict[str, Any]


def png(*chunks: bytes) -> bytes:
    """A PNG image of no pixel with these chunks in it."""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"\0" * 13) + b"".join(chunks) + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def itxt(keyword: bytes, text: bytes, is_packed: bool = False) -> bytes:
    packed = zlib.compress(text) if is_packed else text
    return chunk(b"iTXt", keyword + b"\0" + bytes([is_packed, 0]) + b"\0\0" + packed)


def outcome(record: Json) -> Json:
    """What verification says of a record."""
    members = ("verification", "verification_reason", "checked_at")
    return {name: record[name] for name in members if name in record}


class KeepingSink:
    """Keeps what the connector hands over."""

    def __init__(self) -> None:
        self.records: dict[str, Json] = {}
        self.rejects: dict[str, tuple[str, str]] = {}

    def add_page(self, body: bytes, records_path: str) -> None:
        assert records_path == "$[*]"
        for record in json.loads(body):
            self.records[record["file_name"]] = record

    def add_frame(self, frame: pl.DataFrame, source_file: SourceFile) -> None:
        raise AssertionError("badge files hand over pages")

    def add_deletes(self, keys: Sequence[str]) -> None:
        raise AssertionError("badge files report no deletes")

    def add_reject(self, row: int | None, field: str, reason: str) -> None:
        name, _, text = reason.partition(": ")
        self.rejects[name] = (field, text)


class Drop:
    """A folder of badge files and a connector on it."""

    def __init__(self, base: Path, folder: str = "badges") -> None:
        self.base = base
        self.folder = folder

    def write(self, name: str, content: Json | str | bytes) -> None:
        path = self.base / self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            content = json.dumps(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    @property
    def connection(self) -> Connection:
        options = OpenBadgesOptions(folder=self.folder)
        return Connection("cedar-valley", "badge_files", "UTC", options, self.base, self.base / "state")

    def connector(self) -> OpenBadgesConnector:
        return OpenBadgesConnector(self.connection)

    def pull(self, cursor: Json | None = None) -> tuple[KeepingSink, Pulled]:
        sink = KeepingSink()
        return sink, self.connector().pull(CREDENTIALS, cursor, sink)

    def record(self, content: Json | str | bytes, name: str = "a.json") -> Json:
        self.write(name, content)
        sink, _ = self.pull()
        assert name in sink.records, sink.rejects
        return sink.records[name]

    def reject(self, content: Json | str | bytes, name: str = "a.json") -> tuple[str, str]:
        self.write(name, content)
        sink, _ = self.pull()
        assert name in sink.rejects, sink.records
        return sink.rejects[name]


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    return Drop(tmp_path)


def assertion(**changes: Any) -> Json:
    body = {
        "@context": "https://w3id.org/openbadges/v2",
        "type": "Assertion",
        "id": "https://badges.example/a/1",
        "recipient": {"type": "email", "hashed": False, "identity": "ana@example.org"},
        "badge": "https://badges.example/b/questioning",
        "issuedOn": "2024-03-02T10:00:00Z",
        "verification": {"type": "HostedBadge"},
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def credential(**changes: Any) -> Json:
    body = {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        ],
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "id": "urn:uuid:1",
        "issuer": {"id": "https://issuer.example/1", "type": ["Profile"], "name": "Open Practice Network"},
        "validFrom": "2024-03-02T10:00:00Z",
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [{"identityHash": "ana@example.org", "identityType": "emailAddress", "hashed": False}],
            "achievement": {"id": "https://issuer.example/a/1", "type": ["Achievement"], "name": "Questioning"},
        },
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def subject(**changes: Any) -> Json:
    whole: Json = credential()["credentialSubject"]
    return {name: value for name, value in (whole | changes).items() if value is not None}


def jwt(payload: Any, header: Any = None) -> str:
    parts = [json.dumps(part).encode() for part in (header or {"alg": "RS256", "typ": "JWT"}, payload)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in [*parts, b"signature"])


# --- Open Badges 2.0 ---------------------------------------------------------------


def test_assertion__supporting_files_of_the_folder_name_badge_and_issuer(drop: Drop) -> None:
    drop.write(
        "deep/badge.json",
        {
            "type": "BadgeClass",
            "id": "https://badges.example/b/questioning",
            "name": "Questioning: Foundations",
            "issuer": "https://badges.example/i/4",
            "alignment": {"targetName": "Questioning", "targetCode": "C-I06", "targetUrl": "https://x.example"},
        },
    )
    drop.write("issuer.json", {"type": "Issuer", "id": "https://badges.example/i/4", "name": "Open Practice Network"})
    drop.write(
        "a.json",
        assertion(
            expires="2027-03-02T10:00:00Z",
            evidence=[{"id": "https://e.example/1", "narrative": "what I did"}],
            narrative="my story",
        ),
    )
    sink, pulled = drop.pull()
    assert sink.records["a.json"] == {
        "credential_id": "https://badges.example/a/1",
        "issuer_id": "https://badges.example/i/4",
        "issuer_name": "Open Practice Network",
        "open_badges_version": "2.0",
        "achievement_id": "https://badges.example/b/questioning",
        "achievement_name": "Questioning: Foundations",
        "alignments": [{"targetName": "Questioning", "targetUrl": "https://x.example", "targetCode": "C-I06"}],
        "recipient_identity": "ana@example.org",
        "recipient_type": "email",
        "recipient_hashed": False,
        "issued_at": "2024-03-02T10:00:00Z",
        "valid_from": "2024-03-02T10:00:00Z",
        "expires_at": "2027-03-02T10:00:00Z",
        "proof_type": "hosted",
        "evidence_urls": ["https://e.example/1"],
        "narrative": "my story",
        "evidence_narratives": ["what I did"],
        "file_name": "a.json",
        "file_format": "json",
    } | outcome(sink.records["a.json"])
    assert sink.rejects == {}
    assert "supporting documents, no awards: 1 BadgeClass, 1 Issuer" in pulled.notes


def test_assertion__embedded_badge_tells_its_issuer(drop: Drop) -> None:
    badge = {"type": "BadgeClass", "id": "urn:uuid:b", "name": "B", "issuer": {"id": "urn:uuid:i", "name": "I"}}
    record = drop.record(assertion(badge=badge))
    assert (record["achievement_id"], record["achievement_name"]) == ("urn:uuid:b", "B")
    assert (record["issuer_id"], record["issuer_name"]) == ("urn:uuid:i", "I")


def test_assertion__without_its_badge_file_the_host_stands_in_and_is_told(drop: Drop) -> None:
    drop.write("a.json", assertion())
    sink, pulled = drop.pull()
    assert sink.records["a.json"]["issuer_id"] == "https://badges.example"
    assert any("1 awards name only the address of their badge" in note for note in pulled.notes)


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"type": "OtherAssertion"}, "type", "type is not Assertion"),
        ({"type": None, "uid": "1"}, "type", "an Open Badges 1.x assertion: only 2.0 and 3.0 are read"),
        ({"id": None}, "credential_id", "id is missing"),
        ({"badge": None}, "achievement_id", "badge is missing"),
        ({"badge": {"name": "B", "issuer": "https://i.example"}}, "achievement_id", "badge has no id"),
        ({"badge": {"id": "https://b.example"}}, "issuer_id", "the issuer can't be told"),
        ({"badge": "urn:uuid:1"}, "issuer_id", "the issuer can't be told"),
        ({"recipient": {"type": "email"}}, "recipient_identity", "recipient has no identity"),
        ({"issuedOn": None}, "issued_at", "issuedOn is missing"),
    ],
)
def test_assertion__structurally_broken_is_rejected_with_its_reason(
    drop: Drop, changes: Json, field: str, reason: str
) -> None:
    drop.write("good.json", credential())
    found = drop.reject(assertion(**changes))
    assert found[0] == field
    assert found[1].startswith(reason)
    assert list(drop.pull()[0].records) == ["good.json"]


def test_assertion__revoked_by_itself_by_a_list_or_by_a_stripped_copy(drop: Drop) -> None:
    drop.write("own.json", assertion(id="urn:1", revoked=True))
    drop.write("listed.json", assertion(id="urn:2"))
    drop.write("listed_object.json", assertion(id="urn:3"))
    drop.write("stripped.json", assertion(id="urn:4"))
    drop.write("stripped_now.json", {"type": "Assertion", "id": "urn:4", "revoked": True})
    drop.write("lost.json", {"type": "Assertion", "id": "urn:5", "revoked": True})
    drop.write("valid.json", assertion(id="urn:6"))
    drop.write("list.json", {"type": "RevocationList", "id": "urn:l", "revokedAssertions": ["urn:2", {"id": "urn:3"}]})
    sink, _ = drop.pull()
    assert {name: record.get("revoked") for name, record in sink.records.items()} == {
        "own.json": True,
        "listed.json": True,
        "listed_object.json": True,
        "stripped.json": True,
        "valid.json": None,
    }
    assert list(sink.rejects) == ["lost.json"]


# --- Open Badges 3.0 ---------------------------------------------------------------


def test_credential__contexts_and_dates_of_both_data_models(drop: Drop) -> None:
    record = drop.record(credential(validUntil="2030-01-01T00:00:00Z", awardedDate="2023-05-05T00:00:00Z"))
    assert (record["issued_at"], record["valid_from"], record["expires_at"]) == (
        "2023-05-05T00:00:00Z",
        "2024-03-02T10:00:00Z",
        "2030-01-01T00:00:00Z",
    )
    older = credential(
        validFrom=None,
        issuanceDate="2022-01-01T00:00:00Z",
        expirationDate="2025-01-01T00:00:00Z",
        issuer="https://issuer.example/2",
        type=["VerifiableCredential", "AchievementCredential"],
        proof=[{"type": "Ed25519Signature2020"}],
    )
    record = drop.record(older)
    assert (record["issued_at"], record["valid_from"], record["expires_at"], record["issuer_id"]) == (
        "2022-01-01T00:00:00Z",
        "2022-01-01T00:00:00Z",
        "2025-01-01T00:00:00Z",
        "https://issuer.example/2",
    )
    assert (record["proof_type"], record["verification"]) == ("Ed25519Signature2020", "unknown")


@pytest.mark.parametrize(
    ("changes", "identity", "kind"),
    [
        ({}, "ana@example.org", "email"),
        ({"identifier": None, "id": "mailto:ana@example.org"}, "ana@example.org", "email"),
        ({"identifier": None, "id": "did:example:1"}, "did:example:1", "id"),
        (
            {
                "identifier": [
                    {"identityHash": "4217", "identityType": "sourcedId", "hashed": False},
                    {"identityHash": "sha256$00", "identityType": "emailAddress", "hashed": True, "salt": "s"},
                ]
            },
            "sha256$00",
            "email",
        ),
        ({"identifier": None}, None, None),
    ],
)
def test_credential__recipient_prefers_an_email(
    drop: Drop, changes: Json, identity: str | None, kind: str | None
) -> None:
    record = drop.record(credential(credentialSubject=subject(**changes)))
    assert record.get("recipient_identity") == identity
    assert record.get("recipient_type") == kind


def test_credential__jwt_with_and_without_a_vc_claim(drop: Drop) -> None:
    bare = credential(validFrom=None, id=None, issuer=None)
    claims = {"iss": "https://issuer.example/9", "jti": "urn:uuid:9", "nbf": 1709373600, "exp": 1893456000}
    for payload in ({"vc": bare} | claims, bare | claims):
        record = drop.record(jwt(payload) + "\n", "a.jwt")
        assert record["credential_id"] == "urn:uuid:9"
        assert record["issuer_id"] == "https://issuer.example/9"
        assert (record["issued_at"], record["expires_at"]) == ("2024-03-02T10:00:00Z", "2030-01-01T00:00:00Z")
        assert (record["proof_type"], record["file_format"], record["verification"]) == ("jwt", "jwt", "unknown")
    assert drop.record(jwt(credential()), "b.txt")["credential_id"] == "urn:uuid:1"
    assert drop.record(jwt(assertion()), "c.jws")["open_badges_version"] == "2.0"


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        (
            {"type": ["VerifiableCredential", "OtherCredential"]},
            "type",
            "type holds neither AchievementCredential nor OpenBadgeCredential",
        ),
        (
            {"type": ["VerifiableCredential", "ClrCredential"]},
            "credentialSubject",
            "a comprehensive learner record that holds no credential",
        ),
        ({"issuer": None}, "issuer_id", "issuer is missing"),
        ({"issuer": {"name": "X"}}, "issuer_id", "issuer is missing"),
        ({"id": " "}, "credential_id", "id is missing"),
        ({"credentialSubject": {"id": "did:x:1"}}, "achievement_id", "credentialSubject.achievement is missing"),
        ({"credentialSubject": "x"}, "achievement_id", "credentialSubject is missing or not one subject"),
        (
            {"credentialSubject": {"achievement": {"name": "A"}}},
            "achievement_id",
            "credentialSubject.achievement has no id",
        ),
        ({"validFrom": None}, "issued_at", "none of awardedDate, validFrom, issuanceDate is there"),
    ],
)
def test_credential__structurally_broken_is_rejected_with_its_reason(
    drop: Drop, changes: Json, field: str, reason: str
) -> None:
    found = drop.reject(credential(**changes))
    assert found[0] == field
    assert found[1].startswith(reason)


# --- what is no badge -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.json", b"", "the file is empty"),
        ("a.json", b'{"type": "Assertion"', "the file is not JSON (line 1, column"),
        ("a.json", b'{"a": NaN}', "the file is not JSON"),
        ("a.json", b'{"a": "\xff"}', "the file is not JSON"),
        ("a.json", b"[]", "the file holds a list"),
        (
            "a.json",
            b'{"type": "Assertion", "more": ' + b"[" * 300 + b"]" * 300 + b"}",
            "the file is nested more than 100",
        ),
        ("a.json", b'{"type": "Assertion", "more": ' + b"[" * 100_000, "the file is not JSON"),
        ("a.json", b'"text"', "the file holds no JSON object"),
        ("a.json", b"{}", "neither an Open Badges 2.0 Assertion nor a 3.0 credential"),
        ("a.json", b'{"credential": []}', "holds a list of credentials"),
        ("a.json", b"%PDF-1.7 ...", "a PDF is no badge file"),
        ("a.jwt", b"hello", "neither JSON nor a JWT"),
        ("a.jwt", b"a.b.c.d.e", "an encrypted JWT"),
        ("a.jwt", b"e30.e30", "neither JSON nor a JWT"),
        ("a.jwt", b"x.e30.e30", "the JWT's header is not base64url"),
        ("a.jwt", b"e30.aGVsbG8.e30", "the JWT's payload is not JSON"),
        ("a.jwt", b"e30.e30.", "neither an Open Badges 2.0 Assertion nor a 3.0 credential"),
        ("certificate.pdf", b"%PDF-1.7 ...", "a PDF is no badge file"),
        ("awards.docx", b"PK", "a .docx file is no badge file"),
    ],
)
def test_no_badge__rejected_with_its_reason_and_the_rest_read(
    drop: Drop, name: str, content: bytes, reason: str
) -> None:
    drop.write("good.json", assertion())
    found = drop.reject(content, name)
    assert found[1].startswith(reason)
    assert list(drop.pull()[0].records) == ["good.json"]


def test_passed_over__images_companions_and_links_are_counted(drop: Drop, tmp_path: Path) -> None:
    drop.write("good.json", assertion())
    drop.write("a.png", png())
    drop.write("b.svg", b"<svg/>")
    drop.write("README.txt", b"what this folder is")
    drop.write("LICENSE", b"Apache")
    drop.write(".DS_Store", b"")
    drop.write(".hidden/x.json", b"{}")
    (tmp_path / "outside.json").write_text("{}")
    (tmp_path / "badges/link.json").symlink_to(tmp_path / "outside.json")
    sink, pulled = drop.pull()
    assert sink.rejects == {}
    assert "2 PNG or SVG images without a badge passed over" in pulled.notes
    assert "2 text files that are no badges passed over" in pulled.notes
    assert "1 symbolic links passed over" in pulled.notes


def test_folder__absent_or_without_badges_is_told(drop: Drop) -> None:
    with pytest.raises(ConfigurationError, match="badge_files: there is no folder 'badges' beside district.yml"):
        drop.connector().check()
    drop.write("README.md", b"what this folder is")
    with pytest.raises(ContractBroken, match=r"'badges' holds no badge file"):
        drop.pull()
    drop.write("a.json", assertion())
    assert drop.connector().check() == "folder badges: 1 file to read"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["type", "id", "badge", "recipient", "issuer", "credentialSubject", "achievement", "identity", "vc"]
                ),
                inner,
                max_size=6,
            )
        ),
        max_leaves=20,
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_bytes__become_a_record_a_reject_or_a_note(drop: Drop, content: bytes) -> None:
    drop.write("good.json", assertion(id="urn:good"))
    drop.write("any.json", content)
    sink, _ = drop.pull()
    assert "good.json" in sink.records
    try:
        kind = read_document(content).kind
    except NotABadge:
        assert "any.json" in sink.rejects
    else:
        assert kind == "supporting" or "any.json" in sink.records or "any.json" in sink.rejects


@pytest.mark.parametrize(
    ("given_id", "clean"),
    [
        (" https://x.example/a%20b ", "https://x.example/a b"),
        ("https://x.example/a?identity__email=ana%40example.org&v=2", "https://x.example/a?v=2"),
        ("https://x.example/a?identity__email=ana@example.org", "https://x.example/a"),
        ("https://x.example/a?v=1%2C2", "https://x.example/a?v=1,2"),
        ("urn:uuid:1", "urn:uuid:1"),
        ("  ", None),
        (7, None),
    ],
)
def test_ids__decoded_trimmed_and_without_the_recipient(given_id: Any, clean: str | None) -> None:
    assert clean_id(given_id) == clean


# --- cursor and landing -------------------------------------------------------------------


def test_cursor__unchanged_reads_nothing_and_any_change_reads_all(drop: Drop) -> None:
    drop.write("a.json", assertion(id="urn:1"))
    drop.write("b.json", assertion(id="urn:2"))
    _, pulled = drop.pull()
    sink, again = drop.pull(pulled.cursor)
    assert (sink.records, again.cursor, again.is_reset, again.pages) == ({}, pulled.cursor, False, 0)
    drop.write("b.json", assertion(id="urn:2", revoked=True))
    sink, changed = drop.pull(pulled.cursor)
    assert (len(sink.records), changed.is_reset, changed.pages) == (2, True, 1)
    (drop.base / "badges/a.json").unlink()
    sink, fewer = drop.pull(changed.cursor)
    assert (list(sink.records), fewer.is_reset) == (["b.json"], True)


def test_landing__typed_and_without_what_people_wrote(drop: Drop) -> None:
    canary = "CANARY-NARRATIVE"
    drop.write("a.json", assertion(narrative=canary, evidence=[{"id": "https://e.example", "narrative": canary}]))
    drop.write("b.json", credential(image={"id": "data:" + canary}))
    drop.write("c.json", assertion(id="urn:3", issuedOn="2024-03-02"))
    outcome = pull_stream(drop.connector(), drop.connection, CREDENTIALS, drop.base / "landing")
    assert outcome.manifest
    assert outcome.folder
    assert (outcome.manifest.records_landed, outcome.manifest.records_rejected) == (2, 1)
    assert outcome.manifest.withheld_fields == {"narrative": 1, "evidence_narratives": 1, "image": 1}
    assert outcome.manifest.undeclared_fields == []
    landed = pl.read_parquet(outcome.folder / "part-*.parquet")
    outcomes = {"a.json": "unknown", "b.json": "unverified"}
    assert dict(landed.select("file_name", "verification").iter_rows()) == outcomes
    assert landed.filter(pl.col("file_name") == "b.json")["checked_at"][0] is None
    assert json.loads(landed.filter(pl.col("file_name") == "a.json")["evidence_urls"][0]) == ["https://e.example"]
    for path in (drop.base / "landing").rglob("*"):
        assert not path.is_file() or canary.encode() not in path.read_bytes()
