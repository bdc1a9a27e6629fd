"""Who may be whom: scored candidates for records that no rule matches.

Belongs here: pure functions on frames that propose, with their evidence in words, which staff
member a record may mean. Does not belong here: the rules that match records for good (dbt,
models/intermediate/identity), what a person decided (decisions), reading or writing anything.
Nothing of this ever enters the join: it fills the queue that a person decides.
"""
