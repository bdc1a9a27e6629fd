"""The district's general ledger: mostly PD lines, with the mess of a real one.

Belongs here: lines, codes, reversals, misspelt accounts. Does not belong here: the
layouts in which the years' exports come.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from connectors.sandbox.names import VENDORS

LINES_PER_TEACHER = 2.5
REVERSAL_SHARE = 0.03

# function, object, account name, share, typical amount, is often paid by Title II-A
_ACCOUNTS: tuple[tuple[str, str, str, float, float, bool], ...] = (
    ("2213", "330", "Instructional Staff Training", 0.20, 420, True),
    ("2213", "320", "Professional Educational Services", 0.09, 1_900, True),
    ("2213", "580", "Staff Travel for Training", 0.09, 310, True),
    ("2213", "810", "Dues and Fees", 0.05, 120, False),
    ("2213", "115", "PD Stipends", 0.10, 350, True),
    ("2213", "220", "Social Security on Stipends", 0.06, 27, True),
    ("2210", "330", "Improvement of Instruction", 0.05, 600, False),
    ("2230", "330", "Instruction Technology Training", 0.05, 480, False),
    ("2213", "240", "Tuition Reimbursement", 0.04, 900, False),
    ("1100", "610", "Classroom Supplies", 0.15, 85, False),
    ("2600", "420", "Cleaning Services", 0.06, 1_150, False),
    ("2570", "330", "Personnel Services Training", 0.02, 260, False),
    ("2290", "399", "Instr Support - Other", 0.02, 210, False),
    ("9999", "000", "Suspense", 0.02, 75, False),
)
_MISSPELT = {
    "Instructional Staff Training": "Instructonal Staff Trainig",
    "Professional Educational Services": "Profesional Educ Services",
}


def ledger(rng: np.random.Generator, teachers: int, school_ids: list[int], years: tuple[int, ...]) -> pl.DataFrame:
    """One row per line; a reversal repeats an earlier line with a negative amount."""
    accounts = pl.DataFrame(
        _ACCOUNTS,
        schema=["function_code", "object_code", "account", "share", "typical", "has_grant"],
        orient="row",
    )
    share = accounts["share"].to_numpy()
    per_year = max(60, round(LINES_PER_TEACHER * teachers))
    size = per_year * len(years)
    year = np.repeat(np.array(years), per_year)
    pick = rng.choice(len(share), size, p=share / share.sum())
    amount = np.round(accounts["typical"].to_numpy()[pick] * rng.lognormal(0, 0.6, size), 2)
    days = np.sort(rng.integers(0, 365, (len(years), per_year)), axis=1).reshape(-1)
    posted = [date(int(spring) - 1, 7, 1) + timedelta(days=int(day)) for spring, day in zip(year, days, strict=True)]
    misspelt = rng.random(size) < 0.05
    # some lines belong to no school
    places = [*(str(school_id) for school_id in school_ids), None, None, None]
    lines = (
        accounts[pick]
        .with_columns(
            fiscal_year=pl.Series(year),
            posted_date=pl.Series(posted),
            amount_usd=pl.Series(amount),
            account_name=pl.when(pl.Series(misspelt))
            .then(pl.col("account").replace(_MISSPELT))
            .otherwise(pl.col("account"))
            + " (SYNTHETIC)",
            vendor_name=pl.Series([VENDORS[at] for at in rng.integers(0, len(VENDORS), size)]),
            school_id=pl.Series([places[at] for at in rng.integers(0, len(places), size)], dtype=pl.String),
            grant_code=pl.when(pl.col("has_grant") & pl.Series(rng.random(size) < 0.6)).then(pl.lit("84.367")),
        )
        .with_columns(
            fund_code=pl.when(pl.col("grant_code").is_not_null()).then(pl.lit("142")).otherwise(pl.lit("010")),
            program_code=pl.when(pl.col("grant_code").is_not_null()).then(pl.lit("021")).otherwise(pl.lit("000")),
            description=pl.format("{} FY{}", pl.col("account"), pl.col("fiscal_year")),
            is_reversal=pl.lit(False),
        )
    )
    reversed_rows = np.flatnonzero(rng.random(size) < REVERSAL_SHARE)
    reversals = lines[reversed_rows].with_columns(
        -pl.col("amount_usd"),
        pl.concat_str(pl.lit("REVERSAL "), pl.col("description")).alias("description"),
        posted_date=pl.min_horizontal(
            pl.col("posted_date") + pl.duration(days=9), pl.date(pl.col("fiscal_year"), 6, 30)
        ),
        is_reversal=pl.lit(True),
    )
    return (
        pl.concat([lines, reversals])
        .sort("fiscal_year", "posted_date", maintain_order=True)
        .with_columns(number=pl.int_range(1, pl.len() + 1).over("fiscal_year"))
        .with_columns(
            ledger_line_id=pl.concat_str(
                pl.col("fiscal_year"), pl.lit("-"), pl.col("number").cast(pl.String).str.zfill(5)
            )
        )
        .drop("share", "typical", "has_grant", "account")
    )
