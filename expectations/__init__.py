"""What a delivery should look like, and what is said when it does not.

Belongs here: one suite per landed stream in the source's own vocabulary (`suites/`),
their loading (`suites`), judging landed Parquet with them (`runner`), the outcome
(`verdict`) and a report to send to the vendor (`report`). Does not belong here: keys,
relations and rules between streams (dbt), the shape of a single record (the stream's
schema), how data got here (connectors).

Great Expectations takes seconds to import, so only `runner` does, and only when there
are records to judge.
"""
