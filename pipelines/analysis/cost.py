"""The cost side of the study under one name.

Belongs here: nothing but names. Does not belong here: code; prices are in prices, what was used and who paid in
ingredients, cost beside effect in cost_effectiveness.
"""

from pipelines.analysis.cost_effectiveness import (
    CostEffectiveness,
    Fieller,
    fieller_interval,
    incremental_cost_effectiveness,
)
from pipelines.analysis.ingredients import (
    ARMS,
    CATEGORIES,
    MEASURES,
    PAYERS,
    checked_ingredients,
    cost_per,
    cost_table,
)
from pipelines.analysis.prices import (
    DISCOUNT_RATE,
    annualisation_factor,
    annualise,
    constant_dollars,
    discount_sensitivity,
    later_prices,
    present_value,
    teacher_hour_price,
)

__all__ = [
    "ARMS",
    "CATEGORIES",
    "DISCOUNT_RATE",
    "MEASURES",
    "PAYERS",
    "CostEffectiveness",
    "Fieller",
    "annualisation_factor",
    "annualise",
    "checked_ingredients",
    "constant_dollars",
    "cost_per",
    "cost_table",
    "discount_sensitivity",
    "fieller_interval",
    "incremental_cost_effectiveness",
    "later_prices",
    "present_value",
    "teacher_hour_price",
]
