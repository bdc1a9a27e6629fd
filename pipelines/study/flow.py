"""From everybody in the data to those compared: who was left out where, and why.

Belongs here: the steps in order, and merging those that so few people left by that a reader could work
them out. Does not belong here: leaving anybody out (candidates, design, effects).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines.study.candidates import Exclusion
from pipelines.study.question import SMALLEST_CELL


def tell_flow(steps: Sequence[Exclusion]) -> list[dict[str, Any]]:
    """One row per step: what is left after it. Steps that few people left by are told together with the next.

    A reader subtracts one row from the one before; so no difference may lie between 1 and 9.
    """
    if not steps:
        return []
    shown, waiting = [steps[0]], []
    for step in steps[1:]:
        waiting.append(step)
        if all(not 0 < left < SMALLEST_CELL for left in _leaving(shown[-1], step)):
            shown.append(_merged(waiting))
            waiting = []
    while waiting and len(shown) > 1:
        # too few left by the last steps: told together with the one before them
        waiting.insert(0, shown.pop())
        if all(not 0 < left < SMALLEST_CELL for left in _leaving(shown[-1], waiting[-1])):
            shown.append(_merged(waiting))
            waiting = []
    rows = [_row(step) for step in shown]
    if waiting:
        # nothing but the first row is left to subtract from: it is the one that is not printed
        rows = [_row(_merged([shown[0], *waiting]))]
    return rows


def _leaving(before: Exclusion, after: Exclusion) -> tuple[int, int]:
    return before.treated - after.treated, before.comparison - after.comparison


def _merged(steps: Sequence[Exclusion]) -> Exclusion:
    reasons = [step.reason for step in steps if step.reason]
    last = steps[-1]
    return Exclusion(last.step, last.treated, last.comparison, last.rows, "; ".join(reasons))


def _row(step: Exclusion) -> dict[str, Any]:
    few = [0 < count < SMALLEST_CELL for count in (step.treated, step.comparison)]
    return {
        "step": step.step,
        "treated": None if few[0] else step.treated,
        "comparison": None if few[1] else step.comparison,
        "rows": None if any(few) else step.rows,
        "reason": step.reason,
    }
