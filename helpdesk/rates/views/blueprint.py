"""The blueprint of rates, its tabs, and what each of its pages does with a form."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, url_for

from helpdesk.clients import queries as clients
from helpdesk.company.days import house_day
from helpdesk.company.service import get_company
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, COSTS, current_actor
from helpdesk.infra.settings_pages import Tab
from helpdesk.kernel.errors import RuleViolation

bp = Blueprint("rates", __name__)


def save(form: StrictForm, act: Callable[..., object], **more: object) -> bool:
    """Do ``act`` with what the form says if the form is right; return whether something was refused."""
    if not form.validate_on_submit():
        return True
    try:
        with unit_of_work() as session:
            act(session, actor=current_actor(), now=clock.now(), **more, **form.values())
    except RuleViolation as refusal:
        form.refuse(refusal)
        return True
    return False


def today() -> date:
    """Return the day of the house, on which prices are planned, in force or ended."""
    return house_day(read_session(), clock.now())


def own_currency() -> str:
    """Return the currency of our own company."""
    return get_company(read_session()).currency


def own_clients() -> Any:  # noqa: ANN401 - choices of a select field
    """Return the clients whose money the actor handles, for a select field."""
    return or_any(clients.choices(read_session(), condition=clients.billable_by(current_actor())))


def or_any(choices: list[tuple[int, str]]) -> Any:  # noqa: ANN401 - choices of a select field
    """Return choices with one before them that says nothing."""
    return options([("", _("Any")), *choices])


def tabs(current: str) -> list[Tab]:
    """Return the pages of rates that the actor may see; ``current`` is the endpoint of the one in view."""
    pages = {"rates.index": _("Rates"), "rates.rounding": _("Rounding")}
    if current_actor().is_one_of(APPROVERS):
        pages["rates.work_types"] = _("Work types")
    if current_actor().is_one_of(COSTS):
        pages["rates.costs"] = _("Costs")
    pages["desk.ask_price"] = _("What does an hour cost?")
    return [Tab(url_for(endpoint), label, endpoint == current) for endpoint, label in pages.items()]
