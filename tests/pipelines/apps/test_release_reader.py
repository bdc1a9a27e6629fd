"""Opening a release: it can only answer, and says what is wrong when it can't be opened."""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path

import duckdb
import pytest

from pipelines.apps.release_reader import (
    NoRelease,
    Release,
    ReleaseFromNewerEngine,
    ReleaseTooOld,
    ReleaseUnreadable,
    open_release,
)
from pipelines.publish import layout
from pipelines.publish.checks import EXPECTED_COLUMNS


def test_open__nothing_published_yet(tmp_path: Path) -> None:
    with (
        pytest.raises(NoRelease, match="no release has been published yet for leaders: run `expertise run`"),
        open_release(tmp_path / "published", "leaders"),
    ):
        pass


def test_open__an_unfinished_release_is_none(published: Path, tmp_path: Path) -> None:
    folder = tmp_path / "leaders"
    folder.mkdir()
    shutil.copy(published / "leaders" / "r1.duckdb", folder / ".building-r1.duckdb")
    with pytest.raises(NoRelease), open_release(tmp_path, "leaders"):
        pass


@pytest.mark.parametrize(
    "sql",
    [
        "create table mine as select 1",
        "delete from expertise",
        "attach 'other.duckdb'",
        "copy expertise to 'stolen.csv'",
        "select * from read_text('/etc/hostname')",
        "set enable_external_access = true",
        "set threads = 1",
    ],
)
def test_release__can_do_nothing_but_answer(sql: str, release: Release) -> None:
    with pytest.raises(duckdb.Error):
        release.query(sql)
    assert release.query("select count(*) as n from expertise") == [{"n": 42}]


def test_release__gives_rows_frames_and_tables(release: Release) -> None:
    assert release.query("select band from expertise where staff_name = ? limit 1", ["nobody"]) == []
    assert release.frame("select * from schools").columns == ["school_key", "school_id", "school_name"]
    assert release.tables() == sorted([*EXPECTED_COLUMNS["leaders"], "release"])


def test_release__without_a_table_of_today_says_to_publish_anew(release: Release) -> None:
    with pytest.raises(ReleaseTooOld, match=r"published before this question could be asked: .*`expertise run`"):
        release.query("select * from a_table_of_tomorrow")


@pytest.fixture
def copied(published: Path, tmp_path: Path) -> Path:
    """A folder of releases of its own, to damage."""
    shutil.copytree(published / "leaders", tmp_path / "leaders")
    return tmp_path


def test_open__a_missing_file_is_named(copied: Path) -> None:
    (copied / "leaders" / "r1.duckdb").unlink()
    with pytest.raises(ReleaseUnreadable, match=r"r1.duckdb is missing"), open_release(copied, "leaders"):
        pass


def test_open__a_damaged_file_is_named(copied: Path) -> None:
    (copied / "leaders" / "r1.duckdb").write_bytes(b"not a database" * 500)
    with pytest.raises(ReleaseUnreadable, match=r"r1.duckdb can't be read.*publish anew with `expertise run`"):
        Release(copied, "leaders")


def test_release__a_damaged_block_is_told_with_a_way_back_that_works(copied: Path) -> None:
    """DuckDB finds a flipped bit only when it reads the block; the release before it is named and can be pointed to."""
    folder = copied / "leaders"
    shutil.copy(folder / "r1.duckdb", folder / "r0.duckdb")
    os.utime(folder / "r0.duckdb", (1, 1))
    damage_every_block(folder / "r1.duckdb")
    with pytest.raises(
        ReleaseUnreadable, match=r"r1\.duckdb can't be read.*or go back now: write r0\.duckdb into"
    ) as told:
        Release(copied, "leaders").query("select * from expertise")

    sentence = str(told.value)
    name, pointer = sentence.rsplit(": write ", 1)[1].split(" into ")
    Path(pointer).write_text(name)
    with open_release(copied, "leaders") as release:
        assert release.query("select count(*) as n from expertise") == [{"n": 42}]


def damage_every_block(path: Path) -> None:
    """Flip a bit in each block of data; the headers stay sound."""
    content = bytearray(path.read_bytes())
    headers, block = 3 * 4096, 262_144
    for start in range(headers, len(content), block):
        content[start + 100] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("text", ["../elsewhere/r1.duckdb", "", ".building-r1.duckdb", "r1.csv"])
def test_open__a_pointer_that_names_no_release_is_refused(text: str, copied: Path) -> None:
    layout.pointer_file(copied, "leaders").write_text(text)
    with pytest.raises(ReleaseUnreadable, match="does not hold the name of a release"), open_release(copied, "leaders"):
        pass


def checksum(block: bytes) -> int:
    """The checksum that DuckDB keeps of a header."""
    value = 5381
    for (word,) in struct.iter_unpack("<Q", block):
        value ^= (word * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    return value


def test_open__a_release_from_a_newer_engine_names_both_versions(copied: Path) -> None:
    path = copied / "leaders" / "r1.duckdb"
    header = bytearray(path.read_bytes())
    assert struct.unpack_from("<Q", header)[0] == checksum(bytes(header[8:4096]))
    struct.pack_into("<Q", header, 12, 999)
    header[52:60] = b"v9.8.7\0\0"
    struct.pack_into("<Q", header, 0, checksum(bytes(header[8:4096])))
    path.write_bytes(header)

    with (
        pytest.raises(
            ReleaseFromNewerEngine, match=f"written by DuckDB 9.8.7, and this is DuckDB {duckdb.__version__}"
        ),
        open_release(copied, "leaders"),
    ):
        pass
