"""Routes of rate cards: the list by level, one rate with what came before and comes after it, its end."""

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.clients import queries as clients
from helpdesk.infra import clock
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.columns import Sheet
from helpdesk.infra.export.views import exported
from helpdesk.infra.forms import StrictForm, optional_id
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import RATES, STAFF, current_actor, policy
from helpdesk.infra.web import back_or, day_filter, own_path
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.rates import exports, queries, render, service
from helpdesk.rates.forms import EndForm, RateForm
from helpdesk.rates.queries import RateLine
from helpdesk.rates.views.blueprint import bp, or_any, own_clients, own_currency, save, tabs, today


def _sheet(session: Session) -> Sheet[render.RateRow]:
    return exports.rates_sheet(session, actor=current_actor(), today=today(), shows_ended=_shows_ended())


@bp.get("/rates")
@policy(RATES)
@exported(_sheet)
def index() -> ResponseReturnValue:
    """Show the rates that this person may see; the address can fill in the form for a new one."""
    _ask_ahead()
    found = queries.lines(read_session(), actor=current_actor())
    day = today() if found else today().replace(day=1)
    return _list(_filled_in(RateForm(formdata=None, currency=own_currency(), effective_on=day)), found)


@bp.post("/rates")
@policy(RATES)
def add() -> ResponseReturnValue:
    """Add a rate; account managers for their own clients and these clients' projects only."""
    form = _with_choices(RateForm())
    if save(form, service.set_rate):
        return _list(form, queries.lines(read_session(), actor=current_actor())), 422
    _tell_saved(form)
    return back_or("rates.index")


@bp.get("/rates/<int:rate_id>")
@policy(RATES)
def show(rate_id: int) -> ResponseReturnValue:
    """Show one rate among those that come before and after it."""
    return _page(rate_id, EndForm(formdata=None))


@bp.post("/rates/<int:rate_id>/end")
@policy(RATES)
def end(rate_id: int) -> ResponseReturnValue:
    """Let a rate end with a day."""
    queries.rate_line(read_session(), actor=current_actor(), rate_id=rate_id)
    form = EndForm()
    if save(form, service.end_rate, rate_id=rate_id):
        return _page(rate_id, form), 422
    flash(_("It ends with that day. Approved time keeps its price."), "ok")
    return redirect(url_for("rates.show", rate_id=rate_id), code=303)


@bp.post("/rates/<int:rate_id>/remove")
@policy(RATES)
def remove(rate_id: int) -> ResponseReturnValue:
    """Remove a rate that has not begun."""
    StrictForm().validate_on_submit()
    try:
        with unit_of_work() as session:
            service.remove_rate(session, actor=current_actor(), now=clock.now(), rate_id=rate_id, today=today())
    except RuleViolation as refusal:
        flash(str(refusal), "danger")
        return redirect(url_for("rates.show", rate_id=rate_id), code=303)
    flash(_("The planned rate is removed."), "ok")
    return redirect(url_for("rates.index"), code=303)


def _shows_ended() -> bool:
    return request.args.get("ended") == "1"


def _list(form: RateForm, found: Sequence[RateLine]) -> str:
    session, shows_ended = read_session(), _shows_ended()
    rows = render.rate_rows(found, currencies=queries.client_currencies(session), today=today())
    return render_template(
        "rates/list.html",
        levels=render.by_level(row for row in rows if shows_ended or row.state != "ended"),
        ended_count=sum(row.state == "ended" for row in rows),
        shows_ended=shows_ended,
        form=_with_choices(form),
        next_url=own_path(request.values.get("next")),
        tabs=tabs("rates.index"),
    )


def _page(rate_id: int, form: EndForm) -> str:
    session, actor = read_session(), current_actor()
    line = queries.rate_line(session, actor=actor, rate_id=rate_id)
    own = queries.lines_of_scope(session, scope=line.scope)
    rows = render.rate_rows(own, currencies=queries.client_currencies(session), today=today())
    return render_template(
        "rates/rate.html",
        rate=next(row for row in rows if row.id == rate_id),
        level=render.level_name(line.level),
        rows=rows,
        may_change=render.may_change(line, actor),
        next_url=url_for("rates.index", **render.scope_of(line), _anchor="add"),
        form=form,
    )


def _tell_saved(form: RateForm) -> None:
    """Say from when the rate counts, and what it leaves alone (rule 4)."""
    day = form.effective_on.data
    if day is not None and day <= today():
        text = _(
            "From %(day)s on. Time that was approved with a price keeps it; what is not approved yet gets this one.",
            day=day_filter(day),
        )
        flash(text, "ok")
    else:
        flash(_("The rate is planned from %(day)s on.", day=day_filter(day) if day else ""), "ok")
    unused = render.why_unused(queries.client_currencies(read_session()), form.currency.data or "")
    if unused:
        flash(unused, "warn")


def _filled_in(form: RateForm) -> RateForm:
    """Take from the address what the rate is for: the link that lists a missing one fills in the form."""
    for name, field in (
        ("client", form.client_id),
        ("project", form.project_id),
        ("person", form.person_id),
        ("work_type", form.work_type_id),
    ):
        field.data = request.args.get(name, type=optional_id)
    form.currency.data = request.args.get("currency", form.currency.data)
    form.effective_on.data = request.args.get("from", form.effective_on.data, type=render.day_of)
    return form


def _ask_ahead() -> None:
    actor = current_actor()
    ask_ahead(
        read_session(),
        clients.choice_of(clients.billable_by(actor)),
        projects.billable_choice(actor),
        accounts.choice_of(STAFF),
        queries.work_types_asked(),
    )


def _with_choices(form: RateForm) -> RateForm:
    session, actor = read_session(), current_actor()
    form.client_id.choices = own_clients()
    form.project_id.choices = or_any(projects.billable_choices(session, actor=actor))
    form.person_id.choices = or_any(accounts.choices(session, roles=STAFF))
    form.work_type_id.choices = or_any([(each.id, each.name) for each in queries.work_types(session)])
    return form
