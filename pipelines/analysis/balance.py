"""Were the two arms alike before: the baseline table, its verdicts, and the points of a love plot.

Belongs here: differences at baseline and what the What Works Clearinghouse calls them. Does not belong here: how
a comparison group is chosen or weighted (matching), what a verdict means for a rating (evidence_tier).

Source: What Works Clearinghouse (2022), Procedures and Standards Handbook, Version 5.0, baseline equivalence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.analysis.effect_size import SMALLEST_N, cox_index, hedges_g_of

Kind = Literal["continuous", "binary"]
SATISFIED = "satisfied"
SATISFIED_WITH_ADJUSTMENT = "satisfied with adjustment"
NOT_SATISFIED = "not satisfied"
VERDICTS = (SATISFIED, SATISFIED_WITH_ADJUSTMENT, NOT_SATISFIED)  # from best to worst
SATISFIED_UP_TO = 0.05
ADJUSTABLE_UP_TO = 0.25
_ROUNDING = 1e-12  # a difference of 0.05 computed from decimals may come out a hair above it

_SCHEMA = pl.Schema(
    {
        "covariate": pl.String,
        "label": pl.String,
        "kind": pl.String,
        "is_required": pl.Boolean,
        "treated_mean": pl.Float64,
        "comparison_mean": pl.Float64,
        "treated_sd": pl.Float64,
        "comparison_sd": pl.Float64,
        "effect_size": pl.Float64,
        "verdict": pl.String,
        "n_treated": pl.Int64,
        "n_comparison": pl.Int64,
        "n_missing_treated": pl.Int64,
        "n_missing_comparison": pl.Int64,
        "note": pl.String,
    }
)


@dataclass(frozen=True)
class Covariate:
    """What was measured before treatment. `is_required`: its verdict counts for the study's; others are shown only."""

    name: str
    label: str
    kind: Kind
    is_required: bool = True


@dataclass(frozen=True)
class _Arm:
    """One arm's known values of a covariate and their weights, and how many units have no value."""

    values: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    n_missing: int

    @property
    def mean(self) -> float | None:
        if self.values.size == 0:
            return None
        if self.values.max() == self.values.min():
            return float(self.values[0])  # rounding in a weighted mean would give a constant a spread
        return float(np.average(self.values, weights=self.weights))

    @property
    def sd(self) -> float | None:
        """The spread of the values, weighted; with equal weights the one over n − 1."""
        total = self.weights.sum()
        free = total - (self.weights**2).sum() / total if self.values.size > 1 else 0.0
        mean = self.mean
        if mean is None or free <= 0:
            return None
        return float(np.sqrt((self.weights * (self.values - mean) ** 2).sum() / free))

    @property
    def unweighted_sd(self) -> float:
        if self.values.size < 2 or self.values.max() == self.values.min():
            return 0.0
        return float(self.values.std(ddof=1))


def verdict(effect_size: float) -> str:
    """What WWC 5.0 calls a difference at baseline: one of VERDICTS.

    effect_size: standard deviations, of either sign; nan (it can't be computed) is "not satisfied". Up to 0.05
    "satisfied", up to 0.25 "satisfied with adjustment": only if the estimate adjusts for the covariate.
    """
    distance = abs(effect_size)
    if distance <= SATISFIED_UP_TO + _ROUNDING:
        return SATISFIED
    return SATISFIED_WITH_ADJUSTMENT if distance <= ADJUSTABLE_UP_TO + _ROUNDING else NOT_SATISFIED


def balance_table(
    frame: pl.DataFrame, covariates: Sequence[Covariate], treated: str = "is_treated", weight: str | None = None
) -> pl.DataFrame:
    """One row per covariate: each arm's mean and spread, their difference in standard deviations, its verdict.

    frame: one row per unit of the sample that the estimate uses, with the boolean `treated` and one numeric or
    boolean column per covariate (binary: 0 and 1). weight: a column of weights as the estimate uses them (null
    leaves every weight 1); a unit of weight 0 is not in the sample. Weights matter inside an arm only: scaling an
    arm's weights changes nothing.

    Returns, in the order given: `covariate`, `label`, `kind`, `is_required`, `treated_mean`, `comparison_mean`,
    `treated_sd`, `comparison_sd` (weighted; for binary covariates means are shares), `effect_size` (Hedges g, or
    the Cox index, above 0 where the treated stand higher), `verdict`, `n_treated`, `n_comparison` (units with a
    value), `n_missing_treated`, `n_missing_comparison`, `note` (null where there is nothing to say).

    Means are weighted as the estimate is. The denominator is the unweighted pooled standard deviation of the same
    units: a weight must not shrink the yardstick it is measured by (Stuart 2010, Statistical Science 25(1) 1-21).
    Units without a value are left out of that covariate's row and counted. Where one arm's share is 0 or 1, which
    has no log odds, half a unit is added to each of the four counts (Haldane 1956; Anscombe 1956). A covariate in
    which nobody differs is 0 apart; one in which the arms differ and nobody inside them, or with too few values,
    has no effect size and is "not satisfied".

    Raises ValueError where an arm is empty, treatment or a weight is missing, a weight is negative, a column is
    absent, not numeric or infinite, and where a binary covariate holds other values than 0 and 1.
    """
    _check_columns(frame, covariates, treated, weight)
    is_treated = frame[treated].to_numpy().astype(bool)
    weights = np.ones(frame.height) if weight is None else frame[weight].cast(pl.Float64).to_numpy()
    is_used = weights > 0
    for arm, is_arm in (("treated", is_treated), ("comparison", ~is_treated)):
        if not (is_arm & is_used).any():
            of = f"{int(is_arm.sum())} {arm} units, none with a weight above 0" if is_arm.any() else f"no {arm} units"
            raise ValueError(f"the baseline table needs units in both arms and was given {of}")
    rows = []
    for covariate in covariates:
        values = frame[covariate.name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        arms = [_arm(values, weights, is_used & is_arm) for is_arm in (is_treated, ~is_treated)]
        rows.append(_row(covariate, *arms))
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def worst_verdict(table: pl.DataFrame) -> str:
    """The verdict on the study: the worst among required covariates; "not satisfied" where none is required.

    table: as balance_table gives it. Nothing measured shows nothing: without a required covariate equivalence is
    not established.
    """
    required = table.filter("is_required")["verdict"].to_list()
    return max(required, key=VERDICTS.index, default=NOT_SATISFIED)


def love_plot(before: pl.DataFrame, after: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The points of a love plot: `covariate`, `label`, `sample`, `absolute_effect_size`, one row a point.

    before: the table of all units, called "before". after: tables by the name of their sample (for example
    "matched", "weighted"). Covariates come in the order of their distance before, the largest first; samples in the
    order given. A difference that can't be computed is null. Raises ValueError where tables hold other covariates.

    Source: Thomas E. Love's plot, in Ahmed et al. (2006), European Heart Journal 27(12) 1431-1439.
    """
    names = before["covariate"].to_list()
    for sample, table in after.items():
        if sorted(table["covariate"].to_list()) != sorted(names):
            raise ValueError(f"the table of sample {sample!r} holds other covariates than the one before")
    order = before.select(
        "covariate", rank=pl.col("effect_size").abs().fill_null(np.inf).rank("ordinal", descending=True)
    )
    samples = {"before": before, **after}
    points = [
        table.select(
            "covariate",
            "label",
            sample=pl.lit(sample),
            absolute_effect_size=pl.col("effect_size").abs(),
            position=pl.lit(position),
        )
        for position, (sample, table) in enumerate(samples.items())
    ]
    return pl.concat(points).join(order, on="covariate", how="left").sort("rank", "position").drop("rank", "position")


def _check_columns(frame: pl.DataFrame, covariates: Sequence[Covariate], treated: str, weight: str | None) -> None:
    wanted = [treated, *([] if weight is None else [weight]), *(covariate.name for covariate in covariates)]
    absent = [name for name in wanted if name not in frame.columns]
    if absent:
        raise ValueError(f"the baseline table needs columns that the frame lacks: {', '.join(absent)}")
    for name in wanted:
        if not (frame[name].dtype.is_numeric() or frame[name].dtype == pl.Boolean):
            raise ValueError(f"column {name} is {frame[name].dtype}; the baseline table needs numbers or true/false")
    told = int(frame[treated].cast(pl.Float64).is_in([0.0, 1.0]).sum())
    if told < frame.height:
        raise ValueError(f"{frame.height - told} of {frame.height} units are neither true nor false in {treated}")
    if weight is not None:
        given = frame[weight].cast(pl.Float64)
        wrong = frame.height - int((given.is_finite() & (given >= 0)).fill_null(False).sum())
        if wrong:
            raise ValueError(f"{wrong} of {frame.height} weights in column {weight} are missing, negative or infinite")
    for covariate in covariates:
        values = frame[covariate.name].cast(pl.Float64)
        infinite = int(values.is_infinite().sum())
        if infinite:
            raise ValueError(f"{infinite} of {frame.height} values of {covariate.name} are infinite")
        other = int((~values.fill_nan(None).is_in([0.0, 1.0])).sum())
        if covariate.kind == "binary" and other:
            raise ValueError(f"{other} of {frame.height} values of binary {covariate.name} are neither 0 nor 1")


def _arm(values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], is_arm: npt.NDArray[np.bool_]) -> _Arm:
    is_known = is_arm & ~np.isnan(values)
    return _Arm(values[is_known], weights[is_known], int(is_arm.sum()) - int(is_known.sum()))


def _row(covariate: Covariate, treated: _Arm, comparison: _Arm) -> tuple[object, ...]:
    effect_size, note = _effect_size(covariate.kind, treated, comparison)
    missing = treated.n_missing + comparison.n_missing
    notes = [] if note is None else [note]
    if missing:
        notes.append(f"{missing} of {missing + treated.values.size + comparison.values.size} units have no value")
    return (
        covariate.name,
        covariate.label,
        covariate.kind,
        covariate.is_required,
        treated.mean,
        comparison.mean,
        treated.sd,
        comparison.sd,
        effect_size,
        NOT_SATISFIED if effect_size is None else verdict(effect_size),
        treated.values.size,
        comparison.values.size,
        treated.n_missing,
        comparison.n_missing,
        "; ".join(notes) or None,
    )


def _effect_size(kind: Kind, treated: _Arm, comparison: _Arm) -> tuple[float | None, str | None]:
    """The difference in standard deviations and what must be said of it; None where there is none."""
    n = treated.values.size + comparison.values.size
    high, low = treated.mean, comparison.mean
    if high is None or low is None:
        return None, "no unit of one arm has a value"
    if n < SMALLEST_N:
        return None, f"too few values: a difference needs {SMALLEST_N}"
    sds = treated.unweighted_sd, comparison.unweighted_sd
    if sds == (0.0, 0.0) and high == low:
        return 0.0, "the same for every unit"
    if kind == "binary":
        if 0 < high < 1 and 0 < low < 1:
            return cox_index(high, low, n), None
        shares = [
            (share * arm.values.size + 0.5) / (arm.values.size + 1)
            for share, arm in ((high, treated), (low, comparison))
        ]
        return cox_index(shares[0], shares[1], n), "a share is 0 or 1: half a unit was added to each count"
    if sds == (0.0, 0.0):
        return None, "the arms differ and nobody inside them does"
    return hedges_g_of(high - low, *sds, treated.values.size, comparison.values.size), None
