"""From the built warehouse to one read-only release file per audience.

Belongs here: what a release holds, the privacy rules and checks it must pass, how it is
written, swapped in, rolled back and swept. Does not belong here: what a published table
says (dbt's), and reading a release for a person (apps').
"""
