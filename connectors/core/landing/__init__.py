"""Landing: immutable Parquet with a manifest written last, and a verdict beside it.

Belongs here: folders and names (layout), the manifest and verdict files (manifest),
what a stream's runs add up to (state), checking pages (page_checks, declaration), shaping and
typing in bulk (shaping_sql, typing_sql, batches) and writing a run (writer). duckdb is imported
here and nowhere else in connectors/: it is the fastest JSON-to-Parquet engine measured. Does
not belong here: HTTP, what values mean.
"""
