"""Routes of rates: prices in the order in which they are tried, rounding, work types, costs."""

from collections.abc import Callable
from datetime import date
from itertools import groupby
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from helpdesk.accounts import queries as accounts
from helpdesk.clients import queries as clients
from helpdesk.company.service import get_company
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, RATES, STAFF, current_actor, policy
from helpdesk.infra.settings_pages import Tab
from helpdesk.infra.web import day_filter, money_filter, zone
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import local_day
from helpdesk.projects import queries as projects
from helpdesk.rates import queries, service
from helpdesk.rates.forms import LEVEL_NAMES, MODE_NAMES, SCOPE_NAMES, CostForm, RateForm, RoundingForm, WorkTypeForm
from helpdesk.rates.queries import RateLine

bp = Blueprint("rates", __name__)


@bp.get("/rates")
@policy(RATES)
def index() -> ResponseReturnValue:
    """Show the rates that this person may see."""
    return _rates_page(RateForm(currency=_currency(), effective_on=_today()))


@bp.post("/rates")
@policy(RATES)
def add() -> ResponseReturnValue:
    """Add a rate; account managers for their own clients and these clients' projects only."""
    form = _with_choices(RateForm())
    refused = _save(form, service.set_rate)
    return (_rates_page(form), 422) if refused else redirect(url_for("rates.index"), code=303)


@bp.get("/rates/rounding")
@policy(RATES)
def rounding() -> ResponseReturnValue:
    """Show how time is rounded."""
    return _rounding_page(RoundingForm(effective_on=_today()))


@bp.post("/rates/rounding")
@policy(RATES)
def set_rounding() -> ResponseReturnValue:
    """Say how time is rounded from a day on."""
    form = RoundingForm()
    form.client_id.choices = _own_clients()
    refused = _save(form, service.set_rounding)
    return (_rounding_page(form), 422) if refused else redirect(url_for("rates.rounding"), code=303)


@bp.get("/rates/work-types")
@policy(APPROVERS)
def work_types() -> ResponseReturnValue:
    """Show the kinds of work."""
    return _work_types_page(WorkTypeForm())


@bp.post("/rates/work-types")
@policy(APPROVERS)
def add_work_type() -> ResponseReturnValue:
    """Add a kind of work."""
    form = WorkTypeForm()
    refused = _save(form, service.add_work_type)
    return (_work_types_page(form), 422) if refused else redirect(url_for("rates.work_types"), code=303)


@bp.get("/rates/costs")
@policy(APPROVERS)
def costs() -> ResponseReturnValue:
    """Show what people cost us."""
    return _costs_page(CostForm(currency=_currency(), effective_on=_today()))


@bp.post("/rates/costs")
@policy(APPROVERS)
def set_cost() -> ResponseReturnValue:
    """Say what an hour of somebody costs us from a day on."""
    form = CostForm()
    form.person_id.choices = options(accounts.choices(read_session(), roles=STAFF))
    refused = _save(form, service.set_cost)
    return (_costs_page(form), 422) if refused else redirect(url_for("rates.costs"), code=303)


def _save(form: StrictForm, act: Callable[..., object]) -> bool:
    """Do ``act`` with what the form says if the form is right; return whether something was refused."""
    if not form.validate_on_submit():
        return True
    try:
        with unit_of_work() as session:
            act(session, actor=current_actor(), now=clock.now(), **form.values())
    except RuleViolation as refusal:
        form.refuse(refusal)
        return True
    return False


def _today() -> date:
    return local_day(clock.now(), zone())


def _currency() -> str:
    return get_company(read_session()).currency


def _rates_page(form: RateForm) -> str:
    found = queries.lines(read_session(), actor=current_actor())
    current = _in_force(found, _today())
    levels = [
        {
            "label": LEVEL_NAMES[level],
            "rates": [
                {
                    "who": _who(line),
                    "amount_minor": line.amount_minor,
                    "currency": line.currency,
                    "effective_on": line.effective_on,
                    "current": line.id in current,
                }
                for line in lines
            ],
        }
        for level, lines in groupby(found, key=lambda line: line.level)
    ]
    return render_template("rates/list.html", levels=levels, form=_with_choices(form), tabs=_tabs("rates.index"))


def _in_force(lines: list[RateLine], today: date) -> set[int]:
    """Return the ids of the newest rates that have begun, one for each scope and currency."""
    begun = sorted((line for line in lines if line.effective_on <= today), key=lambda line: line.effective_on)
    return set({(line.scope_key, line.currency): line.id for line in begun}.values())


def _who(line: RateLine) -> str:
    names = (line.client_name, line.project_name, line.person_name, line.work_type_name)
    return ", ".join(name for name in names if name) or _("Everything without a rate of its own")


def _with_choices(form: RateForm) -> RateForm:
    session, actor = read_session(), current_actor()
    form.client_id.choices = _own_clients()
    form.project_id.choices = _or_any(projects.billable_choices(session, actor=actor))
    form.person_id.choices = _or_any(accounts.choices(session, roles=STAFF))
    form.work_type_id.choices = _or_any([(each.id, each.name) for each in queries.work_types(session)])
    return form


def _own_clients() -> Any:  # noqa: ANN401 - choices of a select field
    return _or_any(clients.choices(read_session(), condition=clients.billable_by(current_actor())))


def _or_any(choices: list[tuple[int, str]]) -> Any:  # noqa: ANN401 - choices of a select field
    return options([("", _("Any")), *choices])


def _rounding_page(form: RoundingForm) -> str:
    form.client_id.choices = _own_clients()
    rows = [
        [
            line.client_name or _("All others"),
            MODE_NAMES[line.mode],
            _("%(minutes)s min", minutes=line.step_minutes),
            _("%(minutes)s min", minutes=line.minimum_minutes),
            SCOPE_NAMES[line.scope],
            day_filter(line.effective_on),
        ]
        for line in queries.rounding_lines(read_session(), actor=current_actor())
    ]
    return render_template(
        "rates/table.html",
        heading=_("Rounding"),
        intro=_("Worked time is never changed; this says what is billed for it. Approved time keeps what it has."),
        nothing=_("Each started minute of each entry is billed"),
        columns=[_("For"), _("Rounding"), _("Step"), _("At least"), _("Once for"), _("From")],
        rows=rows,
        form=form,
        submit=_("Set the rounding"),
        tabs=_tabs("rates.rounding"),
    )


def _work_types_page(form: WorkTypeForm) -> str:
    rows = [
        [each.name, _("Billable") if each.billable else _("Not billable"), _("Default") if each.is_default else ""]
        for each in queries.work_types(read_session())
    ]
    return render_template(
        "rates/table.html",
        heading=_("Work types"),
        intro=_("What kind of work it was can decide its price."),
        nothing=_("No work type yet"),
        columns=[_("Name"), _("Billing"), ""],
        rows=rows,
        form=form,
        submit=_("Add work type"),
        tabs=_tabs("rates.work_types"),
    )


def _costs_page(form: CostForm) -> str:
    form.person_id.choices = options(accounts.choices(read_session(), roles=STAFF))
    rows = [
        [line.person_name, money_filter(line.amount_minor, line.currency), day_filter(line.effective_on)]
        for line in queries.cost_lines(read_session())
    ]
    return render_template(
        "rates/table.html",
        heading=_("Costs"),
        intro=_("What an hour of somebody costs us. Only managers and administrators see it."),
        nothing=_("No cost yet"),
        columns=[_("Person"), _("An hour"), _("From")],
        rows=rows,
        form=form,
        submit=_("Set the cost"),
        tabs=_tabs("rates.costs"),
    )


def _tabs(current: str) -> list[Tab]:
    pages = {"rates.index": _("Rates"), "rates.rounding": _("Rounding")}
    if current_actor().is_one_of(APPROVERS):
        pages |= {"rates.work_types": _("Work types"), "rates.costs": _("Costs")}
    return [Tab(url_for(endpoint), label, endpoint == current) for endpoint, label in pages.items()]
