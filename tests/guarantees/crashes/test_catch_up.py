"""Row 47: three days without a run; the next one brings all of them, since its window is the last one's end."""

from __future__ import annotations

from tests.guarantees import days
from tests.guarantees.conftest import pull_and_judge
from tests.homes import Home


def test_catch_up__one_pull_after_three_days_off_brings_every_change(own: Home) -> None:
    for happens in (days.awards_are_issued, days.ratings_are_corrected, days.ratings_are_deleted):
        own.sandbox.clock.advance(days.A_DAY)
        happens(own)
    landed = {pulled.stream: pulled.manifest for pulled in pull_and_judge(own) if pulled.manifest}
    ratings = landed["evaluation_element_ratings"]
    assert (ratings.is_reset, ratings.records_landed, ratings.records_deleted) == (False, 10, 4)
    assert landed["assertions"].records_landed >= 3 and not landed["assertions"].is_reset
    own.sandbox.clock.advance(days.A_DAY)
    assert "evaluation_element_ratings" not in {pulled.stream for pulled in pull_and_judge(own) if pulled.manifest}
