"""What people decided outlives the warehouse: rebuilt from nothing, and after two records became one person.

Belongs here: the log, the build input and dbt together. Does not belong here: the log by itself
(tests/pipelines/decisions), the rule of one model (unit tests beside it).
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.decisions.kinds import NewDecision
from pipelines.decisions.store import DecisionStore, decisions_frame
from pipelines.settings import load_settings
from tests.dbt.conftest import run_dbt, write_build_input
from tests.dbt.tiny_district import ADA, BEN, FRAMEWORK, tiny_district

WHO_AND_WHY = {"reason": "asked by letter", "decided_by": "Robin Registrar"}
DECISIONS = [
    NewDecision("consent", "edfi", f"S{ADA}", "consent", "named", "refused", **WHO_AND_WHY),
    NewDecision("consent", "files", BEN, "consent", "named", "refused", **WHO_AND_WHY),
    NewDecision("consent", "files", "not yet hired", "consent", "named", "refused", **WHO_AND_WHY),
    NewDecision("dispute", "edfi", f"S{ADA}", "competency", f"{FRAMEWORK}|C-I06", "opened", **WHO_AND_WHY),
    NewDecision("dispute", "files", BEN, "competency", f"{FRAMEWORK}|C-X99", "opened", **WHO_AND_WHY),
    NewDecision("pairing", "files", ADA, "edfi", f"S{ADA}", "accepted", **WHO_AND_WHY),
]
ASKED = ("fct_decisions", "fct_consents", "fct_disputes", "pub_analysts__unapplied_decisions", "dim_staff")


def before_the_merge() -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Two rosters that share nothing: the personnel office has no state ids and no e-mails yet."""
    district = tiny_district()
    roster = [row | {"state_id": None, "email": None} for row in district[("files", "roster")]]
    return {("files", "roster"): roster, ("edfi", "staffs"): district[("edfi", "staffs")]}


def after_the_merge() -> dict[tuple[str, str], list[dict[str, Any]]]:
    district = tiny_district()
    return {place: district[place] for place in (("files", "roster"), ("edfi", "staffs"))}


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, list[dict[str, Any]]]]:
    """What each of two builds gives, the second without anything of the first but the log."""
    home = tmp_path_factory.mktemp("decided")
    (home / "district.yml").write_text("district: {id: tiny, name: Tiny Schools, timezone: America/Chicago}\n")
    settings = load_settings(home / "district.yml", {})
    with DecisionStore.open(settings) as store:
        mistaken = store.record(NewDecision("consent", "files", BEN, "consent", "named", "granted", **WHO_AND_WHY))
        store.record_all(DECISIONS)
        store.revoke(mistaken, "wrong person", "Sam Second")
    models = [f"+{model}" for model in ASKED]
    answers = []
    for landed in (before_the_merge(), after_the_merge()):
        write_build_input(home / "build_input", landed)
        decisions_frame(settings).write_parquet(home / "build_input" / "decisions.parquet")
        done = run_dbt(home, "build", "--exclude-resource-type", "unit_test", "test", "--select", *models)
        assert done.returncode == 0, done.stdout
        answers.append({model: rows_of(home / "warehouse.duckdb", model) for model in ASKED})
        (home / "warehouse.duckdb").unlink()
        shutil.rmtree(home / "build_input")
    return answers


def rows_of(warehouse: Path, model: str) -> list[dict[str, Any]]:
    with duckdb.connect(str(warehouse), read_only=True) as database:
        database.execute("set timezone = 'UTC'")
        found = database.execute(f"select * from {model} order by all")
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def key_of(staff: list[dict[str, Any]], platform: str, roster_id: str) -> str | None:
    keys = [row["staff_key"] for row in staff if (row["roster_platform"], row["roster_id"]) == (platform, roster_id)]
    return keys[0] if keys else None


def test_decisions__are_the_same_in_every_build(builds: list[dict[str, list[dict[str, Any]]]]) -> None:
    first, second = builds
    assert first["fct_decisions"] == second["fct_decisions"]
    assert len(first["fct_decisions"]) == len(DECISIONS) + 1
    assert sum(row["is_newest"] for row in first["fct_decisions"]) == len(DECISIONS)
    assert [row["decision"] for row in first["fct_decisions"] if row["is_revoked"]] == ["granted"]


def test_decisions__follow_a_record_into_the_person_it_turns_out_to_be(
    builds: list[dict[str, list[dict[str, Any]]]],
) -> None:
    for build, platform, roster_id in ((builds[0], "edfi", f"S{ADA}"), (builds[1], "files", ADA)):
        ada, ben = key_of(build["dim_staff"], platform, roster_id), key_of(build["dim_staff"], "files", BEN)
        assert ada is not None and ben is not None
        refused = {row["staff_key"] for row in build["dim_staff"] if not row["is_naming_allowed"]}
        assert refused == {ada, ben}
        (dispute,) = build["fct_disputes"]
        assert (dispute["staff_key"], dispute["is_open"]) == (ada, True)
    assert key_of(builds[1]["dim_staff"], "edfi", f"S{ADA}") is None


def test_decisions__that_apply_to_nothing_are_listed_and_kept(builds: list[dict[str, list[dict[str, Any]]]]) -> None:
    def listed(build: dict[str, list[dict[str, Any]]]) -> list[tuple[str, str, str]]:
        rows = build["pub_analysts__unapplied_decisions"]
        return sorted((row["decision_kind"], row["cited_as"], row["why"]) for row in rows)

    missing = [
        ("consent", "subject", "no roster that is loaded has this person"),
        ("dispute", "target", "no framework that is loaded has this competency"),
    ]
    assert listed(builds[0]) == missing
    assert listed(builds[1]) == [*missing, ("pairing", "target", "teacher and partner are one person")]
