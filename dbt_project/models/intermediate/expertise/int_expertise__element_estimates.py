"""What observations say of each person and rubric element, as of every school year; one element at a time."""

import polars as pl
import pyarrow as pa

from pipelines.analysis.element_frames import ELEMENT_ESTIMATES, AsOf, Observations, estimates_frame, grade_bands_in
from pipelines.analysis.expertise import Rules


def model(dbt, session):
    dbt.config(materialized="table")
    rules = Rules(
        recency_half_life_years=dbt.config.get("recency_half_life_years"),
        minimum_observations=dbt.config.get("minimum_observations"),
        expert_share=dbt.config.get("expert_share"),
        expert_probability=dbt.config.get("expert_probability"),
        need_probability=dbt.config.get("need_probability"),
    )
    levels = dbt.ref("dim_rubric_versions").pl().drop("rubric_version_key", "district_id")
    elements = dbt.ref("dim_rubric_elements").pl().join(levels, on="rubric_version").sort("rubric_element_key")
    observations = Observations(dbt.ref("int_expertise__observations_numbered").pl())
    scores = dbt.ref("int_expertise__scores_numbered")
    effects = dbt.ref("int_expertise__rater_effects").pl()
    years = dbt.ref("int_expertise__school_years_listed").order("school_year")
    days = [AsOf(*row) for row in years.project("school_year, as_of_date, oldest_date, is_current").fetchall()]
    covered = dbt.ref("int_staff__school_years_covered")
    covered_bands = covered.aggregate("staff_key, school_year, min(grade_band) as grade_band").pl()
    bands = {day.school_year: grade_bands_in(covered_bands, observations.staff, day.school_year) for day in days}

    def batches():
        for element in elements.iter_rows(named=True):
            is_element = f"rubric_element_key = '{element['rubric_element_key']}'"
            of_element = scores.filter(is_element).pl()
            raters = effects.filter(rubric_element_key=element["rubric_element_key"])
            frame = estimates_frame(element, observations, of_element, raters, days, bands, rules)
            yield from frame.to_arrow(compat_level=pl.CompatLevel.oldest()).to_batches()

    empty = pl.DataFrame(schema=ELEMENT_ESTIMATES).to_arrow(compat_level=pl.CompatLevel.oldest())
    return pa.RecordBatchReader.from_batches(empty.schema, batches())
