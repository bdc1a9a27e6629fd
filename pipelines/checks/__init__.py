"""Dagster asset checks over landed streams. dbt's tests become checks where the warehouse is built."""
