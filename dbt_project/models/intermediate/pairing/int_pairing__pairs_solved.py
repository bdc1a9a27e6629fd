"""The suggested pairs: what SQL listed as possible goes to the solver, some schools at a time."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipelines.analysis.pairing import NO_PAIRS, pool_batches, solve


def model(dbt: Any, session: Any) -> Any:
    dbt.config(materialized="table")
    candidates = dbt.ref("int_pairing__candidates").filter("is_open")
    partners = dbt.ref("int_pairing__partners").filter("free_places > 0")
    pools = candidates.aggregate("pool_key, count(*)", "pool_key").order("pool_key").fetchall()
    solved = [NO_PAIRS]
    for first, last in pool_batches(pools):
        batch = f"pool_key between {_quoted(first)} and {_quoted(last)}"
        solved.append(solve(candidates.filter(batch).pl(), partners.filter(batch).pl()).pairs)
    return pl.concat(solved).to_arrow(compat_level=pl.CompatLevel.oldest())


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
