"""Routes of one agreement: its month, its end, its rounding, and a new one."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import RETAINERS, current_actor, policy
from helpdesk.infra.web import zone
from helpdesk.kernel.durations import HOUR
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.periods import Month, local_month
from helpdesk.projects.models import Project
from helpdesk.rates import queries as rates
from helpdesk.rates.forms import AgreementRoundingForm
from helpdesk.rates.render import rounding_columns, rounding_rows
from helpdesk.retainers import alerts, queries, render, service
from helpdesk.retainers.asked import asked_line
from helpdesk.retainers.books import MonthView
from helpdesk.retainers.domain.engine import settle
from helpdesk.retainers.forms import AgreementForm, AlertsForm, EndForm
from helpdesk.retainers.models import Agreement
from helpdesk.retainers.service import asking, writing_off
from helpdesk.retainers.views.blueprint import bp, contract_day, month_asked_for, stepper


@bp.get("/retainers/<int:agreement_id>")
@policy(RETAINERS)
def agreement(agreement_id: int) -> str:
    """Show one agreement in one month: picture, days, entries, and the ledger once it is closed."""
    now, session = clock.now(), read_session()
    found = queries.get_agreement(session, actor=current_actor(), agreement_id=agreement_id)
    month = month_asked_for(now)
    view = queries.month_view(session, agreement=found, month=month, now=now)
    if view is None:
        message = _("This agreement has no such month.")
        raise NotFound(message)
    book = queries.books_of(session, found, through=month)
    contract_zone = ZoneInfo(found.time_zone)
    return render_template(
        "retainers/agreement.html",
        agreement={
            "id": found.id,
            "name": found.name,
            "client_id": found.client_id,
            "client_name": found.client.name,
            "terms": render.terms_of(found, month),
            "last_months": _last_months(found, now),
        },
        month=stepper("retainers.agreement", month, now, agreement_id=found.id)
        | {"closed_at": view.closed.closed_at if view.closed else None, "may_reopen": _may_reopen(session, view)},
        alert=render.alert_of(view),
        told=render.told_of(found, alerts.told(session, [found.id]).get((found.id, month), ())),
        alerts=AlertsForm(formdata=None, thresholds=found.alert_thresholds, tell_client=found.alerts_client),
        invoice_email=found.client.invoice_email,
        more=_more_hours(session, view, now),
        facts=render.facts_of(view),
        burn=render.burn_of(view, as_of=contract_day(found, now)),
        entries=render.entries_of(settle(book.books), month, book.rows, contract_zone),
        ledger=render.ledger_of(view.closed),
        late=[
            render.late_of(each, contract_zone) for each in ([] if view.closed else writing_off.late_in(book, month))
        ],
        written_off=[
            render.late_of(each.entry, contract_zone, reason=each.reason, by=each.by)
            for each in writing_off.of_agreement(session, found, month=month)
        ],
    )


def _more_hours(session: Session, view: MonthView, now: datetime) -> dict[str, object]:
    """Return what the client was asked for in this month, and whether it can be asked."""
    found = view.agreement
    return {
        "lines": [
            asked_line(each, asking.state_of(each, now=now), ZoneInfo(found.time_zone))
            for each in asking.asked_in(session, found, view.month)
        ],
        "may_ask": view.closed is None and view.month <= local_month(now, ZoneInfo(found.time_zone)),
        "is_stopped": view.is_stopped,
        "asks_for_hours": Decimal(found.asks_for_seconds) / HOUR if found.asks_for_seconds else None,
    }


def _may_reopen(session: Session, view: MonthView) -> bool:
    """Return whether the month is the newest closed one; what an invoice holds is looked at when it is asked for."""
    closed = queries.closed_periods(session, agreement_ids=[view.agreement.id]).get(view.agreement.id, {})
    return view.closed is not None and view.month == max(closed)


def _last_months(found: Agreement, now: datetime) -> list[dict[str, str]]:
    """Return the months with which an agreement may end, a year of them; none where its end is agreed."""
    if found.ends_on is not None:
        return []
    first = max(local_month(now, ZoneInfo(found.time_zone)), Month.of(found.starts_on))
    months = [first.plus(step) for step in range(12)]
    return [{"key": str(each), "label": render.label_of(each)} for each in months]


@bp.post("/retainers/<int:agreement_id>/end")
@policy(RETAINERS)
def end(agreement_id: int) -> Response:
    """Let an agreement end with a month; a refusal is told on its page."""
    queries.get_agreement(read_session(), actor=current_actor(), agreement_id=agreement_id)
    form = EndForm()
    try:
        last = Month.parse((form.month.data or "") if form.validate_on_submit() else "")
        with unit_of_work() as session:
            ended = service.end_agreement(
                session, actor=current_actor(), now=clock.now(), agreement_id=agreement_id, last_month=last
            )
            flash(_("%(name)s ends with %(month)s.", name=ended.name, month=render.label_of(last)), "ok")
    except RuleViolation as refusal:
        flash(str(refusal), "danger")
    return redirect(url_for("retainers.agreement", agreement_id=agreement_id), code=303)


@bp.get("/retainers/<int:agreement_id>/rounding")
@policy(RETAINERS)
def rounding(agreement_id: int) -> str:
    """Show how the time that an agreement covers is rounded, and was."""
    found = queries.get_agreement(read_session(), actor=current_actor(), agreement_id=agreement_id)
    today = contract_day(found, clock.now())
    return _rounding_page(found, AgreementRoundingForm(formdata=None, effective_on=today))


@bp.post("/retainers/<int:agreement_id>/rounding")
@policy(RETAINERS)
def set_rounding(agreement_id: int) -> str | Response | tuple[str, int]:
    """Say how it is rounded from a day on."""
    found = queries.get_agreement(read_session(), actor=current_actor(), agreement_id=agreement_id)
    form = AgreementRoundingForm()
    if form.validate_on_submit():
        try:
            with unit_of_work() as session:
                service.set_rounding(
                    session, actor=current_actor(), now=clock.now(), agreement_id=agreement_id, **form.values()
                )
            flash(_("Set. What is approved already bills what it was approved with."), "ok")
            return redirect(url_for("retainers.rounding", agreement_id=agreement_id), code=303)
        except RuleViolation as refusal:
            form.refuse(refusal)
    return _rounding_page(found, form), 422


def _rounding_page(found: Agreement, form: AgreementRoundingForm) -> str:
    lines = rates.rounding_lines_of(read_session(), agreement_id=found.id)
    return render_template(
        "retainers/rounding.html",
        agreement=found,
        columns=rounding_columns(),
        rows=rounding_rows(lines, today=contract_day(found, clock.now())),
        form=form,
    )


@bp.route("/retainers/new", methods=["GET", "POST"])
@policy(RETAINERS)
def new() -> str | Response | tuple[str, int]:
    """Ask for an agreement and add it."""
    form = AgreementForm(starts_on=clock.now().astimezone(zone()).date().replace(day=1))
    chosen = _offer_choices(form, read_session())
    if form.validate_on_submit():
        try:
            with unit_of_work() as session:
                added = _add(session, form, chosen)
            flash(_("%(name)s is agreed.", name=form.name.data), "ok")
            return redirect(url_for("retainers.agreement", agreement_id=added), code=303)
        except RuleViolation as refusal:
            form.refuse(refusal)
    page = render_template("settings/form.html", form=form, **_form_page())
    return (page, 422) if form.is_submitted() else page


def _form_page() -> dict[str, object]:
    """Return what the page of one form says around the fields of `AgreementForm`."""
    whom = ("client_id", "name", "project_ids", "starts_on", "ends_on")
    prices = ("hours_per_month", "fee", "fee_timing", "overage_rate", "rollover_months", "carry_deficit", "at_cap")
    return {
        "section": "retainers",
        "heading": _("New agreement"),
        "intro": _("Hours a month for a fee; what goes beyond is overage on the invoice of the month."),
        "back": {"url": url_for("retainers.board"), "label": _("Retainers")},
        "groups": [
            {"legend": _("With whom, and what it covers"), "names": whom, "hint": ""},
            {"legend": _("Hours and prices"), "names": prices, "hint": _("In the currency of the client.")},
        ],
        "hints": {
            "project_ids": _("None chosen: all projects of the client."),
            "ends_on": _("Empty: until further notice."),
            "overage_rate": _("Empty: overage is billed at the rate of the work."),
            "rollover_months": _("0: they expire at the end of the month."),
            "at_cap": _("Time is always taken; this says whether it is approved beyond the hours of the month."),
        },
        "submit": _("Agree"),
        "tabs": [],
    }


def _add(session: Session, form: AgreementForm, currencies: dict[int, str]) -> int:
    return service.add_agreement(
        session,
        actor=current_actor(),
        now=clock.now(),
        client_id=form.client_id.data,
        name=form.name.data or "",
        starts_on=form.starts_on.data or clock.now().date(),
        ends_on=form.ends_on.data,
        terms=form.terms(currencies[form.client_id.data]),
        project_ids=form.project_ids.data or (),
    ).id


def _offer_choices(form: AgreementForm, session: Session) -> dict[int, str]:
    """Fill the selects with what the actor may bill; return the currency of each client."""
    query = (
        select(Client).where(clients.billable_by(current_actor()), Client.archived_at.is_(None)).order_by(Client.name)
    )
    found = session.scalars(query).all()
    names = {client.id: client.name for client in found}
    projects = session.scalars(
        select(Project).where(Project.client_id.in_(names), Project.is_triage.is_(False)).order_by(Project.name)
    )
    form.client_id.choices = options(names.items())
    form.project_ids.choices = options(
        (project.id, f"{names[project.client_id]}: {project.name}") for project in projects
    )
    return {client.id: client.currency for client in found}
