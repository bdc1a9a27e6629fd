"""Our requests and our declared fields beside API documents that we did not write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.connectors.contracts.comparison import Comparison
from tests.connectors.contracts.deviations import FIELDS, PARAMETERS, PATHS
from tests.connectors.contracts.platforms import CONTRACTS, Contract
from tests.connectors.contracts.prism import Prism
from tests.connectors.contracts.recorded import Recorded

Comparisons = Callable[[Contract], Comparison]
Spoken = Callable[[Contract], list[Recorded]]
Prisms = Callable[[Path], Prism]

each_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=[contract.name for contract in CONTRACTS])
each_stream = pytest.mark.parametrize(
    ("contract", "stream"),
    [(contract, stream.name) for contract in CONTRACTS for stream in contract.streams()],
    ids=[f"{contract.name}-{stream.name}" for contract in CONTRACTS for stream in contract.streams()],
)


@each_contract
def test_requests__go_to_documented_paths_with_declared_parameters(
    contract: Contract, spoken: Spoken, comparison_of: Comparisons
) -> None:
    comparison = comparison_of(contract)
    assert [fault for request in spoken(contract) for fault in comparison.faults(request)] == []


@each_contract
def test_requests__every_stream_is_asked_for_where_its_records_are_published(
    contract: Contract, spoken: Spoken, comparison_of: Comparisons
) -> None:
    comparison = comparison_of(contract)
    asked = {operation.template for request in spoken(contract) if (operation := comparison.operation(request))}
    assert [stream.name for stream in contract.streams() if contract.record(stream)[0] not in asked] == []


@each_contract
def test_requests__are_valid_for_prism(
    contract: Contract, spoken: Spoken, comparison_of: Comparisons, reference_data: Path, prism_of: Prisms
) -> None:
    comparison = comparison_of(contract)
    replayed, faults = 0, []
    for request in spoken(contract):
        if comparison.is_sign_in(request) or comparison.is_known_extra(request):
            continue
        document, path = comparison.place(request)
        judged = prism_of(reference_data / document.file).judge(
            request.method, path, request.query, dict(request.headers)
        )
        faults += [f"{request.named}: {judged.status}: {fault}" for fault in judged.faults]
        replayed += 1
    assert faults == []
    assert replayed >= len({contract.record(stream)[0] for stream in contract.streams()})


@each_stream
def test_fields__are_in_the_published_record(contract: Contract, stream: str, comparison_of: Comparisons) -> None:
    assert comparison_of(contract).unpublished_fields(stream) == []


def test_deviations__each_is_still_needed_and_says_why(spoken: Spoken, comparison_of: Comparisons) -> None:
    used = set()
    for contract in CONTRACTS:
        comparison = comparison_of(contract)
        for request in spoken(contract):
            comparison.faults(request)
        for stream in contract.streams():
            comparison.unpublished_fields(stream.name)
        used |= comparison.used
    known = {*PATHS, *PARAMETERS, *FIELDS}
    assert known - used == set(), "take these out of deviations.py: the documents allow what they excuse"
    assert {one.contract for one in known} <= {contract.name for contract in CONTRACTS}
    assert [one for one in known if len(one.reason) < 40] == []


# -- the checks themselves -----------------------------------------------------------------


def a_list_of(contract: Contract, spoken: Spoken) -> Recorded:
    """A valid request of the contract, without parameters, for the first stream's list."""
    template = contract.record(contract.streams()[0])[0]
    below = contract.documents[0].below
    return replace(next(one for one in spoken(contract) if one.path == below + template), query="")


@each_contract
def test_checks__find_an_undeclared_parameter_a_header_and_a_path(
    contract: Contract, spoken: Spoken, comparison_of: Comparisons
) -> None:
    comparison, request = comparison_of(contract), a_list_of(contract, spoken)
    assert comparison.faults(request) == []
    (fault,) = comparison.faults(replace(request, query="num_records=5"))
    assert "query parameter num_records is not declared" in fault
    (fault,) = comparison.faults(replace(request, headers=(*request.headers, ("x-tenant", "1"))))
    assert "header x-tenant is not declared" in fault
    (fault,) = comparison.faults(replace(request, path=f"{request.path}Everywhere"))
    assert "no such path" in fault
    (fault,) = comparison.faults(replace(request, method="PATCH"))
    assert "no such path and method" in fault


@each_contract
def test_checks__prism_refuses_a_wrong_path(
    contract: Contract, spoken: Spoken, comparison_of: Comparisons, reference_data: Path, prism_of: Prisms
) -> None:
    request = a_list_of(contract, spoken)
    document, path = comparison_of(contract).place(request)
    prism = prism_of(reference_data / document.file)
    assert prism.judge("GET", path, "", dict(request.headers)).faults == ()
    judged = prism.judge("GET", f"{path}Everywhere", "", dict(request.headers))
    assert judged.status == 404 and judged.faults


@pytest.mark.parametrize(
    ("name", "path", "query", "said"),
    [
        ("Badgr v2", "/v2/issuers/iss-1/assertions", "include_revoked=1", "must be boolean"),
        ("Ed-Fi 6.0", "/ed-fi/schools", "limit=501", "must be <= 500"),
        ("Ed-Fi 6.0", "/ed-fi/schools", "pageSize=many", "must be integer"),
    ],
)
def test_checks__prism_refuses_a_wrong_value(
    name: str, path: str, query: str, said: str, reference_data: Path, prism_of: Prisms
) -> None:
    (contract,) = (contract for contract in CONTRACTS if contract.name == name)
    prism = prism_of(reference_data / contract.documents[0].file)
    judged = prism.judge("GET", path, query, {"accept": "application/json", "authorization": "Bearer made-up"})
    assert 400 <= judged.status < 500
    assert any(said in fault for fault in judged.faults), judged.faults


@each_contract
def test_checks__find_a_field_that_is_not_published(contract: Contract, comparison_of: Comparisons) -> None:
    comparison = comparison_of(contract)
    stream = contract.streams()[0]
    published = comparison.published[contract.documents[0]]
    shape = published.record(*contract.record(stream))
    key = stream.field(stream.key[0]).source_path
    assert published.holds(shape, key)
    assert not published.holds(shape, f"{key}Everywhere") and not published.holds(shape, f"{key}.below")
    assert not published.holds(shape, f"{key}[*].below")
