"""The Ed-Fi TPDM sample's own defects are found, and none of them blocks.

Belongs here: expectations over real sample data, landed by the real landing's typing
rules where they matter. Does not belong here: serving it over HTTP (end_to_end).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from expectations.runner import judge
from expectations.suites import declared_stream
from expectations.verdict import Verdict

Land = Callable[..., Path]
SAMPLE = "edfi/tpdm/EXTENSION-Interchange-PerformanceEvaluation-Extension.xml"

needs_sample = pytest.mark.skipif(
    "EXPERTISE_REFERENCE_DATA" not in os.environ, reason="EXPERTISE_REFERENCE_DATA is not set"
)


def ratings(kind: str, level: str, result: str, level_column: str) -> list[dict[str, Any]]:
    """Ratings of one kind as landed records."""
    tree = ElementTree.parse(Path(os.environ["EXPERTISE_REFERENCE_DATA"]) / SAMPLE)
    records = []
    for element in tree.getroot():
        for part in element.iter():
            part.tag = part.tag.rpartition("}")[2]
        if element.tag != kind:
            continue
        date = (
            element.findtext("EvaluationDate")
            or element.findtext("ActualDate")
            or next(element.iter("EvaluationDate")).text
        )
        records.append(
            {
                "schoolYear": int((next(element.iter("SchoolYear")).text or "").partition("-")[2]),
                "actualDate" if element.find("ActualDate") is not None else "evaluationDate": date,
                level_column: element.findtext(level),
                "results": [
                    {
                        "rating": float(one.findtext("Rating") or "nan"),
                        "ratingResultTitle": one.findtext("RatingResultTitle"),
                    }
                    for one in element.findall(result)
                ],
            }
        )
    return records


def verdict_of(land: Land, reference: str, records: list[dict[str, Any]]) -> Verdict:
    platform, stream = declared_stream(reference)
    return judge(platform, stream, [land(stream, records)])


@needs_sample
@pytest.mark.parametrize(
    ("reference", "kind", "level", "result", "level_column", "total", "expected"),
    [
        (
            "edfi.evaluation_ratings",
            "EvaluationRating",
            "EvaluationRatingLevel",
            "EvaluationRatingResult",
            "evaluationRatingLevelDescriptor",
            50,
            {"evaluation_date_is_in_its_school_year": 50, "level_agrees_with_result_title": 11},
        ),
        (
            "edfi.performance_evaluation_ratings",
            "PerformanceEvaluationRating",
            "PerformanceEvaluationRatingLevel",
            "PerformanceEvaluationRatingResult",
            "performanceEvaluationRatingLevelDescriptor",
            50,
            {"rating_date_is_in_its_school_year": 50, "result_is_on_a_level_scale": 50},
        ),
        (
            "edfi.evaluation_element_ratings",
            "EvaluationElementRating",
            "EvaluationElementRatingLevel",
            "ElementRatingResult",
            "evaluationElementRatingLevelDescriptor",
            350,
            {},
        ),
    ],
    ids=["observations", "summative", "elements"],
)
def test_tpdm_sample__defects_are_warnings(
    land: Land,
    reference: str,
    kind: str,
    level: str,
    result: str,
    level_column: str,
    total: int,
    expected: dict[str, int],
) -> None:
    verdict = verdict_of(land, reference, ratings(kind, level, result, level_column))
    assert (verdict.outcome, verdict.record_total, verdict.errors) == ("accepted", total, ())
    assert {finding.check_name: finding.record_count for finding in verdict.warnings} == expected
