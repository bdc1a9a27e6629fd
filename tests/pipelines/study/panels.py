"""Panels made up for the tests of the study: small, seeded, with or without an effect."""

from __future__ import annotations

import numpy as np
import polars as pl


def panel(
    treated: int = 60,
    others: int = 240,
    years: range = range(2021, 2027),
    first: int = 2024,
    effect: float = 0.0,
    seed: int = 1,
    schools: int = 20,
) -> pl.DataFrame:
    """A balanced panel: id, year, first_year (0: never), score (SD), school, experience, cost."""
    rng = np.random.default_rng(seed)
    units = treated + others
    level, experience = rng.normal(0, 0.8, units), rng.integers(1, 30, units)
    begins = np.where(np.arange(units) < treated, first, 0)
    frame = pl.DataFrame(
        {
            "id": np.repeat([f"t{number:04d}" for number in range(units)], len(years)),
            "year": np.tile(np.array(years), units),
            "first_year": np.repeat(begins, len(years)),
            "school": np.repeat([f"s{number % schools:02d}" for number in range(units)], len(years)),
            "experience": np.repeat(experience, len(years)),
        }
    )
    exposed = (frame["first_year"] > 0) & (frame["year"] >= frame["first_year"])
    noise = rng.normal(0, 0.6, frame.height)
    return frame.with_columns(
        score=pl.Series(np.repeat(level, len(years)) + noise + effect * exposed.to_numpy()),
        cost=pl.Series(1000 + 500 * exposed.to_numpy() + rng.normal(0, 20, frame.height)),
    )


def cross_section(treated: int = 60, others: int = 240, effect: float = 0.0, seed: int = 1) -> pl.DataFrame:
    """One row per unit: id, treated, score, before, school."""
    rng = np.random.default_rng(seed)
    units = treated + others
    is_treated = (np.arange(units) < treated).astype(int)
    before = rng.normal(0, 1, units)
    return pl.DataFrame(
        {
            "id": [f"t{number:04d}" for number in range(units)],
            "treated": is_treated,
            "before": before,
            "score": 0.7 * before + effect * is_treated + rng.normal(0, 0.7, units),
            "school": [f"s{number % 20:02d}" for number in range(units)],
        }
    )
