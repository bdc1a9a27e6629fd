"""Row 40: killed inside the publish step, at the points that tests/pipelines/publish does not reach.

Audiences may stand one release apart after a kill between two pointers: each still has a
whole, checked release, nobody reads two audiences at once, and the next run swaps all.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.apps.release_reader import open_release
from pipelines.publish.layout import AUDIENCES
from pipelines.publish.release import publish
from tests.guarantees.crashes.processes import ROOT
from tests.pipelines.planted_warehouse import KEY, build_warehouse, release_info


def current(published: Path) -> list[str]:
    found = []
    for audience in AUDIENCES:
        with open_release(published, audience) as release:
            assert release.info()["audience"] == audience
            found.append(str(release.info()["release_id"]))
    return found


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ("one file placed", ["old", "old", "old"]),
        ("pointer half written", ["old", "old", "old"]),
        ("one pointer swapped", ["new", "old", "old"]),
        ("before the sweep", ["new", "new", "new"]),
    ],
)
def test_publish__killed_inside_a_step_leaves_each_audience_a_whole_release_and_no_litter(
    tmp_path: Path, point: str, expected: list[str]
) -> None:
    published = tmp_path / "published"
    publish(build_warehouse(tmp_path / "warehouse.duckdb"), published, release_info("old"), KEY)
    died = subprocess.run(
        [sys.executable, "-m", "tests.guarantees.crashes.killed", point, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert died.returncode == -9, died.stderr
    assert current(published) == expected
    publish(tmp_path / "warehouse.duckdb", published, release_info("next"), KEY, keep=1)
    assert current(published) == ["next"] * 3
    assert sorted(path.name for path in published.rglob("*") if path.is_file()) == ["current"] * 3 + ["next.duckdb"] * 3
