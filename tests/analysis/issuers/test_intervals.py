"""Wilson's interval: published values, the edges, and its coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from pipelines.analysis.intervals import wilson_interval


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval__published_values(hits: int, trials: int, low: float, high: float) -> None:
    found = wilson_interval([hits], [trials])
    assert [round(float(end[0]), 4) for end in found] == [low, high]


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval__agrees_with_scipy_and_holds_the_share(case: tuple[int, int]) -> None:
    hits, trials = case
    (low,), (high,) = wilson_interval([hits], [trials])
    expected = binomtest(hits, trials).proportion_ci(method="wilson")
    assert low == pytest.approx(expected.low, abs=1e-12)
    assert high == pytest.approx(expected.high, abs=1e-12)
    assert 0 <= low <= hits / trials <= high <= 1
    (mirrored_low,), (mirrored_high,) = wilson_interval([trials - hits], [trials])
    assert (mirrored_low, mirrored_high) == (pytest.approx(1 - high), pytest.approx(1 - low))


def test_wilson_interval__nothing_out_of_nothing_has_no_interval() -> None:
    low, high = wilson_interval([0], [0])
    assert np.isnan(low).all()
    assert np.isnan(high).all()


@pytest.mark.parametrize(("hits", "trials"), [([3], [2]), ([-1], [2]), ([1, 1], [2])])
def test_wilson_interval__refuses_counts_that_are_none(hits: list[int], trials: list[int]) -> None:
    with pytest.raises(ValueError, match="between 0 and what it is out of"):
        wilson_interval(hits, trials)


@pytest.mark.parametrize(("trials", "share"), [(20, 0.75), (40, 0.9), (120, 0.3)])
def test_wilson_interval__covers_about_as_often_as_it_says(trials: int, share: float) -> None:
    hits = np.arange(trials + 1)
    low, high = wilson_interval(hits, np.full_like(hits, trials))
    covered = binom.pmf(hits, trials, share)[(low <= share) & (share <= high)].sum()
    assert 0.92 <= covered <= 0.98
