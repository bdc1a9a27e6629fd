"""The two ways in which a decision can't be read or written.

Belongs here: the exceptions. Does not belong here: when they are raised (kinds, store, database).
No message holds a person's name, id or reason, nor a password.
"""

from __future__ import annotations

from collections.abc import Sequence


class DecisionRefused(Exception):
    """What was given is no decision; nothing was written. `faults` holds every reason."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        if len(self.faults) == 1:
            super().__init__(f"refused, nothing was written: {self.faults[0]}")
        else:
            super().__init__(f"refused, nothing was written: {count}\n" + "\n".join(f"  - {f}" for f in self.faults))


class DecisionsUnavailable(Exception):
    """The database of decisions can't be used: `place` says where it is, `reason` what is wrong and what to do."""

    def __init__(self, place: str, reason: str) -> None:
        self.place = place
        self.reason = reason
        super().__init__(f"decisions ({place}): {reason}")
