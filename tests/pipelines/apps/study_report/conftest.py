"""The reports of the planted documents, each written once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from pipelines.apps.study_report.write import write_report
from tests.pipelines.apps.study_report.planted_documents import all_kinds


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder with the written report of a kind of document."""

    @cache
    def write(kind: str) -> Path:
        folder = tmp_path_factory.mktemp(kind)
        write_report(all_kinds()[kind], folder)
        return folder

    return write
