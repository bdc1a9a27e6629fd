"""The door for the warehouse: the evaluators' release becomes the canonical panel.

Belongs here: which published columns are what, and the outcomes and costs that only the warehouse
knows. Does not belong here: joins and rules that make those columns (dbt), or an estimate. Every
person in it is a pseudonym.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipelines.analysis.balance import Covariate
from pipelines.apps.release_reader import Release
from pipelines.study.costs import CostSources
from pipelines.study.faults import StudyInputFault
from pipelines.study.groups import ALIGNED, NON_ALIGNED
from pipelines.study.question import SMALLEST_CELL, Measure, Provenance, Question
from pipelines.study.results import Extras

_TITLE = "Micro-credential earners and colleagues in traditional professional development"
_TEXT = (
    "Did teachers who earned a micro-credential score higher in classroom observations afterwards than comparable "
    "colleagues who continued with traditional professional development, and what did it cost?"
)
_EXPOSURE = "the first verified award; an award counts from the school year after the one it was issued in"
_COMPARISONS = (
    {"name": "not_yet_treated", "label": "teachers who had not earned one by then, or never did", "is_primary": True},
    {
        "name": "high_hours",
        "label": "teachers who never earned one and attended at least the median PD hours of earners in their district",
        "is_primary": False,
    },
)

_LIMITATIONS = (
    "Observers knew whom they observed, and may have known who had earned a micro-credential.",
    "A teacher who moved is counted with the first school on record.",
    "Ledger lines under NCES function 2213 miss contract PD days, substitutes coded elsewhere and salary-lane pay.",
)

# a row describes the year of the award for whom exposure begins in the next: so hours are those of the year before it,
# which the award has not touched
_PANEL = """
select
    staff_key as unit,
    cast(school_year as bigint) as time,
    cast(first_treated_year as bigint) as first_treated,
    coalesce(first_value(school_key ignore nulls) over (partition by staff_key order by school_year
        rows between unbounded preceding and unbounded following), 'no school') as cluster,
    concat_ws(' · ', district_id, coalesce(grade_band, 'no grade band'),
        coalesce(licence_type, 'no licence')) as stratum,
    district_id as district,
    outcome_score as outcome,
    cast(years_experience as double) as years_experience,
    case when lag(school_year) over person = school_year - 1 then lag(traditional_pd_hours) over person end
        as earlier_pd_hours,
    coalesce(grade_band, 'no grade band') as grade_band,
    traditional_pd_hours,
    pd_hours,
    cast(award_count as double) as award_count,
    cast(is_retained as double) as is_retained,
    survey_score,
    is_never_earner_high_hours as is_high_hours,
    cast(cost_usd as double) as cost_usd
from study_panel
where not is_current
window person as (partition by staff_key order by school_year)
order by staff_key, school_year
"""

_INDEX = """
select cast(year as bigint) as year, cast(index_value as double) as "index"
from consumer_price_index
order by year
"""

_INGREDIENTS = """
select
    replace(arm, '_', '-') as arm, category, payer, ingredient, unit, cast(price_year as bigint) as price_year, source,
    sum(quantity) as quantity,
    sum(amount_usd) / nullif(sum(quantity), 0) as unit_price_usd
from study_costs
where school_year in (select school_year from study_panel where not is_current) and amount_usd is not null
group by all
order by all
"""

_COUNTS = """
with years as (
    select
        count(*) as teachers, sum(award_count) as awards, sum(submission_count) as attempts,
        sum(traditional_pd_hours) as hours
    from study_panel where not is_current
), earners as (
    select
        count(distinct (staff_key, school_year)) as teachers,
        sum(quantity) filter (where unit = 'hour' and category = 'participant') as hours
    from study_costs
    where arm = 'micro_credential' and school_year in (select school_year from study_panel where not is_current)
)
select 'micro-credential' as arm, 'teacher' as measure, cast(earners.teachers as double) as n from earners
union all select 'micro-credential', 'award', cast(years.awards as double) from years
union all select 'micro-credential', 'award_started', cast(years.attempts as double) from years
union all select 'micro-credential', 'contact_hour', cast(earners.hours as double) from earners
union all select 'traditional', 'teacher', cast(years.teachers as double) from years
union all select 'traditional', 'contact_hour', cast(years.hours as double) from years
"""

_SPENDING = """
select
    cast(fiscal_year as bigint) as school_year, category, payer, programme,
    cast(sum(amount_usd) as double) as amount_usd
from pd_spending_summary
where is_pd
group by all
order by all
"""

# who is few is not told of, nor by how many records
_RECORDS = f"""
select
    subject, reason, is_counted,
    case when people_count not between 1 and {SMALLEST_CELL - 1} then people_count end as people,
    case when coalesce(people_count, 0) not between 1 and {SMALLEST_CELL - 1} then record_count end as records,
    cast(amount_usd as double) as amount_usd
from (
    select
        subject, reason, bool_or(is_counted) as is_counted, cast(sum(people_count) as bigint) as people_count,
        cast(sum(record_count) as bigint) as record_count, sum(amount_usd) as amount_usd
    from study_flow
    group by all
)
order by subject, is_counted desc, reason
"""

# standard scores of each element within district, year and rubric, then their mean over the earner's aligned
# elements and over the others; a peer is judged on the elements of the earner that it is matched to
_ALIGNED = """
with wanted as (
    select unnest($unit) as unit, unnest($cohort) as cohort, unnest($earner) as earner, unnest($time) as school_year
), element_years as (
    select staff_key, district_id, school_year, rubric_version, element_code, avg(score) as mean_score
    from element_scores
    where school_year in (select distinct school_year from wanted)
    group by all
), distributions as (
    select
        district_id, school_year, rubric_version, element_code, avg(mean_score) as mean_score,
        stddev_samp(mean_score) as sd_score
    from element_years
    group by all
), scored as (
    select
        wanted.unit, wanted.cohort,
        (element_years.mean_score - distributions.mean_score) / distributions.sd_score as score,
        aligned.staff_key is not null as is_aligned
    from wanted
    inner join element_years
        on wanted.unit = element_years.staff_key and wanted.school_year = element_years.school_year
    inner join distributions
        on element_years.district_id = distributions.district_id
        and element_years.school_year = distributions.school_year
        and element_years.rubric_version = distributions.rubric_version
        and element_years.element_code = distributions.element_code
    left join study_aligned_elements as aligned
        on wanted.earner = aligned.staff_key and element_years.rubric_version = aligned.rubric_version
        and element_years.element_code = aligned.element_code
    where distributions.sd_score > 1e-9
)
select
    unit, cohort,
    avg(score) filter (where is_aligned) as aligned,
    avg(score) filter (where not is_aligned) as non_aligned
from scored
group by unit, cohort
order by unit, cohort
"""


@dataclass(frozen=True)
class WarehouseStudy:
    """What the release gives a study: the question, the canonical panel, and what only the warehouse knows."""

    question: Question
    panel: pl.DataFrame
    extras: Extras


def read_release(release: Release, command: str, code_version: str) -> WarehouseStudy:
    """The study of the release that is open. Raises StudyInputFault where it holds nothing to study."""
    info = release.info()
    panel = release.frame(_PANEL)
    if panel.is_empty():
        raise StudyInputFault(
            "the evaluators' release holds no teacher and school year: load a roster with assignments, then "
            "`expertise run`"
        )
    if panel["outcome"].null_count() == panel.height:
        raise StudyInputFault(
            "the evaluators' release holds no observation score: load evaluation scores, then `expertise run`"
        )
    if panel["first_treated"].null_count() == panel.height:
        raise StudyInputFault(
            "nobody in the evaluators' release has a verified award: load credential awards, then `expertise run`"
        )
    index = release.frame(_INDEX)
    panel, price_year = _constant_costs(panel, index)
    runs = info["landing_runs"]
    return WarehouseStudy(
        _question(
            panel,
            info,
            price_year,
            Provenance(
                command=command,
                code_version=code_version,
                release_id=str(info["release_id"]),
                landing_runs=str(runs).count('"') // 2 if isinstance(runs, str) else len(runs),
            ),
        ),
        panel,
        Extras(
            aligned_outcomes=lambda rows: _aligned(release, rows),
            costs=_cost_sources(release, index),
            records=tuple(release.query(_RECORDS)),
            limitations=_LIMITATIONS,
        ),
    )


def _question(panel: pl.DataFrame, info: dict[str, object], price_year: int | None, provenance: Provenance) -> Question:
    known = [
        Covariate("years_experience", "years of experience", "continuous"),
        Covariate("earlier_pd_hours", "traditional PD hours in the year before", "continuous"),
    ]
    return Question(
        kind="warehouse",
        title=_TITLE,
        text=_TEXT,
        exposure=_EXPOSURE,
        outcome_name="outcome_score",
        outcome_label="mean observation score, standardised within district, year and rubric",
        outcome_unit="SD",
        unit_label="teacher",
        cluster_label="school",
        # what is not on record for most would leave hardly anybody
        covariates=tuple(one for one in known if panel[one.name].null_count() * 2 < panel.height),
        staggered_covariates=(),
        exact_on=("district", "grade band", "licence type"),
        contrasts=(
            Measure("award_count", "micro-credentials earned", "awards"),
            Measure("pd_hours", "PD hours attended, all", "hours"),
            Measure("traditional_pd_hours", "PD hours attended, traditional", "hours"),
            *([Measure("cost_usd", "cost of both kinds of PD", f"USD of {price_year}")] if price_year else []),
        ),
        secondary=tuple(
            measure
            for measure in (
                Measure("is_retained", "still in the district the year after", "share", "workforce"),
                Measure("survey_score", "what they said of their PD", "points", "experience"),
            )
            if panel[measure.name].null_count() < panel.height
        ),
        subgroups=(Measure("grade_band", "grade band", ""),),
        has_cost=price_year is not None,
        price_year=price_year,
        cost_periods=(-1, 0),
        district_name=str(info["district_name"]),
        is_synthetic=bool(info["is_synthetic"]),
        comparisons=_COMPARISONS,
        provenance=provenance,
    )


def _constant_costs(panel: pl.DataFrame, index: pl.DataFrame) -> tuple[pl.DataFrame, int | None]:
    """The panel with its costs in dollars of the newest year of both, and that year; None where no cost is known.

    Years that the index does not reach yet stay in their own dollars; the report says so.
    """
    if panel["cost_usd"].null_count() == panel.height:
        return panel, None
    newest = int(panel["time"].max())  # type: ignore[arg-type]
    if index.is_empty():
        return panel, newest
    base = min(newest, int(index["year"].max()))  # type: ignore[arg-type]
    level = index.filter(pl.col("year") == base)["index"].item()
    factors = index.select(pl.col("year").alias("time"), (level / pl.col("index")).alias("_factor"))
    return (
        panel.join(factors, on="time", how="left")
        .with_columns(cost_usd=pl.col("cost_usd") * pl.col("_factor").fill_null(1.0))
        .drop("_factor"),
        base,
    )


def _cost_sources(release: Release, index: pl.DataFrame) -> CostSources:
    unmapped = release.query(
        "select count(*) as lines, cast(coalesce(sum(amount_usd), 0) as double) as usd from unmapped_spending"
    )[0]
    return CostSources(
        ingredients=release.frame(_INGREDIENTS),
        counts=release.frame(_COUNTS),
        spending=release.frame(_SPENDING),
        index=index,
        unmapped_lines=int(unmapped["lines"]),
        unmapped_usd=float(unmapped["usd"]),
    )


def _aligned(release: Release, rows: pl.DataFrame) -> pl.DataFrame:
    earners = rows.filter("is_treated").select("set_id", pl.col("unit").alias("earner"))
    wanted = rows.join(earners, on="set_id").select("unit", "cohort", "earner", "outcome_time")
    found = release.frame(
        _ALIGNED,
        {
            "unit": wanted["unit"].to_list(),
            "cohort": wanted["cohort"].to_list(),
            "earner": wanted["earner"].to_list(),
            "time": wanted["outcome_time"].to_list(),
        },
    )
    return found.rename({"aligned": ALIGNED, "non_aligned": NON_ALIGNED})
