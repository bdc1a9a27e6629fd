"""Ed-Fi 5.x as the conformance kit needs to know it: with page tokens, and an older server without."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connectors.sandbox.edfi_server import EdFi
from tests.connectors.conformance.declaration import Changes, HttpPlatform, Total, Walk


def changes_of(resource: str, patch: dict[str, Any]) -> Changes:
    def remove(edfi: EdFi, n: int) -> dict[str, Any]:
        document = edfi.get(resource, edfi.ids(resource)[n])
        edfi.delete(resource, document["id"])
        return document

    return Changes(
        add=lambda edfi: edfi.add(resource, _without_id(edfi.get(resource, edfi.ids(resource)[0]))),
        change=lambda edfi, n: edfi.change(resource, edfi.ids(resource)[n], patch),
        remove=remove,
        restore=edfi_add(resource),
    )


_NO_LEDGER = "finance is optional in Ed-Fi, and the stand-in of 5.x keeps no ledger: the stream says so in a note"


_NOTHING_IS_LATE = "Ed-Fi counts change versions; no time of change decides what is new"


def _without_id(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "id"}


def edfi_add(resource: str) -> Any:
    return lambda edfi, document: edfi.add(resource, document)


BY_TOKEN = HttpPlatform(
    platform="edfi",
    secrets={"client_id": "SIS_CLIENT_ID", "client_secret": "SIS_CLIENT_SECRET"},
    wrong_secrets={"client_secret": "no-secret-of-the-sandbox"},
    options={"page_size": 15},
    token_path="/oauth/token",
    walks=(
        Walk("staffs", r"/ed-fi/staffs\?pageSize", "tokens"),
        Walk("evaluation_elements", r"/tpdm/evaluationElements\?.*pageSize", "tokens", of_changes=True, changed=40),
    ),
    size_parameter="pageSize",
    total=Total(r"limit=0&totalCount=true", header="Total-Count"),
    changes={
        "staffs": changes_of("staffs", {"lastSurname": "Changed"}),
        "evaluation_elements": changes_of("evaluationElements", {"sortOrder": 77}),
        "credentials": changes_of("credentials", {"certificationTitle": None, "namespace": "uri://changed"}),
    },
    denied=("/ed-fi/credentials", "credentials"),
    absent_withheld={"credentials": "the sandbox keeps no students, so no licence has academic records"},
    absent_fields={
        "staffs.middleName": "nobody in the synthetic district has one",
        "credentials.effectiveDate": "the synthetic licences hold from the day of their issue",
        "performance_evaluations.academicSubjectDescriptor": "the synthetic rubric is one for all subjects",
    },
    skips={
        "full_pull_finds_what_vanished": "Ed-Fi tells every delete in its feed of deletes",
        "change_that_comes_late": _NOTHING_IS_LATE,
        "record_of_2999": _NOTHING_IS_LATE,
    },
    empty_streams=dict.fromkeys(("chart_of_accounts", "local_accounts", "local_actuals"), _NO_LEDGER),
)

BY_OFFSET = replace(
    BY_TOKEN,
    name="edfi, pages by offset",
    arrange=lambda edfi: setattr(edfi, "has_cursor_paging", False),
    walks=(
        Walk("staffs", r"/ed-fi/staffs\?limit=15", "offsets"),
        Walk("evaluation_elements", r"/tpdm/evaluationElements\?.*limit=15", "offsets", of_changes=True, changed=40),
    ),
    size_parameter="limit",
    modules={"paging": "pages by offset instead of by token", "meaning": "pages that overlap by a record"},
)

DECLARATIONS = (BY_TOKEN, BY_OFFSET)
