"""What can't be studied.

Belongs here: the fault that a person can mend. Does not belong here: anything heavy, since every command
knows this fault.
"""


class StudyInputFault(Exception):
    """The data or the question can't be studied as given: says what is wrong, where, how often, and what to do."""
