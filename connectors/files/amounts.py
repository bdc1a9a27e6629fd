"""Amounts, numbers and years as ledgers and spreadsheets write them, read in bulk.

Belongs here: the written forms, as Polars expressions over text. Does not belong
here: which column holds an amount (mapping) or what an amount means (dbt).

Every function answers null where the text is not in a known form, so that the caller
can keep the raw text and landing can reject the record with its reason. Nothing is
guessed: `1.234,56`, `12,34` and `12.345` are not amounts.
"""

from __future__ import annotations

import polars as pl

_DIGITS = r"(?:(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?: [0-9]{3})+|[0-9]+)(?:[.][0-9]*)?|[.][0-9]+)"
_FORM = "|".join(
    form.replace("N", _DIGITS)
    for form in (
        r"^[-+−]? *[$]? *N$",
        r"^[$] *[-−] *N$",
        r"^[$]? *N *[-−]$",
        r"^[(] *[$]? *N *[)]$",
        r"^[$] *[(] *N *[)]$",
    )
)
_MINUS = r"[-−(]"
# spreadsheets show an accounting zero as a lone dash
_ZERO_DASH = r"^[$]? *[-−–—]$"
_DECIMAL = pl.Decimal(38, 2)


def _plain_spaces(text: pl.Expr) -> pl.Expr:
    return (
        text.str.replace_all("\u00a0", " ", literal=True).str.replace_all("\u202f", " ", literal=True).str.strip_chars()
    )


def _plain_number(text: pl.Expr) -> pl.Expr:
    """Digits with an optional leading minus and decimals, or null.

    The form is checked whole first, so that what is left out after it is known to be marks.
    """
    bare = _plain_spaces(text)
    digits = bare.str.replace_all(r"[^0-9.]", "")
    digits = digits.str.replace(r"^0+([0-9])", "${1}").str.replace(r"^[.]", "0.")
    digits = pl.when(digits.str.contains(".", literal=True)).then(digits.str.replace(r"[.]?0*$", "")).otherwise(digits)
    return (
        pl.when(bare.str.contains(_FORM))
        .then(pl.when(bare.str.contains(_MINUS)).then(pl.lit("-") + digits).otherwise(digits))
        .when(bare.str.contains(_ZERO_DASH))
        .then(pl.lit("0"))
        .otherwise(pl.lit(None, pl.String))
    )


def as_amount(text: pl.Expr) -> pl.Expr:
    """Decimal dollars, or null where the text is no amount with at most two decimals.

    Forms: `570`, `$570.00 `, `70,033.87`, `(1,234.56)`, `$(5.00)`, `-5.00`, `5.00-`,
    `-$5.00`, `.5`, and a lone dash, which is zero.
    """
    number = _plain_number(text)
    return pl.when(number.str.contains(r"^-?[0-9]+(\.[0-9]{1,2})?$")).then(number).cast(_DECIMAL, strict=False)


def money_text(text: pl.Expr) -> pl.Expr:
    """`1234.50` where the text is an amount, else the text as it is."""
    return pl.coalesce(as_amount(text).cast(pl.String), text)


def number_text(text: pl.Expr) -> pl.Expr:
    """`1234.5` where the text is a number in one of the forms of `as_amount`, else the text."""
    return pl.coalesce(_plain_number(text), text)


def debit_minus_credit(debit: pl.Expr, credit: pl.Expr) -> pl.Expr:
    """Debit less credit as text; null where both are missing.

    Where either is not an amount, both texts joined by a bar, which no landing accepts.
    """
    debit_amount, credit_amount = as_amount(debit), as_amount(credit)
    is_readable = (debit.is_null() | debit_amount.is_not_null()) & (credit.is_null() | credit_amount.is_not_null())
    zero = pl.lit("0.00").cast(_DECIMAL)
    difference = pl.coalesce(debit_amount, zero) - pl.coalesce(credit_amount, zero)
    return (
        pl.when(debit.is_null() & credit.is_null())
        .then(pl.lit(None, pl.String))
        .when(is_readable)
        .then(difference.cast(pl.String))
        .otherwise(_joined(debit, credit))
    )


def flagged_amount(amount: pl.Expr, flag: pl.Expr, credit: tuple[str, ...], debit: tuple[str, ...]) -> pl.Expr:
    """The amount, negated where the flag says credit.

    debit: flags that leave the sign; empty means every other one. An amount that can't
    be read, or a flag that is neither, gives both texts joined by a bar.
    """
    read = as_amount(amount)
    is_credit = flag.is_in(list(credit)).fill_null(False)
    is_debit = flag.is_in(list(debit)).fill_null(False) if debit else ~is_credit
    return (
        pl.when(amount.is_null())
        .then(pl.lit(None, pl.String))
        .when(read.is_not_null() & is_credit)
        .then((-read).cast(pl.String))
        .when(read.is_not_null() & is_debit)
        .then(read.cast(pl.String))
        .otherwise(_joined(amount, flag))
    )


def padded(text: pl.Expr, width: int) -> pl.Expr:
    """Lost leading zeros put back: digits alone are padded, every other text stays."""
    return pl.when(text.str.contains(r"^[0-9]+$")).then(text.str.pad_start(width, "0")).otherwise(text)


def year_text(text: pl.Expr, century_pivot: int) -> pl.Expr:
    """The four-digit year that `2020`, `20`, `FY20`, `2019-20`, `2019/2020` or `19-20` ends in.

    Two digits from the pivot on are 19xx, below it 20xx. A span must be of two years that
    follow one another. Every other text stays.
    """
    bare = text.str.replace(r"^(?i)fy\s*", "")
    single = bare.str.extract(r"^([0-9]{2}|[0-9]{4})$", 1)
    span = bare.str.extract_groups(r"^(?P<first>[0-9]{2}|[0-9]{4})\s*[-/–]\s*(?P<last>[0-9]{2}|[0-9]{4})$")
    first = span.struct.field("first").str.slice(-2).cast(pl.Int32, strict=False)
    last = span.struct.field("last").str.slice(-2).cast(pl.Int32, strict=False)
    follows = (first + 1) % 100 == last
    has_century = span.struct.field("first").str.len_bytes() == 4
    from_first = (span.struct.field("first").cast(pl.Int32, strict=False) + 1).cast(pl.String)
    last_full = span.struct.field("last").str.len_bytes() == 4
    spring = (
        pl.when(follows & has_century & (~last_full | (span.struct.field("last") == from_first)))
        .then(from_first)
        .when(follows & ~has_century & ~last_full)
        .then(_with_century(span.struct.field("last"), century_pivot))
    )
    plain = pl.when(single.str.len_bytes() == 4).then(single).otherwise(_with_century(single, century_pivot))
    return pl.coalesce(plain, spring, text)


def _with_century(two_digits: pl.Expr, century_pivot: int) -> pl.Expr:
    number = two_digits.cast(pl.Int32, strict=False)
    return pl.when(number >= century_pivot).then(number + 1900).otherwise(number + 2000).cast(pl.String)


def _joined(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    return pl.coalesce(left, pl.lit("")) + pl.lit(" | ") + pl.coalesce(right, pl.lit(""))
