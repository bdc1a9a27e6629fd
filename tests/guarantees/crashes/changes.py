"""A day's changes on the platforms that crashing runs must bring in: awards, a revocation, scores, a delete."""

from __future__ import annotations

from tests.guarantees import days
from tests.homes import Home


def happen(home: Home) -> None:
    home.sandbox.clock.advance(days.A_DAY)
    days.awards_are_issued(home)
    days.an_award_is_revoked(home)
    days.ratings_are_corrected(home)
    days.ratings_are_deleted(home)
