"""An evaluators' release of 500 made-up teachers, written as a publish leaves it, with a planted effect.

120 earn in 2023 or 2024, most of them from a low start; an award lifts the one element that it is about by 0.8
standard deviations of that element's scores from the next year on, and nothing else.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import polars as pl

YEARS = range(2021, 2027)
TEACHERS, SCHOOLS, ELEMENTS = 500, 25, ("I01", "I02", "I03", "I04")
EFFECT = 0.8

_TABLES = """
create table study_panel as
with element_means as (
    select staff_key, school_year, avg(score) as mean_score from element_scores group by all
), standardised as (
    select
        staff_key, school_year,
        (mean_score - avg(mean_score) over years) / stddev_samp(mean_score) over years as outcome_score
    from element_means
    window years as (partition by school_year)
)
select
    teachers.staff_key, 'synthetic' as district_id, teachers.school_year, teachers.school_key, teachers.grade_band,
    'Professional' as licence_type, teachers.years_experience, null::date as first_award_date,
    teachers.first_award_school_year, teachers.first_award_school_year + 1 as first_treated_year,
    cast(teachers.school_year = teachers.first_award_school_year as integer) as award_count,
    cast(teachers.school_year = teachers.first_award_school_year as integer) as submission_count,
    teachers.pd_hours, teachers.pd_hours as traditional_pd_hours, 'r1' as rubric_version, 3 as observation_count,
    0.0 as mean_score, standardised.outcome_score, teachers.is_retained, null::double as survey_score,
    teachers.first_award_school_year is null and teachers.pd_hours > 10 as is_never_earner_high_hours,
    teachers.cost_usd, teachers.school_year = 2027 as is_current
from teachers inner join standardised using (staff_key, school_year);

create table study_aligned_elements as
select distinct staff_key, 'synthetic' as district_id, 'r1' as rubric_version, 'I01' as element_code
from teachers where first_award_school_year is not null;

create table study_costs as
select
    staff_key, 'synthetic' as district_id, school_year, arms.arm, 'participant' as category, 'teacher' as payer,
    'participant time' as ingredient, arms.hours as quantity, 'hour' as unit, 50.0 as unit_price_usd,
    school_year as price_year, arms.hours * 50.0 as amount_usd, 'estimate' as source
from teachers, (values ('traditional', 12.0), ('micro_credential', 15.0)) as arms (arm, hours)
where arms.arm = 'traditional' or school_year = first_award_school_year;

create table pd_spending_summary as
select 'synthetic' as district_id, 2024 as fiscal_year, 'training' as category, true as is_pd, 'federal' as payer,
    'Title II-A' as programme, 12345.67::decimal(18, 2) as amount_usd;
create table unmapped_spending as select 250.00::decimal(18, 2) as amount_usd, 2024 as fiscal_year;
create table study_flow as
select 'synthetic' as district_id, 'awards' as subject, reason, reason = 'counted' as is_counted, people_count,
    record_count, null::decimal(18, 2) as amount_usd
from (values ('counted', 120, 130), ('not verified', 4, 5)) as flow (reason, people_count, record_count);
create table consumer_price_index as
select * from (values (2021, 270.970), (2022, 292.655), (2023, 304.702), (2024, 313.689)) as cpi (year, index_value);
create table release as
select 'r1' as release_id, 'evaluators' as audience, timestamp '2026-11-01' as built_at,
    '["a", "b"]'::json as landing_runs, '1' as code_version, 'x' as settings_hash, true as is_synthetic,
    'Synthetic District' as district_name;
"""


def write_release(published: Path, seed: int = 3) -> Path:
    """Write the release and point to it; returns the published folder."""
    rng = np.random.default_rng(seed)
    level = rng.normal(0, 0.5, TEACHERS)
    chance = 1 / (1 + np.exp(1.3 + 1.2 * level))
    earns = np.argsort(chance - rng.random(TEACHERS))[-120:]
    award = np.zeros(TEACHERS, dtype=int)
    award[earns] = rng.choice([2023, 2024], size=earns.size)
    person = np.repeat(np.arange(TEACHERS), len(YEARS))
    year = np.tile(np.array(YEARS), TEACHERS)
    teachers = pl.DataFrame(
        {
            "staff_key": [f"pseudonym-{number:04d}" for number in person],
            "school_year": year,
            "school_key": [f"school-{number % SCHOOLS:02d}" for number in person],
            "grade_band": [("elementary", "middle", "high")[number % 3] for number in person],
            "years_experience": np.repeat(rng.integers(1, 30, TEACHERS), len(YEARS)).astype(float),
            "first_award_school_year": award[person],
            "pd_hours": rng.gamma(4, 3, person.size).round(1),
            "is_retained": rng.random(person.size) < 0.9,
            "cost_usd": 600 + 750.0 * (year == award[person]),
        }
    ).with_columns(
        first_award_school_year=pl.when(pl.col("first_award_school_year") > 0).then("first_award_school_year"),
        is_retained=pl.when(pl.col("school_year") < YEARS[-1]).then("is_retained"),
    )
    is_exposed = (award[person] > 0) & (year > award[person])
    scores = pl.concat(
        pl.DataFrame(
            {
                "staff_key": teachers["staff_key"],
                "district_id": "synthetic",
                "school_year": year,
                "rubric_version": "r1",
                "element_code": element,
                "score": 3
                + level[person]
                + rng.normal(0, 0.5, person.size)
                + EFFECT * is_exposed * (element == "I01") * 0.7,
            }
        )
        for element in ELEMENTS
    )
    folder = published / "evaluators"
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "r1.duckdb")) as release:
        release.register("given_teachers", teachers).execute("create table teachers as from given_teachers")
        release.register("given_scores", scores).execute("create table element_scores as from given_scores")
        release.execute(_TABLES)
        release.execute("drop table teachers")
    (folder / "current").write_text("r1.duckdb\n")
    return published
