"""The synthetic district's observations as the arrays that the statistics take, with the planted truth.

Belongs here: drawing only the parts of the district that these proofs need. Does not belong here:
what must come of them (the tests), and any file or platform.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from connectors.sandbox.awards import earn
from connectors.sandbox.observations import AWARD_EFFECT, Observed, observe
from connectors.sandbox.people import staffing
from connectors.sandbox.rubric import EXPERT_LEVEL, NEED_LEVEL, SCALE_MAX, SCALE_MIN
from pipelines.analysis.expertise import CutPoints, ElementScores, Rules, estimate
from pipelines.analysis.rater_effects import RaterEffects, rater_effects

YEARS = tuple(range(2022, 2027))
OLDEST, AS_OF = date(2021, 6, 30), date(2026, 6, 30)
CUT = CutPoints(SCALE_MIN, SCALE_MAX, NEED_LEVEL, EXPERT_LEVEL)
RULES = Rules()


@dataclass(frozen=True)
class Planted:
    """staff, rater: codes by observation, staff sorted. true: level by staff code and element at AS_OF.
    severity: planted, by rater code. scores: observation by element, 0 where blank."""

    staff: npt.NDArray[np.int64]
    rater: npt.NDArray[np.int64]
    observed: npt.NDArray[np.datetime64]
    school_year: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    true: npt.NDArray[np.float64]
    severity: npt.NDArray[np.float64]

    def element(self, number: int, effects: RaterEffects | None = None) -> ElementScores:
        """The scores of one element, with the severity to take out."""
        kept = self.scores[:, number] > 0
        rater = self.rater[kept]
        nothing = np.zeros(len(self.severity))
        return ElementScores(
            self.staff[kept],
            rater,
            self.observed[kept],
            self.school_year[kept],
            self.scores[kept, number],
            (effects.severity if effects else nothing)[rater],
            (effects.severity_sd if effects else nothing)[rater],
        )

    def estimates(self, number: int) -> pl.DataFrame:
        """One element as the build estimates it at AS_OF."""
        raw = self.element(number)
        effects = rater_effects(raw.staff, raw.rater, raw.score, len(self.severity))
        return estimate(self.element(number, effects), OLDEST, AS_OF, self.no_bands(), CUT, RULES)

    def no_bands(self) -> npt.NDArray[np.int64]:
        return np.full(len(self.true), -1, dtype=np.int64)


def draw(seed: int, teachers: int = 180, schools: int = 8) -> Planted:
    """A district of that many teaching positions, five school years of observations, raters as planted."""

    def stream(number: int) -> np.random.Generator:
        return np.random.default_rng([seed, number])

    staff = staffing(stream(1), teachers, schools, YEARS)
    earned = earn(stream(2), staff.people, YEARS, date(2026, 11, 15))
    found: Observed = observe(stream(3), staff, earned, YEARS)
    listed = found.observations.filter("is_finished").sort("person", "observed_at", "observation")
    raters, rater = np.unique(listed["rater"].to_numpy(), return_inverse=True)
    severity = dict(found.raters.select("person", "severity").rows())
    return Planted(
        staff=listed["person"].to_numpy().astype(np.int64),
        rater=rater.astype(np.int64),
        observed=listed["observed_at"].to_numpy().astype("datetime64[D]"),
        school_year=listed["school_year"].to_numpy().astype(np.int64),
        scores=found.scores[listed["observation"].to_numpy()].astype(np.float64),
        true=found.levels + AWARD_EFFECT * (earned.effect_from <= YEARS[-1]),
        severity=np.array([severity[person] for person in raters]),
    )
