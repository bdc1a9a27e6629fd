"""Columns of a frame as the arrays that a regression needs, refused with a sentence where they can't be used.

Belongs here: reading numbers and groups from a frame, and which columns say nothing new. Does not
belong here: any estimate, or filling in what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

CONSTANT = 1e-10
"""A column whose spread is below this share of its size is constant."""
DEPENDENT = 1e-7
"""A column of which less than this share (as a length) is left beside the columns before it says nothing new."""


def require_columns(frame: pl.DataFrame, names: Sequence[str]) -> None:
    """Raises ValueError that names the columns which the frame lacks."""
    missing = sorted(set(names) - set(frame.columns))
    if missing:
        raise ValueError(f"the data has no column {', '.join(missing)}; it has {', '.join(frame.columns)}")


def treated_column(frame: pl.DataFrame, name: str) -> Booleans:
    """Who is treated, one boolean a row, from a column of booleans or of 0 and 1.

    Raises ValueError where it is missing or something else in any row, or where all or none are treated.
    """
    require_columns(frame, [name])
    column = frame[name]
    if column.null_count():
        raise ValueError(
            f"{name} is missing in {column.null_count()} of {frame.height} rows: say for each whether it is treated"
        )
    if column.dtype != pl.Boolean:
        try:
            numbers = column.cast(pl.Float64)
        except pl.exceptions.PolarsError:
            numbers = pl.Series([2.0])
        if not numbers.is_in([0.0, 1.0]).all():
            raise ValueError(f"{name} holds something else than true and false (or 1 and 0)")
        column = numbers == 1.0
    is_treated: Booleans = column.to_numpy().astype(np.bool_)
    if not is_treated.any():
        raise ValueError(f"none of the {frame.height} rows is treated: there is no effect to estimate")
    if is_treated.all():
        raise ValueError(
            f"all {frame.height} rows are treated: without anybody to compare with there is no effect to estimate"
        )
    return is_treated


def covariate_columns(frame: pl.DataFrame, covariates: Sequence[str]) -> Floats:
    """The covariates as an array, rows × covariates; booleans become 0 and 1.

    Raises ValueError where a covariate is no number, or missing (null, not a number, infinite) in any row: all such
    are named with their rows counted.
    """
    require_columns(frame, covariates)
    if len(set(covariates)) < len(covariates):
        raise ValueError("a covariate is named twice")
    texts = [name for name in covariates if not (frame[name].dtype.is_numeric() or frame[name].dtype == pl.Boolean)]
    if texts:
        raise ValueError(
            f"{', '.join(texts)} holds no numbers: give one column of 0 and 1 for each category but one, "
            "or match exactly on it as a stratum"
        )
    values = np.empty((frame.height, len(covariates)), dtype=np.float64, order="F")
    for position, name in enumerate(covariates):
        values[:, position] = frame[name].cast(pl.Float64).to_numpy()
    absent = np.count_nonzero(~np.isfinite(values), axis=0)
    if absent.any():
        told = ", ".join(f"{name} in {count}" for name, count in zip(covariates, absent, strict=True) if count)
        raise ValueError(
            f"covariates are missing: {told} of {frame.height} rows. Leave those rows out, or fill them in with a "
            "constant and add a column of 0 and 1 that says where"
        )
    return values


def group_codes(frame: pl.DataFrame, name: str) -> Integers:
    """Which group each row belongs to, 0 … groups − 1 in the order of the groups' names. ValueError on nulls."""
    require_columns(frame, [name])
    column = frame[name]
    if column.null_count():
        raise ValueError(f"{name} is missing in {column.null_count()} of {frame.height} rows")
    codes: Integers = column.rank("dense").cast(pl.Int64).to_numpy() - 1
    return codes


def independent_columns(values: Floats, lengths: Floats) -> list[int]:
    """Positions of the columns that say something new beside those before them, in order.

    values: rows × columns, without their means (and whatever else is absorbed). lengths: the length of each column
    before anything was absorbed (0 for a constant column), so that what is only rounding left over counts as nothing.
    """
    kept = [position for position in range(values.shape[1]) if lengths[position] > 0]
    while kept:
        scaled = values[:, kept] / lengths[kept]
        left = np.zeros(len(kept))
        diagonal = np.abs(np.diag(np.linalg.qr(scaled, mode="r")))
        left[: len(diagonal)] = diagonal
        dependent = np.flatnonzero(left < DEPENDENT)
        if not dependent.size:
            break
        # what comes after a dependent column is measured against noise, so only the first one is judged at a time
        del kept[int(dependent[0])]
    return kept


def centred_lengths(values: Floats, weights: Floats | None = None) -> tuple[Floats, Floats]:
    """Weighted means of the columns and their lengths without them, 0 for a column that is constant.

    values: rows × columns; weights: one a row, 1 where None. The length of a column is sqrt(Σ w (x − x̄)²).
    """
    means = np.average(values, axis=0, weights=weights)
    squares = np.square(values - means)
    lengths = np.sqrt(squares.sum(axis=0) if weights is None else weights @ squares)
    total = float(values.shape[0] if weights is None else weights.sum())
    largest = np.abs(values).max(axis=0, initial=0.0)
    lengths[lengths <= CONSTANT * largest * np.sqrt(total)] = 0.0
    return means, lengths
