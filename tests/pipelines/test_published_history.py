"""Which release the history goes on from, and that it is copied as it is.

Belongs here: the choice among kept releases, whole or damaged. Does not belong here: what a day adds to
history (dbt unit tests and tests/dbt), asking for it (apps).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.publish import layout
from pipelines.publish.release import publish, rollback
from pipelines.published_history import HISTORY, write_published_history
from tests.pipelines.planted_warehouse import KEY, build_warehouse, release_info


@dataclass(frozen=True)
class _District:
    id: str


@dataclass(frozen=True)
class _Home:
    """What the copy needs of the settings: where releases are published, and whose history it is."""

    published: Path
    district: _District = _District("cedar-valley")


@pytest.fixture(scope="module")
def three_releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`whole`, `half` (the open spans only), and `whole-again`, which is current."""
    folder = tmp_path_factory.mktemp("three")
    whole = build_warehouse(folder / "whole.duckdb")
    half = build_warehouse(
        folder / "half.duckdb",
        extra_sql="delete from pub_leaders__expertise_history where known_to_date is not null;",
    )
    for name, warehouse in (("whole", whole), ("half", half), ("whole-again", whole)):
        publish(warehouse, folder / "published", release_info(name, allow_shrink=True), KEY)
    return folder / "published"


@pytest.fixture
def home(three_releases: Path, tmp_path: Path) -> _Home:
    """The three releases, free to be damaged."""
    shutil.copytree(three_releases, tmp_path / "published")
    return _Home(tmp_path / "published")


def read(home: _Home, folder: Path) -> tuple[pl.DataFrame, dict[str, str | None]]:
    folder.mkdir(exist_ok=True)
    write_published_history(home, folder)  # type: ignore[arg-type]
    history = pl.read_parquet(folder / "published_history.parquet")
    assert dict(history.schema) == HISTORY
    origin = pl.read_parquet(folder / "published_history_origin.parquet").to_dicts()
    assert len(origin) == 1
    return history, origin[0]


def damage(path: Path) -> None:
    """Overwrite everything behind the header."""
    size = path.stat().st_size
    with path.open("r+b") as handle:
        handle.seek(4096 * 3)
        handle.write(b"\xa5" * (size - 4096 * 3))


def test_published_history__is_the_current_release_s_row_for_row(home: _Home, tmp_path: Path) -> None:
    history, origin = read(home, tmp_path / "in")
    with layout.open_read_only(layout.release_file(home.published, "leaders", "whole-again")) as release:
        kept = release.execute(f"select {', '.join(HISTORY)} from expertise_history order by all").fetchall()
    assert sorted(history.rows(), key=repr) == sorted(kept, key=repr)
    assert len(kept) == 2 * 2 * 21, "two spans of two competencies of 21 people"
    assert origin == {
        "release_file": "whole-again.duckdb",
        "current_file": "whole-again.duckdb",
        "why_not_current": None,
    }


def test_published_history__going_back_goes_on_from_what_is_current_again(home: _Home, tmp_path: Path) -> None:
    rollback(home.published, "leaders", "half")
    history, origin = read(home, tmp_path / "in")
    assert len(history) == 2 * 21
    assert origin["release_file"] == "half.duckdb"
    assert origin["why_not_current"] is None


def test_published_history__a_damaged_release_is_passed_over_for_the_newest_sound_one(
    home: _Home, tmp_path: Path
) -> None:
    damage(layout.release_file(home.published, "leaders", "whole-again"))
    history, origin = read(home, tmp_path / "in")
    assert len(history) == 2 * 21
    assert origin == {
        "release_file": "half.duckdb",
        "current_file": "whole-again.duckdb",
        "why_not_current": "it can't be read",
    }


def test_published_history__without_any_sound_release_it_begins_anew_and_says_so(home: _Home, tmp_path: Path) -> None:
    for path in layout.finished_releases(home.published, "leaders"):
        path.write_bytes(b"no database")
    history, origin = read(home, tmp_path / "in")
    assert history.is_empty()
    assert (origin["release_file"], origin["why_not_current"]) == (None, "it can't be read")


@pytest.mark.parametrize(
    ("pointer", "why"), [("../elsewhere.duckdb\n", "the pointer to it can't be read"), (None, "nothing points to it")]
)
def test_published_history__a_lost_pointer_is_told_and_the_newest_release_read(
    home: _Home, tmp_path: Path, pointer: str | None, why: str
) -> None:
    file = layout.pointer_file(home.published, "leaders")
    file.unlink() if pointer is None else file.write_text(pointer)
    history, origin = read(home, tmp_path / "in")
    assert len(history) == 2 * 2 * 21
    assert (origin["release_file"], origin["why_not_current"]) == ("whole-again.duckdb", why)


def test_published_history__nothing_published_is_no_history_and_no_warning(tmp_path: Path) -> None:
    history, origin = read(_Home(tmp_path / "published"), tmp_path / "in")
    assert history.is_empty()
    assert set(origin.values()) == {None}


def test_published_history__a_release_of_before_there_was_a_history_has_none(tmp_path: Path, home: _Home) -> None:
    current = layout.release_file(home.published, "leaders", "whole-again")
    with duckdb.connect(str(current)) as release:
        release.execute("drop table expertise_history")
    history, origin = read(home, tmp_path / "in")
    assert history.is_empty()
    assert origin["why_not_current"] is None


def test_published_history__another_district_s_is_left_behind(home: _Home, tmp_path: Path) -> None:
    history, _ = read(_Home(home.published, _District("elsewhere")), tmp_path / "in")
    assert history.is_empty()
