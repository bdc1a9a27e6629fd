"""The Ed-Fi TPDM sample (bulk-load XML) as the documents that the API would show.

Belongs here: a conversion by rule, with a small table of what the rule can't know.
Does not belong here: correcting the sample: its defects are served as they are.
"""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from connectors.sandbox.edfi_store import Document, Listed, Rows

_FILES = (
    "Interchange-Candidate-Credential-Person_ds3.3.xml",
    "EXTENSION-Interchange-PerformanceEvaluation-Extension.xml",
    "EducationOrganization.xml",
)

# XML element of a record: the API's resource
_RESOURCES = {
    "School": "schools",
    "Person": "people",
    "Credential": "credentials",
    "PerformanceEvaluation": "performanceEvaluations",
    "Evaluation": "evaluations",
    "EvaluationObjective": "evaluationObjectives",
    "EvaluationElement": "evaluationElements",
    "PerformanceEvaluationRating": "performanceEvaluationRatings",
    "EvaluationRating": "evaluationRatings",
    "EvaluationObjectiveRating": "evaluationObjectiveRatings",
    "EvaluationElementRating": "evaluationElementRatings",
}
# resources that the sample has nothing of
_EMPTY = ("staffs", "staffEducationOrganizationAssignmentAssociations")
# repeating elements without children, and the list they become
_LISTS = {
    "GradeLevel": "gradeLevels",
    "EducationOrganizationCategory": "educationOrganizationCategories",
}
# what the TPDM extension adds to a resource of the core stands apart in the API of Data Standard 5.x
_EXTENSIONS = {"credentials": ("personReference", "certificationTitle", "credentialStatusDescriptor")}
_INTEGERS = frozenset(
    {"EducationOrganizationId", "SchoolId", "SortOrder", "ActualDuration", "PostSecondaryInstitutionId"}
)
_NUMBERS = frozenset({"Rating", "MinRating", "MaxRating"})


def resources(folder: Path) -> dict[str, Rows]:
    """Every resource of the sample, from `folder`/edfi/tpdm.

    Raises FileNotFoundError if a file is missing, ValueError if one declares a document type.
    """
    documents: dict[str, list[Document]] = {resource: [] for resource in (*_RESOURCES.values(), *_EMPTY)}
    for name in _FILES:
        for record in _root(folder / "edfi" / "tpdm" / name):
            resource = _RESOURCES.get(_tag(record))
            if resource is not None:
                documents[resource].append(_document(resource, record))
    return {resource: Listed(found) for resource, found in documents.items()}


def _root(path: Path) -> ElementTree.Element:
    body = path.read_bytes()
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ValueError(f"{path.name} declares a document type: entities are refused. Use the published sample.")
    return ElementTree.fromstring(body)


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _document(resource: str, record: ElementTree.Element) -> Document:
    document: Document = {"id": hashlib.md5(ElementTree.tostring(record), usedforsecurity=False).hexdigest()}
    for part in record:
        tag, text = _tag(part), (part.text or "").strip()
        if tag.endswith("Reference"):
            document[_camel(tag)] = _flattened(part)
        elif len(part):
            document.setdefault(_list_name(tag), []).append(dict(_leaf(child) for child in part))
        elif tag in _LISTS:
            document.setdefault(_LISTS[tag], []).append(dict([_leaf(part)]))
        elif tag == "SchoolYear":
            document["schoolYearTypeReference"] = {"schoolYear": _spring_year(text)}
        else:
            name, value = _leaf(part)
            document[name] = value
    added = {name: document.pop(name) for name in _EXTENSIONS.get(resource, ()) if name in document}
    if added:
        document["_ext"] = {"tpdm": added}
    document["_etag"] = document["id"][:18]
    document["_lastModifiedDate"] = "2022-06-30T00:00:00Z"
    return document


def _list_name(tag: str) -> str:
    for ending, name in (("RatingLevel", "ratingLevels"), ("RatingResult", "results"), ("Address", "addresses")):
        if tag.endswith(ending):
            return name
    return f"{_camel(tag)}s"


def _flattened(reference: ElementTree.Element) -> Document:
    """The API shows a reference as the natural key of what it refers to, without its inner references."""
    return dict(_leaf(element) for element in reference.iter() if not len(element))


def _leaf(element: ElementTree.Element) -> tuple[str, Any]:
    tag, text = _tag(element), (element.text or "").strip()
    if tag == "SchoolYear":
        return "schoolYear", _spring_year(text)
    if text.startswith("uri://") and "#" in text:
        return f"{_camel(tag)}Descriptor", text
    if tag in _INTEGERS:
        return _camel(tag), int(text)
    if tag in _NUMBERS:
        return _camel(tag), float(text)
    if text in ("true", "false"):
        return _camel(tag), text == "true"
    return _camel(tag), text


def _spring_year(text: str) -> int:
    """`2021-2022` is 2022."""
    return int(text.rsplit("-", 1)[-1])


def _camel(tag: str) -> str:
    return tag[0].lower() + tag[1:]
