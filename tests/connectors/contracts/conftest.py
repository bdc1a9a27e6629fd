"""The documents, what our clients ask, and a Prism per document: each made once, when first needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from connectors.sandbox.district import generate
from connectors.sandbox.server import Sandbox
from tests.connectors.contracts import prism
from tests.connectors.contracts.comparison import Comparison
from tests.connectors.contracts.platforms import Contract
from tests.connectors.contracts.prism import Prism
from tests.connectors.contracts.recorded import Recorded, listen

REFERENCE_DATA = "EXPERTISE_REFERENCE_DATA"


@pytest.fixture(scope="session")
def reference_data() -> Path:
    folder = os.environ.get(REFERENCE_DATA)
    if not folder:
        pytest.skip(f"{REFERENCE_DATA} is unset: it names the folder with the published API documents")
    return Path(folder)


@pytest.fixture(scope="session")
def comparison_of(reference_data: Path) -> Callable[[Contract], Comparison]:
    """A contract beside its documents."""
    return cache(lambda contract: Comparison(contract, reference_data))


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Contract], list[Recorded]]:
    """Every kind of request, once, that the platform's client sends when it does all it can."""
    district = generate(teachers=20, school_years=2)

    @cache
    def speak(contract: Contract) -> list[Recorded]:
        with Sandbox.start(district) as sandbox:
            listening = listen(sandbox)
            contract.speak(contract, sandbox, tmp_path_factory.mktemp("state"))
        return list({request.kind: request for request in listening.heard}.values())

    return speak


@pytest.fixture(scope="session")
def prism_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Prism]]:
    """The running Prism of a document."""
    if reason := prism.why_not():
        pytest.skip(reason)
    with ExitStack() as running:
        yield cache(
            lambda document: running.enter_context(prism.prism_of(document, tmp_path_factory.mktemp("prism") / "log"))
        )
