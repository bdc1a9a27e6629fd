"""The synthetic district's badge files: which of them verification believes."""

from __future__ import annotations

from pathlib import Path

from connectors.sandbox import badge_files
from connectors.sandbox.district import generate
from tests.connectors.open_badges.test_open_badges_files import Drop


def test_sandbox__signed_copies_of_platform_awards_are_verified_and_nothing_else(tmp_path: Path) -> None:
    district = generate(teachers=20)
    badge_files.write(district, tmp_path / "badges")
    sink, _ = Drop(tmp_path).pull()
    assert sink.rejects == {}
    found = {name: record["verification"] for name, record in sink.records.items()}
    changed = f"badge-{badge_files.CHANGED_AFTERWARDS:03d}-ob30.json"
    assert {name for name, verification in found.items() if verification == "invalid"} == {changed}
    verified = [sink.records[name] for name, verification in found.items() if verification == "verified"]
    on_platform = set(district.earned.awards.filter("on_platform")["award_id"])
    assert {record["proof_type"] for record in verified} == {"jwt", "DataIntegrityProof"}
    assert {record["credential_id"].rpartition("/")[2] for record in verified} <= on_platform
    assert set(found.values()) == {"verified", "invalid", "unknown", "unverified"}


def test_sandbox__signatures_are_the_same_each_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        badge_files.write(generate(teachers=20), tmp_path / name)
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two
