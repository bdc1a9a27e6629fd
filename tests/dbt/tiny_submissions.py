"""Submissions of the tiny district, judged by six assessors of whom one is lenient.

Belongs here: landed rows whose outcome is planted. Does not belong here: what must come of them (test_issuers).

Each assessor decides 40 first attempts on each of two micro-credentials. On the first the others award 28 of 40, on
the harder one 16 of 40; the lenient one awards all but two. Everybody takes a week, whoever is returned tries again
once and is awarded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LENIENT = "ASR-06"
ASSESSORS = (*(f"ASR-0{number}" for number in range(1, 6)), LENIENT)
FIRST_ATTEMPTS = 40
AWARDED = {"bc-i06-1": 28, "bc-i06-2": 16}


def submissions(staff_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of files.credential_submissions."""
    rows = []
    for assessor in ASSESSORS:
        for micro_credential, awarded in AWARDED.items():
            passing = FIRST_ATTEMPTS - 2 if assessor == LENIENT else awarded
            for number in range(FIRST_ATTEMPTS):
                first = {
                    "submission_id": f"{assessor}|{micro_credential}|{number}",
                    "staff_id": staff_ids[number % len(staff_ids)],
                    "micro_credential_id": micro_credential,
                    "micro_credential_name": micro_credential,
                    "submitted_date": "2026-02-02",
                    "decided_date": "2026-02-09",
                    "outcome": "awarded" if number < passing else "returned",
                    "assessor_id": assessor,
                    "attempt_number": 1,
                }
                rows.append(first)
                if first["outcome"] == "returned":
                    rows.append(
                        first
                        | {
                            "submission_id": f"{first['submission_id']}|again",
                            "submitted_date": "2026-03-02",
                            "decided_date": "2026-03-09",
                            "outcome": "awarded",
                            "attempt_number": 2,
                        }
                    )
    return rows
