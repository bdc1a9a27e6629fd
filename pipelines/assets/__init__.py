"""Dagster assets: landed streams, the warehouse, the release. Made from the registry and the settings."""
