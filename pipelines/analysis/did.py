"""Difference-in-differences where cohorts are treated in different years: Callaway & Sant'Anna's estimator.

Belongs here: the effect on each cohort in each period against units not treated (yet), and its averages. Does not
belong here: what a panel must be (staggered_panel), the averages' formulas (staggered_effects), other estimators
(imputation, two_way_fixed_effects, bacon; their public names can be had from here), what would break an effect
(sensitivity).

What it needs: without treatment, the treated would have changed as their comparison did (parallel trends), within
equal values of the covariates where there are any. A fixed difference in level does no harm; a treated group that
starts low and would have come back anyway does (sensitivity.mean_reversion, placebo_timing).

ATT(g,t), the effect on cohort g in period t ≥ g, is the change from g's last period before treatment to t, beside
the change of the comparison units, doubly robust (Sant'Anna & Zhao 2020): right if either the outcome model or the
propensity model is. Before treatment (t < g) the change is that from the period before t, as R `did` does by
default, so these are tests of parallel trends and not effects.

Standard errors: influence functions summed by cluster, G/(G − 1), t(G − 1) (staggered_effects). R `did` prints
bootstrapped ones, which differ by chance in the third significant digit.

Sources: Callaway & Sant'Anna (2021), Journal of Econometrics 225(2) 200-230; Sant'Anna & Zhao (2020), Journal of
Econometrics 219(1) 101-122. ATT(g,t) and influence functions are computed by the diff-diff package; with covariates
its weights of comparison units are not scaled to sum to one as R's are, which differs by a few hundredths of a
standard error (tests/analysis/study/test_known_answers_drdid.py). Worked: `mpdta`
(the county panel of `did`): simple ATT −0.03995 against never treated, −0.03976 against not yet treated.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from diff_diff import CallawaySantAnna

from pipelines.analysis.bacon import bacon_decomposition
from pipelines.analysis.estimate import Estimate
from pipelines.analysis.imputation import ImputedEffects, imputation
from pipelines.analysis.staggered_effects import (
    Average,
    CohortEffects,
    Floats,
    average_by_cohort_size,
    average_by_group_size,
    covariance,
    estimate_of,
    frame_of,
    plain_average,
    plain_average_of_cells,
    simultaneous_value,
)
from pipelines.analysis.staggered_panel import StaggeredPanel, counted, staggered_panel
from pipelines.analysis.two_way_fixed_effects import two_way_fixed_effects

__all__ = [
    "Comparison",
    "ImputedEffects",
    "StaggeredEffects",
    "bacon_decomposition",
    "callaway_santanna",
    "imputation",
    "two_way_fixed_effects",
]

Comparison = Literal["not_yet_treated", "never_treated"]
FEW_TREATED_CLUSTERS = 6
"""Below it intervals by cluster are too narrow (MacKinnon & Webb 2018, Econometrics Journal 21(2) 114-135)."""


@dataclass(frozen=True, eq=False)
class StaggeredEffects:
    """Effects of a treatment that cohorts take up in different periods. All effects in units of the outcome.

    simple: average over cohorts and periods after treatment, by cohort size: a cohort counts in each period in which
    it is treated. group: average over cohorts of each one's own average. dynamic: average over event times ≥ 0 of
    the average at each. calendar: average over periods of the average in each. (Callaway & Sant'Anna 2021, equations
    3.11, 3.7, 3.4 and 3.8 and 3.9; R `aggte` of the same names.)

    by_group: group + numbers. by_calendar: time + numbers. att_gt: group, time + numbers; time < group are tests of
    parallel trends. event_study: event_time (periods since treatment began, 0 = first) + numbers + band_low,
    band_high, which hold for all event times at once, 95 % (null without draws). numbers: estimate, std_error,
    ci_low, ci_high, p_value, n_treated, n_comparison, n_clusters; a unit treated later is compared with until then,
    but counts once in a row: as treated where the row has an effect on it.

    cohort_weights: group, n_treated, weight (share of `simple`), weight_in_group (share of `group`).

    event_times, event_estimates, event_covariance: the event study against one base period for all event times, the
    last before treatment (event time −1, left out), which sensitivity.smoothness_bounds needs; empty where it was
    not asked for or can't be had. degrees_of_freedom: of its covariance, clusters − 1.

    always_treated: units left out because they had no period before treatment. n_clusters: in the panel. notes:
    what was left out, counted otherwise or to be read with care.
    """

    comparison: str
    simple: Estimate
    group: Estimate
    dynamic: Estimate
    calendar: Estimate
    by_group: pl.DataFrame
    by_calendar: pl.DataFrame
    att_gt: pl.DataFrame
    event_study: pl.DataFrame
    cohort_weights: pl.DataFrame
    event_times: tuple[int, ...]
    event_estimates: tuple[float, ...]
    event_covariance: Floats
    degrees_of_freedom: int
    always_treated: int
    n_clusters: int
    notes: tuple[str, ...]


def callaway_santanna(
    panel: pl.DataFrame,
    comparison: Comparison = "not_yet_treated",
    covariates: Sequence[str] = (),
    seed: int = 0,
    draws: int = 999,
    with_common_base: bool | None = None,
) -> StaggeredEffects:
    """Effects by cohort and period and their averages, doubly robust, with standard errors by cluster.

    panel: one row per `unit` and `time` with `first_treated` (null = never), `cluster`, `outcome` and `covariates`,
    whose values are those of the base period. comparison: units not treated by period t (the later treated among
    them), or units never treated in the panel. draws: of the bootstrap for the event study's band; 0 skips it.
    with_common_base: also the event study against one base period, which takes a second fit; by default where there
    are draws.

    A panel with gaps is used as it is: each ATT(g,t) compares the units seen in both of its periods, and the notes
    say so. (R `did` drops units with gaps by default; with teachers who come and go that would be most of them.)

    Raises ValueError on panels that can't answer: see staggered_panel; also where there is no comparison unit or no
    effect after treatment can be had.
    """
    used = staggered_panel(panel, covariates)
    _refuse_without_comparison(used, comparison)
    effects, notes = _cohort_effects(used, comparison, covariates, "varying")
    notes = [*used.notes, *notes]
    if not used.is_balanced:
        share = used.rows.height / (used.unit_cohort.size * len(used.times))
        notes.append(
            f"the panel has gaps: {share:.0%} of units × periods are there; each effect compares the units seen in "
            "both of its periods"
        )
    after = np.flatnonzero(effects.event_time >= 0)
    if after.size == 0:
        raise ValueError(
            f"no effect after treatment can be estimated for {counted(len(used.cohorts), 'cohort')}: in no period "
            "after treatment are treated and comparison units both seen, in it and before treatment; add periods or "
            "units"
        )
    notes += _cohorts_without_effect(used, effects, after)
    notes += _few_clusters(used)
    by_group = _by(effects, after, effects.group, plain_average_of_cells)
    by_event = _by(effects, np.arange(effects.group.size), effects.event_time, average_by_cohort_size)
    by_time = _by(effects, after, effects.time, average_by_cohort_size)
    simple = average_by_cohort_size(effects, after)
    if with_common_base is None:
        with_common_base = draws > 0
    times, estimates, common, more = _common_base(used, comparison, covariates) if with_common_base else _NOTHING
    return StaggeredEffects(
        comparison=comparison,
        simple=estimate_of(effects, simple),
        group=estimate_of(effects, average_by_group_size(effects, list(by_group.values()))),
        dynamic=estimate_of(effects, plain_average([part for e, part in by_event.items() if e >= 0])),
        calendar=estimate_of(effects, plain_average(list(by_time.values()))),
        by_group=_rows(effects, "group", by_group),
        by_calendar=_rows(effects, "time", by_time),
        att_gt=_cells(effects),
        event_study=_with_band(_rows(effects, "event_time", by_event), list(by_event.values()), seed, draws),
        cohort_weights=_cohort_weights(effects, after),
        event_times=times,
        event_estimates=estimates,
        event_covariance=common,
        degrees_of_freedom=used.n_clusters - 1,
        always_treated=used.always_treated,
        n_clusters=used.n_clusters,
        notes=(*notes, *more),
    )


_NOTHING: tuple[tuple[int, ...], tuple[float, ...], Floats, list[str]] = ((), (), np.empty((0, 0)), [])


def _refuse_without_comparison(used: StaggeredPanel, comparison: Comparison) -> None:
    n_never = int((used.unit_cohort == 0).sum())
    if comparison not in ("not_yet_treated", "never_treated"):
        raise ValueError(f"comparison is '{comparison}'; choose 'not_yet_treated' or 'never_treated'")
    if n_never == 0 and comparison == "never_treated":
        raise ValueError(
            f"all {counted(used.unit_cohort.size, 'unit')} are treated at some time, so none was never treated; "
            "compare with 'not_yet_treated', or add untreated units"
        )
    if n_never == 0 and len(used.cohorts) < 2:
        raise ValueError(
            f"all {counted(used.unit_cohort.size, 'unit')} are treated in the same period, {used.cohorts[0]}, so "
            "nobody is left to compare with; add untreated units"
        )


def _cohort_effects(
    used: StaggeredPanel, comparison: Comparison, covariates: Sequence[str], base: str
) -> tuple[CohortEffects, list[str]]:
    """ATT(g,t) of each cohort and period that has one, and notes on those that don't."""
    n_units, n_clusters = used.unit_cohort.size, used.n_clusters
    estimator = CallawaySantAnna(
        control_group=comparison,
        estimation_method="dr",
        base_period=base,
        pscore_fallback="unconditional",
        # scores are cut off only where a weight is next to nothing: a tenth of the smallest cohort's share
        pscore_trim=min(0.005, 0.1 * min(int((used.unit_cohort == g).sum()) for g in used.cohorts) / n_units),
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fitted = estimator.fit(
                used.rows.to_pandas(),
                outcome="outcome",
                unit="unit_code",
                time="time",
                first_treat="first_treated",
                covariates=list(covariates) or None,
            )
        except ValueError as error:
            if "Could not estimate any group-time effects" not in str(error):
                raise
            raise ValueError(
                f"no effect can be estimated for {counted(len(used.cohorts), 'cohort')}: in no period are treated and "
                "comparison units both seen, in it and in the period to compare with; add periods or units"
            ) from error
    notes = _told(caught)
    cells = [cell for cell, found in fitted.group_time_effects.items() if np.isfinite(found["effect"])]
    without = [cell for cell in fitted.group_time_effects if cell not in set(cells)]
    if without and base == "varying":
        listed = ", ".join(f"{int(group)} in {int(time)}" for group, time in without[:5])
        more = f" and {len(without) - 5} more" if len(without) > 5 else ""
        notes.append(
            f"{counted(len(without), 'cohort and period')} without estimate, for want of units seen in both periods: "
            f"{listed}{more}"
        )
    cells = [cell for cell in cells if not fitted.group_time_effects[cell].get("is_reference", False)]
    influence = _influence_functions(fitted)
    summed = np.zeros((n_clusters, len(cells)))
    is_treated = np.zeros((n_units, len(cells)), dtype=np.bool_)
    is_comparison = np.zeros((n_units, len(cells)), dtype=np.bool_)
    for column, cell in enumerate(cells):
        found = influence[cell]
        for kind, members in (("treated", is_treated), ("control", is_comparison)):
            index = found[f"{kind}_idx"]
            members[index, column] = True
            summed[:, column] += np.bincount(
                used.unit_cluster[index], weights=found[f"{kind}_inf"], minlength=n_clusters
            )
    cohorts = np.array(used.cohorts, dtype=np.int64)
    members_by_cohort = [
        np.bincount(used.unit_cluster[used.unit_cohort == cohort], minlength=n_clusters) for cohort in cohorts
    ]
    effects = CohortEffects(
        group=np.array([int(group) for group, _ in cells], dtype=np.int64),
        time=np.array([int(time) for _, time in cells], dtype=np.int64),
        estimate=np.array([float(fitted.group_time_effects[cell]["effect"]) for cell in cells]),
        influence=summed,
        is_treated=is_treated,
        is_comparison=is_comparison,
        unit_cluster=used.unit_cluster,
        cohorts=cohorts,
        cohort_members=np.column_stack(members_by_cohort).astype(np.float64),
    )
    return effects, notes


def _influence_functions(fitted: Any) -> dict[tuple[Any, Any], dict[str, Any]]:
    """By cohort and period: positions and influence of treated (`treated_idx`, `treated_inf`) and comparison units.

    diff-diff keeps them for its own later averages; it has no public door to them, and offers no average by calendar
    year, over cohorts or over event times. Positions are those of the sorted unit codes.
    """
    kit = getattr(fitted, "_aggregation_kit", None)
    if kit is None or not hasattr(kit, "influence"):
        raise RuntimeError("this version of diff-diff keeps no influence functions; install one from 3.13 below 4")
    influence: dict[tuple[Any, Any], dict[str, Any]] = kit.influence
    return influence


_SEPARATION = (
    "in some cohort the covariates nearly tell the treated from the others: few counterparts, so the estimate leans on "
    "the outcome model"
)
_FEW_PER_COVARIATE = (
    "few treated units per covariate in some cohort: the propensity model may follow chance; fewer covariates are safer"
)
_REDUNDANT = "some covariates say the same in some cohort; those that add nothing were left out there"
_KNOWN_WARNINGS = {
    "Unbalanced panel detected": None,  # told by callaway_santanna with the share of rows
    "could not be estimated": None,  # told with the names of the cells
    "No post-treatment effects available": None,  # refused by callaway_santanna
    "All post-treatment effects are NaN": None,
    "Low Events Per Variable": _FEW_PER_COVARIATE,
    "Propensity score estimation failed": (
        "the propensity model failed in some cohort and was left out there; the outcome model still adjusts"
    ),
    "suggesting potential separation": _SEPARATION,
    "did not converge": _SEPARATION,
    "Near-separation detected": None,  # units unlike any treated one weigh nothing, which does no harm
    "will be trimmed": None,  # likewise
    "rank-deficient": _REDUNDANT,
    "collinear": _REDUNDANT,
}
"""The library's warnings by a part of their text, and what they become: a note, or nothing for the reason beside."""


def _told(caught: Sequence[warnings.WarningMessage]) -> list[str]:
    """The library's warnings as notes, each once; one not known here is passed on."""
    notes: list[str] = []
    for warning in caught:
        text = str(warning.message)
        known = next((name for name in _KNOWN_WARNINGS if name.lower() in text.lower()), None)
        if known is None:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
            continue
        note = _KNOWN_WARNINGS[known]
        if note is not None and note not in notes:
            notes.append(note)
    return notes


def _by(
    effects: CohortEffects, cells: npt.NDArray[np.intp], key: npt.NDArray[np.int64], average: Any
) -> dict[int, Average]:
    """The average for each value of the key, over its cells."""
    return {int(value): average(effects, cells[key[cells] == value]) for value in np.unique(key[cells])}


def _rows(effects: CohortEffects, key: str, averages: dict[int, Average]) -> pl.DataFrame:
    return frame_of({key: list(averages)}, [estimate_of(effects, average) for average in averages.values()])


def _cells(effects: CohortEffects) -> pl.DataFrame:
    every = range(effects.group.size)
    averages = [Average(float(effects.estimate[cell]), effects.influence[:, cell], np.array([cell])) for cell in every]
    keys = {"group": effects.group.tolist(), "time": effects.time.tolist()}
    return frame_of(keys, [estimate_of(effects, average) for average in averages]).sort("group", "time")


def _with_band(rows: pl.DataFrame, averages: Sequence[Average], seed: int, draws: int) -> pl.DataFrame:
    has_error = rows["std_error"].is_not_null().to_list()
    known = [average.influence for average, is_known in zip(averages, has_error, strict=True) if is_known]
    value = simultaneous_value(np.column_stack(known), seed, draws) if known else None
    reach = pl.col("std_error") * value if value is not None else pl.lit(None, pl.Float64)
    return rows.with_columns(band_low=pl.col("estimate") - reach, band_high=pl.col("estimate") + reach)


def _cohort_weights(effects: CohortEffects, after: npt.NDArray[np.intp]) -> pl.DataFrame:
    sizes = effects.cohort_members.sum(axis=0)
    periods = np.array([(effects.group[after] == cohort).sum() for cohort in effects.cohorts])
    weight, in_group = sizes * periods, sizes * (periods > 0)
    return pl.DataFrame(
        {
            "group": effects.cohorts,
            "n_treated": sizes.astype(np.int64),
            "weight": weight / weight.sum(),
            "weight_in_group": in_group / in_group.sum(),
        }
    )


def _cohorts_without_effect(used: StaggeredPanel, effects: CohortEffects, after: npt.NDArray[np.intp]) -> list[str]:
    left = sorted(set(used.cohorts) - {int(group) for group in effects.group[after]})
    if not left:
        return []
    n_units = int(np.isin(used.unit_cohort, left).sum())
    listed = ", ".join(str(cohort) for cohort in left)
    return [
        f"{counted(len(left), 'cohort')} ({counted(n_units, 'unit')}) without any effect after treatment, for want of "
        f"comparison units then: first treated {listed}"
    ]


def _few_clusters(used: StaggeredPanel) -> list[str]:
    count = int(np.unique(used.unit_cluster[used.unit_cohort > 0]).size)
    if count >= FEW_TREATED_CLUSTERS:
        return []
    return [f"the treated lie in {counted(count, 'cluster')}: intervals by cluster are too narrow with so few"]


def _common_base(
    used: StaggeredPanel, comparison: Comparison, covariates: Sequence[str]
) -> tuple[tuple[int, ...], tuple[float, ...], Floats, list[str]]:
    """Event times without gap around −1, their estimates against event time −1, and the covariance."""
    first, last = used.times[0], used.times[-1]
    if used.times != tuple(range(first, last + 1)):
        return *_NOTHING[:3], ["periods are missing between the first and the last, so no common base can be had"]
    effects, _ = _cohort_effects(used, comparison, covariates, "universal")
    by_event = _by(effects, np.arange(effects.group.size), effects.event_time, average_by_cohort_size)
    usable = {event for event, average in by_event.items() if estimate_of(effects, average).std_error is not None}
    after = [event for event in range(last - first + 1) if event in usable]
    before = [event for event in range(-2, first - last - 1, -1) if event in usable]
    kept = [*reversed(_unbroken(before, -2, -1)), *_unbroken(after, 0, 1)]
    if not kept:
        return _NOTHING
    influence = np.column_stack([by_event[event].influence for event in kept])
    return tuple(kept), tuple(by_event[event].estimate for event in kept), covariance(influence), []


def _unbroken(events: Sequence[int], start: int, step: int) -> list[int]:
    """The event times from `start` on, up to the first gap."""
    return [event for position, event in enumerate(events) if event == start + step * position]
