"""G2: the cursor moves with the rows that it covers, and not before they are accepted."""

from __future__ import annotations

import json

import pytest

from connectors.core.landing.state import StreamState
from pipelines.assets.warehouse import dbt_manifest, dbt_target
from pipelines.build_input import states
from tests.guarantees.crashes.killed import SOURCE
from tests.guarantees.crashes.processes import output, start
from tests.homes import Home, judge


def of_the_source(home: Home) -> dict[str, StreamState]:
    return {stream.name: state for source, stream, state in states(home.settings) if source.name == SOURCE}


@pytest.mark.parametrize(("point", "pending"), [("before the manifest", 0), ("after the manifest", 4)])
def test_g02__a_killed_pull_moves_no_cursor_and_its_runs_count_once(own: Home, point: str, pending: int) -> None:
    before = of_the_source(own)
    process = start(own, "tests.guarantees.crashes.killed", point, str(own.folder))
    assert process.wait(120) == -9, output(own)
    after = of_the_source(own)
    assert sum(len(state.pending) for state in after.values()) == pending
    assert {name: state.accepted for name, state in after.items()} == {
        name: state.accepted for name, state in before.items()
    }
    judge(own, SOURCE)
    settled = of_the_source(own)
    assert not [name for name, state in settled.items() if state.pending]
    assert sum(len(state.accepted) for state in settled.values()) == pending + sum(
        len(state.accepted) for state in before.values()
    )


def test_build__half_a_dbt_manifest_of_a_killed_build_is_never_read(own: Home) -> None:
    written = dbt_target(own.settings) / "manifest.json"
    written.write_bytes(written.read_bytes()[:1000])
    assert json.loads(dbt_manifest(own.settings).read_text())["nodes"]
