"""A subject's share beside that of all others, over many subjects: who differs by more than chance.

Belongs here: the comparison, its test and its flag, on counts. Does not belong here: what is counted and in
which strata (dbt, models/intermediate/issuers), how a flag is told (pub_leaders__issuer_questions).
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.special import ndtr

from pipelines.analysis.intervals import wilson_interval
from pipelines.analysis.multiple_testing import benjamini_hochberg

SMALLEST_FOR_A_SHARE = 10  # below it a share says more about people than about the subject
SMALLEST_FOR_A_FLAG = 20
SMALLEST_EXPECTED = 5.0  # of hits and of misses, for the normal approximation: Cochran (1954), Biometrics 10(4)
FALSE_FLAG_RATE = 0.05
_SUBJECT = ["district_id", "subject_kind", "subject_key", "measure"]
_STRATUM = ["district_id", "subject_kind", "stratum_key", "measure"]


def compare_shares(trials: pl.DataFrame) -> pl.DataFrame:
    """One row per subject and measure: its share beside that of the others, and whether it is flagged.

    trials: one row per subject, stratum and measure, with `trial_count`, `hit_count` and `is_tested`, and the
    columns of _SUBJECT and _STRATUM. Within a stratum a subject is compared with the others of its kind; what
    nobody else has done is compared with nothing, and counts in the share alone.

    Returns `trial_count`, `hit_count`, `share` (0..1) with its 95 % Wilson interval `interval_low`,
    `interval_high` (null below SMALLEST_FOR_A_SHARE trials), `other_share` (the others' share in each stratum,
    weighted as the subject's own trials), `p_value` (null where no test was made) and `is_flagged`: a test by
    Mantel and Haenszel with continuity correction that Benjamini and Hochberg's procedure rejects at
    FALSE_FLAG_RATE, at least SMALLEST_FOR_A_FLAG trials, and an interval that excludes the others' share.

    Done twice: who is flagged at first is no yardstick for the others in the second and last comparison, since one
    lenient assessor makes all others look strict. All rows are one family of tests: where nobody differs, the second
    comparison is the first, and anything is flagged in at most FALSE_FLAG_RATE of districts.

    Source of the test: Mantel & Haenszel (1959), JNCI 22(4) 719-748.
    """
    first = _compared(trials.with_columns(is_yardstick=True))
    flagged = first.filter("is_flagged").select(*_SUBJECT, is_yardstick=pl.lit(False))
    yardsticks = trials.join(flagged, on=_SUBJECT, how="left").with_columns(pl.col("is_yardstick").fill_null(True))
    return _compared(yardsticks)


def _compared(trials: pl.DataFrame) -> pl.DataFrame:
    """One comparison of every subject with the others that are a yardstick."""
    compared = _summed(trials)
    low, high = wilson_interval(compared["hit_count"].to_numpy(), compared["trial_count"].to_numpy())
    compared_trials, compared_hits, expected, variance, others = (
        compared[name].fill_null(np.nan).to_numpy()
        for name in ("compared_trials", "compared_hits", "expected", "variance", "other_share")
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        testable = (
            compared["is_tested"].to_numpy()
            & (compared_trials >= SMALLEST_FOR_A_FLAG)
            & (variance > 0)
            & (expected >= SMALLEST_EXPECTED)
            & (compared_trials - expected >= SMALLEST_EXPECTED)
        )
        z = np.maximum(np.abs(compared_hits - expected) - 0.5, 0) / np.sqrt(variance)
        p_values = np.where(testable, np.minimum(2 * ndtr(-z), 1.0), np.nan)
        excludes_others = (others < low) | (others > high)
    flagged = benjamini_hochberg(p_values, FALSE_FLAG_RATE) & excludes_others

    is_shown = pl.col("trial_count") >= SMALLEST_FOR_A_SHARE
    return compared.select(
        *_SUBJECT,
        "trial_count",
        "hit_count",
        pl.when(is_shown).then(pl.col("hit_count") / pl.col("trial_count")).alias("share"),
        pl.when(is_shown).then(pl.Series("interval_low", low)).alias("interval_low"),
        pl.when(is_shown).then(pl.Series("interval_high", high)).alias("interval_high"),
        "other_share",
        pl.Series("p_value", p_values).fill_nan(None),
        pl.Series("is_flagged", flagged),
    ).sort(_SUBJECT)


def _summed(trials: pl.DataFrame) -> pl.DataFrame:
    """Per subject and measure, summed over strata: hits, and what the totals of each stratum let expect.

    Given a stratum's totals the hits of one subject are hypergeometric: mean n·M/N, variance
    n·(N−n)·M·(N−M)/(N²·(N−1)).
    """
    n, hits = pl.col("trial_count").cast(pl.Float64), pl.col("hit_count").cast(pl.Float64)
    counts = pl.col("is_yardstick").cast(pl.Float64)
    yardstick_n = (n * counts).sum().over(_STRATUM) - n * counts
    yardstick_hits = (hits * counts).sum().over(_STRATUM) - hits * counts
    # where no yardstick is left among the others, all of them are one
    has_yardstick = yardstick_n > 0
    other_n = pl.when(has_yardstick).then(yardstick_n).otherwise(n.sum().over(_STRATUM) - n)
    other_hits = pl.when(has_yardstick).then(yardstick_hits).otherwise(hits.sum().over(_STRATUM) - hits)
    all_n, all_hits = n + other_n, hits + other_hits
    has_others = other_n > 0
    return (
        trials.sort(*_SUBJECT, "stratum_key")  # sums of floats come out the same in every build
        .with_columns(
            pl.when(has_others).then(n).alias("compared_trials"),
            pl.when(has_others).then(hits).alias("compared_hits"),
            pl.when(has_others).then(n * all_hits / all_n).alias("expected"),
            pl.when(has_others)
            .then(n * other_n * all_hits * (all_n - all_hits) / (all_n**2 * (all_n - 1)))
            .alias("variance"),
            pl.when(has_others).then(n * other_hits / other_n).alias("hits_as_others"),
        )
        .group_by(_SUBJECT, maintain_order=True)
        .agg(
            pl.col("trial_count", "hit_count").sum(),
            pl.col("compared_trials", "compared_hits", "expected", "variance", "hits_as_others").sum(),
            pl.col("is_tested").all(),
        )
        .with_columns(
            pl.when(pl.col("compared_trials") > 0)
            .then(pl.col("hits_as_others") / pl.col("compared_trials"))
            .alias("other_share")
        )
    )
