"""G3: what was landed is never rewritten, and each row names its load, its file and its place in it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from connectors.core.landing.manifest import Manifest
from pipelines.build_input import states
from tests.guarantees.conftest import pull_and_judge
from tests.homes import Home


def landed(home: Home) -> dict[Path, str]:
    """Every file of the landing with its content's hash."""
    files = (path for path in home.settings.landing.rglob("*") if path.is_file())
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_g03__what_was_landed_is_never_rewritten(own: Home) -> None:
    before = landed(own)
    pulls = pull_and_judge(own, refreshed=tuple(own.settings.sources))
    after = landed(own)
    assert before.items() <= after.items()
    assert len(after) > len(before) and not [pull.fault for pull in pulls if pull.fault]


def test_g03__each_row_names_its_load_its_place_and_its_file(own: Home) -> None:
    delivered = {
        hashlib.sha256(path.read_bytes()).hexdigest() for path in (own.folder / "drop").rglob("*") if path.is_file()
    }
    for source, stream, state in states(own.settings):
        for run in state.accepted:
            paths = [str(path) for path in run.parts]
            if not paths:
                continue
            rows, places, run_ids, hashes = duckdb.sql(
                "select count(*), count(distinct _row_number), list(distinct _run_id), list(distinct _source_file_hash)"
                " from read_parquet($paths) where _change = 'upsert'",
                params={"paths": paths},
            ).fetchall()[0]
            assert run_ids == [run.manifest.run_id] == [run.folder.name.removeprefix("run_id=")]
            assert rows == places == run.manifest.records_landed, f"{source.name}.{stream.name}: one place, one row"
            if source.platform.name in ("files", "open_badges"):
                named = {one for one in hashes or [] if one is not None}
                assert named <= delivered, f"{source.name}.{stream.name}: a file that was delivered"
                assert named or source.platform.name == "open_badges"


def test_g03__the_manifest_names_every_file_of_its_run(own: Home) -> None:
    for manifest in own.settings.landing.rglob("_manifest.json"):
        folder = manifest.parent
        told = Manifest.read(folder)
        names = {file.name for file in (*told.files, *([told.rejects] if told.rejects else []))}
        assert {path.name for path in folder.glob("*.parquet")} == names
