"""Recognisable values that stand in every withheld field of the sandbox.

Belongs here: the marks, so that a privacy test can search any file for them. Does
not belong here: the fields they stand in.
"""

from __future__ import annotations

TEXT = "CANARY-NOTE"
"""Starts every free text of an observer, assessor or teacher."""
SECRET_NUMBER = "CANARY-SSN"
"""Starts every social security or account number."""
BIRTH_DATE = "1901-02-03"
"""Every birth date, a day that occurs nowhere else in the district."""

CANARIES = (TEXT, SECRET_NUMBER, BIRTH_DATE)
