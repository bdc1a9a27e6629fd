"""Money, numbers, codes and years: every written form, and round trips over any value."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.files.amounts import (
    debit_minus_credit,
    flagged_amount,
    money_text,
    number_text,
    padded,
    year_text,
)

CENTS = st.integers(min_value=-(10**15), max_value=10**15)
FORMS = {
    "plain": lambda text, negative: f"-{text}" if negative else text,
    "dollars": lambda text, negative: f"-${text} " if negative else f"${text} ",
    "dollar first": lambda text, negative: f"$-{text}" if negative else f"$ {text}",
    "parentheses": lambda text, negative: f"({text})" if negative else text,
    "dollar parentheses": lambda text, negative: f"$({text})" if negative else f" $\u00a0{text}\u00a0",
    "trailing minus": lambda text, negative: f"{text}-" if negative else f"+{text}",
    "typographic minus": lambda text, negative: f"\u2212{text}" if negative else text,
}


def one(expression: pl.Expr, **cells: str | None) -> str | None:
    frame = pl.DataFrame({name: [cell] for name, cell in cells.items()}, schema=dict.fromkeys(cells, pl.String))
    answer: str | None = frame.select(expression.alias("answer"))["answer"][0]
    return answer


@settings(deadline=None)
@given(cents=CENTS, form=st.sampled_from(sorted(FORMS)), separator=st.sampled_from(["", ",", "\u00a0"]))
def test_money__any_amount_in_any_form_reads_back(cents: int, form: str, separator: str) -> None:
    amount = Decimal(cents) / 100
    text = f"{abs(amount):,.2f}".replace(",", separator)
    read = one(money_text(pl.col("t")), t=FORMS[form](text, cents < 0))
    assert read is not None
    assert Decimal(read) == amount
    assert read == f"{amount:.2f}" or cents == 0


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("$570.00 ", "570.00"),
        ("(1,234.56)", "-1234.56"),
        ("-", "0.00"),
        ("$ -", "0.00"),
        (".5", "0.50"),
        ("5.", "5.00"),
    ],
)
def test_money__forms_of_real_ledgers(text: str, read: str) -> None:
    assert one(money_text(pl.col("t")), t=text) == read


@pytest.mark.parametrize(
    "text", ["1.234,56", "12,34", "12.345", "(5", "5)", "--5", "-(5)", "12 34", "1e5", "n/a", "$", "()", "5 USD"]
)
def test_money__what_is_no_amount_stays_as_it_stood(text: str) -> None:
    assert one(money_text(pl.col("t")), t=text) == text


def test_money__missing_stays_missing() -> None:
    assert one(money_text(pl.col("t")), t=None) is None


@settings(deadline=None)
@given(debit=st.none() | CENTS, credit=st.none() | CENTS)
def test_debit_credit__difference_is_exact(debit: int | None, credit: int | None) -> None:
    cells = {
        name: None if cents is None else f"{Decimal(cents) / 100:,.2f}"
        for name, cents in {"d": debit, "c": credit}.items()
    }
    read = one(debit_minus_credit(pl.col("d"), pl.col("c")), **cells)
    if debit is None and credit is None:
        assert read is None
    else:
        assert Decimal(str(read)) == Decimal((debit or 0) - (credit or 0)) / 100


def test_debit_credit__an_unreadable_side_keeps_both_texts() -> None:
    assert one(debit_minus_credit(pl.col("d"), pl.col("c")), d="12.00", c="twelve") == "12.00 | twelve"


@pytest.mark.parametrize(
    ("flag", "debit", "read"),
    [("C", (), "-5.00"), ("D", (), "5.00"), (None, (), "5.00"), ("D", ("D",), "5.00"), ("X", ("D",), "$5 | X")],
)
def test_credit_flag__sign_follows_the_declared_flags(flag: str | None, debit: tuple[str, ...], read: str) -> None:
    assert one(flagged_amount(pl.col("a"), pl.col("f"), ("C",), debit), a="$5", f=flag) == read


@settings(deadline=None)
@given(number=st.integers(min_value=0, max_value=10**9), width=st.integers(min_value=1, max_value=12))
def test_padding__lost_zeros_come_back_and_nothing_else_changes(number: int, width: int) -> None:
    code = str(number).zfill(width)
    read = one(padded(pl.col("t"), width), t=str(number))
    assert read == code
    assert one(padded(pl.col("t"), width), t=read) == code


@settings(deadline=None)
@given(text=st.text().filter(lambda text: not (text.isascii() and text.isdigit())))
def test_padding__text_that_is_no_number_stays(text: str) -> None:
    assert one(padded(pl.col("t"), 6), t=text) in (text, text.zfill(6))


@settings(deadline=None)
@given(year=st.integers(min_value=1970, max_value=2068))
def test_year__every_written_form_of_a_year(year: int) -> None:
    short, following = f"{year % 100:02d}", f"{(year + 1) % 100:02d}"
    for text in [str(year), short, f"FY{short}", f"FY {year}"]:
        assert one(year_text(pl.col("t"), 70), t=text) == str(year)
    for text in [f"{year}-{following}", f"{year}/{year + 1}", f"{short}-{following}"]:
        assert one(year_text(pl.col("t"), 70), t=text) == str(year + 1)


@pytest.mark.parametrize("text", ["2019-21", "3/4", "TX-1042", "201", "2019-2021"])
def test_year__what_is_no_year_stays(text: str) -> None:
    assert one(year_text(pl.col("t"), 70), t=text) == text


@pytest.mark.parametrize(("text", "read"), [("1,200.50", "1200.5"), ("3.25-", "-3.25"), ("85%", "85%"), ("0", "0")])
def test_number__separators_go_and_the_rest_stays(text: str, read: str) -> None:
    assert one(number_text(pl.col("t")), t=text) == read
