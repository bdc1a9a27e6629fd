"""Ed-Fi Data Standard 6.0 as the conformance kit needs to know it: the standard is found out from the server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.sandbox.edfi_server import EdFi
from tests.connectors.conformance.declaration import Changes, Walk
from tests.connectors.conformance.platforms.edfi import BY_TOKEN


def _changes(resource: str, patch: dict[str, Any]) -> Changes:
    def remove(edfi: EdFi, n: int) -> dict[str, Any]:
        document = edfi.get(resource, edfi.ids(resource)[n])
        edfi.delete(resource, document["id"])
        return document

    def late(edfi: EdFi, age: timedelta) -> None:
        """The server counts versions, whatever time a record bears."""
        edfi.state.change(resource, edfi.ids(resource)[-1], patch, datetime.now(UTC) - age)

    return Changes(
        add=lambda edfi: edfi.add(resource, {**edfi.get(resource, edfi.ids(resource)[0]), "id": "f" * 32}),
        change=lambda edfi, n: edfi.change(resource, edfi.ids(resource)[n], patch),
        remove=remove,
        restore=lambda edfi, document: edfi.add(resource, document),
        vanish=lambda edfi, n: edfi.withdraw(resource, edfi.ids(resource)[n]),
        late=late,
    )


DECLARATIONS = (
    replace(
        BY_TOKEN,
        name="edfi, Data Standard 6.0",
        stand_in="edfi6",
        secrets={"client_id": "SIS6_CLIENT_ID", "client_secret": "SIS6_CLIENT_SECRET"},
        walks=(
            Walk("staffs", r"/ed-fi/staffs\?pageSize", "tokens"),
            Walk(
                "evaluation_elements", r"/ed-fi/evaluationElements\?.*pageSize", "tokens", of_changes=True, changed=40
            ),
        ),
        changes={
            "staffs": _changes("staffs", {"lastSurname": "Changed"}),
            "evaluation_elements": _changes("evaluationElements", {"sortOrder": 77}),
            "credentials": _changes("credentials", {"certificationTitle": None, "namespace": "uri://changed"}),
            "staff_directories": _changes("staffDirectories", {"electronicMails": []}),
            "local_actuals": _changes("localActuals", {"amount": 12.5}),
        },
        empty_streams={},
        absent_fields={
            "staffs.middleName": "nobody in the synthetic district has a middle name",
            "staffs.electronicMails": "Data Standard 6.0 keeps addresses in staffDirectories",
            "performance_evaluations.academicSubjectDescriptor": "the district's evaluation is of no single subject",
        },
        absent_withheld={},
        modules={
            "sign_in": "another stand-in, another discovery document",
            "paging": "resources in other namespaces",
            "reads": "the streams of another data standard",
        },
        skips={},
    ),
)
