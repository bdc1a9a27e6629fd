"""What a newcomer installs: pinned, hashed, bounded, and from no named registry."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_packaging__every_pin_has_its_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    pins = re.findall(r"^([A-Za-z0-9][^\s;]*==\S+)(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    assert len(pins) > 100
    assert all("--hash=sha256:" in rest for _, rest in pins)
    assert "://" not in text and "--index" not in text


def test_packaging__the_lock_that_tests_use_holds_the_lock_that_runs() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^\S+==\S+", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.lock") < pins("requirements-dev.lock")


def test_packaging__every_dependency_has_an_upper_bound() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = project["dependencies"] + [line for lines in project["optional-dependencies"].values() for line in lines]
    calendar_versioned = {"tzdata"}
    unbounded = [line for line in declared if "<" not in line and "==" not in line]
    assert {re.split(r"[<>=]", line)[0] for line in unbounded} <= calendar_versioned


def test_packaging__dagster_packages_come_from_one_release() -> None:
    text = (ROOT / "requirements.lock").read_text()
    core = dict(
        re.findall(r"^(dagster|dagster-webserver|dagster-graphql|dagster-pipes|dagster-shared)==(\S+)", text, re.M)
    )
    assert len(set(core.values())) == 1
    (integration,) = re.findall(r"^dagster-dbt==0\.\d+\.(\d+)", text, re.M)
    assert core["dagster"].rsplit(".", 1)[1] == integration
