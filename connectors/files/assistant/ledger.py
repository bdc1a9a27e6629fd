"""What is peculiar to ledgers: amounts in two columns or with a flag, years that are none, lines without an id.

Belongs here: arithmetic over the rows looked at that decides between readings. Does not
belong here: names (vocabulary), the other fields (proposal).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from connectors.files.amounts import as_amount, year_text
from connectors.files.assistant.profile import Column, Profile
from connectors.files.dates import date_text, school_year_text

Confidence = Literal["sure", "likely", "unsure"]
_MOST_ROWS_ALIKE = 0.98
_DEBIT = ("debit", "debits", "debit amount", "dr")
_CREDIT = ("credit", "credits", "credit amount", "cr")
_FLAG = ("credit flag", "debit credit", "dr cr", "d c", "sign", "dc flag", "debit credit flag", "credit debit")
_CREDIT_FLAGS = {"C", "CR", "CREDIT", "Y", "YES", "TRUE", "T", "1", "X", "-"}


@dataclass(frozen=True)
class Found:
    """A rule, how sure, why, and what a table shows as its origin."""

    rule: Mapping[str, Any]
    confidence: Confidence
    reason: str
    source: str


@dataclass(frozen=True)
class Year:
    """How the fiscal year is had. rule: None keeps the column's own line."""

    rule: Mapping[str, Any] | None
    confidence: Confidence = "likely"
    reason: str = ""
    source: str = ""
    remark: str = ""


def _named(profile: Profile, names: tuple[str, ...]) -> Column | None:
    return next((column for column in profile.columns if column.words in names and column.filled_share > 0), None)


def _pair(profile: Profile) -> tuple[Column, Column] | None:
    debit, credit = _named(profile, _DEBIT), _named(profile, _CREDIT)
    if debit and credit and debit.is_amount and credit.is_amount:
        return debit, credit
    return None


def _amounts(profile: Profile, column: Column) -> pl.Series:
    return profile.cells.select(as_amount(pl.col(column.name)).cast(pl.Float64)).to_series()


def amount(profile: Profile, stated: str | None) -> Found | None:
    """The signed amount, where more than one column speaks of it; None where the stated column is alone."""
    column = profile.by_header[stated] if stated else None
    if pair := _pair(profile):
        debit, credit = pair
        by_pair = {"debit": debit.header, "credit": credit.header}
        source = f"{debit.shown} less {credit.shown}"
        if column is None:
            return Found(by_pair, "sure", "debits and credits in columns of their own", source)
        difference = _amounts(profile, debit).fill_null(0) - _amounts(profile, credit).fill_null(0)
        given = _amounts(profile, column)
        if _share(given, difference) >= _MOST_ROWS_ALIKE:
            reason = f"equals {source} in {_share(given, difference):.0%} of the rows"
            return Found({"column": column.header}, "sure", reason, column.shown)
        if _share(given, difference.abs()) >= _MOST_ROWS_ALIKE:
            reason = f"{column.shown} has no sign: it is the larger of the two, so credits would count as spending"
            return Found(by_pair, "sure", reason, source)
        reason = f"{column.shown} differs from {source}, which was taken: look at some rows"
        return Found(by_pair, "unsure", reason, source)
    flag = _named(profile, _FLAG)
    unsigned = next(
        (
            each
            for each in profile.columns
            if each.is_amount and each.words in ("absolute amount", "abs amount", "unsigned amount", "amount")
        ),
        None,
    )
    if flag is None or unsigned is None or (_amounts(profile, unsigned).drop_nulls() < 0).any():
        return None
    flags = {str(value): str(value).upper() for value in profile.values(flag).drop_nulls().unique().to_list()}
    credits = sorted(value for value, upper in flags.items() if upper in _CREDIT_FLAGS)
    if column is not None and column.header != unsigned.header:
        is_credit = profile.values(flag).is_in(credits).fill_null(value=False)
        size = _amounts(profile, unsigned)
        signed = pl.select(pl.when(is_credit).then(-size).otherwise(size)).to_series()
        share = _share(_amounts(profile, column), signed)
        if share >= _MOST_ROWS_ALIKE:
            reason = f"equals {unsigned.shown} with the sign of {flag.shown} in {share:.0%} of the rows"
            return Found({"column": column.header}, "sure", reason, column.shown)
        return None
    if not credits or len(flags) > 2 + (len(credits) > 1):
        return None
    rule = {"column": unsigned.header, "credit_flag": {"column": flag.header, "credit": credits}}
    reason = f"amounts without a sign; {flag.shown} tells credits, {len(credits)} of its {len(flags)} values"
    return Found(rule, "likely", reason, f"{unsigned.shown}, sign of {flag.shown}")


def _share(left: pl.Series, right: pl.Series) -> float:
    both = pl.DataFrame({"left": left, "right": right}).drop_nulls()
    if both.is_empty():
        return 0.0
    return float(((both["left"] - both["right"]).abs() < 0.005).sum()) / both.height


def fiscal_year(
    profile: Profile, stated: str | None, posted: Mapping[str, Any] | None, is_day_to_be_chosen: bool = False
) -> Year | None:
    """The fiscal year from its column, if it is one, else from the day of posting; None where neither tells.

    posted: the rule of the day of posting; None where there is none, or a person must choose it.

    A fiscal year is taken to begin on 1 July here, as most do; the mapping uses the district's own day.
    """
    by_date = {"school_year_of": "posted_date"}
    has_day = posted is not None or is_day_to_be_chosen
    if stated is None:
        if not has_day:
            return None
        return Year(by_date, "likely", "no column holds it: from the day of posting", "posted_date")
    column = profile.by_header[stated]
    if column.shapes["year"] < _MOST_ROWS_ALIKE:
        said = f"{column.shown} holds no years (in {1 - column.shapes['year']:.0%} of the rows)"
        if not has_day:
            return None
        return Year(by_date, "likely", f"{said}: from the day of posting", "posted_date", f"{said}: it was not used")
    if posted is None:
        return Year(None)
    years = profile.cells.select(
        year_text(pl.col(column.name), 70).cast(pl.Int32, strict=False).alias("stated"),
        school_year_text(date_text(pl.col(profile.by_header[posted["column"]].name), _formats(posted), 70), 7, 1)
        .cast(pl.Int32, strict=False)
        .alias("dated"),
    ).drop_nulls()
    if years.is_empty():
        return Year(None)
    agree = float((years["stated"] == years["dated"]).sum()) / years.height
    earlier = float((years["stated"] == years["dated"] - 1).sum()) / years.height
    if earlier >= 0.9:
        said = f"{column.shown} names a fiscal year by the year it begins in"
        return Year(by_date, "likely", f"{said}: from the day of posting", "posted_date", said)
    if agree < 0.5:
        said = f"{column.shown} agrees with the day of posting in {agree:.0%} of the rows"
        return Year(None, remark=f"{said}: ask what it means")
    reason = f"years; {agree:.0%} agree with the day of posting, a fiscal year taken to begin on 1 July"
    return Year({"column": column.header, "kind": "year"}, "sure", reason, column.shown)


def _formats(rule: Mapping[str, Any]) -> tuple[str, ...]:
    return (rule["format"],) if rule.get("format") else ()


def line_id(profile: Profile, stated: str | None) -> Found:
    """What tells one line from another: an id, or the line's own content."""
    column = profile.by_header[stated] if stated else None
    if column is not None and column.is_key:
        return Found(
            {"column": column.header}, "sure", f"different in each of {profile.row_count:,} rows", column.shown
        )
    said = f"{column.shown} stands in several rows" if column else "no column is named like an id"
    cells = [each.header for each in profile.columns if each.filled_share > 0]
    return Found(
        {"fingerprint_of": cells},
        "likely",
        f"{said}: a fingerprint of the whole line, equal lines numbered",
        f"all {len(cells)} columns",
    )
