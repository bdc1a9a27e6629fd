"""Connectors: what platforms say, landed unchanged.

Belongs here: one folder a platform (client, stream schemas, a README with the
contract and its traps), `core/` which they share, `registry.py` (the one list a
new platform is added to) and `sandbox/` (local stand-ins for the platforms).

Does not belong here: joins, business rules, and any import of dagster, dbt or
great_expectations. duckdb is imported in `core/landing` only.
"""
