"""The synthetic district: one seed, one set of frames.

Belongs here: putting the parts together, in one order, from one seed. Does not
belong here: how a platform or a file says any of it (…_documents, files_drop).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from connectors.sandbox.awards import Earned, earn
from connectors.sandbox.ledger import ledger
from connectors.sandbox.observations import Observed, observe
from connectors.sandbox.people import Staffing, staffing
from connectors.sandbox.schools import school_characteristics
from connectors.sandbox.workforce import (
    compensation,
    consents,
    growth_goals,
    issuer_approvals,
    licences,
    pd_participation,
    student_growth,
    survey_responses,
)

NAME = "Cedar Valley Schools (SYNTHETIC)"
AS_OF = date(2026, 11, 15)


@dataclass(frozen=True)
class District:
    """A whole synthetic district. Frames name people by `person`, the row number in `staffing.people`."""

    seed: int
    as_of: date
    years: tuple[int, ...]
    staffing: Staffing
    earned: Earned
    observed: Observed
    compensation: pl.DataFrame
    pd_participation: pl.DataFrame
    survey_responses: pl.DataFrame
    growth_goals: pl.DataFrame
    consents: pl.DataFrame
    issuer_approvals: pl.DataFrame
    student_growth: pl.DataFrame
    licences: pl.DataFrame
    ledger: pl.DataFrame
    school_characteristics: pl.DataFrame

    @property
    def export_year(self) -> int:
        """The oldest school year: its observations are only in a file export."""
        return self.years[0]


def generate(
    seed: int = 7, teachers: int = 600, schools: int = 8, school_years: int = 5, as_of: date = AS_OF
) -> District:
    """Draws the district; the same arguments give the same district on every machine.

    teachers: teaching positions, always filled, so more people pass through them.
    school_years: completed ones; the newest ends in the spring before `as_of`.
    Raises ValueError if the district would be too small to hold its planted facts.
    """
    if teachers < schools or school_years < 2:
        raise ValueError("a synthetic district needs at least one teacher per school and two school years")
    newest = as_of.year if as_of.month >= 7 else as_of.year - 1
    years = tuple(range(newest - school_years + 1, newest + 1))

    def stream(number: int) -> np.random.Generator:
        """Its own random stream per part: a change in one part leaves the others as they are."""
        return np.random.default_rng([seed, number])

    staff = staffing(stream(1), teachers, schools, years)
    earned = earn(stream(2), staff.people, years, as_of)
    observed = observe(stream(3), staff, earned, years)
    return District(
        seed=seed,
        as_of=as_of,
        years=years,
        staffing=staff,
        earned=earned,
        observed=observed,
        compensation=compensation(stream(4), staff, earned),
        pd_participation=pd_participation(stream(5), staff),
        survey_responses=survey_responses(stream(6), staff),
        growth_goals=growth_goals(stream(7), staff),
        consents=consents(stream(8), staff, as_of),
        issuer_approvals=issuer_approvals(),
        student_growth=student_growth(stream(9), staff, years),
        licences=licences(stream(10), staff.people),
        ledger=ledger(stream(11), teachers, staff.schools["school_id"].to_list(), years),
        school_characteristics=school_characteristics(stream(12), staff, observed, years),
    )
