"""Mapped CSV and XLSX files.

Belongs here: reading a district's exports by a declared column mapping. Does not
belong here: what the values mean (dbt). The mapping reference is the README.
"""
