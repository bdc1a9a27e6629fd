"""The public Ed-Fi TPDM sample, served as the API would."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import requests

from connectors.sandbox.edfi_server import NAMESPACES
from connectors.sandbox.reference import resources
from connectors.sandbox.server import Sandbox
from tests.connectors.sandbox.conftest import edfi_token

REFERENCE = os.environ.get("EXPERTISE_REFERENCE_DATA")
needs_reference = pytest.mark.skipif(
    REFERENCE is None, reason="EXPERTISE_REFERENCE_DATA is unset: the public reference data is not here"
)

COUNTS = {
    "people": 999,
    "credentials": 999,
    "performanceEvaluations": 1,
    "evaluations": 1,
    "evaluationObjectives": 7,
    "evaluationElements": 7,
    "performanceEvaluationRatings": 50,
    "evaluationRatings": 50,
    "evaluationObjectiveRatings": 350,
    "evaluationElementRatings": 350,
}


@needs_reference
def test_reference__serves_the_whole_sample() -> None:
    with Sandbox.start_reference(Path(str(REFERENCE))) as sandbox, requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {edfi_token(sandbox, session)}"
        for resource, count in COUNTS.items():
            url = f"{sandbox.edfi_url}/data/v3/{NAMESPACES[resource]}/{resource}"
            answer = session.get(url, params={"limit": 0, "totalCount": "true"}, timeout=10)
            assert int(answer.headers["Total-Count"]) == count, resource
            assert len(set(sandbox.edfi.ids(resource))) == count, resource


@needs_reference
def test_reference__looks_like_the_api_and_keeps_its_defects() -> None:
    with Sandbox.start_reference(Path(str(REFERENCE))) as sandbox:
        edfi = sandbox.edfi
        rating = edfi.get("evaluationElementRatings", edfi.ids("evaluationElementRatings")[0])
        reference = rating["evaluationObjectiveRatingReference"]
        assert reference["schoolYear"] == 2022
        assert reference["educationOrganizationId"] == 5
        assert reference["evaluationDate"] == "2011-11-01T00:00:00"
        assert reference["termDescriptor"].startswith("uri://ed-fi.org/TermDescriptor#")
        assert isinstance(rating["results"][0]["rating"], float)
        contradictions = 0
        for identifier in edfi.ids("evaluationRatings"):
            record = edfi.get("evaluationRatings", identifier)
            level = record["evaluationRatingLevelDescriptor"].partition("#")[2]
            contradictions += level != record["results"][0]["ratingResultTitle"]
        assert contradictions == 11
        licensed = [
            edfi.get("credentials", one)["_ext"]["tpdm"]["personReference"]["personId"]
            for one in edfi.ids("credentials")
        ]
        rated = {
            edfi.get("performanceEvaluationRatings", one)["personReference"]["personId"]
            for one in edfi.ids("performanceEvaluationRatings")
        }
        assert len(rated) == 50
        assert all(licensed.count(person) == 1 for person in rated)


def test_reference__refuses_entities(tmp_path: Path) -> None:
    folder = tmp_path / "edfi" / "tpdm"
    folder.mkdir(parents=True)
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    (folder / "Interchange-Candidate-Credential-Person_ds3.3.xml").write_text(bomb)
    with pytest.raises(ValueError, match="declares a document type"):
        resources(tmp_path)
