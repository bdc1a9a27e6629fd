"""Numbers and names as people read them.

Belongs here: how an effect, an interval, dollars, a share, a year is written, and what the two groups are
called. Does not belong here: which of them stand in the report.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MINUS = "−"
MISSING = "–"
HIDDEN = "hidden"
HIDDEN_MEANS = "hidden: fewer than 10, or hidden so that such a cell can't be worked out"


def effect(value: float | None) -> str:
    """An effect or another figure of unknown size: three decimals below 10, fewer above."""
    if value is None:
        return MISSING
    size = abs(value)
    if 0 < size < 0.0005:
        return _signed(f"{size:.4f}" if size >= 0.00005 else f"{size:.0e}", value)
    return _signed(f"{size:,.{_decimals(size)}f}", value)


def alike(values: Sequence[float | None]) -> list[str]:
    """Figures of one measure with the same decimals: those that `effect` gives the largest."""
    decimals = _decimals(max((abs(value) for value in values if value is not None), default=0.0))
    return [figure(value, decimals) for value in values]


def _decimals(size: float) -> int:
    return 3 if size < 10 else 2 if size < 100 else 1 if size < 1000 else 0


def figure(value: float | None, decimals: int = 2) -> str:
    return MISSING if value is None else _signed(f"{abs(value):,.{decimals}f}", value)


def count(value: float | None, missing: str = MISSING) -> str:
    if value is None:
        return missing
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def share(value: float | None) -> str:
    return MISSING if value is None else _signed(f"{abs(value) * 100:.1f}%", value)


def usd(value: float | None) -> str:
    """Cents below a thousand dollars, whole dollars above."""
    if value is None:
        return MISSING
    size = abs(value)
    return _signed(f"${size:,.2f}" if size < 1000 else f"${size:,.0f}", value)


def p_value(value: float | None) -> str:
    return MISSING if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def interval(low: float | None, high: float | None) -> str:
    return MISSING if low is None or high is None else f"{effect(low)} to {effect(high)}"


def usd_interval(low: float | None, high: float | None) -> str:
    return MISSING if low is None or high is None else f"{usd(low)} to {usd(high)}"


def with_unit(value: float | None, unit: str | None) -> str:
    return MISSING if value is None else f"{effect(value)} {unit or ''}".strip()


def whether(value: bool | None, yes: str = "yes", no: str = "no", unknown: str = "can't be told") -> str:
    return unknown if value is None else yes if value else no


def listed(items: Sequence[str]) -> str:
    """`a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def distinct(labels: Sequence[str], details: Sequence[str | None]) -> list[str]:
    """The labels; those that several rows share get the row's detail behind them."""
    return [
        f"{label} ({detail})" if detail and labels.count(label) > 1 else label
        for label, detail in zip(labels, details, strict=True)
    ]


def sentence(text: str | None) -> str:
    """The text with a capital and a full stop."""
    stripped = (text or "").strip()
    if not stripped:
        return ""
    return capital(stripped) + ("" if stripped[-1] in ".!?" else ".")


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def instant(text: str) -> datetime:
    """A UTC instant from ISO text."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def day(text: str) -> str:
    """`22 November 2026`."""
    moment = instant(text)
    return f"{moment.day} {moment:%B %Y}"


def _signed(text: str, value: float) -> str:
    shows_zero = not any(digit in text for digit in "123456789")
    return MINUS + text if math.copysign(1, value) < 0 and not shows_zero else text


@dataclass(frozen=True)
class Names:
    """What this study calls its groups, its units, its times."""

    unit: str
    units: str
    treated: str
    comparison: str
    outcome: str
    outcome_unit: str
    is_school_years: bool

    @property
    def treated_short(self) -> str:
        return self.treated.capitalize()

    @property
    def treated_column(self) -> str:
        """The heading of their column: short."""
        return "Earners" if self.is_school_years else "Treated"

    @property
    def event_time(self) -> str:
        return (
            "School years since the first award counted (0 = first)"
            if self.is_school_years
            else "Periods since treatment began (0 = first)"
        )

    @property
    def group(self) -> str:
        return "First school year with the award" if self.is_school_years else "First treated"

    def time(self, value: int | None) -> str:
        """A school year by its spring (2025 → 2024–25), or the plain period."""
        if value is None:
            return MISSING
        return f"{value - 1}–{value % 100:02d}" if self.is_school_years else str(value).replace("-", MINUS)


def names_of(document: Mapping[str, Any]) -> Names:
    unit = document.get("unit_label") or "unit"
    is_warehouse = document["kind"] == "warehouse"
    units = plural(unit)
    return Names(
        unit=unit,
        units=units,
        treated="earners" if is_warehouse else f"treated {units}",
        comparison=f"comparison {units}",
        outcome=document["outcome"]["label"],
        outcome_unit=document["outcome"]["unit"] or "units of the outcome",
        is_school_years=is_warehouse,
    )


def plural(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"
