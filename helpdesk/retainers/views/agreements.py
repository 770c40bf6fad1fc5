"""Routes of one agreement: its month, its end, its rounding, and a new one."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from helpdesk.infra import clock
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import RETAINERS, current_actor, policy
from helpdesk.kernel.durations import HOUR
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.periods import Month, local_day, local_month
from helpdesk.rates import queries as rates
from helpdesk.rates.forms import AgreementRoundingForm
from helpdesk.rates.render import rounding_columns, rounding_rows
from helpdesk.retainers import alerts, burn_down, entry_rows, ledger_page, queries, render, service, words
from helpdesk.retainers.asked import asked_line
from helpdesk.retainers.books import MonthView, Shelf, engine_agreement
from helpdesk.retainers.forms import AlertsForm, EndForm, StatementsForm
from helpdesk.retainers.models import Agreement
from helpdesk.retainers.service import asking, writing_off
from helpdesk.retainers.statements import sending as statements
from helpdesk.retainers.views.blueprint import bp, contract_day, month_asked_for, stepper
from helpdesk.retainers.worked import Worked

ENTRIES_AT_ONCE = 100


@bp.get("/retainers/<int:agreement_id>")
@policy(RETAINERS)
def agreement(agreement_id: int) -> str:
    """Show one agreement in one month: picture, days, entries, and the ledger once it is closed."""
    now, session = clock.now(), read_session()
    actor, month = current_actor(), month_asked_for(now)
    ask_ahead(
        session,
        queries.client_asked(actor, agreement_id),
        alerts.told_asked([agreement_id]),
        statements.mailed_asked(agreement_id, month),
        *asking.asked_in_asked(agreement_id, month),
    )
    client_id = queries.client_of(session, actor=actor, agreement_id=agreement_id)
    shelf = queries.shelf_of(session, client_ids=[client_id], month=month, through=month, now=now)
    found = next(each for each in shelf.agreements[client_id] if each.id == agreement_id)
    view = shelf.month_view(found, month=month, now=now)
    if view is None:
        message = _("This agreement has no such month.")
        raise NotFound(message)
    book = view.book
    contract_zone = ZoneInfo(found.time_zone)
    at_most = None if request.args.get("entries") == "all" else ENTRIES_AT_ONCE
    shown, older = entry_rows.entries_of(view.statement.settlement, month, book.rows, contract_zone, at_most=at_most)
    return render_template(
        "retainers/agreement.html",
        agreement={
            "id": found.id,
            "name": found.name,
            "client_id": found.client_id,
            "client_name": found.client.name,
            "terms": render.terms_of(found, month),
            "last_months": _last_months(found, now),
            "pool": words.label_of_span(view.span) if view.span.is_quarter else "",
        },
        month=stepper("retainers.agreement", month, now, agreement_id=found.id)
        | {
            "closed_on": local_day(view.closed.closed_at, contract_zone) if view.closed else None,
            "may_reopen": _may_reopen(view, shelf),
        },
        alert=render.alert_of(view),
        told=render.told_of(found, alerts.told(session, [found.id]).get((found.id, view.span.first), ())),
        alerts=AlertsForm(formdata=None, thresholds=found.alert_thresholds, tell_client=found.alerts_client),
        invoice_email=found.client.invoice_email,
        more=_more_hours(session, view, now),
        mailed=statements.mailed_of(session, found.id, month),
        statements=StatementsForm(formdata=None, mailed=found.statements_since is not None),
        facts=render.facts_of(view),
        burn=burn_down.burn_of(view, as_of=contract_day(found, now)),
        entries=shown,
        entries_left_out=older,
        ledger=ledger_page.ledger_of(session, view.closed.id) if view.closed else [],
        late=[
            entry_rows.late_of(each, contract_zone)
            for each in ([] if view.closed else writing_off.late_in(book, month))
        ],
        written_off=[
            entry_rows.late_of(Worked.of(each.entry), contract_zone, reason=each.reason, by=each.by)
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


def _may_reopen(view: MonthView, shelf: Shelf) -> bool:
    """Return whether the month is the newest closed one; what an invoice holds is looked at when it is asked for."""
    return view.closed is not None and view.month == max(shelf.closed[view.agreement.id])


def _last_months(found: Agreement, now: datetime) -> list[dict[str, str]]:
    """Return the months with which an agreement may end, of a year; none where its end is agreed."""
    if found.ends_on is not None:
        return []
    first, whole = max(local_month(now, ZoneInfo(found.time_zone)), Month.of(found.starts_on)), engine_agreement(found)
    months = [each for each in (first.plus(step) for step in range(12)) if each == whole.span_of(each).last]
    return [{"key": str(each), "label": words.label_of(each)} for each in months]


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
            flash(_("%(name)s ends with %(month)s.", name=ended.name, month=words.label_of(last)), "ok")
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
