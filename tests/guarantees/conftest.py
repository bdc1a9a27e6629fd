"""What the tests of incremental loads share: a month of daily pulls, lived through once a session.

Belongs here: pulling and judging day by day, a full pull beside it, the two builds at the
end. Does not belong here: what happens on a day (days), what must hold (the tests).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from connectors.core.landing.manifest import write_verdict
from connectors.sandbox.district import District
from connectors.sandbox.server import Sandbox
from pipelines.build_input import states
from pipelines.demo import DISTRICT_YML
from pipelines.progress import Silent
from pipelines.pull_source import StreamPull, pull_source
from pipelines.run import RunReport
from tests.guarantees import days, rearranged
from tests.guarantees.live_rows import LiveRows, live_rows
from tests.homes import Home, judge, mart_hashes

CHECKED = 15
"""The day on which a full pull into an empty landing is compared, beside the last."""


@dataclass
class Month:
    """A home after thirty days of incremental pulls, and what was compared on the way.

    pulls: by day, what became of each stream. compared: by day, the live rows of the
    incremental landing and of a full pull into an empty one. vanished: the award that was
    deleted on day 14 and that no feed told of. marts: of the daily line after the last day.
    full_marts: of a full pull on the last day, from a platform that serves everything in
    another order. orders: that day's live rows as they came in the plain and the other order.
    """

    home: Home
    pulls: dict[int, list[StreamPull]] = field(default_factory=dict)
    compared: dict[int, tuple[LiveRows, LiveRows]] = field(default_factory=dict)
    vanished: str = ""
    reports: list[RunReport] = field(default_factory=list)
    marts: dict[str, tuple[int, int]] = field(default_factory=dict)
    full_marts: dict[str, tuple[int, int]] = field(default_factory=dict)
    orders: tuple[LiveRows, LiveRows] = field(default_factory=lambda: ({}, {}))


def pull_and_judge(home: Home, refreshed: tuple[str, ...] = ()) -> list[StreamPull]:
    """A day's work without the build: what Dagster's assets and checks do, called one by one.

    refreshed: the sources that are pulled in full.
    """
    settings = home.settings
    pulls = [pull for name in settings.sources for pull in pull_source(settings, name, name in refreshed, Silent())]
    new = {pull.connection for pull in pulls if pull.manifest}
    for name in settings.sources:
        if name in new:
            judge(home, name)
    return pulls


def pulled_in_full(home: Home, folder: Path, sandbox: Sandbox | None = None) -> Home:
    """A new home with the same files, and a full pull in it that nobody has judged: all accepted.

    sandbox: where to pull from, with pages of another size and files under other names.
    """
    folder.mkdir(parents=True)
    for name in ("drop", "mappings"):
        shutil.copytree(home.folder / name, folder / name)
    shutil.copy(home.folder / "district.yml", folder / "district.yml")
    new = Home(folder, sandbox or home.sandbox)
    if sandbox is not None:
        for platform, size in rearranged.PAGE_SIZES.items():
            new.rewrite(f"    platform: {platform}\n", f"    platform: {platform}\n    page_size: {size}\n")
        new.rewrite(home.sandbox.url, sandbox.url)
        rearranged.rename_files(folder / "drop")
    settings = new.settings
    pulls = [pull for name in settings.sources for pull in pull_source(settings, name, False, Silent())]
    assert not [pull.fault for pull in pulls if pull.fault]
    for _, _, state in states(settings):
        for run in state.pending:
            write_verdict(run.folder, '{"outcome": "accepted", "findings": []}')
    return new


@pytest.fixture(scope="session")
def month(
    loaded: tuple[Home, RunReport], district: District, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Month]:
    """Thirty days on a copy of the loaded home, with two builds at the end: daily pulls, one full pull."""
    shared, _ = loaded
    folder = tmp_path_factory.mktemp("month")
    with Sandbox.start(district) as sandbox:
        home = Home(shared.copy(folder / "home").folder, sandbox)
        (home.folder / "district.yml").write_text(
            DISTRICT_YML.format(badgr=sandbox.badgr_url, edfi=sandbox.edfi_url)
            # one file of 46 is broken on day 25
            .replace("    platform: open_badges\n", "    platform: open_badges\n    max_reject_share: 0.1\n")
        )
        for manifest in (home.folder / "landing").rglob("_manifest.json"):
            manifest.write_text(manifest.read_text().replace(shared.sandbox.url, sandbox.url))
        lived = Month(home)
        for number, day in days.DAYS.items():
            sandbox.clock.advance(days.A_DAY)
            if day.happens is days.an_award_vanishes_without_a_word:
                lived.vanished = days.vanishing(home)
            day.happens(home)
            if day.is_pulled:
                lived.pulls[number] = pull_and_judge(home, day.refreshed)
            if number == CHECKED:
                full = pulled_in_full(home, folder / f"full-{number}")
                lived.compared[number] = live_rows(home.settings), live_rows(full.settings)
        lived.reports.append(home.run("badge_files"))
        lived.marts = mart_hashes(home)
        full = pulled_in_full(home, folder / "full")
        lived.compared[days.LAST] = live_rows(home.settings), live_rows(full.settings)
        with rearranged.rearranged(sandbox) as other:
            moved = pulled_in_full(home, folder / "rearranged", other)
            # the name of a badge's file is told with the badge, and the files are renamed
            lived.orders = tuple(live_rows(one.settings, without=("file_name",)) for one in (full, moved))  # type: ignore[assignment]
            # dbt's reading of the project costs ten seconds and is the same
            shutil.copytree(home.folder / "warehouse" / "dbt", moved.folder / "warehouse" / "dbt")
            lived.reports.append(moved.run("badge_files"))
            lived.full_marts = mart_hashes(moved)
        yield lived
