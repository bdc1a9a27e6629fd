"""Why somebody is a candidate, in words that a person can judge by.

Belongs here: sentences. Does not belong here: scores. No name, address or id stands in a sentence.
"""

from __future__ import annotations

import polars as pl

READS_LIKE = 75
"""Below it an address is not said to read like a name."""


def with_evidence(pairs: pl.DataFrame) -> pl.DataFrame:
    """Adds `evidence`, such as "same family name, given name differs by one letter, same school 2025"."""
    family, given, address = pl.col("family_apart"), pl.col("given_apart"), pl.col("address_apart")
    read = pl.when((pl.col("by") == "address_as_name") & (pl.col("alike") >= READS_LIKE)).then(
        pl.lit("the address reads like the name")
    )
    family_words = _difference(family, "family name")
    given_words = (
        pl.when(pl.col("given_kind") == "short form")
        .then(pl.lit("given name is a short form"))
        .when(pl.col("given_kind") == "initial")
        .then(pl.lit("given name only as an initial"))
        .otherwise(_difference(given, "given name"))
    )
    address_words = (
        pl.when(pl.col("by") != "address")
        .then(None)
        .when(address == 0)
        .then(pl.lit("same words before the @ as in an address of theirs"))
        .otherwise(
            pl.concat_str(
                pl.lit("address differs from one of theirs by "),
                _letters(address),
                pl.when(pl.col("is_same_domain")).then(pl.lit("")).otherwise(pl.lit(" and in the host")),
            )
        )
    )
    holder = pl.when(pl.col("is_holder")).then(pl.lit("the roster gives them this very identifier, though others too"))
    school = (
        pl.when(pl.col("same_school_year").is_not_null())
        .then(pl.concat_str(pl.lit("same school "), pl.col("same_school_year").cast(pl.String)))
        .when(pl.col("is_elsewhere"))
        .then(pl.lit("at another school in that year"))
    )
    year = pl.col("last_school_year").cast(pl.String)
    years = (
        pl.when(pl.col("is_out_of_years"))
        .then(pl.concat_str(pl.lit("not on the roster in "), year))
        .when(pl.col("is_record"))
        .then(
            pl.when(pl.col("their_last") < pl.col("first_school_year")).then(
                pl.concat_str(
                    pl.lit("known until "),
                    pl.col("their_last").cast(pl.String),
                    pl.lit(", this record from "),
                    pl.col("first_school_year").cast(pl.String),
                )
            )
        )
        .when(pl.col("last_school_year").is_not_null() & pl.col("their_first").is_not_null())
        .then(pl.concat_str(pl.lit("on the roster in "), year))
    )
    return pairs.with_columns(
        evidence=pl.concat_list(holder, read, family_words, given_words, address_words, school, years)
        .list.drop_nulls()
        .list.join(", ")
    )


def _difference(apart: pl.Expr, what: str) -> pl.Expr:
    return (
        pl.when(apart == 0)
        .then(pl.lit(f"same {what}"))
        .when(apart <= 3)
        .then(pl.concat_str(pl.lit(f"{what} differs by "), _letters(apart)))
        .when(apart.is_not_null())
        .then(pl.lit(f"another {what}"))
    )


def _letters(apart: pl.Expr) -> pl.Expr:
    return (
        pl.when(apart == 1)
        .then(pl.lit("one letter"))
        .when(apart == 2)
        .then(pl.lit("two letters"))
        .otherwise(pl.concat_str(apart.cast(pl.String), pl.lit(" letters")))
    )
