"""Verifying signed badges end to end beside the bare library, in one run.

`make bench-verify`, or `python tests/benchmarks/verification.py [--badges N] [--rounds N]`.
The badges are made here, each way by a key of its own. End to end is the product's own pull
of a folder: walking, hashing, reading, keys, proof, dates, records, typing, Parquet, fsync and
manifest. Bare is the library's verification of the same documents, already in memory, with the
key already in hand. Rounds take turns, so that a slow moment of the machine meets both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from openbadgeslib.ob3 import OB3Verifier
from openbadgeslib.ob3.ldp import OB3LdpVerifier

from connectors.core.connector import Connection
from connectors.core.pull import pull_stream
from connectors.open_badges.client import OpenBadgesConnector, OpenBadgesOptions
from connectors.open_badges.streams import CREDENTIALS
from connectors.sandbox.badge_signing import Signer
from tests.connectors.local_internet import LocalInternet

ISSUER = Signer("verification benchmark")
HOST = "https://issuer.fr/1"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
LEAST_SHARE = 0.5


def credential(number: int, issuer: str) -> dict[str, Any]:
    return {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        ],
        "id": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": issuer, "type": ["Profile"], "name": "Open Practice Network"},
        "validFrom": "2024-03-02T10:00:00Z",
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "identityType": "emailAddress",
                    "hashed": False,
                    "identityHash": f"teacher{number}@cedar-valley.example",
                }
            ],
            "achievement": {
                "id": "https://issuer.fr/a/1",
                "type": ["Achievement"],
                "name": "Questioning",
                "description": "Asks questions that open a discussion.",
                "criteria": {"narrative": "Evidence of practice, judged against a rubric."},
            },
        },
    }


def claims(document: dict[str, Any]) -> dict[str, Any]:
    return document | {"iss": document["issuer"]["id"], "jti": document["id"], "nbf": 1709373600}


@dataclass(frozen=True)
class Way:
    """A kind of proof: a badge by its number, the bare library's check of one, and which share of the badges."""

    name: str
    suffix: str
    badge: Callable[[int], str]
    bare: Callable[[str], object]
    share: float = 1.0


def pem(key: Any) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def ways() -> list[Way]:
    def signed_by_rsa(number: int) -> str:
        return jwt.encode(claims(credential(number, HOST)), RSA, "RS256", {"kid": f"{HOST}#rsa"})

    def signed(number: int) -> str:
        return ISSUER.jws(claims(credential(number, ISSUER.did)))

    def proven(number: int) -> str:
        return json.dumps(ISSUER.with_proof(credential(number, ISSUER.did)))

    return [
        Way("VC-JWT, EdDSA", "jwt", signed, OB3Verifier(pem(ISSUER.key)).verify),
        Way("VC-JWT, RS256", "jwt", signed_by_rsa, OB3Verifier(pem(RSA)).verify),
        Way("eddsa-rdfc-2022", "json", proven, OB3LdpVerifier(pem(ISSUER.key)).verify, share=0.1),
    ]


def end_to_end(base: Path, internet: LocalInternet, badges: int) -> float:
    """Seconds of one pull; every badge must come out verified."""
    connection = Connection("bench", "badge_files", "UTC", OpenBadgesOptions(folder="badges"), base, base / "state")
    connector = OpenBadgesConnector(connection, internet.network)
    with tempfile.TemporaryDirectory(dir=base) as landing:
        started = time.perf_counter()
        outcome = pull_stream(connector, connection, CREDENTIALS, Path(landing))
        seconds = time.perf_counter() - started
        assert outcome.manifest is not None and f"{badges} verified" in outcome.manifest.notes
    return seconds


def bare(check: Callable[[str], object], texts: list[str]) -> float:
    started = time.perf_counter()
    for text in texts:
        check(text)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--badges", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"{options.badges} badges, {options.rounds} rounds, medians; verifications a second\n")
    print("| proof | badges | end to end | bare library | share | |\n|---|---|---|---|---|---|")
    is_enough = True
    for way in ways():
        badges = max(1, int(options.badges * way.share))
        texts = [way.badge(number) for number in range(badges)]
        with tempfile.TemporaryDirectory() as folder:
            base = Path(folder)
            (base / "badges").mkdir()
            for number, text in enumerate(texts):
                (base / "badges" / f"{number:05d}.{way.suffix}").write_text(text)
            with LocalInternet(base, ["issuer.fr"]) as internet:
                key = {"id": f"{HOST}#rsa", "controller": HOST, "publicKeyPem": pem(RSA).decode()}
                internet.says(HOST, {"id": HOST, "verificationMethod": [key]})
                # one round uncounted: imports, contexts and keys are read once in a run of any length
                end_to_end(base, internet, badges)
                bare(way.bare, texts[:50])
                rounds = [(end_to_end(base, internet, badges), bare(way.bare, texts)) for _ in range(options.rounds)]
        ours, theirs = (badges / statistics.median(column) for column in zip(*rounds, strict=True))
        share = statistics.median(their / our for our, their in rounds)
        is_enough &= share >= LEAST_SHARE
        verdict = "ok" if share >= LEAST_SHARE else f"below {LEAST_SHARE}"
        print(f"| {way.name} | {badges:,} | {ours:,.0f} | {theirs:,.0f} | {share:.2f} | {verdict} |", flush=True)
    raise SystemExit(not is_enough)


if __name__ == "__main__":
    main()
