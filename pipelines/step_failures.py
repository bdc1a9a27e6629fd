"""Why a step of a run failed, as a person can act on it.

Belongs here: reading Dagster's and dbt's words for a failure, and what they may say. Does not
belong here: faults that a source or a check has told already (run).

The engine quotes cells in some of its errors (`Could not convert string '…'`). Of those only
the kind is repeated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LONGEST = 600
_NODE = re.compile(r"^\d+ of \d+ ERROR (?:creating \S+ \S+ model |loading seed file )?(?:\S+\.)?(\w+)", re.MULTILINE)
_ENGINE_ERROR = re.compile(
    r"(Out of Memory|[A-Z][\w-]+(?: [A-Z][\w-]+)*) Error: ([^\n]+)(?:\nOriginal error: \"([^\n]+)\")?"
)
_WITHOUT_VALUES = {"IO", "Out of Memory", "FATAL", "Catalog", "Binder", "Parser", "Compilation"}
_SYSTEM_ERROR = re.compile(r"\[Errno \d+\] ([^\n:]+)(?:: '([^'\n]+)')?")
_OUR_CLASS = re.compile(r"^(?:connectors|pipelines)(?:\.\w+)+: ")  # what Dagster puts before a fault's own sentence
_NO_ROOM = re.compile(r"no space left|file too large|disk quota exceeded|not enough space", re.IGNORECASE)
_NO_MEMORY = re.compile(r"out of memory", re.IGNORECASE)


@dataclass(frozen=True)
class StepFailure:
    """where: the step, of a build its first model; is_of_its_own: no failed check has told it."""

    where: str
    why: str
    is_of_its_own: bool


def step_failures(result: Any, dbt_log: Path) -> list[StepFailure]:
    """Every failed step of a run; result is Dagster's."""
    failures = []
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            cause = error.cause if error and error.cause else error
            failures.append(explained(event.step_key or "run", cause.message if cause else "failed", dbt_log))
    return failures


def explained(step: str, message: str, dbt_log: Path) -> StepFailure:
    """A step's failure from the words that it left.

    Of a build, models and tests that ended in an error stand beside those that do not hold.
    """
    nodes = list(dict.fromkeys(_NODE.findall(message)))
    where = f"{step}: {nodes[0]}" if nodes else step
    if len(nodes) > 1:
        where += f" and {len(nodes) - 1} more"
    return StepFailure(where, _reason(message, dbt_log), is_of_its_own=bool(nodes))


def _reason(message: str, dbt_log: Path) -> str:
    system = [
        f"{path}: {reason.lower()}" if path else reason.lower() for reason, path in _SYSTEM_ERROR.findall(message)
    ]
    engine = [_engine_reason(kind, text, original, dbt_log) for kind, text, original in _ENGINE_ERROR.findall(message)]
    # the one that names a file says most
    reasons = sorted([*engine, *system], key=lambda reason: "/" not in reason and "\\" not in reason)
    full = [reason for reason in reasons if _NO_ROOM.search(reason)]
    if full:
        return f"{full[0].rstrip('.')}. Free space there, then run again; what was published stays"
    if reasons and _NO_MEMORY.search(reasons[0]):
        return f"{reasons[0].rstrip('.')}. Close other programs or raise EXPERTISE_MEMORY_LIMIT, then run again"
    return reasons[0] if engine else _OUR_CLASS.sub("", message.strip())[:_LONGEST]


def _engine_reason(kind: str, text: str, original: str, dbt_log: Path) -> str:
    kind = kind.strip()
    if kind not in _WITHOUT_VALUES and not _NO_ROOM.search(text):
        return f"{kind} Error; its text may quote a record, see {dbt_log}"
    said = (original.rstrip('"') or text)[:_LONGEST]
    return f"out of memory: {said}" if kind == "Out of Memory" else said
