"""The counts of a suite's checks as one SQL statement.

Belongs here: what Great Expectations counts, said in SQL, as the yardstick of its cost.
Does not belong here: judging; the product judges with expectations.runner alone.
"""

from __future__ import annotations

from connectors.core.landing.typing_sql import identifier, literal
from expectations.suites import Check, Suite


def counts_sql(suite: Suite, query: str) -> str:
    """One row: how many records fail each check, and how many there are."""
    counts = [f"count(*) filter (where {_fails(check)})" for check in suite.checks]
    return f"select {', '.join([*counts, 'count(*)'])} from ({query})"


def _fails(check: Check) -> str:
    given = check.arguments
    names = [identifier(name) for name in check.columns]
    column = names[0]
    kind = check.expect.removeprefix("expect_column_")
    if kind == "values_to_not_be_null":
        return f"{column} is null"
    if kind == "values_to_be_null":
        return f"{column} is not null"
    if kind in ("values_to_be_in_set", "values_to_not_be_in_set"):
        values = ", ".join(literal(str(value)) for value in given["value_set"])
        word = "not in" if kind == "values_to_be_in_set" else "in"
        return f"{column}::varchar {word} ({values})"
    if kind in ("values_to_match_regex", "values_to_not_match_regex"):
        matches = f"regexp_matches({column}, {literal(given['regex'])})"
        return f"not {matches}" if kind == "values_to_match_regex" else matches
    if kind in ("values_to_be_between", "value_lengths_to_be_between"):
        measured = column if kind == "values_to_be_between" else f"length({column})"
        low, high = given.get("min_value"), given.get("max_value")
        outside = [f"{measured} < {low}"] if low is not None else []
        return " or ".join(outside + ([f"{measured} > {high}"] if high is not None else []))
    if kind == "pair_values_to_be_equal":
        return f"{column} <> {names[1]}"
    if kind == "pair_values_a_to_be_greater_than_b":
        return f"{column} {'<' if given.get('or_equal') else '<='} {names[1]}"
    raise ValueError(f"no SQL is known for {check.expect}")
