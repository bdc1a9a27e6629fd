"""How far the trends may bend before the effect is lost: honest bounds under smoothness.

Belongs here: intervals that hold where the difference in trends bends by at most M between two periods, and the M
at which they first include 0. Does not belong here: the event study itself (did), other threats (sensitivity).

M = 0 means that a difference in trends seen before treatment runs on as a straight line, and is taken off. M > 0
lets its slope change by up to M, in units of the outcome, from each period to the next. The interval is the fixed
length interval (FLCI) of Rambachan & Roth: the effect less a combination of the slopes before treatment, chosen so
that the interval at worst bias is shortest.

With w the weights on those slopes and u their running sums, the worst bias is M·(constant + Σ|u|) and the variance
is quadratic in u. All combinations worth considering, from least variance to least bias, are the path of one
L1-penalised problem (`_Frontier`), found once for every M. The diff-diff package solves it anew for each M, seconds
each; a test holds both against each other, and against R.

Source: Rambachan & Roth (2023), "A more credible approach to parallel trends", Review of Economic Studies 90(5)
2555-2591, section 4.1 and equation 17. Worked: Medicaid expansion (R `HonestDiD`, README): M = 0 gives 0.0259 to
0.0607, M = 0.03 −0.00714 to 0.101 for the first year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import brentq, minimize_scalar
from scipy.special import ndtr
from scipy.stats import norm
from scipy.stats import t as student_t

from pipelines.analysis.did import StaggeredEffects

Floats = npt.NDArray[np.float64]

M_VALUES = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05)
"""In units of the outcome: with an outcome in SD, up to a twentieth of an SD from one year to the next."""
_LARGEST_M = 10.0
_PENALTIES = 1000
_Z = float(norm.ppf(0.975))


@dataclass(frozen=True, eq=False)
class SmoothnessBounds:
    """frame: m, ci_low, ci_high, excludes_zero; one row per M given, units of the outcome.

    breakdown_m: the largest M at which the interval still excludes 0: 0 where it includes 0 even at M = 0,
    None where it excludes 0 up to M = 10. largest_bend_before: the largest change of slope seen between
    periods before treatment, to read M against (it contains chance); None with fewer than two such periods.
    note: in a sentence what the bounds are of.
    """

    frame: pl.DataFrame
    breakdown_m: float | None
    largest_bend_before: float | None
    note: str


def smoothness_bounds(
    effects: StaggeredEffects, m_values: Sequence[float] = M_VALUES, event_time: int | None = None
) -> SmoothnessBounds:
    """Honest bounds of an effect from did.callaway_santanna with its common base.

    event_time: which effect; by default the average over all event times from 0 on, which is `effects.dynamic`. The
    further from treatment, the more a bend adds up: the first year alone stands a larger M.

    Raises ValueError where the effects carry no event study on a common base or no period before event time −1.
    """
    if not effects.event_times:
        raise ValueError(
            "the effects carry no event study on a common base: estimate them with with_common_base=True, on a panel "
            "without missing years"
        )
    return bounds_of_event_study(
        effects.event_times,
        effects.event_estimates,
        effects.event_covariance,
        m_values,
        event_time,
        effects.degrees_of_freedom,
    )


def bounds_of_event_study(
    event_times: Sequence[int],
    estimates: Sequence[float],
    covariance: npt.NDArray[np.float64],
    m_values: Sequence[float] = M_VALUES,
    event_time: int | None = None,
    degrees_of_freedom: int | None = None,
) -> SmoothnessBounds:
    """The same for any event study: coefficients against event time −1, and their covariance.

    event_times: ascending without gap, −1 left out. degrees_of_freedom: of t critical values; normal ones where None
    (as in R `HonestDiD`). Raises ValueError where the shapes differ, there is a gap, no period before −1, or M < 0.
    """
    before = [event for event in event_times if event < -1]
    after = [event for event in event_times if event >= 0]
    if np.shape(covariance) != (len(event_times), len(event_times)) or len(estimates) != len(event_times):
        raise ValueError(f"{len(event_times)} event times need as many estimates and a square covariance")
    if not before or not after:
        raise ValueError(
            "smoothness bounds need a period before event time −1 and one from 0 on: the panel gives "
            f"{len(before)} and {len(after)}; add earlier years"
        )
    if list(event_times) != [*range(-len(before) - 1, -1), *range(len(after))]:
        raise ValueError("event times must run without gap, with −1 left out")
    if any(m < 0 for m in m_values):
        raise ValueError("M is a size: 0 or above")
    if event_time is not None and event_time not in after:
        raise ValueError(f"event time {event_time} is not among {after[0]} to {after[-1]}")
    weights = np.full(len(after), 1 / len(after)) if event_time is None else np.eye(len(after))[after.index(event_time)]
    critical = _Z if degrees_of_freedom is None else float(student_t.ppf(0.975, degrees_of_freedom))
    # at M = 0 the interval is then the t interval; a normal one with the covariance as it is
    widened = np.asarray(covariance, dtype=np.float64) * (critical / _Z) ** 2
    frontier = _Frontier.of(np.asarray(estimates, dtype=np.float64), widened, len(before), weights)
    intervals = [frontier.interval(m) for m in m_values]
    frame = pl.DataFrame(
        {
            "m": [float(m) for m in m_values],
            "ci_low": [low for low, _ in intervals],
            "ci_high": [high for _, high in intervals],
            "excludes_zero": [low > 0 or high < 0 for low, high in intervals],
        },
        schema={"m": pl.Float64, "ci_low": pl.Float64, "ci_high": pl.Float64, "excludes_zero": pl.Boolean},
    )
    what = "the average effect over all years since treatment" if event_time is None else f"event time {event_time}"
    before_values = np.array([*list(estimates)[: len(before)], 0.0])
    bends = np.abs(np.diff(before_values, 2))
    return SmoothnessBounds(
        frame=frame,
        breakdown_m=_breakdown(frontier),
        largest_bend_before=float(bends.max()) if bends.size else None,
        note=f"bounds of {what}; {len(before)} period(s) before event time −1",
    )


def _breakdown(frontier: _Frontier) -> float | None:
    """Where the interval's nearer end meets 0."""

    def margin(m: float) -> float:
        low, high = frontier.interval(m)
        return max(low, -high)

    if margin(0.0) <= 0:
        return 0.0
    if margin(_LARGEST_M) > 0:
        return None
    return float(brentq(margin, 0.0, _LARGEST_M, xtol=1e-7))


@dataclass(frozen=True, eq=False)
class _Frontier:
    """Estimators from least variance to least bias: centre, standard deviation, and bias per unit of M."""

    path: Floats  # penalties × running sums of the slopes' weights, the last of them fixed
    effect: float
    slopes: Floats
    variance_of_effect: float
    covariance_with_slopes: Floats
    covariance_of_slopes: Floats
    bias_after: float

    @staticmethod
    def of(estimates: Floats, covariance: Floats, n_before: int, weights: Floats) -> _Frontier:
        """weights: of the effects after treatment, 0 or above."""
        # slopes before treatment: differences of neighbours, the last one up to the base period, whose value is 0
        difference = np.eye(n_before, k=1) - np.eye(n_before)
        after = covariance[n_before:, n_before:]
        of_slopes = difference @ covariance[:n_before, :n_before] @ difference.T
        with_slopes = difference @ covariance[:n_before, n_before:] @ weights
        reach = np.cumsum(weights[::-1])[::-1]  # how often a slope after treatment enters the effect
        running = np.cumsum(reach[::-1])[::-1]
        frontier = _Frontier(
            path=_path(of_slopes, with_slopes, float(reach.sum())),
            effect=float(weights @ estimates[n_before:]),
            slopes=difference @ estimates[:n_before],
            variance_of_effect=float(weights @ after @ weights),
            covariance_with_slopes=with_slopes,
            covariance_of_slopes=of_slopes,
            bias_after=float(running.sum()),
        )
        if not (frontier.spread(frontier.path) > 0).all():
            raise ValueError("the event study's covariance is degenerate: too few clusters for its event times")
        return frontier

    def spread(self, sums: Floats) -> Floats:
        """The estimator's standard deviation."""
        w = np.diff(sums, axis=-1, prepend=0.0)
        quadratic = ((w @ self.covariance_of_slopes) * w).sum(axis=-1)
        variance = self.variance_of_effect - 2 * w @ self.covariance_with_slopes + quadratic
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)))

    def half_length(self, sums: Floats, m: float) -> Floats:
        spread = self.spread(sums)
        bias = m * (self.bias_after + np.abs(sums[..., :-1]).sum(axis=-1))
        return np.asarray(_folded_normal_quantile(bias / spread) * spread)

    def interval(self, m: float) -> tuple[float, float]:
        """The shortest interval that holds at every bend up to M."""
        best = int(np.argmin(self.half_length(self.path, m)))
        low, high = max(best - 1, 0), min(best + 1, len(self.path) - 1)

        def between(position: float) -> Floats:
            below = min(int(position), len(self.path) - 2)
            share = position - below
            return np.asarray((1 - share) * self.path[below] + share * self.path[below + 1])

        sums = self.path[best]
        if high > low:
            found = minimize_scalar(
                lambda position: float(self.half_length(between(position), m)), bounds=(low, high), method="bounded"
            )
            sums = min((sums, between(found.x)), key=lambda each: float(self.half_length(each, m)))
        centre = self.effect - float(np.diff(sums, prepend=0.0) @ self.slopes)
        reach = float(self.half_length(sums, m))
        return centre - reach, centre + reach


def _path(of_slopes: Floats, with_slopes: Floats, target: float) -> Floats:
    """Running sums u that minimise variance + penalty·Σ|u|, for penalties from 0 to where all u but the last are 0.

    The last sum is the target: a straight trend is taken off whole. Coordinate descent, all penalties at once; the
    path is piecewise linear, so what lies between two penalties is a mixture of both.
    """
    count = len(with_slopes)
    to_weights = np.eye(count) - np.eye(count, k=-1)
    curvature = to_weights.T @ of_slopes @ to_weights
    free = count - 1
    if free == 0:
        return np.full((1, 1), target)
    matrix = curvature[:free, :free]
    linear = target * curvature[:free, free] - (to_weights.T @ with_slopes)[:free]
    largest = 2 * float(np.abs(linear).max())
    penalties = np.linspace(0.0, largest, _PENALTIES) if largest > 0 else np.zeros(1)
    diagonal = np.maximum(np.diag(matrix), 1e-300)
    sums = np.zeros((len(penalties), free))
    for _ in range(20_000):
        before = sums.copy()
        for i in range(free):
            pull = -(linear[i] + sums @ matrix[:, i] - sums[:, i] * matrix[i, i])
            sums[:, i] = np.sign(pull) * np.maximum(np.abs(pull) - penalties / 2, 0.0) / diagonal[i]
        if float(np.abs(sums - before).max()) < 1e-10 * target:
            break
    return np.column_stack([sums, np.full(len(penalties), target)])


def _folded_normal_quantile(shift: Floats) -> Floats:
    """The 95 % quantile of |N(shift, 1)|, by Newton's method."""
    t = np.asarray(shift, dtype=np.float64)
    quantile = np.maximum(_Z, t + 1.6448536269514722)
    for _ in range(50):
        excess = ndtr(quantile - t) - ndtr(-quantile - t) - 0.95
        density = (np.exp(-0.5 * (quantile - t) ** 2) + np.exp(-0.5 * (quantile + t) ** 2)) / np.sqrt(2 * np.pi)
        quantile = quantile - excess / density
        if float(np.abs(excess).max()) < 1e-13:
            break
    return quantile
