"""The words a suite may use: which expectations, with which arguments, and how a failure reads.

Belongs here: one entry per expectation that suites may name. Does not belong here:
what is checked of which stream (suites) or how it is run (runner).

The list is closed on purpose. Every entry counts records, so that a finding can say
"how many of how many". Keys and relations (unique, compound unique) are missing since
dbt holds them. A test proves that the installed Great Expectations knows every entry
and every argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Arguments = Mapping[str, Any]

_SHARE = frozenset({"mostly"})


@dataclass(frozen=True)
class Expectation:
    """One expectation that suites may name.

    columns: arguments that name a column.
    needed: further arguments of which at least one must be given.
    allowed: further arguments that may be given.
    says: what is wrong with the records that fail, from the arguments.
    takes: what its columns must hold; `alike`: two columns that can be compared.
    fixed: arguments that are always passed.
    """

    columns: tuple[str, ...]
    needed: frozenset[str]
    allowed: frozenset[str]
    says: Callable[[Arguments], str]
    takes: Literal["anything", "numbers", "text", "alike"] = "anything"
    fixed: tuple[tuple[str, str], ...] = ()

    @property
    def arguments(self) -> frozenset[str]:
        return frozenset(self.columns) | self.needed | self.allowed


def _listed(values: Any) -> str:
    return ", ".join(str(value) for value in values)


def _outside(arguments: Arguments) -> str:
    lowest, highest = arguments.get("min_value"), arguments.get("max_value")
    low = "at or below" if arguments.get("strict_min") else "below"
    high = "at or above" if arguments.get("strict_max") else "above"
    parts = []
    if lowest is not None:
        parts.append(f"{low} {lowest}")
    if highest is not None:
        parts.append(f"{high} {highest}")
    return f"{arguments['column']} is {' or '.join(parts)}"


_PAIR_MISSING = (("ignore_row_if", "either_value_is_missing"),)

EXPECTATIONS: dict[str, Expectation] = {
    "expect_column_values_to_not_be_null": Expectation(
        ("column",), frozenset(), _SHARE, lambda a: f"{a['column']} is blank"
    ),
    "expect_column_values_to_be_null": Expectation(
        ("column",),
        frozenset(),
        _SHARE,
        lambda a: f"{a['column']} holds a value where none should stand",
    ),
    "expect_column_values_to_be_in_set": Expectation(
        ("column",),
        frozenset({"value_set"}),
        _SHARE,
        lambda a: f"{a['column']} is none of: {_listed(a['value_set'])}",
    ),
    "expect_column_values_to_not_be_in_set": Expectation(
        ("column",),
        frozenset({"value_set"}),
        _SHARE,
        lambda a: f"{a['column']} is one of: {_listed(a['value_set'])}",
    ),
    "expect_column_values_to_be_between": Expectation(
        ("column",),
        frozenset({"min_value", "max_value"}),
        _SHARE | {"strict_min", "strict_max"},
        _outside,
        takes="numbers",
    ),
    "expect_column_values_to_match_regex": Expectation(
        ("column",),
        frozenset({"regex"}),
        _SHARE,
        lambda a: f"{a['column']} does not have the expected form",
        takes="text",
    ),
    "expect_column_values_to_not_match_regex": Expectation(
        ("column",),
        frozenset({"regex"}),
        _SHARE,
        lambda a: f"{a['column']} has a form that it should not have",
        takes="text",
    ),
    "expect_column_value_lengths_to_be_between": Expectation(
        ("column",),
        frozenset({"min_value", "max_value"}),
        _SHARE | {"strict_min", "strict_max"},
        lambda a: f"the number of characters: {_outside(a)}",
        takes="text",
    ),
    "expect_column_pair_values_to_be_equal": Expectation(
        ("column_A", "column_B"),
        frozenset(),
        _SHARE | {"ignore_row_if"},
        lambda a: f"{a['column_A']} and {a['column_B']} differ",
        takes="alike",
        fixed=_PAIR_MISSING,
    ),
    "expect_column_pair_values_a_to_be_greater_than_b": Expectation(
        ("column_A", "column_B"),
        frozenset(),
        _SHARE | {"ignore_row_if", "or_equal"},
        lambda a: (
            f"{a['column_A']} is {'before or below' if a.get('or_equal') else 'not after or above'} {a['column_B']}"
        ),
        takes="alike",
        fixed=_PAIR_MISSING,
    ),
}
