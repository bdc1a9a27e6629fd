"""Pseudonyms made in DuckDB equal HMAC-SHA256, and the key stays out of everything."""

from __future__ import annotations

import hashlib
import hmac

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.publish.pseudonyms import PseudonymKeyTooShort, is_replaced, pseudonym_parameters, pseudonym_sql


@settings(deadline=None)
@given(
    key=st.binary(min_size=16, max_size=200),
    values=st.lists(st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0")), max_size=5),
)
def test_pseudonym__equals_hmac_sha256(key: bytes, values: list[str | None]) -> None:
    with duckdb.connect() as connection:
        connection.execute("create table people (staff_key varchar)")
        for value in values:
            connection.execute("insert into people values (?)", [value])
        found = connection.execute(
            f"select {pseudonym_sql('staff_key')} from people", pseudonym_parameters(key)
        ).fetchall()
    assert [row[0] for row in found] == [
        None if value is None else hmac.new(key, value.encode(), hashlib.sha256).hexdigest() for value in values
    ]


@pytest.mark.parametrize("key", [b"", b"fifteen bytes!!"])
def test_pseudonym__a_short_key_is_refused_without_being_shown(key: bytes) -> None:
    with pytest.raises(PseudonymKeyTooShort, match=f"has {len(key)} bytes; it needs at least 16") as refused:
        pseudonym_parameters(key)
    assert not key or key.decode() not in str(refused.value)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("staff_key", True),
        ("rater_staff_key", True),
        ("person_key", True),
        ("staff_year_key", True),
        ("award_key", True),
        ("something_new_key", True),
        ("Staff_Key", True),
        ("school_key", False),
        ("competency_key", False),
        ("staff_competency_key", True),
        ("school_year", False),
    ],
)
def test_is_replaced__every_key_that_is_not_known_to_be_shared(column: str, expected: bool) -> None:
    assert is_replaced(column) is expected
