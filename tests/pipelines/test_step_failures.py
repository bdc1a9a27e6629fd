"""What is told of a failed step: the model, the reason, what to do, and no cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.step_failures import explained

LOG = Path("dbt.log")
ERRED = "3 of 9 ERROR creating sql table model main.fct_a ... [ERROR in 0.2s]\n\n4 of 9 ERROR one_row_per_a  [ERROR]\n"


@pytest.mark.parametrize(
    ("words", "where", "why"),
    [
        (
            ERRED + 'FATAL Error: Failed: invalidated.\nOriginal error: "Could not write file "/w/a.duckdb": No space'
            ' left on device"\n\n[Errno 28] No space left on device',
            "build: fct_a and 1 more",
            'Could not write file "/w/a.duckdb": No space left on device. Free space there, then run again; what was'
            " published stays",
        ),
        (
            "OSError: [Errno 28] No space left on device: '/w/settings.parquet'",
            "build",
            "/w/settings.parquet: no space left on device. Free space there, then run again; what was published stays",
        ),
        (
            ERRED + "Runtime Error in model a\n  Conversion Error: Could not convert string 'jane@d.example' to INT32",
            "build: fct_a and 1 more",
            "Conversion Error; its text may quote a record, see dbt.log",
        ),
        (
            ERRED + "Out of Memory Error: could not allocate block of size 256.0 KiB (9.5 MiB/9.5 MiB used)",
            "build: fct_a and 1 more",
            "out of memory: could not allocate block of size 256.0 KiB (9.5 MiB/9.5 MiB used). Close other programs or"
            " raise EXPERTISE_MEMORY_LIMIT, then run again",
        ),
        (
            ERRED
            + 'TransactionContext Error: Failed to commit: Could not write to file "/w/a.duckdb.wal": File too large',
            "build: fct_a and 1 more",
            'Failed to commit: Could not write to file "/w/a.duckdb.wal": File too large. Free space there, then run'
            " again; what was published stays",
        ),
        ("something else", "build", "something else"),
        (
            "pipelines.decisions.faults.DecisionsUnavailable: decisions (/w/d.sqlite): the SQLite file is damaged.\n",
            "build",
            "decisions (/w/d.sqlite): the SQLite file is damaged.",
        ),
    ],
)
def test_step_failures__say_where_why_and_what_to_do(words: str, where: str, why: str) -> None:
    told = explained("build", words, LOG)
    assert (told.where, told.why) == (where, why)


def test_step_failures__a_test_that_does_not_hold_is_told_by_its_check() -> None:
    assert not explained("build", "5 of 9 FAIL 3 one_row_per_a  [FAIL 3 in 0.1s]", LOG).is_of_its_own
    assert explained("build", ERRED, LOG).is_of_its_own
