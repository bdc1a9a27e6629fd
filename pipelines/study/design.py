"""The design: who is compared with whom, fixed and hashed before any outcome of exposure is read.

Belongs here: matched sets, weights, their balance, and the choice between them by balance alone. Does
not belong here: estimating (results), or anything younger than exposure: candidates hold none of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from pipelines.analysis.balance import Covariate, balance_table, worst_verdict
from pipelines.analysis.matching import Propensity, entropy_weights, match, propensity
from pipelines.study.candidates import Candidates
from pipelines.study.question import CALIPER_SD, MATCHED_PER_TREATED, Question

Sample = Literal["before", "matched", "weighted"]
_RANKS = {"satisfied": 0, "satisfied with adjustment": 1, "not satisfied": 2}


@dataclass(frozen=True)
class Design:
    """rows: the candidates with `set_id` and `matched_weight` (null where unmatched) and `entropy_weight` (null
    where no weights balance the groups). balance: table by sample `before`, `matched`, `weighted`; a sample
    that could not be made is absent. unmatched: treated units without a peer, by reason.
    """

    hash: str
    rows: pl.DataFrame
    covariates: tuple[Covariate, ...]
    dropped: tuple[str, ...]
    propensity: Propensity
    balance: Mapping[str, pl.DataFrame]
    verdicts: Mapping[str, str]
    chosen: Literal["matched", "weighted"] | None
    chosen_because: str
    unmatched: pl.DataFrame

    def of(self, sample: Sample) -> pl.DataFrame:
        """The rows of a sample, `weight` being what it weighs them with."""
        if sample == "before":
            return self.rows.with_columns(weight=pl.lit(1.0))
        column = {"matched": "matched_weight", "weighted": "entropy_weight"}[sample]
        return self.rows.filter(pl.col(column).is_not_null()).with_columns(weight=pl.col(column))


def make_design(candidates: Candidates, question: Question) -> Design:
    """Match 1:k on the propensity, weigh by entropy balancing, judge both, choose by balance alone.

    Exact on cohort and stratum; each unit serves as a peer once in the whole study. Matched sets are preferred
    where both balance equally well: one can look at who is in them.
    """
    names = [covariate.name for covariate in candidates.covariates]
    dummies = _cohort_dummies(candidates.frame)
    wide = candidates.frame.with_columns(**dummies)
    predictors = [*names, *dummies]
    scored, fitted = propensity(wide, predictors)
    pairs, unmatched = _match_by_cohort(scored)
    weights = entropy_weights(scored.with_columns(unit=_row_id()), predictors)
    rows = (
        scored.drop(list(dummies))
        .join(pairs, on=["cohort", "unit"], how="left")
        .with_columns(_row=_row_id())
        .join(
            weights.frame.select(pl.col("unit").alias("_row"), pl.col("weight").alias("entropy_weight")),
            on="_row",
            how="left",
        )
        .drop("_row")
    )
    if not weights.is_balanced:
        rows = rows.with_columns(entropy_weight=pl.lit(None, pl.Float64))
    balance = {
        sample: balance_table(
            rows.filter(pl.col(column).is_not_null()) if column else rows, candidates.covariates, weight=column
        )
        for sample, column in (("before", None), ("matched", "matched_weight"), ("weighted", "entropy_weight"))
        if column is None or _has_both_arms(rows.filter(pl.col(column).is_not_null()))
    }
    verdicts = {sample: worst_verdict(table) for sample, table in balance.items()}
    chosen, because = _choose(verdicts)
    return Design(
        hash=_hash(question, candidates, rows, chosen),
        rows=rows,
        covariates=candidates.covariates,
        dropped=fitted.dropped,
        propensity=fitted,
        balance=balance,
        verdicts=verdicts,
        chosen=chosen,
        chosen_because=because,
        unmatched=unmatched,
    )


def _row_id() -> pl.Expr:
    """One text per row of the candidates: a unit may serve in several cohorts."""
    return pl.concat_str(pl.col("cohort"), pl.col("unit"), separator="\t")


def _cohort_dummies(frame: pl.DataFrame) -> dict[str, pl.Expr]:
    cohorts: list[int] = frame["cohort"].unique().sort().to_list()
    return {f"cohort_{cohort}": (pl.col("cohort") == cohort).cast(pl.Float64) for cohort in cohorts[1:]}


def _match_by_cohort(scored: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sets of every cohort, the earliest first: who has served in one is not asked again."""
    pairs, unmatched, used = [], [], pl.DataFrame(schema={"unit": pl.String})
    for cohort in scored["cohort"].unique().sort().to_list():
        # a peer serves once; one who was a peer and begins later is treated then all the same
        has_served = pl.col("unit").is_in(used["unit"].implode())
        pool = scored.filter((pl.col("cohort") == cohort) & (pl.col("is_treated") | ~has_served))
        if not _has_both_arms(pool):
            lone = pool.filter("is_treated").select("unit", "stratum", reason=pl.lit("nobody is left to compare with"))
            unmatched.append(lone)
            continue
        found = match(
            pool.select("unit", "is_treated", "logit", "stratum"), k=MATCHED_PER_TREATED, caliper_sd=CALIPER_SD
        )
        pairs.append(
            found.pairs.select(
                pl.lit(cohort, pl.Int64).alias("cohort"),
                "unit",
                pl.concat_str(pl.lit(str(cohort)), pl.col("set_id").cast(pl.String), separator=":").alias("set_id"),
                pl.col("weight").alias("matched_weight"),
            )
        )
        unmatched.append(found.unmatched.select("unit", "stratum", "reason"))
        used = pl.concat([used, found.pairs.filter(~pl.col("is_treated")).select("unit")])
    empty = {"cohort": pl.Int64, "unit": pl.String, "set_id": pl.String, "matched_weight": pl.Float64}
    return (
        pl.concat(pairs) if pairs else pl.DataFrame(schema=empty),
        pl.concat(unmatched)
        if unmatched
        else pl.DataFrame(schema=dict.fromkeys(("unit", "stratum", "reason"), pl.String)),
    )


def _has_both_arms(frame: pl.DataFrame) -> bool:
    return frame["is_treated"].n_unique() == 2


def _choose(verdicts: Mapping[str, str]) -> tuple[Literal["matched", "weighted"] | None, str]:
    matched, weighted = verdicts.get("matched"), verdicts.get("weighted")
    if matched is None and weighted is None:
        return None, "neither matching nor weighting found anybody to compare with"
    if weighted is None:
        return "matched", "no weights balance the groups; chosen before any outcome of exposure was read"
    if matched is None:
        return "weighted", "nobody could be matched; chosen before any outcome of exposure was read"
    if _RANKS[weighted] < _RANKS[matched]:
        return "weighted", f"weighting balances better ({weighted}, matching: {matched}); chosen on balance alone"
    if matched == weighted:
        return "matched", f"both balance alike ({matched}), and one can look at who is matched; chosen on balance alone"
    return "matched", f"matching balances better ({matched}, weighting: {weighted}); chosen on balance alone"


def _hash(question: Question, candidates: Candidates, rows: pl.DataFrame, chosen: str | None) -> str:
    """SHA-256 of the rules and of every weight: another design has another hash."""
    rules = {
        "kind": question.kind,
        "outcome": question.outcome_name,
        "covariates": [covariate.name for covariate in candidates.covariates],
        "exact_on": list(question.exact_on),
        "matched_per_treated": MATCHED_PER_TREATED,
        "caliper_sd": CALIPER_SD,
        "seed": question.seed,
        "chosen": chosen,
    }
    listed = rows.select(
        "cohort", "unit", "is_treated", "set_id", pl.col("matched_weight").round(9), pl.col("entropy_weight").round(6)
    ).sort("cohort", "unit")
    digest = hashlib.sha256(json.dumps(rules, sort_keys=True).encode())
    digest.update(listed.write_csv().encode())
    return digest.hexdigest()
