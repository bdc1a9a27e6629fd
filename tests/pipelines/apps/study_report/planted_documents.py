"""Results documents with made-up numbers: full, refused, a cross-section, without costs, with hidden cells, bare.

Nothing here was estimated: the numbers only have to look like a study's.
"""

from __future__ import annotations

import copy
import math
from typing import Any

from pipelines.apps.study_report.document import without_effects
from pipelines.apps.study_report.keys import SCHEMA

COMMAND = "expertise study --out study"


def effect(
    estimate: float | None, std_error: float = 0.04, n: int = 240, others: int = 710, **more: Any
) -> dict[str, Any]:
    """An effect with the interval and p-value of a normal approximation."""
    if estimate is None:
        ends = dict.fromkeys(("estimate", "std_error", "ci_low", "ci_high", "p_value"))
    else:
        ends = {
            "estimate": estimate,
            "std_error": std_error,
            "ci_low": estimate - 1.96 * std_error,
            "ci_high": estimate + 1.96 * std_error,
            "p_value": math.erfc(abs(estimate / std_error) / math.sqrt(2)),
        }
    return {**ends, "n_treated": n, "n_comparison": others, "n_clusters": 44, "note": None, **more}


def full() -> dict[str, Any]:
    """Everything that a study of the warehouse can tell."""
    return {
        "schema": SCHEMA,
        "created_at": "2026-11-22T14:05:09Z",
        "kind": "warehouse",
        "title": "Micro-credential earners and their observed teaching",
        "question": "Did earners of a micro-credential teach better afterwards than peers who had traditional PD?",
        "district_name": "Maple Ridge Public Schools",
        "is_synthetic": True,
        "outcome": {
            "name": "observation_z",
            "label": "Mean observation score, standardised in district and year",
            "unit": "SD",
        },
        "unit_label": "teacher",
        "exposure": "the first verified award; one earned in the middle of a year counts from the next",
        "comparisons": [
            {"name": "not_yet_treated", "label": "teachers who earn later or never", "is_primary": True},
            {
                "name": "never_treated_high_hours",
                "label": "never-earners with at least the earners’ median PD hours",
                "is_primary": False,
            },
        ],
        "estimand": "average effect on the treated",
        "design": {
            "hash": "9f2c6d1e5b7a48c3d0e4f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6",
            "chosen": "matched",
            "chosen_because": "its worst required difference is the smaller (0.047 against 0.061 SD)",
            "matched_per_treated": 3,
            "caliper_sd": 0.2,
            "exact_on": ["district", "grade band", "licence type"],
            "covariates": [
                {"name": "score_1", "label": "Observation score a year before"},
                {"name": "score_2", "label": "Observation score two years before"},
                {"name": "slope", "label": "Slope of the two"},
                {"name": "experience", "label": "Years of experience"},
                {"name": "pd_hours", "label": "PD hours a year before"},
            ],
            "dropped_covariates": [{"name": "has_masters", "reason": "the same for every teacher"}],
            "seed": 20261122,
            "written_before_outcomes": True,
            "propensity": {
                "coefficients": [
                    {"name": "intercept", "coefficient": -1.713},
                    {"name": "score_1", "coefficient": -0.221},
                    {"name": "experience", "coefficient": 0.031},
                ],
                "note": "the model converged in 6 steps",
            },
        },
        "mde": {
            "estimate": 0.287,
            "design_effect": 2.9,
            "r_squared": 0.5,
            "intraclass_correlation": 0.1,
            "mean_cluster_size": 20.0,
            "n_treated": 240,
            "n_comparison": 960,
            "treated_share": 0.2,
            "ceiling": 0.4,
            "minimum_treated": 20,
            "basis": "R² and the intraclass correlation come from the two years before anybody earned",
        },
        "refusal": None,
        "headline": {
            "sentence": "Earners' observed teaching rose by 0.148 SD more than that of others. It cost $611 more each.",
            "estimate": effect(0.148, 0.041),
            "estimator": "Callaway–Sant’Anna, doubly robust, against teachers not yet treated",
        },
        "records": [
            _became("awards", "counted", 240, 260),
            _became("awards", "not verified", None, None),
            _became("dollars of PD", "counted", None, 5797) | {"amount_usd": 3_639_418.32},
        ],
        "flow": [
            {"step": "On the roster in any year", "treated": 263, "comparison": 1104, "rows": 8120, "reason": None},
            {
                "step": "Teachers with an observation score",
                "treated": 255,
                "comparison": 1031,
                "rows": 7455,
                "reason": "never observed, or in a role that is not observed",
            },
            {
                "step": "Two years before treatment",
                "treated": 240,
                "comparison": 960,
                "rows": 7018,
                "reason": "treated in the first two years, or hired since",
            },
            {
                "step": "Inside a stratum with both groups",
                "treated": 240,
                "comparison": 933,
                "rows": 6902,
                "reason": "nobody alike in district, grade band and licence type",
            },
            {"step": "Matched", "treated": 228, "comparison": 611, "rows": 5034, "reason": "nobody within the caliper"},
        ],
        "matched": {
            "n_treated": 228,
            "n_comparison": 611,
            "n_sets": 228,
            "n_unmatched": 12,
            "effective_n_comparison": 588.4,
            "unmatched": [{"reason": "nobody within 0.2 SD", "n": 12}, {"reason": "no one in the stratum", "n": None}],
        },
        "balance": {
            "verdict": "satisfied",
            "verdicts": {"before": "not satisfied", "matched": "satisfied", "weighted": "satisfied with adjustment"},
            "rows": [
                _balance(
                    "score_1",
                    "Observation score a year before",
                    "continuous",
                    -0.312,
                    -0.047,
                    0.001,
                    (3.21, 3.44, 3.24, 3.21),
                ),
                _balance(
                    "score_2",
                    "Observation score two years before",
                    "continuous",
                    -0.181,
                    0.022,
                    0.002,
                    (3.3, 3.42, 3.29, 3.3),
                ),
                _balance(
                    "slope", "Slope of the two", "continuous", -0.142, -0.031, -0.002, (-0.09, 0.02, -0.06, -0.09)
                ),
                _balance(
                    "experience", "Years of experience", "continuous", 0.204, 0.041, 0.003, (11.2, 9.6, 10.9, 11.2)
                ),
                _balance(
                    "pd_hours", "PD hours a year before", "continuous", 0.402, 0.038, 0.061, (41.0, 33.5, 40.1, 39.6)
                ),
                _balance(
                    "is_secondary", "Teaches in grades 6 to 12", "binary", 0.088, 0.0, 0.004, (0.52, 0.48, 0.52, 0.52)
                ),
                _balance("has_mentor", "Has had a mentor", "binary", None, None, None, (0.11, None, None, None))
                | {"is_required": False},
            ],
        },
        "contrast": [
            _contrast("pd_hours", "PD hours in the year of the award", "hours", 52.3, 38.9, 13.4, 1.2),
            _contrast("awards", "Micro-credentials earned", "awards", 1.62, 0.0, 1.62, 0.05),
            _contrast("cost_usd", "PD money", "USD", 1733.1, 1122.4, 610.7, 44.0),
        ],
        "att": {
            "simple": effect(0.148, 0.041),
            "group": effect(
                0.141,
                0.043,
                by=[
                    effect(0.201, 0.08, 61, 710, group=2022),
                    effect(0.132, 0.07, 88, 650, group=2023),
                    effect(0.103, 0.066, 91, 590, group=2024),
                ],
            ),
            "dynamic": effect(0.162, 0.049),
            "calendar": effect(
                0.139,
                0.044,
                by=[
                    effect(0.118, 0.081, 61, time=2022),
                    effect(0.131, 0.06, 149, time=2023),
                    effect(0.157, 0.05, 240, time=2024),
                ],
            ),
        },
        "att_gt": [
            effect(
                round(0.01 * (time - group) + (0.1 if time >= group else -0.02), 3),
                0.07,
                60 + group % 7,
                600,
                group=group,
                time=time,
            )
            for group in (2022, 2023, 2024)
            for time in range(2018, 2026)
        ],
        "event_study": [
            effect(value, error, n, event_time=time, band_low=value - 2.7 * error, band_high=value + 2.7 * error)
            for time, value, error, n in (
                (-4, 0.012, 0.05, 91),
                (-3, -0.021, 0.045, 179),
                (-2, -0.034, 0.04, 240),
                (-1, 0.018, 0.04, 240),
                (0, 0.092, 0.034, 240),
                (1, 0.161, 0.042, 240),
                (2, 0.183, 0.05, 149),
                (3, 0.204, 0.071, 61),
            )
        ],
        "cohorts": [
            {"group": 2022, "n_treated": 61, "weight": 0.36},
            {"group": 2023, "n_treated": 88, "weight": 0.37},
            {"group": 2024, "n_treated": 91, "weight": 0.27},
        ],
        "estimates": [
            _named(
                "naive",
                "Earners less all others, unadjusted",
                -0.061,
                0.039,
                "all others",
                "earners and others do not differ otherwise",
            ),
            _named(
                "matched_ancova",
                "Matched, adjusted difference",
                0.121,
                0.045,
                "matched teachers",
                "selection is on what was measured",
            ),
            _named(
                "weighted_ancova",
                "Weighted, adjusted difference",
                0.127,
                0.043,
                "weighted teachers",
                "selection is on what was measured",
            ),
            _named(
                "callaway_santanna",
                "Callaway–Sant’Anna, not yet treated",
                0.148,
                0.041,
                "teachers who earn later or never",
                "without the award both would have moved alike",
                is_primary=True,
            ),
            _named(
                "callaway_santanna_never",
                "Callaway–Sant’Anna, never treated",
                0.144,
                0.042,
                "teachers who never earn",
                "without the award both would have moved alike",
            ),
            _named(
                "imputation",
                "Imputation (Borusyak, Jaravel, Spiess)",
                0.151,
                0.038,
                "untreated times of all",
                "teacher and year add up",
            ),
            _named(
                "high_hours",
                "Never-earners with many PD hours",
                None,
                0.05,
                "high-hours teachers",
                "as the primary",
                note="fewer than two clusters have both groups",
            ),
        ],
        "secondary": [
            effect(
                0.231,
                0.06,
                outcome="aligned_z",
                label="Elements that the credential addresses",
                domain="observed teaching",
                unit="SD",
                q_value=0.0004,
                is_rejected=True,
            ),
            effect(
                0.022,
                0.05,
                outcome="not_aligned_z",
                label="Elements that it does not address",
                domain="observed teaching",
                unit="SD",
                q_value=0.66,
                is_rejected=False,
            ),
            effect(
                0.031,
                0.018,
                outcome="is_retained",
                label="Still in the district a year later",
                domain="retention",
                unit="share",
                q_value=None,
                is_rejected=None,
            ),
        ],
        "subgroups": [
            effect(0.166, 0.06, 122, 380, by="grade band", level="Elementary", is_suppressed=False),
            effect(0.128, 0.058, 118, 330, by="grade band", level="Secondary", is_suppressed=False),
        ],
        "sensitivity": {
            "smoothness": [
                {
                    "m": m,
                    "ci_low": 0.092 - 0.06 - 1.6 * m,
                    "ci_high": 0.092 + 0.06 + 1.6 * m,
                    "excludes_zero": 1.6 * m < 0.032,
                }
                for m in (0.0, 0.01, 0.02, 0.03, 0.04)
            ],
            "breakdown_m": 0.02,
            "e_value": {
                "estimate": 1.55,
                "ci": 1.31,
                "note": "the standardised effect taken as a risk ratio of exp(0.91 d)",
            },
            "rosenbaum_gamma": {
                "gamma": 1.35,
                "p_value": 0.0031,
                "n_sets": 228,
                "note": "signed-rank test on matched sets",
            },
            "placebo": effect(0.012, 0.05, note="start pretended two years earlier"),
            "non_aligned": effect(0.022, 0.05),
            "mean_reversion": {
                "treated_dip": -0.11,
                "comparison_dip": -0.01,
                "note": "part of a rise would come without help; matched teachers have the same dip",
            },
            "bacon": {
                "two_way_fixed_effects": effect(0.119, 0.037),
                "rows": [
                    {"kind": "treated against never treated", "weight": 0.81, "estimate": 0.137},
                    {"kind": "earlier against later treated", "weight": 0.12, "estimate": 0.091},
                    {"kind": "later against earlier treated", "weight": 0.07, "estimate": -0.042},
                ],
            },
        },
        "cost": {
            "price_year": 2025,
            "currency": "USD",
            "rows": [
                {
                    "arm": "micro-credential",
                    "category": category,
                    "payer": payer,
                    "cost_usd": dollars,
                    "share": dollars / 415_920,
                }
                for category, payer, dollars in (
                    ("personnel", "district", 213_480.0),
                    ("personnel", "teacher", 142_310.5),
                    ("materials", "federal", 36_000.0),
                    ("participant", "teacher", 24_129.5),
                )
            ]
            + [
                {
                    "arm": "traditional",
                    "category": category,
                    "payer": payer,
                    "cost_usd": dollars,
                    "share": dollars / 1_077_504,
                }
                for category, payer, dollars in (("personnel", "district", 911_504.0), ("other", "state", 166_000.0))
            ],
            "per": [
                {"arm": "micro-credential", "measure": "teacher", "cost_usd": 1733.0, "n": 240},
                {"arm": "micro-credential", "measure": "award", "cost_usd": 964.47, "n": 389},
                {"arm": "micro-credential", "measure": "award_started", "cost_usd": 711.02, "n": 585},
                {"arm": "micro-credential", "measure": "contact_hour", "cost_usd": 59.298, "n": 7014},
                {"arm": "traditional", "measure": "teacher", "cost_usd": 1122.4, "n": 960},
            ],
            "incremental": {
                "cost_usd": effect(610.7, 44.0, 228, 611),
                "effect": effect(0.121, 0.045, 228, 611),
                "icer_usd_per_sd": 5047.1,
                "cost_per_tenth_sd_usd": 504.71,
                "fieller": {"low": 2790.2, "high": 18_911.0, "kind": "bounded"},
                "note": None,
            },
            "plane": [
                {
                    "effect": 0.121 + 0.045 * math.sin(7.13 * n) * (n % 19) / 9,
                    "cost_usd": 610.7 + 44 * math.cos(3.7 * n) * (n % 23) / 11,
                }
                for n in range(400)
            ],
            "acceptability": [
                {"willingness_to_pay_usd": float(worth), "probability": 1 / (1 + math.exp(-(worth - 5047) / 1800))}
                for worth in range(0, 20_001, 1000)
            ],
            "net_benefit": [
                {
                    "willingness_to_pay_usd": float(worth),
                    "net_benefit_usd": 0.121 * worth - 610.7,
                    "ci_low": 0.033 * worth - 640,
                    "ci_high": 0.209 * worth - 580,
                }
                for worth in (2500, 5000, 10_000, 20_000)
            ],
            "discount_sensitivity": [
                {"rate": 0.0, "cost_usd": 598.2},
                {"rate": 0.03, "cost_usd": 610.7},
                {"rate": 0.07, "cost_usd": 628.8},
            ],
            "benchmarks": [
                {
                    "label": "A teacher's PD in a year, all in",
                    "value": 18_000.0,
                    "unit": "USD per teacher-year",
                    "source": "TNTP 2015",
                },
                {
                    "label": "Coaching",
                    "value": "$3,260–5,220",
                    "unit": "per teacher",
                    "source": "published cost studies",
                },
                {"label": "PD in a year", "value": 68, "unit": "hours per teacher", "source": "Gates/BCG 2014"},
            ],
            "spending": [
                {
                    "school_year": year,
                    "category": category,
                    "payer": payer,
                    "programme": programme,
                    "amount_usd": dollars * (1 + 0.03 * (year - 2023)),
                }
                for year in (2023, 2024, 2025)
                for category, payer, programme, dollars in (
                    ("Instructional staff training", "district", "General fund", 412_000.0),
                    ("Tuition", "district", "General fund", 38_500.0),
                    ("Professional educational services", "federal", "Title II-A", 121_300.0),
                    ("Travel", "federal", "Title II-A", 22_750.25),
                    ("Stipends and benefits", "state", None, 61_020.0),
                )
            ],
            "unmapped": {
                "lines": 37,
                "amount_usd": 18_204.77,
                "sentence": "Contract PD days, substitutes and salary-lane pay are not in function 2213",
            },
        },
        "evidence_tier": {
            "wwc_rating": "Meets WWC standards with reservations",
            "essa_tier": "Tier 3: promising evidence",
            "ceiling_rating": "Meets WWC standards with reservations",
            "ceiling_tier": "Tier 2: moderate evidence",
            "conditions": [
                {
                    "name": "The groups were not formed at random",
                    "is_met": True,
                    "detail": "teachers chose for themselves",
                },
                {"name": "Baseline equivalence", "is_met": True, "detail": "worst required difference 0.047 SD"},
                {"name": "At least 350 teachers", "is_met": True, "detail": "839"},
                {"name": "More than one district", "is_met": False, "detail": "1 district"},
                {
                    "name": "No other intervention at the same time",
                    "is_met": None,
                    "detail": "not known to the warehouse",
                },
            ],
            "failing_condition": "More than one district",
            "ceiling_because": "teachers were not assigned at random",
            "to_confirm": ["No other intervention at the same time"],
        },
        "disclosure": {
            "threshold": 10,
            "tables": [
                {
                    "name": "subgroups",
                    "n_cells": 24,
                    "n_primary": 2,
                    "n_complementary": 3,
                    "information_loss": 0.013,
                    "is_safe": True,
                }
            ],
            "is_safe": True,
        },
        "limitations": [
            "Teachers chose for themselves: what was not measured may differ",
            "12 earners had nobody alike and are not in the matched estimate",
        ],
        "context": [
            {
                "text": "One randomised trial of teacher micro-credentials: no gain in student achievement",
                "source": "RAND 2024, RRA2486-2",
            },
            {
                "text": "With 27 earners and 270 peers the smallest detectable effect is 0.565 SD",
                "source": None,
            },
        ],
        "methods": {
            "versions": {"expertise-warehouse": "0.1.0", "diff-diff": "3.13.0", "statsmodels": "0.14.5"},
            "seed": 20261123,
            "release_id": "20261122T140001Z-6f1c",
            "landing_runs": ["20261122T130000Z-a1", "20261122T130100Z-b2"],
            "code_version": "f130994c0ffee",
            "input": None,
            "command": COMMAND,
            "references": [
                "What Works Clearinghouse Procedures and Standards Handbook, version 5.0 (2022)",
                "Callaway and Sant’Anna (2021), Journal of Econometrics 225(2), 200–230",
            ],
        },
    }


def refused() -> dict[str, Any]:
    """27 earners and 270 peers: counts and what could be detected, no effect."""
    document = without_effects(full())
    sentence = "With 27 earners nothing below 0.565 SD could be detected; above 0.40 SD no effect is given."
    document["mde"] |= {
        "estimate": 0.565,
        "design_effect": 1.0,
        "r_squared": 0.0,
        "n_treated": 27,
        "n_comparison": 270,
        "treated_share": 1 / 11,
    }
    document["refusal"] = {"rule": "mde", "sentence": sentence}
    document["headline"] = {
        "sentence": "These data can't tell whether it worked: 27 earners are too few.",
        "estimate": None,
        "estimator": None,
    }
    return document


def cross_section() -> dict[str, Any]:
    """An evaluator's own file without times, without costs."""
    document = full()
    return document | {
        "kind": "cross_section",
        "title": "Training and earnings",
        "question": "Did the training raise earnings?",
        "district_name": None,
        "is_synthetic": False,
        "outcome": {"name": "re78", "label": "Earnings in 1978", "unit": "USD"},
        "unit_label": "participant",
        "exposure": "treat = 1",
        "comparisons": [{"name": "untreated", "label": "untreated participants", "is_primary": True}],
        "headline": {
            "sentence": "Training raised earnings by about 1,794 USD.",
            "estimate": effect(1794.3, 671.0, 185, 260),
            "estimator": "adjusted difference in the matched sample",
        },
        "att": {"simple": effect(1794.3, 671.0, 185, 260)},
        "att_gt": [],
        "event_study": None,
        "cohorts": [],
        "estimates": [
            _named(
                "naive",
                "Unadjusted difference",
                1794.3,
                671.0,
                "all untreated",
                "treatment was drawn by lot",
                is_primary=True,
            )
        ],
        "secondary": [],
        "subgroups": [],
        "contrast": None,
        "sensitivity": {
            "smoothness": None,
            "smoothness_note": "a cross-section has no earlier trends",
            "e_value": None,
            "e_value_note": "the outcome is not standardised",
        },
        "cost": None,
        "disclosure": None,
        "methods": document["methods"]
        | {"release_id": None, "landing_runs": None, "input": {"name": "nsw.csv", "sha256": "ab" * 32}},
    }


def without_costs() -> dict[str, Any]:
    """A study that was told no costs and no context."""
    return full() | {"cost": None, "context": [], "limitations": []}


def with_hidden_cells() -> dict[str, Any]:
    """Subgroups, cohorts and a step of the flow are too small to be printed."""
    document = full()
    hidden = dict.fromkeys(effect(0.1)) | {"by": "licence", "level": "Practitioner", "is_suppressed": True}
    document["subgroups"] += [hidden, hidden | {"level": "Professional"}]
    document["cohorts"][0]["n_treated"] = None
    document["flow"][-1] |= {"treated": None}
    document["att_gt"][0] = dict.fromkeys(effect(0.1)) | {"group": 2022, "time": 2018, "is_suppressed": True}
    return document


def bare() -> dict[str, Any]:
    """No more than the keys that a document must have."""
    document = full()
    kept = ("schema", "created_at", "kind", "title", "question", "is_synthetic", "outcome")
    return {key: document[key] for key in kept} | {
        "design": {},
        "mde": {},
        "refusal": None,
        "headline": {"sentence": "Nothing is known yet.", "estimate": None, "estimator": None},
    }


def all_kinds() -> dict[str, dict[str, Any]]:
    kinds = (full, refused, cross_section, without_costs, with_hidden_cells, bare)
    return {kind.__name__: copy.deepcopy(kind()) for kind in kinds}


def _balance(
    name: str,
    label: str,
    kind: str,
    before: float | None,
    matched: float | None,
    weighted: float | None,
    means: tuple[float | None, ...],
) -> dict[str, Any]:
    def verdict(value: float | None) -> str | None:
        if value is None:
            return None
        return (
            "satisfied"
            if abs(value) <= 0.05
            else "satisfied with adjustment"
            if abs(value) <= 0.25
            else "not satisfied"
        )

    return {
        "covariate": name,
        "label": label,
        "kind": kind,
        "is_required": True,
        "treated_mean": means[0],
        "comparison_mean_before": means[1],
        "comparison_mean_matched": means[2],
        "comparison_mean_weighted": means[3],
        "effect_size_before": before,
        "effect_size_matched": matched,
        "effect_size_weighted": weighted,
        "verdict_before": verdict(before),
        "verdict_matched": verdict(matched),
        "verdict_weighted": verdict(weighted),
    }


def _contrast(
    measure: str, label: str, unit: str, treated: float, comparison: float, difference: float, error: float
) -> dict[str, Any]:
    return {
        "measure": measure,
        "label": label,
        "unit": unit,
        "treated_mean": treated,
        "comparison_mean": comparison,
        "difference": difference,
        "std_error": error,
        "n_treated": 228,
        "n_comparison": 611,
    }


def _named(
    estimator: str,
    label: str,
    value: float | None,
    error: float,
    comparison: str,
    assumption: str,
    *,
    is_primary: bool = False,
    note: str | None = None,
) -> dict[str, Any]:
    return effect(
        value,
        error,
        228,
        611,
        estimator=estimator,
        label=label,
        comparison=comparison,
        assumption=assumption,
        is_primary=is_primary,
        effect_size=value,
        note=note,
    )


def _became(subject: str, reason: str, people: int | None, records: int | None) -> dict[str, Any]:
    """What became of records; those of few people are hidden."""
    return {
        "subject": subject,
        "reason": reason,
        "is_counted": reason == "counted",
        "people": people,
        "records": records,
        "amount_usd": None,
    }
