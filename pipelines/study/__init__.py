"""The study: what credential earners gained beside comparable colleagues, and what it cost.

Belongs here: the question, the two doors that data come in by (the evaluators' release, a panel of
the evaluator's own), the design that is fixed before outcomes are read, the results, the document
that a report is made of. Does not belong here: formulas (analysis), how a report looks
(apps/study_report), joins (dbt).
"""
