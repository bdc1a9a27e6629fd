"""Pure functions, frame in, frame out: the statistics and the optimisation that SQL can't do.

Belongs here: a method with its source in the docstring, computed on frames and arrays. Does not
belong here: reading or writing anything, joins and rules (dbt's), who may see a result (apps).
"""
