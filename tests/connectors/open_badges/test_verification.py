"""Is a badge what it says? Real keys, real hosts over TLS on this machine, and every step that can fail."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.core.connector import Connection
from connectors.open_badges.client import OpenBadgesConnector, OpenBadgesOptions
from connectors.open_badges.streams import CREDENTIALS
from connectors.sandbox.badge_signing import Signer, base64url
from tests.connectors.local_internet import LocalInternet, Page
from tests.connectors.open_badges.test_open_badges_files import (
    Drop,
    assertion,
    chunk,
    credential,
    png,
    subject,
)
from tests.connectors.scripted_server import SkippingClock

Json = dict[str, Any]
ISSUER = Signer("Open Practice Network")
STRANGER = Signer("somebody else")
HOST = "https://issuer.fr"
PROFILE = f"{HOST}/1"
CONTEXTS = [
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
]


class Folder(Drop):
    """A folder of badges on a machine that reaches the given hosts."""

    def __init__(self, base: Path, internet: LocalInternet, check_hosts: bool = True) -> None:
        super().__init__(base)
        self.internet = internet
        self.check_hosts = check_hosts
        self.clock = SkippingClock()

    def connector(self) -> OpenBadgesConnector:
        options = OpenBadgesOptions(folder=self.folder, check_hosts=self.check_hosts)
        connection = Connection("cedar-valley", "badge_files", "UTC", options, self.base, self.base / "state")
        return OpenBadgesConnector(connection, self.internet.network, self.clock)

    def outcome(self, content: Json | str | bytes, name: str = "a.json") -> tuple[str, str | None]:
        record = self.record(content, name)
        return record["verification"], record.get("verification_reason")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalInternet]:
    hosts = ["issuer.fr", "badges.fr", "other.fr"]
    with LocalInternet(tmp_path_factory.mktemp("internet"), hosts) as internet:
        yield internet


@pytest.fixture
def internet(running: LocalInternet) -> LocalInternet:
    running.pages.clear()
    running.asked.clear()
    return running


@pytest.fixture
def folder(tmp_path: Path, internet: LocalInternet) -> Folder:
    return Folder(tmp_path, internet)


def issued(issuer: str = ISSUER.did, **changes: Any) -> Json:
    """A credential that a JSON-LD processor accepts as it stands."""
    achievement = {
        "id": "https://issuer.fr/a/1",
        "type": ["Achievement"],
        "name": "Questioning",
        "description": "Asks questions that open a discussion.",
        "criteria": {"narrative": "Evidence of practice."},
    }
    identity = {
        "type": "IdentityObject",
        "identityHash": "ana@issuer.fr",
        "identityType": "emailAddress",
        "hashed": False,
    }
    return credential(
        **{
            "@context": CONTEXTS,
            "issuer": {"id": issuer, "type": ["Profile"], "name": "Open Practice Network"},
            "credentialSubject": subject(type=["AchievementSubject"], identifier=[identity], achievement=achievement),
        }
        | changes
    )


def claims(document: Json, **changes: Any) -> Json:
    issuer = document["issuer"]["id"]
    return document | {"iss": issuer, "jti": document["id"], "nbf": 1709373600} | changes


def lists(*methods: Json, **members: Any) -> Json:
    return {"id": PROFILE, "type": "Profile", "verificationMethod": list(methods)} | members


def method(signer: Signer = ISSUER, name: str = "#key-1", controller: str = PROFILE) -> Json:
    return {
        "id": f"{PROFILE}{name}",
        "type": "Multikey",
        "controller": controller,
        "publicKeyMultibase": signer.multibase,
    }


# -- proofs that need no network -----------------------------------------------------------


def test_did_key__a_jwt_and_a_proof_are_verified_without_any_host(folder: Folder) -> None:
    offline = Folder(folder.base, folder.internet, check_hosts=False)
    assert offline.outcome(ISSUER.jws(claims(issued())), "a.jwt") == ("verified", None)
    assert offline.outcome(ISSUER.jws({"vc": issued(), "iss": ISSUER.did}), "b.jwt") == ("verified", None)
    assert offline.outcome(ISSUER.with_proof(issued()), "c.json") == ("verified", None)
    record = offline.record(ISSUER.with_proof(issued()), "d.json")
    assert datetime.fromisoformat(record["checked_at"]) <= datetime.now(UTC)
    assert folder.internet.asked == []


def test_expired__is_a_fact_and_the_badge_stays_verified(folder: Folder) -> None:
    for content, name in (
        (ISSUER.with_proof(issued(validUntil="2025-01-01T00:00:00Z")), "a.json"),
        (ISSUER.jws(claims(issued(validUntil="2025-01-01T00:00:00Z"), exp=1735689600)), "b.jwt"),
    ):
        record = folder.record(content, name)
        assert (record["verification"], record["expires_at"]) == ("verified", "2025-01-01T00:00:00Z")


def test_another_issuers_key__is_invalid_though_the_signature_matches(folder: Folder) -> None:
    reason = "signed with a key that is not its issuer's"
    assert folder.outcome(STRANGER.jws(claims(issued())), "a.jwt") == ("invalid", reason)
    assert folder.outcome(STRANGER.with_proof(issued()), "b.json") == ("invalid", reason)
    kid = f"{ISSUER.did}#{ISSUER.multibase}"
    assert folder.outcome(STRANGER.jws(claims(issued()), kid), "c.jwt") == ("invalid", "the signature does not match")
    named = folder.outcome(ISSUER.with_proof(issued("urn:uuid:6f2e33e5-7a29-4155-840a-59483ba10164")), "d.json")
    assert named == ("invalid", f"{reason}: the issuer's id names no key and no address")
    assert folder.outcome(STRANGER.jws(claims(issued()), jwk=_jwk(STRANGER), kid="k"), "e.jwt") == ("invalid", reason)


def _jwk(signer: Signer) -> Json:
    raw = signer.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": base64url(raw).decode()}


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"alg": "none"}, "the algorithm none is no issuer's signature"),
        ({"alg": "None"}, "the algorithm None is no issuer's signature"),
        ({"alg": "HS256"}, "the algorithm HS256 is no issuer's signature"),
        ({}, "the algorithm (none) is no issuer's signature"),
        ({"alg": 5}, "the algorithm (none) is no issuer's signature"),
        ({"alg": "RS256"}, "signed with RS256, and the issuer's key is of another kind"),
        ({"alg": "ES256"}, "signed with ES256, and the issuer's key is of another kind"),
    ],
)
def test_algorithm__is_never_the_tokens_to_choose(folder: Folder, header: Json, reason: str) -> None:
    token = _unsigned(header | {"kid": f"{ISSUER.did}#{ISSUER.multibase}"}, claims(issued()))
    assert folder.outcome(token + ".c2lnbmF0dXJl", "a.jwt") == ("invalid", reason)
    if header.get("alg") == "none":
        assert folder.outcome(token + ".", "b.jwt") == ("invalid", reason)


def test_algorithm__a_public_key_is_no_shared_secret(folder: Folder, internet: LocalInternet) -> None:
    """The known attack: HMAC with the issuer's RSA key as its secret."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    internet.says(PROFILE, lists({"id": f"{PROFILE}#rsa", "controller": PROFILE, "publicKeyPem": pem.decode()}))
    document = issued(PROFILE)
    kid = {"kid": f"{PROFILE}#rsa"}
    good = pyjwt.encode(claims(document), key, "RS256", kid)
    assert folder.outcome(good, "good.jwt") == ("verified", None)
    token = _unsigned({"alg": "HS256"} | kid, claims(document))
    forged = f"{token}.{base64url(hmac.digest(pem, token.encode(), hashlib.sha256)).decode()}"
    assert folder.outcome(forged, "forged.jwt")[0] == "invalid"


def _unsigned(header: Json, payload: Json) -> str:
    return ".".join(base64url(json.dumps(part).encode()).decode() for part in (header, payload))


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"alg": "PS256"}, "signed with PS256, which is not checked here"),
        ({"crit": ["exp"]}, "the signature asks for an extension that is not known here"),
        ({"b64": False}, "the signature asks for an extension that is not known here"),
        (
            {"kid": "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"},
            "the key is of a kind that is not known",
        ),
    ],
)
def test_kind_of_signature__that_is_not_known_is_unknown(folder: Folder, header: Json, reason: str) -> None:
    verification, said = folder.outcome(ISSUER.jws(claims(issued()), **header), "a.jwt")
    assert verification == "unknown" and said and said.startswith(reason)


def test_claims__that_differ_from_the_credential_are_invalid(folder: Folder) -> None:
    for changes, what in (
        ({"iss": STRANGER.did}, "issuer"),
        ({"jti": "urn:uuid:2"}, "id"),
    ):
        reason = f"the token and the credential in it differ in the {what}"
        assert folder.outcome(ISSUER.jws(claims(issued(), **changes)), "a.jwt") == ("invalid", reason)
    other = issued(credentialSubject=subject(id="did:example:1")) | {"iss": ISSUER.did, "sub": "did:example:2"}
    assert folder.outcome(ISSUER.jws(other), "b.jwt")[1] == "the token and the credential in it differ in the recipient"


def test_context__that_does_not_come_with_the_library_is_unknown_and_never_fetched(folder: Folder) -> None:
    signed = ISSUER.with_proof(issued())
    for context, reason in (
        ("https://issuer.fr/context.json", "the context https://issuer.fr/context.json does not come"),
        ({"name": "https://schema.org/name"}, "has a context of its own"),
    ):
        document = signed | {"@context": [*signed["@context"], context]}
        verification, said = folder.outcome(document)
        assert verification == "unknown" and said and said.startswith(reason)
    assert folder.internet.asked == []


def test_member__that_the_proof_does_not_cover_is_never_verified(folder: Folder) -> None:
    signed = ISSUER.with_proof(issued())
    assert folder.outcome(signed | {"undefinedMember": "mine"})[0] != "verified"
    assert folder.outcome(signed | {"expirationDate": "2099-01-01T00:00:00Z"})[0] != "verified"


def test_member__that_is_null_says_nothing(folder: Folder) -> None:
    signed = ISSUER.with_proof(issued(validUntil=None, inLanguage=None) | {"validUntil": None})
    assert folder.outcome(signed) == ("verified", None)


def test_invalid__its_dates_and_revocation_are_nobodys_word(folder: Folder) -> None:
    record = folder.record(issued(validFrom="2190-01-01T00:00:00Z"))
    assert (record["verification"], record["valid_from"], record["revoked"]) == ("invalid", None, None)
    assert record["issued_at"] == "2190-01-01T00:00:00Z"


def test_proof__of_another_kind_or_purpose(folder: Folder) -> None:
    signed = ISSUER.with_proof(issued())
    older = signed | {"proof": {**signed["proof"], "type": "Ed25519Signature2020", "cryptosuite": None}}
    assert folder.outcome(older) == ("unknown", "a proof of the kind Ed25519Signature2020 is not checked here")
    other = signed | {"proof": {**signed["proof"], "proofPurpose": "authentication"}}
    assert folder.outcome(other) == ("invalid", "the proof was made for another purpose")
    assert folder.outcome(issued()) == ("unverified", "carries no proof")
    assert "checked_at" not in folder.record(issued())


def test_dates__that_contradict_or_have_not_come_are_invalid(folder: Folder) -> None:
    for changes, reason in (
        ({"validUntil": "2020-01-01T00:00:00Z"}, "expires before it was issued"),
        ({"validFrom": "2190-01-01T00:00:00Z"}, "issued in the future: not valid yet"),
    ):
        assert folder.outcome(ISSUER.with_proof(issued(**changes))) == ("invalid", reason)
        # also where nothing else can be told
        assert folder.outcome(issued(**changes)) == ("invalid", reason)


# -- one changed byte ----------------------------------------------------------------------

TOKEN = ISSUER.jws(claims(issued())).encode()
PROVEN = json.dumps(ISSUER.with_proof(issued()), sort_keys=True).encode()


def _changed(content: bytes, place: int, byte: int) -> bytes:
    place %= len(content)
    return content[:place] + bytes([byte]) + content[place + 1 :]


def _judged(folder: Folder, name: str, content: bytes) -> str:
    """The outcome, or `rejected` where the file is no badge any more."""
    folder.write(name, content)
    sink, _ = folder.pull()
    return (
        "rejected"
        if name in sink.rejects
        else str(sink.records[name]["verification"])
        if sink.records
        else "passed over"
    )


CHANGES = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@CHANGES
@given(st.integers(0, 10**6), st.integers(33, 126))
def test_jwt__one_changed_byte_of_payload_or_signature_is_invalid(folder: Folder, place: int, byte: int) -> None:
    start = TOKEN.index(b".") + 1
    place = start + place % (len(TOKEN) - start)
    changed = _changed(TOKEN, place, byte)
    if changed == TOKEN:
        assert _judged(folder, "a.jwt", changed) == "verified"
    else:
        # where the payload is no JSON any more, it is no badge at all
        assert _judged(folder, "a.jwt", changed) in ("invalid", "rejected")


def test_jwt__every_byte_of_the_signature_counts(folder: Folder) -> None:
    start = TOKEN.rindex(b".") + 1
    for place in range(start, len(TOKEN)):
        folder.write(f"{place}.jwt", _changed(TOKEN, place, ord("A") if TOKEN[place] != ord("A") else ord("B")))
    sink, _ = folder.pull()
    assert len(sink.records) == len(TOKEN) - start
    assert {record["verification"] for record in sink.records.values()} == {"invalid"}


@CHANGES
@given(st.integers(0, 10**6), st.integers(32, 126))
def test_proof__one_changed_byte_anywhere_is_never_verified(folder: Folder, place: int, byte: int) -> None:
    changed = _changed(PROVEN, place, byte)
    try:
        is_same = json.loads(changed) == json.loads(PROVEN)
    except ValueError:
        is_same = False
    assert (_judged(folder, "a.json", changed) == "verified") is is_same


def test_proof__a_changed_value_is_invalid(folder: Folder) -> None:
    signed = ISSUER.with_proof(issued(validUntil="2030-01-01T00:00:00Z"))
    value = signed["proof"]["proofValue"]
    swapped = value[:9] + ("2" if value[9] != "2" else "3") + value[10:]
    person = signed["credentialSubject"]
    for changes in (
        {"id": "urn:uuid:2"},
        {"validFrom": "2024-03-02T10:00:01Z"},
        {"validUntil": "2031-01-01T00:00:00Z"},
        {"credentialSubject": {**person, "identifier": [{**person["identifier"][0], "identityHash": "eve@issuer.fr"}]}},
        {"credentialSubject": {**person, "achievement": {**person["achievement"], "name": "Principal"}}},
        {"proof": {**signed["proof"], "proofValue": swapped}},
        {"proof": {**signed["proof"], "created": "2026-01-02T00:00:00Z"}},
    ):
        assert folder.outcome(signed | changes) == ("invalid", "the signature does not match")


# -- keys that the issuer's host names -----------------------------------------------------


def p256() -> tuple[ec.EllipticCurvePrivateKey, Json]:
    key = ec.generate_private_key(ec.SECP256R1())
    return key, json.loads(pyjwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))


def test_https_issuer__whose_document_names_the_key_is_verified(folder: Folder, internet: LocalInternet) -> None:
    internet.says(PROFILE, lists(method()))
    named = f"{PROFILE}#key-1"
    assert folder.outcome(ISSUER.jws(claims(issued(PROFILE)), named), "a.jwt") == ("verified", None)
    assert folder.outcome(ISSUER.with_proof(issued(PROFILE), named), "b.json") == ("verified", None)
    # the key itself as its name, as many issuers write it
    carried = ISSUER.with_proof(issued(PROFILE), f"{PROFILE}#{ISSUER.multibase}")
    assert folder.outcome(carried, "c.json") == ("verified", None)
    assert folder.outcome(ISSUER.jws(claims(issued(PROFILE)), "#key-1"), "d.jwt") == ("verified", None)


def test_https_issuer__p256_and_a_jwk_set_below_its_address(folder: Folder, internet: LocalInternet) -> None:
    key, jwk = p256()
    internet.says(PROFILE, {"id": PROFILE, "type": "Profile", "name": "Open Practice Network"})
    internet.says(f"{PROFILE}/jwks.json", {"keys": [jwk | {"kid": "k1"}]})
    token = pyjwt.encode(claims(issued(PROFILE)), key, "ES256", {"kid": f"{PROFILE}/jwks.json"})
    assert folder.outcome(token, "a.jwt") == ("verified", None)
    # another tenant of the same host is another issuer
    internet.says(f"{HOST}/2/jwks.json", {"keys": [jwk]})
    token = pyjwt.encode(claims(issued(PROFILE)), key, "ES256", {"kid": f"{HOST}/2/jwks.json"})
    assert folder.outcome(token, "b.jwt")[0] != "verified"


def test_https_issuer__a_key_elsewhere_that_only_claims_it_proves_nothing(
    folder: Folder, internet: LocalInternet
) -> None:
    stolen = {"id": "https://other.fr/key", "controller": PROFILE, "publicKeyMultibase": STRANGER.multibase}
    internet.says("https://other.fr/key", stolen)
    token = STRANGER.jws(claims(issued(PROFILE)), "https://other.fr/key")
    internet.says(PROFILE, lists(method()))
    assert folder.outcome(token, "a.jwt") == ("invalid", "signed with a key that is not its issuer's")
    internet.says(PROFILE, lists(verificationMethod=["https://other.fr/key"]))
    assert folder.outcome(token, "b.jwt") == ("verified", None)
    internet.says("https://other.fr/key", stolen | {"controller": "https://other.fr/1"})
    assert folder.outcome(token, "c.jwt") == ("invalid", "signed with a key that belongs to another issuer")


@pytest.mark.parametrize(
    ("page", "outcome"),
    [
        (lists(method(STRANGER)), ("invalid", "signed with a key that is not its issuer's")),
        (
            lists(method(), assertionMethod=[]),
            ("unknown", "the signature matches, but its issuer's document names no key"),
        ),
        (lists(method(), assertionMethod=["#key-1"]), ("verified", None)),
        (
            lists({**method(), "revoked": "2025-01-01T00:00:00Z"}),
            ("unknown", "the signature matches, but its issuer's"),
        ),
        (lists(method(controller="https://other.fr/1")), ("unknown", "the signature matches, but its issuer's")),
        ({"id": "https://other.fr/1"}, ("unknown", "the document at the issuer's address is about another issuer")),
        ([], ("unknown", "the issuer's document can't be read: its host answered with no JSON object")),
        ("{", ("unknown", "the issuer's document can't be read: its host answered with no JSON")),
        ("[" * 100_000, ("unknown", "the issuer's document can't be read: its host answered with no JSON")),
        ("<html>", ("unknown", "the issuer's document can't be read: its host answered with no JSON")),
        (None, ("unknown", "the issuer's document can't be read: its host answered 404")),
    ],
)
def test_https_issuer__what_its_document_may_say(
    folder: Folder, internet: LocalInternet, page: Any, outcome: tuple[str, str | None]
) -> None:
    if page is not None:
        internet.says(PROFILE, page)
    carried = ISSUER.jws(claims(issued(PROFILE)), f"{PROFILE}#{ISSUER.multibase}")
    verification, reason = folder.outcome(carried, "a.jwt")
    assert verification == outcome[0]
    assert (reason or "").startswith(outcome[1] or "") and bool(reason) == bool(outcome[1])


def test_https_issuer__unreachable_is_unknown_and_a_changed_file_still_invalid(folder: Folder) -> None:
    nowhere = "https://nowhere.fr/1"
    carried = ISSUER.with_proof(issued(nowhere), f"{nowhere}#{ISSUER.multibase}")
    reason = "the issuer's document could not be asked for: nowhere.fr is not known to the name service"
    assert folder.outcome(carried) == ("unknown", reason)
    assert folder.outcome(carried | {"validFrom": "2025-03-02T10:00:00Z"})[0] == "invalid"


def test_did_web__its_document_is_read_at_its_host(folder: Folder, internet: LocalInternet) -> None:
    for did, address in (
        ("did:web:issuer.fr", f"{HOST}/.well-known/did.json"),
        ("did:web:issuer.fr:schools:1", f"{HOST}/schools/1/did.json"),
    ):
        key = {"id": f"{did}#k", "type": "Multikey", "controller": did, "publicKeyMultibase": ISSUER.multibase}
        internet.says(address, {"id": did, "verificationMethod": [key], "assertionMethod": [f"{did}#k"]})
        assert folder.outcome(ISSUER.with_proof(issued(did), f"{did}#k")) == ("verified", None)
        assert folder.outcome(STRANGER.jws(claims(issued(did)), f"{did}#k"), "b.jwt")[0] == "invalid"


# -- revocation, status, refresh -----------------------------------------------------------


def with_status(entry: Json | list[Json]) -> Json:
    return ISSUER.with_proof(issued(credentialStatus=entry))


LIST = {"id": f"{HOST}/revocations", "type": "1EdTechRevocationList"}
BIT = {
    "id": f"{HOST}/status#7",
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": "7",
    "statusListCredential": f"{HOST}/status",
}


@pytest.mark.parametrize("member", ["revokedCredential", "revokedCredentials"])
@pytest.mark.parametrize("entry", ["urn:uuid:1", {"id": "urn:uuid:1"}, {"id": "urn:uuid:1", "revoked": True}])
def test_revocation_list__names_the_badge(folder: Folder, internet: LocalInternet, member: str, entry: Any) -> None:
    internet.says(LIST["id"], {"id": LIST["id"], "issuer": ISSUER.did, member: [entry]})
    record = folder.record(ISSUER.jws(claims(issued(credentialStatus=LIST))), "a.jwt")
    assert (record["verification"], record["revoked"]) == ("verified", True)


@pytest.mark.parametrize("entries", [[], ["urn:uuid:2"], [{"id": "urn:uuid:1", "revoked": False}]])
def test_revocation_list__that_does_not_name_it(folder: Folder, internet: LocalInternet, entries: list[Any]) -> None:
    internet.says(LIST["id"], {"id": LIST["id"], "issuer": ISSUER.did, "revokedCredential": entries})
    record = folder.record(with_status(LIST))
    assert (record["verification"], record["revoked"]) == ("verified", False)


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (None, "the revocation list can't be read: its host answered 404"),
        (Page(500), "the revocation list can't be read: its host answered 500"),
        (
            Page(200, b"<html>", "text/html"),
            "the revocation list could not be asked for: issuer.fr answered with text/html",
        ),
        ({"issuer": STRANGER.did, "revokedCredential": ["urn:uuid:1"]}, "the revocation list is another issuer's"),
        ({"issuer": ISSUER.did}, "the revocation list's address holds no revocation list"),
    ],
)
def test_status_list__that_can_not_be_had_is_unknown_and_never_revoked(
    folder: Folder, internet: LocalInternet, page: Any, says: str
) -> None:
    if isinstance(page, Page):
        internet.pages[LIST["id"]] = page
    elif page is not None:
        internet.says(LIST["id"], page)
    record = folder.record(with_status(LIST))
    assert (record["verification"], record.get("revoked")) == ("unknown", None)
    assert record["verification_reason"].startswith(says)


def bits(*places: int, size: int = 1 << 17) -> str:
    content = bytearray(size // 8)
    for place in places:
        content[place // 8] |= 128 >> place % 8
    return "u" + base64url(gzip.compress(bytes(content))).decode()


def status_list(encoded: str, purpose: str = "revocation", issuer: str = ISSUER.did) -> Json:
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": f"{HOST}/status",
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": "2024-01-01T00:00:00Z",
        "credentialSubject": {
            "id": f"{HOST}/status#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": encoded,
        },
    }


def test_bitstring__tells_revoked_from_valid(folder: Folder, internet: LocalInternet) -> None:
    for places, is_revoked in (((7,), True), ((6, 8), False)):
        for page in (ISSUER.with_proof(status_list(bits(*places))), ISSUER.jws(status_list(bits(*places)))):
            kind = "application/json" if isinstance(page, dict) else "application/vc+jwt"
            internet.says(f"{HOST}/status", page, content_type=kind)
            record = folder.record(with_status(BIT))
            assert (record["verification"], record["revoked"]) == ("verified", is_revoked)


def test_bitstring__suspended_is_invalid_until_it_is_lifted(folder: Folder, internet: LocalInternet) -> None:
    entry = BIT | {"statusPurpose": "suspension"}
    internet.says(f"{HOST}/status", ISSUER.with_proof(status_list(bits(7), "suspension")))
    assert folder.outcome(with_status(entry)) == ("invalid", "suspended by its issuer")
    internet.says(f"{HOST}/status", ISSUER.with_proof(status_list(bits(), "suspension")))
    assert folder.outcome(with_status(entry)) == ("verified", None)


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (status_list(bits(7)), "the status list carries no proof"),
        (STRANGER.with_proof(status_list(bits(7))), "the status list can't be believed: signed with a key"),
        (STRANGER.with_proof(status_list(bits(7), issuer=STRANGER.did)), "the status list is another issuer's"),
        (ISSUER.with_proof(status_list(bits(7), "message")), "the status list is for another purpose"),
        (ISSUER.with_proof(status_list(bits(7, size=800))), "the status list is shorter than it may be"),
        (ISSUER.with_proof(status_list(bits(size=1 << 27))), "the status list can't be unpacked"),
        (ISSUER.with_proof(status_list("uAAAA")), "the status list can't be unpacked"),
        ({"type": "VerifiableCredential"}, "the status list's address holds no status list"),
        ("no credential", "the status list can't be read: its host answered with no credential"),
    ],
)
def test_bitstring__that_can_not_be_believed_is_unknown(
    folder: Folder, internet: LocalInternet, page: Any, says: str
) -> None:
    internet.says(f"{HOST}/status", page)
    record = folder.record(with_status(BIT))
    assert (record["verification"], record.get("revoked")) == ("unknown", None)
    assert record["verification_reason"].startswith(says)


def test_status__of_a_kind_that_is_not_read_is_unknown(folder: Folder) -> None:
    entry = {"id": f"{HOST}/s", "type": "1EdTechOtherStatus"}
    token = ISSUER.jws(claims(issued(credentialStatus=entry)))
    assert folder.outcome(token, "a.jwt") == ("unknown", "a status of the kind 1EdTechOtherStatus is not read here")


def test_status__is_asked_for_once_for_all_badges(folder: Folder, internet: LocalInternet) -> None:
    internet.says(LIST["id"], {"issuer": ISSUER.did, "revokedCredential": ["urn:uuid:3"]})
    for number in range(6):
        folder.write(f"{number}.jwt", ISSUER.jws(claims(issued(id=f"urn:uuid:{number}", credentialStatus=LIST))))
    sink, _ = folder.pull()
    assert [record["revoked"] for record in sink.records.values()] == [number == 3 for number in range(6)]
    assert internet.asked == [LIST["id"]]


def test_refresh__the_newer_proven_copy_counts_and_is_asked_for_once(folder: Folder, internet: LocalInternet) -> None:
    service = {"id": f"{HOST}/refresh", "type": "1EdTechCredentialRefresh"}
    own = ISSUER.with_proof(issued(refreshService=service, validUntil="2025-01-01T00:00:00Z"))
    newer = issued(refreshService=service, validFrom="2025-01-01T00:00:00Z", validUntil="2028-01-01T00:00:00Z")
    internet.says(service["id"], ISSUER.with_proof(newer))
    record = folder.record(own)
    assert (record["verification"], record["expires_at"]) == ("verified", "2028-01-01T00:00:00Z")
    assert internet.asked == [service["id"]]
    for page in (STRANGER.with_proof(newer), newer, ISSUER.with_proof(newer | {"id": "urn:uuid:2"}), {"type": "x"}):
        internet.says(service["id"], page)
        record = folder.record(own)
        assert (record["verification"], record["expires_at"]) == ("verified", "2025-01-01T00:00:00Z")
    del internet.pages[service["id"]]
    assert folder.outcome(own) == ("verified", None)


# -- learner records -----------------------------------------------------------------------


def learner_record(held: list[Any], issuer: str = ISSUER.did) -> Json:
    return {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        ],
        "id": "urn:uuid:c0ffee00-0000-4000-8000-000000000000",
        "type": ["VerifiableCredential", "ClrCredential"],
        "issuer": {"id": issuer, "type": ["Profile"], "name": "Open Practice Network"},
        "validFrom": "2024-03-02T10:00:00Z",
        "credentialSubject": {"type": ["ClrSubject"], "verifiableCredential": held},
    }


def outcomes(folder: Folder, content: Json | str) -> dict[str, tuple[str, str | None]]:
    """By credential id, for a file that holds several."""
    folder.write("record.json" if isinstance(content, dict) else "record.jwt", content)
    found: dict[str, tuple[str, str | None]] = {}

    class Sink:
        def add_page(self, body: bytes, records_path: str) -> None:
            for row in json.loads(body):
                found[row["credential_id"]] = row["verification"], row.get("verification_reason")

        def add_reject(self, row: int | None, field: str, reason: str) -> None:
            found[reason] = "rejected", field

    folder.connector().pull(CREDENTIALS, None, Sink())  # type: ignore[arg-type]
    return found


def test_learner_record__each_credential_is_one_of_its_own(folder: Folder) -> None:
    own = ISSUER.with_proof(issued(id="urn:uuid:1"))
    others = STRANGER.with_proof(issued(STRANGER.did, id="urn:uuid:2"))
    forged = STRANGER.with_proof(issued(id="urn:uuid:3"))
    bare, bare_of_others = issued(id="urn:uuid:4"), issued(STRANGER.did, id="urn:uuid:5")
    token = ISSUER.jws(claims(issued(id="urn:uuid:6")))
    held = [own, others, forged, bare, bare_of_others, token, {"type": "EndorsementCredential"}, 7]
    expected = {
        "urn:uuid:1": ("verified", None),
        "urn:uuid:2": ("verified", None),
        "urn:uuid:3": ("invalid", "signed with a key that is not its issuer's"),
        "urn:uuid:4": ("verified", None),
        "urn:uuid:5": ("unverified", "carries no proof of its own, and its learner record is another issuer's"),
        "urn:uuid:6": ("verified", None),
        "record.jwt: a member of a learner record is no credential": ("rejected", "credentialSubject"),
    }
    assert outcomes(folder, ISSUER.jws(learner_record(held))) == expected


def test_learner_record__whose_own_proof_fails_vouches_for_nothing(folder: Folder) -> None:
    own, bare = ISSUER.with_proof(issued(id="urn:uuid:1")), issued(id="urn:uuid:4")
    forged = outcomes(folder, STRANGER.jws(learner_record([own, bare])))
    assert forged["urn:uuid:1"] == ("verified", None)
    assert forged["urn:uuid:4"] == ("invalid", "its learner record: signed with a key that is not its issuer's")


def test_learner_record__with_a_data_integrity_proof(folder: Folder) -> None:
    own, bare = ISSUER.with_proof(issued(id="urn:uuid:1")), issued(id="urn:uuid:4")
    signed = ISSUER.with_proof(learner_record([own, bare]))
    found = outcomes(folder, signed)
    assert found["urn:uuid:1"] == ("verified", None)
    # a member with contexts of its own: whether the record's proof covers all of it can't be told
    assert found["urn:uuid:4"][0] == "unknown"
    signed["credentialSubject"]["verifiableCredential"][1]["validFrom"] = "2025-03-02T10:00:00Z"
    changed = outcomes(folder, signed)
    assert changed["urn:uuid:1"] == ("verified", None)
    assert changed["urn:uuid:4"] == ("invalid", "its learner record: the signature does not match")


# -- Open Badges 2.0 -----------------------------------------------------------------------

BADGES = "https://badges.fr"
ISSUER_2 = {"type": "Issuer", "id": f"{BADGES}/i/4", "name": "Open Practice Network"}
BADGE_2 = {"type": "BadgeClass", "id": f"{BADGES}/b/1", "name": "Questioning", "issuer": f"{BADGES}/i/4"}


def hosted(**changes: Any) -> Json:
    return assertion(id=f"{BADGES}/a/1", badge=f"{BADGES}/b/1", **changes)


@pytest.fixture
def host(internet: LocalInternet) -> LocalInternet:
    internet.says(f"{BADGES}/i/4", ISSUER_2)
    internet.says(f"{BADGES}/b/1", BADGE_2)
    internet.says(f"{BADGES}/a/1", hosted())
    return internet


def test_hosted__the_hosts_copy_confirms_it_and_tells_what_is_new(folder: Folder, host: LocalInternet) -> None:
    assert folder.outcome(hosted()) == ("verified", None)
    host.says(f"{BADGES}/a/1", hosted(expires="2027-01-01T00:00:00Z"))
    record = folder.record(hosted())
    assert (record["achievement_name"], record["expires_at"]) == ("Questioning", "2027-01-01T00:00:00Z")
    embedded = {**BADGE_2, "name": "Principal of the year", "issuer": ISSUER_2}
    assert folder.record(hosted() | {"badge": embedded})["achievement_name"] == "Questioning"


def test_hosted__the_recipients_address_is_not_asked_with(folder: Folder, host: LocalInternet) -> None:
    address = f"{BADGES}/a/1?identity__email=ana%40example.org"
    assert folder.outcome(hosted() | {"id": address}) == ("verified", None)
    assert not [url for url in host.asked if "ana" in url]


STUB = {"type": "Assertion", "id": f"{BADGES}/a/1", "revoked": True}


@pytest.mark.parametrize(("status", "stub"), [(410, STUB), (410, {}), (410, hosted()), (200, STUB)])
def test_hosted__410_keeps_the_full_copy_and_marks_it_revoked(
    folder: Folder, host: LocalInternet, status: int, stub: Json
) -> None:
    host.says(f"{BADGES}/a/1", stub, status=status)
    record = folder.record(hosted(expires="2027-01-01T00:00:00Z"))
    assert record["revoked"] is True and record["verification"] == "unverified"
    assert record["achievement_id"] == f"{BADGES}/b/1" and record["recipient_identity"] == "ana@example.org"
    assert record["expires_at"] == "2027-01-01T00:00:00Z" and record["checked_at"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": f"{BADGES}/a/2"}, "its host shows another badge at its address"),
        ({"issuedOn": "2025-03-02T10:00:00Z"}, "its host's copy differs in issued_at"),
        (
            {"recipient": {"type": "email", "hashed": False, "identity": "eve@example.org"}},
            "its host's copy differs in recipient_identity",
        ),
        ({"badge": {**BADGE_2, "id": f"{BADGES}/b/2"}}, "its host's copy differs in achievement_id"),
        ({"badge": {**BADGE_2, "issuer": "https://other.fr/1"}}, "hosted at a place that its issuer does not name"),
    ],
)
def test_hosted__a_copy_that_differs_is_invalid(
    folder: Folder, host: LocalInternet, changes: Json, reason: str
) -> None:
    host.says("https://other.fr/1", {"type": "Issuer", "id": "https://other.fr/1"})
    host.says(f"{BADGES}/a/1", hosted() | changes)
    assert folder.outcome(hosted()) == ("invalid", reason)


def test_hosted__elsewhere_counts_only_where_the_issuer_names_the_place(folder: Folder, host: LocalInternet) -> None:
    copy = hosted() | {"id": "https://other.fr/a/1"}
    host.says("https://other.fr/a/1", copy)
    assert folder.outcome(copy)[0] == "invalid"
    for policy in ({"startsWith": "https://other.fr/a/"}, {"allowedOrigins": ["other.fr"]}):
        host.says(f"{BADGES}/i/4", ISSUER_2 | {"verification": policy})
        assert folder.outcome(copy) == ("verified", None)
    for policy in ({"startsWith": "https://other.fr/b/"}, {"allowedOrigins": "badges.fr"}, {"startsWith": "https:"}):
        host.says(f"{BADGES}/i/4", ISSUER_2 | {"verification": policy})
        assert folder.outcome(copy)[0] == "invalid"


def test_hosted__a_hashed_and_a_plain_recipient_are_compared(folder: Folder, host: LocalInternet) -> None:
    digest = "sha256$" + hashlib.sha256(b"ana@example.orgsalt").hexdigest()
    hashed = {"type": "email", "hashed": True, "salt": "salt", "identity": digest}
    host.says(f"{BADGES}/a/1", hosted(recipient=hashed))
    assert folder.outcome(hosted()) == ("verified", None)
    assert folder.outcome(hosted(recipient={**hashed, "identity": digest.upper()})) == ("verified", None)
    assert folder.outcome(hosted(recipient={"type": "email", "identity": "eve@example.org"}))[0] == "invalid"


def test_hosted__what_can_not_be_asked_is_unknown(folder: Folder, host: LocalInternet) -> None:
    for page, says in (
        (Page(404), "the host's copy can't be read: its host answered 404"),
        (Page(200, b"[]"), "the host's copy can't be read: its host answered with no JSON object"),
        (Page(302, location="https://169.254.169.254/"), "169.254.169.254 is no public address"),
        (Page(302, location="file:///etc/passwd"), "only https is asked, not file:"),
    ):
        host.pages[f"{BADGES}/a/1"] = page
        record = folder.record(hosted())
        assert (record["verification"], record.get("revoked")) == ("unknown", None)
        assert record["verification_reason"].endswith(says)
    assert folder.outcome(hosted() | {"id": "urn:uuid:1"})[1] == "it says that it is hosted, and its id is no address"
    says_signed = hosted(verification={"type": "SignedBadge"})
    assert folder.outcome(says_signed) == ("unverified", "says that it is signed, and carries no signature")


def test_hosts_not_asked__is_unverified_and_said_so(folder: Folder, host: LocalInternet) -> None:
    offline = Folder(folder.base, host, check_hosts=False)
    record = offline.record(hosted())
    assert (record["verification"], record["verification_reason"]) == (
        "unverified",
        "the host's copy was not asked for: check_hosts is off",
    )
    assert "checked_at" not in record and host.asked == []


def test_old_image__that_holds_only_an_address_is_read_at_its_host(folder: Folder, host: LocalInternet) -> None:
    image = png(chunk(b"tEXt", f"openbadges\0{BADGES}/a/1".encode()))
    record = folder.record(image, "a.png")
    assert (record["credential_id"], record["verification"], record["file_format"]) == (
        f"{BADGES}/a/1",
        "verified",
        "png",
    )


def signed_2(signer: Signer = ISSUER, **changes: Any) -> str:
    given = {"type": "signed", "creator": f"{BADGES}/key"}
    return signer.jws(hosted(verification=given) | {"id": "urn:uuid:52"} | changes)


@pytest.fixture
def signing_host(host: LocalInternet) -> LocalInternet:
    host.says(f"{BADGES}/i/4", ISSUER_2 | {"publicKey": f"{BADGES}/key"})
    host.says(f"{BADGES}/key", _key_document())
    return host


def _key_document(signer: Signer = ISSUER, owner: str = f"{BADGES}/i/4") -> Json:
    pem = signer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return {"type": "CryptographicKey", "id": f"{BADGES}/key", "owner": owner, "publicKeyPem": pem}


def test_signed__by_the_key_that_its_issuer_names(folder: Folder, signing_host: LocalInternet) -> None:
    assert folder.outcome(signed_2(), "a.jws") == ("verified", None)
    assert folder.outcome(signed_2(STRANGER), "b.jws") == ("invalid", "the signature does not match")
    signing_host.says(f"{BADGES}/key", _key_document(owner="https://other.fr/1"))
    assert folder.outcome(signed_2(), "c.jws") == ("invalid", "signed with a key that belongs to another issuer")
    signing_host.says(f"{BADGES}/i/4", ISSUER_2 | {"publicKey": f"{BADGES}/other-key"})
    assert folder.outcome(signed_2(), "d.jws") == ("invalid", "signed with a key that is not its issuer's")


def test_signed__the_issuers_revocation_list_names_it(folder: Folder, signing_host: LocalInternet) -> None:
    issuer = ISSUER_2 | {"publicKey": f"{BADGES}/key", "revocationList": f"{BADGES}/revoked"}
    signing_host.says(f"{BADGES}/i/4", issuer)
    assert folder.outcome(signed_2(), "a.jws") == (
        "unknown",
        "the revocation list can't be read: its host answered 404",
    )
    for entries, is_revoked in ((["urn:uuid:52"], True), ([{"id": "urn:uuid:52"}], True), (["urn:uuid:53"], False)):
        signing_host.says(f"{BADGES}/revoked", {"type": "RevocationList", "revokedAssertions": entries})
        record = folder.record(signed_2(), "a.jws")
        assert (record["verification"], record["revoked"]) == ("verified", is_revoked)


def test_signed__a_key_in_the_folder_finds_changes_and_proves_no_issuer(folder: Folder) -> None:
    """A key that comes with the badge may come from whoever forged it."""
    folder.write("key.json", _key_document())
    unreachable = signed_2(badge={**BADGE_2, "issuer": {"type": "Issuer", "id": "https://nowhere.fr/i"}})
    assert folder.outcome(unreachable, "a.jws")[0] == "unknown"
    forged = unreachable[:-4] + ("AAAA" if not unreachable.endswith("AAAA") else "BBBB")
    assert folder.outcome(forged, "a.jws") == ("invalid", "the signature does not match")


# -- when badges are checked again ---------------------------------------------------------


def test_cursor__unchanged_files_are_checked_again_after_a_week(folder: Folder, internet: LocalInternet) -> None:
    internet.says(LIST["id"], {"issuer": ISSUER.did, "revokedCredential": []})
    folder.write("a.json", with_status(LIST))
    sink, pulled = folder.pull()
    assert sink.records["a.json"]["revoked"] is False
    internet.says(LIST["id"], {"issuer": ISSUER.did, "revokedCredential": ["urn:uuid:1"]})
    folder.clock.sleep(6.9 * 86400)
    sink, again = folder.pull(pulled.cursor)
    assert (sink.records, again.is_reset, again.pages) == ({}, False, 0)
    folder.clock.sleep(0.2 * 86400)
    sink, again = folder.pull(again.cursor)
    assert sink.records["a.json"]["revoked"] is True and again.is_reset


def test_cursor__where_a_host_did_not_answer_it_is_asked_the_next_day(folder: Folder, internet: LocalInternet) -> None:
    internet.pages[LIST["id"]] = Page(503)
    folder.write("a.json", with_status(LIST))
    sink, pulled = folder.pull()
    assert sink.records["a.json"]["verification"] == "unknown"
    internet.says(LIST["id"], {"issuer": ISSUER.did, "revokedCredential": []})
    assert folder.pull(pulled.cursor)[0].records == {}
    folder.clock.sleep(1.01 * 86400)
    assert folder.pull(pulled.cursor)[0].records["a.json"]["verification"] == "verified"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda cursor: cursor | {"check_after": "2999-01-01T00:00:00+00:00"},
        lambda cursor: cursor | {"check_after": "soon"},
        lambda cursor: cursor | {"check_hosts": False},
        lambda cursor: {"files": cursor["files"]},
        lambda cursor: {},
    ],
)
def test_cursor__that_is_not_of_this_clock_or_way_reads_everything(
    folder: Folder, wrong: Callable[[Json], Json]
) -> None:
    folder.write("a.json", ISSUER.with_proof(issued()))
    _, pulled = folder.pull()
    assert pulled.cursor
    assert list(folder.pull(wrong(pulled.cursor))[0].records) == ["a.json"]


def test_notes__tell_the_analyst_what_was_found(folder: Folder) -> None:
    folder.write("a.json", ISSUER.with_proof(issued()))
    folder.write("b.json", issued(id="urn:uuid:2"))
    folder.write("c.json", ISSUER.with_proof(issued(id="urn:uuid:3")) | {"validFrom": "2025-01-01T00:00:00Z"})
    notes = folder.pull()[1].notes
    assert {"1 verified", "1 unverified: carries no proof", "1 invalid: the signature does not match"} <= set(notes)


def test_padding__of_a_jwt_is_another_spelling_and_no_signature(folder: Folder) -> None:
    head, payload, signature = TOKEN.split(b".")
    padded = b".".join([head, payload, base64.urlsafe_b64encode(base64.urlsafe_b64decode(signature + b"=="))])
    assert folder.outcome(padded, "a.jwt") == ("invalid", "a part of the JWT is not written as base64url")
