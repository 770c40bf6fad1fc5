"""Use cases of retainers: agree, look at a month, close it, reopen it (docs/billing.md rules 8 to 13)."""

from helpdesk.retainers.service.agreements import NewTerms, add_agreement, end_agreement, hours_left, set_rounding
from helpdesk.retainers.service.capping import refusal
from helpdesk.retainers.service.closing import close_period, reopen_period

__all__ = [
    "NewTerms",
    "add_agreement",
    "close_period",
    "end_agreement",
    "hours_left",
    "refusal",
    "reopen_period",
    "set_rounding",
]
