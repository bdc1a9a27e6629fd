"""The synthetic district's competencies as CASE packages, and a second small framework beside them.

Belongs here: documents, items, associations, a rubric. Does not belong here: paging,
the provider's paths.

The district's own framework has the title, codes and names that the warehouse's seeds
have, so that the same truth holds. The second one is nobody's adopted framework: three of
its items match the district's, one is retired.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox import canaries
from connectors.sandbox.credly_documents import COMPETENCY_URL
from connectors.sandbox.exchange import instant
from connectors.sandbox.rubric import DOMAINS, ELEMENTS, FRAMEWORK, LEVELS, RUBRIC_VERSION

Document = dict[str, Any]

SECOND_FRAMEWORK = "National Teaching Practices (SYNTHETIC)"
_PRACTICES = (
    ("NTP-1", "Explains content so that learners can use it", "C-I03"),
    ("NTP-2", "Asks questions that make learners reason", "C-I06"),
    ("NTP-3", "Gives feedback that learners act on", "C-I07"),
    ("NTP-4", "Works with families", None),
    ("NTP-5", "Shares practice with colleagues", None),
    ("NTP-6", "Uses overhead projection", None),
)
_RETIRED = "NTP-6"
_SPACE = uuid.UUID("6b0c8f8e-9f1b-4d64-8a53-3f1f2f0a7c11")
_CHANGED = instant(datetime(2021, 3, 1, 15, 0, tzinfo=UTC))


def identifier(name: str) -> str:
    """The identifier of a document (by its title), an item (by its code or title) or an association."""
    return str(uuid.uuid5(_SPACE, name))


def packages() -> list[Document]:
    """The provider's packages; each a document of its own that a test may change."""
    return [_district_package(), _second_package()]


def _district_package() -> Document:
    document = _document(FRAMEWORK, "2021-07-01")
    domains = [_item(domain, None, domain, None, "Domain", f"{COMPETENCY_URL}/domains/{domain}") for domain in DOMAINS]
    items = [
        _item(
            element.competency_code,
            element.competency_code,
            f"{element.title}, as the district's rubric describes it.",
            element.title,
            "Competency",
            f"{COMPETENCY_URL}/{element.competency_code}",
        )
        for element in ELEMENTS
    ]
    associations = [
        *(_association("isChildOf", domain["identifier"], document["identifier"]) for domain in domains),
        *(
            _association("isChildOf", identifier(element.competency_code), identifier(element.domain))
            for element in ELEMENTS
        ),
    ]
    return {
        "CFDocument": document,
        "CFItems": [*domains, *items],
        "CFAssociations": associations,
        "CFDefinitions": {},
        "CFRubrics": [_rubric()],
    }


def _second_package() -> Document:
    document = _document(SECOND_FRAMEWORK, "2015-01-01")
    items = [
        _item(code, code, f"The teacher {statement[0].lower()}{statement[1:]}.", statement, "Practice")
        for code, statement, _ in _PRACTICES
    ]
    for item in items:
        if item["humanCodingScheme"] == _RETIRED:
            item["statusEndDate"] = "2019-06-30"
    associations = [
        *(_association("isChildOf", item["identifier"], document["identifier"]) for item in items),
        *(
            _association("exactMatchOf", identifier(code), identifier(match))
            for code, _, match in _PRACTICES
            if match is not None
        ),
    ]
    return {
        "CFDocument": document,
        "CFItems": items,
        "CFAssociations": associations,
        "CFDefinitions": {},
        "CFRubrics": [],
    }


def _document(title: str, since: str) -> Document:
    document_id = identifier(title)
    return {
        "identifier": document_id,
        "uri": f"https://case.cedar-valley.example/uri/{document_id}",
        "creator": "Cedar Valley Schools (SYNTHETIC)",
        "title": title,
        "description": f"{title}: SYNTHETIC.",
        "subject": ["Teaching"],
        "language": "en",
        "version": "1",
        "adoptionStatus": "Adopted",
        "statusStartDate": since,
        "notes": f"{canaries.TEXT}-editor's note on the framework",
        "CFPackageURI": _node(document_id, title),
        "lastChangeDateTime": _CHANGED,
    }


def _item(
    name: str, code: str | None, statement: str, title: str | None, kind: str, uri: str | None = None
) -> Document:
    item_id = identifier(name)
    item: Document = {
        "identifier": item_id,
        "uri": uri or f"https://case.cedar-valley.example/uri/{item_id}",
        "fullStatement": statement,
        "CFItemType": kind,
        "language": "en",
        "notes": f"{canaries.TEXT}-editor's note on an item",
        "lastChangeDateTime": _CHANGED,
    }
    return item | {
        key: value for key, value in (("humanCodingScheme", code), ("abbreviatedStatement", title)) if value is not None
    }


def _association(kind: str, origin: str, destination: str) -> Document:
    association_id = identifier(f"{kind} {origin} {destination}")
    return {
        "identifier": association_id,
        "associationType": kind,
        "uri": f"https://case.cedar-valley.example/uri/{association_id}",
        "originNodeURI": _node(origin, "Origin"),
        "destinationNodeURI": _node(destination, "Destination"),
        "lastChangeDateTime": _CHANGED,
    }


def _node(node_id: str, title: str) -> Document:
    return {"title": title, "identifier": node_id, "uri": f"https://case.cedar-valley.example/uri/{node_id}"}


def _rubric() -> Document:
    criteria = []
    for position, element in enumerate(ELEMENTS, start=1):
        criterion_id = identifier(f"criterion {element.code}")
        levels = [
            {
                "identifier": identifier(f"level {element.code} {score}"),
                "uri": f"https://case.cedar-valley.example/uri/{identifier(f'level {element.code} {score}')}",
                "quality": label,
                "score": score,
                "position": score,
                "rubricCriterionId": criterion_id,
                "lastChangeDateTime": _CHANGED,
            }
            for score, label in LEVELS.items()
        ]
        criteria.append(
            {
                "identifier": criterion_id,
                "uri": f"https://case.cedar-valley.example/uri/{criterion_id}",
                "category": element.domain,
                "description": element.title,
                "CFItemURI": _node(identifier(element.competency_code), element.title),
                "weight": 1,
                "position": position,
                "rubricId": identifier(RUBRIC_VERSION),
                "lastChangeDateTime": _CHANGED,
                "CFRubricCriterionLevels": levels,
            }
        )
    return {
        "identifier": identifier(RUBRIC_VERSION),
        "uri": f"https://case.cedar-valley.example/uri/{identifier(RUBRIC_VERSION)}",
        "title": RUBRIC_VERSION,
        "description": "The district's rubric (SYNTHETIC).",
        "lastChangeDateTime": _CHANGED,
        "CFRubricCriteria": criteria,
    }
