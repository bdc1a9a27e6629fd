"""The evaluators' release tells nothing of who is who: a canary over its cells and its bytes."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import duckdb
import pytest

from pipelines.publish import layout
from pipelines.publish.release import publish
from tests.pipelines.planted_warehouse import KEY, build_warehouse, people, release_info

OTHER_KEY = b"quite another long enough key"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """r1 and r2 with one key, and r1 of another folder with another key."""
    home = tmp_path_factory.mktemp("evaluators")
    warehouse = build_warehouse(home / "warehouse.duckdb")
    publish(warehouse, home / "published", release_info("r1"), KEY)
    publish(warehouse, home / "published", release_info("r2"), KEY)
    publish(warehouse, home / "other", release_info("r1"), OTHER_KEY)
    return home


def canaries() -> list[str]:
    """Every value that must not be there: of everybody, and the keys of their records."""
    staff = people()
    values = [
        str(value) for column in ("staff_name", "email", "licence_number", "staff_key") for value in staff[column]
    ]
    derived = [
        hashlib.md5((prefix + value).encode(), usedforsecurity=False).hexdigest()
        for prefix in ("award", "rater")
        for value in staff["staff_key"]
    ]
    return [value for value in values + derived if value != "None"]


def cells(path: Path) -> set[str]:
    found: set[str] = set()
    with layout.open_read_only(path) as connection:
        tables = [name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()]
        for table in tables:
            for row in connection.execute(f"select columns(*)::varchar from {table}").fetchall():
                found.update(value for value in row if value is not None)
    return found


def pseudonyms(path: Path) -> set[str]:
    with layout.open_read_only(path) as connection:
        return {value for (value,) in connection.execute("select staff_key from staff_years").fetchall()}


def test_canary__the_planted_values_would_be_found_where_they_stand(folder: Path) -> None:
    """The test can fail: the same search finds the names in the leaders' release."""
    leaders = layout.release_file(folder / "published", "leaders", "r1")
    assert "Need Personof101" in cells(leaders)
    assert b"Personof101" in leaders.read_bytes()


def test_canary__no_cell_and_no_byte_identifies_anybody(folder: Path) -> None:
    path = layout.release_file(folder / "published", "evaluators", "r1")
    everything, raw = cells(path), path.read_bytes()
    text = "\n".join(everything)
    for canary in canaries():
        assert canary not in text
        assert canary.encode() not in raw
    assert "@" not in text
    assert KEY not in raw


def test_canary__the_key_for_pseudonyms_is_nowhere_on_disk(folder: Path) -> None:
    pads = [bytes(byte ^ pad for byte in KEY) for pad in (0x36, 0x5C)]
    for path in (file for file in folder.rglob("*") if file.is_file()):
        raw = path.read_bytes()
        assert not [secret for secret in (KEY, KEY.hex().encode(), *pads) if secret in raw], path.name


def test_pseudonyms__are_the_same_in_every_release_and_others_with_another_key(folder: Path) -> None:
    first = pseudonyms(layout.release_file(folder / "published", "evaluators", "r1"))
    second = pseudonyms(layout.release_file(folder / "published", "evaluators", "r2"))
    other = pseudonyms(layout.release_file(folder / "other", "evaluators", "r1"))

    expected = {hmac.new(KEY, value.encode(), hashlib.sha256).hexdigest() for value in people()["staff_key"]}
    assert first == second == expected
    assert not first & other
    assert len(other) == len(first)


def test_pseudonyms__join_the_tables_of_a_release(folder: Path) -> None:
    with layout.open_read_only(layout.release_file(folder / "published", "evaluators", "r1")) as connection:
        joined = connection.execute("select count(*) from awards semi join staff_years using (staff_key)").fetchone()
    assert joined == (people().height,)


def test_pseudonyms__a_failure_shows_no_key(tmp_path: Path) -> None:
    warehouse = build_warehouse(
        tmp_path / "warehouse.duckdb",
        extra_sql="create view pub_evaluators__broken as select error('cell of somebody') as staff_key from range(3)",
    )
    with pytest.raises(Exception, match="could not write") as failed:
        publish(warehouse, tmp_path / "published", release_info("r1"), KEY)
    assert "cell of somebody" not in str(failed.value)
    assert KEY.decode() not in str(failed.value)
    assert not isinstance(failed.value, duckdb.Error)
