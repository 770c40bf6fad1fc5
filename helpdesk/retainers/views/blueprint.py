"""The blueprint of retainers, and the months that its pages step through."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, request, url_for

from helpdesk.company.days import house_day, house_month
from helpdesk.infra.db import read_session
from helpdesk.infra.i18n import gettext as _
from helpdesk.kernel.periods import Month, local_day
from helpdesk.retainers import words
from helpdesk.retainers.models import Agreement

bp = Blueprint("retainers", __name__)


def month_asked_for(now: datetime) -> Month:
    """Return the month that the address names, else the present one of the house."""
    asked = request.args.get("month")
    return Month.parse(asked) if asked else house_month(read_session(), now)


def contract_day(found: Agreement, now: datetime) -> date:
    """Return the day that it is in the contract's zone."""
    return local_day(now, ZoneInfo(found.time_zone))


def stepper(endpoint: str, month: Month, now: datetime, **values: Any) -> dict[str, object]:  # noqa: ANN401 - route values
    """Return the month as the head of a page names it, with the addresses of those before and after."""
    this_month = house_month(read_session(), now)
    today = house_day(read_session(), now)
    note = _("day %(day)s of %(days)s", day=today.day, days=month.days) if month == this_month else ""
    after = url_for(endpoint, month=str(month.next), **values) if month < this_month else None
    return {
        "key": str(month),
        "label": words.label_of(month),
        "note": note,
        "end_label": words.label_of_day(month.last_day),
        "before_url": url_for(endpoint, month=str(month.previous), **values),
        "after_url": after,
    }
