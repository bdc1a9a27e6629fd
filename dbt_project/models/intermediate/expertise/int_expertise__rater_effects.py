"""How severe each rater is, one rubric element at a time, over all usable observations."""

import polars as pl
import pyarrow as pa

from pipelines.analysis.element_frames import RATER_EFFECTS, Observations, rater_effects_frame


def model(dbt, session):
    dbt.config(materialized="table")
    minimum_teachers = dbt.config.get("minimum_teachers_of_a_rater")
    elements = dbt.ref("dim_rubric_elements").pl().sort("rubric_element_key")
    observations = Observations(dbt.ref("int_expertise__observations_numbered").pl())
    scores = dbt.ref("int_expertise__scores_numbered")

    def batches():
        for element in elements.iter_rows(named=True):
            of_element = scores.filter(f"rubric_element_key = '{element['rubric_element_key']}'").pl()
            frame = rater_effects_frame(element, observations, of_element, minimum_teachers)
            yield from frame.to_arrow(compat_level=pl.CompatLevel.oldest()).to_batches()

    empty = pl.DataFrame(schema=RATER_EFFECTS).to_arrow(compat_level=pl.CompatLevel.oldest())
    return pa.RecordBatchReader.from_batches(empty.schema, batches())
