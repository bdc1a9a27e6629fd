"""When dbt's manifest is made anew.

Belongs here: which changes of the dbt project are noticed. Does not belong here: builds (tests/dbt), a
parse that is killed (tests/guarantees/crashes).
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.assets.warehouse import DBT_PROJECT, project_digest

READ_BY_DBT = ("models", "macros", "seeds", "tests")


def kinds() -> dict[str, Path]:
    """One file of each kind that dbt reads in our project."""
    files = (path for folder in READ_BY_DBT for path in sorted((DBT_PROJECT / folder).rglob("*")) if path.is_file())
    return {path.suffix: path for path in files if "__pycache__" not in path.parts}


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_a_change_of_any_kind_of_file_is_noticed(kind: str, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    copy = project / kinds()[kind].name
    shutil.copy(kinds()[kind], copy)
    before = project_digest(project)
    copy.write_bytes(copy.read_bytes() + b"\n")
    after = project_digest(project)
    copy.rename(project / f"renamed{kind}")
    assert len({before, after, project_digest(project)}) == 3


def test_python_models_are_among_the_kinds() -> None:
    assert ".py" in kinds()


def test_what_python_leaves_beside_a_model_is_no_change(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("def model(dbt, session): ...")
    before = project_digest(tmp_path)
    (tmp_path / "model.cpython-312.pyc").write_bytes(b"\0")
    assert project_digest(tmp_path) == before
