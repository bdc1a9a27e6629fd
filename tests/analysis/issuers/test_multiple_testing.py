"""Benjamini and Hochberg's procedure: worked values, its algebra, and its promise under the null."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from pipelines.analysis.multiple_testing import benjamini_hochberg

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_benjamini_hochberg__worked_value_rejects_five_of_six() -> None:
    rejected = benjamini_hochberg([0.002, 0.009, 0.011, 0.034, 0.041, 0.160], 0.05)
    assert rejected.tolist() == [True, True, True, True, True, False]


def test_benjamini_hochberg__a_p_value_above_its_own_line_is_carried_by_a_later_one() -> None:
    """Stepping up: .034 lies above 2·.05/3, and .035 below 3·.05/3."""
    assert benjamini_hochberg([0.034, 0.035, 0.034], 0.05).all()


def test_benjamini_hochberg__tests_not_made_count_for_nothing() -> None:
    assert benjamini_hochberg([0.04, np.nan, np.nan], 0.05).tolist() == [True, False, False]
    assert benjamini_hochberg([], 0.05).tolist() == []
    assert benjamini_hochberg([np.nan], 0.05).tolist() == [False]


@pytest.mark.parametrize("wrong", [[-0.1], [1.1], [[0.1]]])
def test_benjamini_hochberg__refuses_what_is_no_list_of_p_values(wrong: list[float]) -> None:
    with pytest.raises(ValueError, match="p-values"):
        benjamini_hochberg(wrong)


@pytest.mark.parametrize("rate", [0, 1, -0.05])
def test_benjamini_hochberg__refuses_a_rate_that_is_none(rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        benjamini_hochberg([0.5], rate)


@given(P_VALUES)
def test_benjamini_hochberg__agrees_with_adjusted_p_values(p_values: list[float]) -> None:
    adjusted = false_discovery_control(p_values)
    far_from_the_line = np.abs(adjusted - 0.05) > 1e-12
    rejected = benjamini_hochberg(p_values, 0.05)
    assert (rejected == (adjusted <= 0.05))[far_from_the_line].all()


@given(P_VALUES, st.randoms(use_true_random=False))
def test_benjamini_hochberg__the_order_of_tests_decides_nothing(p_values: list[float], random: object) -> None:
    order = list(range(len(p_values)))
    random.shuffle(order)  # type: ignore[attr-defined]
    rejected = benjamini_hochberg(p_values)
    assert benjamini_hochberg([p_values[i] for i in order]).tolist() == rejected[order].tolist()
    assert not rejected.any() or max(np.array(p_values)[rejected]) <= min([*np.array(p_values)[~rejected], 1.0])
