"""The flow tells who left, and never a number of people below ten, nor two whose difference is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.study.candidates import Exclusion
from pipelines.study.flow import tell_flow

LOSSES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6)


def test_tell_flow__steps_that_few_leave_by_are_told_together() -> None:
    steps = [
        Exclusion("all", 100, 400, 900, ""),
        Exclusion("with a score", 97, 360, 800, "no score"),
        Exclusion("with experience", 80, 300, 700, "no experience"),
    ]
    assert [(row["step"], row["treated"], row["comparison"]) for row in tell_flow(steps)] == [
        ("all", 100, 400),
        ("with experience", 80, 300),
    ]
    assert tell_flow(steps)[1]["reason"] == "no score; no experience"


@given(st.integers(0, 200), st.integers(0, 400), LOSSES)
def test_tell_flow__no_difference_between_one_and_nine_can_be_had(
    treated: int, comparison: int, losses: list[tuple[int, int]]
) -> None:
    steps = [Exclusion("0", treated, comparison, 1000, "")]
    for number, (fewer_treated, fewer_others) in enumerate(losses, 1):
        treated, comparison = max(treated - fewer_treated, 0), max(comparison - fewer_others, 0)
        steps.append(Exclusion(str(number), treated, comparison, 1000 - number, f"because {number}"))
    rows = tell_flow(steps)
    for arm in ("treated", "comparison"):
        shown = [row[arm] for row in rows if row[arm] is not None]
        assert all(not 0 < count < 10 for count in shown)
        assert all(not 0 < earlier - later < 10 for earlier in shown for later in shown if earlier > later)
    # the last row stands, and every reason is told somewhere
    assert rows[-1]["step"] == steps[-1].step
    told = " ".join(row["reason"] for row in rows)
    assert all(step.reason in told for step in steps)
