"""One published release that the tests of the apps read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.apps.release_reader import Release, open_release
from pipelines.publish.release import publish
from tests.pipelines.planted_warehouse import KEY, build_warehouse, release_info


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("district")
    warehouse = build_warehouse(folder / "warehouse.duckdb")
    publish(warehouse, folder / "published", release_info("r1"), KEY)
    return folder / "published"


@pytest.fixture
def release(published: Path) -> Iterator[Release]:
    with open_release(published, "leaders") as opened:
        yield opened
