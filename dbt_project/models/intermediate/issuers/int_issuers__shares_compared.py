"""One row per issuer, micro-credential or assessor and measure: its share beside that of the others."""

from pipelines.analysis.compared_shares import compare_shares


def model(dbt, session):
    dbt.config(materialized="table")
    return compare_shares(dbt.ref("int_issuers__trials").pl())
