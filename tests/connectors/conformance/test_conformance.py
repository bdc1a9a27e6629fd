"""Every registered platform, every case: what is declared in platforms/, what is tried in cases/."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.sandbox.district import District, generate
from tests.connectors.conformance.case import Case, cases_of
from tests.connectors.conformance.declaration import Declaration, declarations
from tests.connectors.conformance.runner import Platforms
from tests.connectors.conformance.summary import PROPERTY

DECLARED = declarations()


@pytest.fixture(scope="module")
def platforms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platforms]:
    district: District = generate(teachers=20, school_years=3)
    with Platforms(district, tmp_path_factory.mktemp("conformance")) as running:
        yield running


@pytest.mark.parametrize(
    ("declaration", "case"),
    [
        pytest.param(
            declaration,
            case,
            id=f"{declaration.called}-{case.name}",
            marks=pytest.mark.xdist_group(declaration.called),  # platforms side by side, cases of one together
        )
        for declaration in DECLARED
        for case in cases_of(declaration)
    ],
)
def test_conformance__every_platform_passes_every_case(
    declaration: Declaration, case: Case, platforms: Platforms, request: pytest.FixtureRequest
) -> None:
    request.node.user_properties.append((PROPERTY, (declaration.called, case.name)))
    if reason := declaration.skips.get(case.name):
        pytest.skip(reason)
    platforms.run(case, declaration)
