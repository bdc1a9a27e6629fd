"""Landing: immutable Parquet with a manifest written last, and a verdict beside it.

Belongs here: folders and names (layout), the manifest and verdict files (manifest),
what a stream's runs add up to (state), shaping and typing in bulk (shaping_sql, typing_sql) and writing
(writer). duckdb is imported here and nowhere else in connectors/: it is the fastest
JSON-to-Parquet engine measured. Does not belong here: HTTP, what values mean.
"""
