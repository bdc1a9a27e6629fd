"""Published panels that packages ship, in the study's columns.

Belongs here: reading them and naming their columns. Does not belong here: what they are expected to show.
"""

from __future__ import annotations

import polars as pl
from causaldata import castle as castle_data
from moderndid.core.data import load_ehec, load_mpdta, load_nsw

NSW_COVARIATES = ("age", "educ", "black", "married", "nodegree", "hisp", "re74")


def _panel(frame: pl.DataFrame, unit: str, time: str, first: pl.Expr, outcome: str, *more: str) -> pl.DataFrame:
    name = pl.col(unit).cast(pl.Int64).cast(pl.String)
    return frame.select(
        name.alias("unit"),
        pl.col(time).cast(pl.Int64).alias("time"),
        first.cast(pl.Int64).alias("first_treated"),
        name.alias("cluster"),
        pl.col(outcome).cast(pl.Float64).alias("outcome"),
        *more,
    )


def mpdta() -> pl.DataFrame:
    """500 counties, 2003-2007, log teen employment and minimum wages (Callaway & Sant'Anna 2021), from moderndid."""
    first = pl.when(pl.col("first.treat") > 0).then("first.treat")
    return _panel(load_mpdta(), "countyreal", "year", first, "lemp", "lpop")


def medicaid() -> pl.DataFrame:
    """46 states, 2008-2019, share of low-income adults with health insurance, from moderndid (ehec_data)."""
    return _panel(load_ehec(), "stfips", "year", pl.col("yexp2"), "dins")


def castle(years_before_post: int = 0) -> pl.DataFrame:
    """50 states, 2000-2010, log homicides and castle doctrine laws (Cheng & Hoekstra 2013), from causaldata.

    causaldata's `post` begins in the first full year of the law; years_before_post = 1 counts the year it came.
    """
    frame = pl.from_pandas(castle_data.load_pandas().data)
    first = pl.col("year").filter(pl.col("post") == 1).min().over("sid") - years_before_post
    return _panel(frame, "sid", "year", first, "l_homicide", "popwt")


def nsw() -> pl.DataFrame:
    """425 men kept out of the NSW job training by lot beside 15,992 of the CPS, earnings 1975 and 1978, from moderndid.

    Nobody was trained, so the true effect is 0. Constant covariates of 1975.
    """
    first = pl.when(pl.col("experimental") == 1).then(1978)
    covariates = [pl.col(name).cast(pl.Float64) for name in NSW_COVARIATES]
    return _panel(load_nsw().with_columns(covariates), "id", "year", first, "re", *NSW_COVARIATES)
