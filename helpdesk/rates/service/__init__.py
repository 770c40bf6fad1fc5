"""Use cases of prices: what an hour costs the client, what it costs us, and how it is rounded."""

from helpdesk.rates.service.cards import end_rate, find_price, on_rate_set, remove_rate, set_rate
from helpdesk.rates.service.costs import cost_of, remove_cost, set_cost
from helpdesk.rates.service.rounding import (
    RoundingRules,
    name_covering,
    policy_of,
    rounding_for,
    rounding_of,
    set_rounding,
)
from helpdesk.rates.service.work_types import (
    add_default_work_types,
    add_work_type,
    archive_work_type,
    change_work_type,
    restore_work_type,
)

__all__ = [
    "RoundingRules",
    "add_default_work_types",
    "add_work_type",
    "archive_work_type",
    "change_work_type",
    "cost_of",
    "end_rate",
    "find_price",
    "name_covering",
    "on_rate_set",
    "policy_of",
    "remove_cost",
    "remove_rate",
    "restore_work_type",
    "rounding_for",
    "rounding_of",
    "set_cost",
    "set_rate",
    "set_rounding",
]
