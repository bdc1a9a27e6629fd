"""The planted truth: what the district really is, for tests to compare with.

Belongs here: writing it to one JSON file of columns. Does not belong here: any use
of it by the warehouse: only tests read this file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import polars as pl

from connectors.sandbox import awards, observations
from connectors.sandbox.district import District
from connectors.sandbox.people import TEACHER
from connectors.sandbox.rubric import ELEMENTS, EXPERT_LEVEL, NEED_LEVEL


def levels(district: District) -> pl.DataFrame:
    """One row per teacher and element: `level` before any award, `effect_from` (school year or null)."""
    people = district.staffing.people
    teachers = np.flatnonzero((people["role"] == TEACHER).to_numpy())
    effect_from = district.earned.effect_from[teachers].reshape(-1)
    return pl.DataFrame(
        {
            "person": np.repeat(teachers, len(ELEMENTS)),
            "staff_id": people["staff_id"].to_numpy()[np.repeat(teachers, len(ELEMENTS))],
            "element_code": [element.code for element in ELEMENTS] * len(teachers),
            "level": district.observed.levels[teachers].reshape(-1).round(4),
            "effect_from": effect_from,
        }
    ).with_columns(effect_from=pl.when(pl.col("effect_from") != awards.NEVER).then(pl.col("effect_from")))


def write(district: District, path: Path | str) -> None:
    """Writes the truth file: parameters, and tables as lists by column."""
    people = district.staffing.people
    renamed = people.filter(pl.col("renamed_year").is_not_null())
    unlinked = people.filter(~pl.col("has_person_reference"))
    earners = people.filter(pl.Series(district.earned.is_earner))
    document = {
        "notice": "SYNTHETIC district: planted truth, for tests only",
        "parameters": {
            "seed": district.seed,
            "as_of": district.as_of,
            "school_years": list(district.years),
            "award_effect": observations.AWARD_EFFECT,
            "earner_gap": observations.EARNER_GAP,
            "severity_sd": observations.SEVERITY_SD,
            "noise_sd": observations.NOISE_SD,
            "occasion_sd": observations.OCCASION_SD,
            "need_level": NEED_LEVEL,
            "expert_level": EXPERT_LEVEL,
        },
        "counts": {
            "staff": people.height,
            "teachers": people.filter(pl.col("role") == TEACHER).height,
            "earners": earners.height,
            "awards_on_platform": district.earned.awards["on_platform"].sum(),
            "awards_revoked": district.earned.awards["is_revoked"].sum(),
            "awards_reissued": district.earned.awards["is_reissue"].sum(),
            "observations": district.observed.observations.height,
            "scores": int((district.observed.scores > 0).sum()),
        },
        "levels": levels(district).drop("person").to_dict(as_series=False),
        "raters": district.observed.raters.select("staff_id", "person_id", "severity").to_dict(as_series=False),
        "earners": earners["staff_id"].to_list(),
        "renamed": renamed.select("staff_id", "renamed_year", "email", "new_email").to_dict(as_series=False),
        "staff_without_person_reference": unlinked["staff_id"].to_list(),
        "awards": district.earned.awards.join(people.select("person", "staff_id"), on="person", how="left")
        .select("award_id", "staff_id", "badge_class_id", "kind", "is_revoked", "is_reissue", "on_platform")
        .sort("award_id")
        .to_dict(as_series=False),
    }
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY))
