"""Our declarations beside what is publicly known of the platform's objects.

Needs the public reference data; skipped, with the reason, where it is not there.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from connectors.core.landing.declaration import known_names
from connectors.core.schema import Stream
from connectors.grow.streams import GENERIC_TAG_KIND, STREAMS, TEXTS_OF_SCORES

REFERENCE = os.environ.get("EXPERTISE_REFERENCE_DATA", "")
OBJECTS = {
    "observations": "Observation",
    "rubrics": "Rubric",
    "measurements": "Measurement",
    "users": "User",
    "schools": "School",
    "generic_tags": "GenericTag",
}
OURS = {GENERIC_TAG_KIND, *TEXTS_OF_SCORES.values()}

pytestmark = pytest.mark.skipif(
    not REFERENCE, reason="EXPERTISE_REFERENCE_DATA is unset: the derived schema of Grow's objects is not here"
)


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((Path(REFERENCE) / "grow" / "grow_jsonschema.derived.json").read_text())
    return content


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_every_published_field__is_declared_withheld_or_omitted(published: dict[str, Any], stream: Stream) -> None:
    schema = published[OBJECTS[stream.name]]
    known = known_names(stream)
    assert known.keys() - OURS == schema["properties"].keys()
    for name, inner in known.items():
        if inner:
            assert inner.keys() == below(schema, name).keys(), name


def test_the_texts_of_scores__are_published_fields(published: dict[str, Any]) -> None:
    scores = published["Observation"]["$defs"]["ObservationScore"]["properties"]
    assert TEXTS_OF_SCORES.keys() <= scores.keys()
    assert {"measurement", "measurementGroup", "valueScore"} <= scores.keys() - TEXTS_OF_SCORES.keys()


def below(schema: dict[str, Any], name: str) -> dict[str, Any]:
    references = [option["$ref"] for option in schema["properties"][name]["anyOf"] if "$ref" in option]
    properties: dict[str, Any] = schema["$defs"][references[0].rpartition("/")[2]]["properties"]
    return properties
