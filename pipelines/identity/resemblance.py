"""How alike a record and a staff member are, by their names and addresses.

Belongs here: similarities, 0 to 100. Does not belong here: years and schools (candidates), words
(wording).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler, Levenshtein
from rapidfuzz.process import cpdist

from pipelines.identity.blocking import Staff
from pipelines.identity.spelling import domain, folded, local_part, long_forms, words_of

FAMILY_WEIGHT = 0.55
"""A family name tells more people apart than a given name; the given name has the rest."""
SHORT_FORM, INITIAL = 95.0, 80.0
READ_AS_NAME = 0.95
"""An address that reads like a name tells a little less than a name."""
OTHER_DOMAIN = 0.90
"""The same words before the @ of another host: a private address, or a namesake's."""
_COMPARED = {
    "match_subject_key": pl.String,
    "staff_key": pl.String,
    "alike": pl.Float64,
    "by": pl.String,
    "family_apart": pl.Int32,
    "given_apart": pl.Int32,
    "given_kind": pl.String,
    "address_apart": pl.Int32,
    "is_same_domain": pl.Boolean,
}


def compared(pairs: pl.DataFrame, subjects: pl.DataFrame, staff: Staff) -> pl.DataFrame:
    """One row per pair: alike (0 to 100), by (`name`, `address_as_name` or `address`), and what differs.

    family_apart, given_apart, address_apart: letters to change (Levenshtein). given_kind: `same`,
    `short form`, `initial` or `other`. The best of all names and addresses of both counts.
    """
    own_names = subjects.select(
        "match_subject_key", own_given=folded(pl.col("first_name")), own_family=folded(pl.col("last_name"))
    ).filter(pl.col("own_given").is_not_null() & pl.col("own_family").is_not_null())
    own_addresses = subjects.filter(pl.col("email").is_not_null()).select(
        "match_subject_key",
        own_local=local_part(pl.col("email")),
        own_domain=domain(pl.col("email")),
        words=words_of(local_part(pl.col("email"))),
    )
    by_name = _by_name(pairs.join(own_names, on="match_subject_key").join(staff.names, on="staff_key"), "name", 1.0)
    read = pairs.join(own_addresses.filter(pl.col("words").is_not_null()), on="match_subject_key")
    by_reading = _by_reading(read.join(staff.names, on="staff_key"))
    by_address = _by_address(pairs.join(own_addresses, on="match_subject_key").join(staff.addresses, on="staff_key"))
    nothing = pairs.select("match_subject_key", "staff_key", alike=pl.lit(0.0), by=pl.lit(None, dtype=pl.String))
    return (
        pl.concat([pl.DataFrame(schema=_COMPARED), by_name, by_reading, by_address, nothing], how="diagonal")
        .sort("alike", "by", "family_apart", "given_apart", descending=[True, False, False, False], nulls_last=True)
        .unique(["match_subject_key", "staff_key"], keep="first", maintain_order=True)
    )


def _scores(left: pl.Series, right: pl.Series, scorer: Any) -> np.ndarray:
    return np.asarray(cpdist(left.to_list(), right.to_list(), scorer=scorer))


def _by_name(pairs: pl.DataFrame, by: str, weight: float) -> pl.DataFrame:
    if pairs.is_empty():
        return pl.DataFrame(schema=_COMPARED)
    forms = long_forms(pairs["given"])
    short = (
        pairs.select("own_given", "given")
        .unique()
        .join(long_forms(pairs["own_given"]).rename({"given": "own_given"}), on="own_given")
        .join(forms, on=["given", "long_form"], how="semi")
        .select("own_given", "given", is_short_form=pl.lit(True))
        .unique()
    )
    pairs = pairs.join(short, on=["own_given", "given"], how="left")
    own, given = pl.col("own_given"), pl.col("given")
    is_initial = (own.str.len_chars() == 1) | (given.str.len_chars() == 1)
    family = np.maximum(
        _scores(pairs["own_family"], pairs["family"], JaroWinkler.normalized_similarity) * 100,
        # one of two family names: `garcia lopez` and `lopez`
        _scores(pairs["own_family"], pairs["family"], fuzz.token_set_ratio),
    )
    given_alike = _scores(pairs["own_given"], pairs["given"], JaroWinkler.normalized_similarity) * 100
    return (
        pairs.with_columns(
            family_alike=pl.Series(family, dtype=pl.Float64),
            jaro=pl.Series(given_alike, dtype=pl.Float64),
            family_apart=pl.Series(_scores(pairs["own_family"], pairs["family"], Levenshtein.distance)).cast(pl.Int32),
            given_apart=pl.Series(_scores(pairs["own_given"], pairs["given"], Levenshtein.distance)).cast(pl.Int32),
            given_kind=pl.when(own == given)
            .then(pl.lit("same"))
            .when(pl.col("is_short_form").is_not_null())
            .then(pl.lit("short form"))
            .when(is_initial & (own.str.slice(0, 1) == given.str.slice(0, 1)))
            .then(pl.lit("initial"))
            .otherwise(pl.lit("other")),
        )
        .with_columns(
            given_alike=pl.when(pl.col("given_kind") == "short form")
            .then(pl.max_horizontal("jaro", pl.lit(SHORT_FORM)))
            .when(pl.col("given_kind") == "initial")
            .then(pl.lit(INITIAL))
            .otherwise(pl.col("jaro"))
        )
        .select(
            "match_subject_key",
            "staff_key",
            alike=(FAMILY_WEIGHT * pl.col("family_alike") + (1 - FAMILY_WEIGHT) * pl.col("given_alike")) * weight,
            by=pl.lit(by),
            family_apart=pl.col("family_apart"),
            given_apart=pl.col("given_apart"),
            given_kind=pl.col("given_kind"),
            address_apart=pl.lit(None, dtype=pl.Int32),
            is_same_domain=pl.lit(None, dtype=pl.Boolean),
        )
    )


def _by_reading(pairs: pl.DataFrame) -> pl.DataFrame:
    """Addresses read as names: two words either way round, or one run together from a name."""
    several = pairs.filter(pl.col("words").list.len() > 1)
    first, last = pl.col("words").list.first(), pl.col("words").list.last()
    whole = pairs.filter(pl.col("words").list.len() == 1).with_columns(whole=pl.col("words").list.first())
    return pl.concat(
        [
            _by_name(several.with_columns(own_given=first, own_family=last), "address_as_name", READ_AS_NAME),
            _by_name(several.with_columns(own_given=last, own_family=first), "address_as_name", READ_AS_NAME),
            _run_together(whole),
        ]
    )


def _run_together(pairs: pl.DataFrame) -> pl.DataFrame:
    """`josmith`, `jsmith`, `smithj`; what holds only an initial of the given name tells less."""
    if pairs.is_empty():
        return pl.DataFrame(schema=_COMPARED)
    given, family = pl.col("given").str.replace_all(" ", ""), pl.col("family").str.replace_all(" ", "")
    ways = [
        (given + family, 1.0),
        (family + given, 1.0),
        (given.str.slice(0, 1) + family, 0.92),
        (family + given.str.slice(0, 1), 0.92),
        (given + family.str.slice(0, 1), 0.85),
    ]
    alike = np.max(
        [_scores(pairs["whole"], pairs.select(way=way)["way"], fuzz.ratio) * weight for way, weight in ways], axis=0
    )
    return pairs.select(
        "match_subject_key",
        "staff_key",
        alike=pl.Series(alike, dtype=pl.Float64) * READ_AS_NAME,
        by=pl.lit("address_as_name"),
        family_apart=pl.lit(None, dtype=pl.Int32),
        given_apart=pl.lit(None, dtype=pl.Int32),
        given_kind=pl.lit(None, dtype=pl.String),
        address_apart=pl.lit(None, dtype=pl.Int32),
        is_same_domain=pl.lit(None, dtype=pl.Boolean),
    )


def _by_address(pairs: pl.DataFrame) -> pl.DataFrame:
    """An address beside one of theirs: a slip of the finger, or the same words at another host."""
    if pairs.is_empty():
        return pl.DataFrame(schema=_COMPARED)
    # the very address of several people tells nothing of which of them; how it reads may
    is_the_same = (pl.col("own_local") == pl.col("local")) & pl.col("own_domain").eq_missing(pl.col("domain"))
    is_told = pl.col("own_local").is_not_null() & pl.col("local").is_not_null()
    pairs = pairs.filter(is_told & ~is_the_same).with_columns(
        own_domain=pl.col("own_domain").fill_null(""), domain=pl.col("domain").fill_null("")
    )
    locals_alike = _scores(pairs["own_local"], pairs["local"], fuzz.ratio)
    domains_alike = _scores(pairs["own_domain"], pairs["domain"], fuzz.ratio)
    apart = _scores(pairs["own_local"], pairs["local"], Levenshtein.distance)
    is_same = pairs["own_domain"] == pairs["domain"]
    # a mistyped host is nearly theirs
    is_near = is_same.to_numpy() | (domains_alike >= 88)
    return pairs.select(
        "match_subject_key",
        "staff_key",
        alike=pl.Series(locals_alike * np.where(is_near, 1.0, OTHER_DOMAIN), dtype=pl.Float64),
        by=pl.lit("address"),
        family_apart=pl.lit(None, dtype=pl.Int32),
        given_apart=pl.lit(None, dtype=pl.Int32),
        given_kind=pl.lit(None, dtype=pl.String),
        address_apart=pl.Series(apart).cast(pl.Int32),
        is_same_domain=is_same,
    )
