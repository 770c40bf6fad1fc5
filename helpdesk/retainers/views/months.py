"""What is done with the months of an agreement: printed, reopened, late time written off, alerts."""

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.downloads import name_file
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import RETAINERS, current_actor, policy
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.retainers import alerts, queries, service, words
from helpdesk.retainers.forms import AlertsForm, ReopenForm, StatementAgainForm, StatementsForm, WriteOffForm
from helpdesk.retainers.models import Agreement
from helpdesk.retainers.service import writing_off
from helpdesk.retainers.statements import paper
from helpdesk.retainers.statements import sending as statements
from helpdesk.retainers.views.blueprint import bp, month_asked_for
from helpdesk.tickets.render import FILE_POLICY


@bp.get("/retainers/<int:agreement_id>/statement.pdf")
@policy(RETAINERS)
def statement(agreement_id: int) -> Response:
    """Hand out the statement of a month as the client gets it, or with ``?pending=1`` our own copy of an open one."""
    found, now = queries.get_agreement(read_session(), actor=current_actor(), agreement_id=agreement_id), clock.now()
    month = month_asked_for(now)
    sheet = paper.read_sheet(
        read_session(), found, month=month, now=now, with_pending=request.args.get("pending") == "1"
    )
    answer = Response(paper.to_pdf(sheet), mimetype="application/pdf")
    name_file(answer.headers, paper.file_name(found, month))
    answer.headers["Content-Security-Policy"] = FILE_POLICY
    return answer


@bp.post("/retainers/<int:agreement_id>/statements")
@policy(RETAINERS)
def set_statements(agreement_id: int) -> Response:
    """Say whether the client gets its statements; a refusal is told on the page of the agreement."""
    queries.get_agreement(read_session(), actor=current_actor(), agreement_id=agreement_id)
    form, back = StatementsForm(), url_for("retainers.agreement", agreement_id=agreement_id, _anchor="statement")
    try:
        form.validate_on_submit()
        with unit_of_work() as session:
            statements.set_mailing(
                session, actor=current_actor(), now=clock.now(), agreement_id=agreement_id, mailed=form.mailed.data
            )
        flash(_("Set. It counts for months that are closed from now on."), "ok")
    except RuleViolation as refusal:
        flash(str(refusal), "danger")
    return redirect(back, code=303)


@bp.post("/retainers/<int:agreement_id>/statement")
@policy(RETAINERS)
def mail_statement(agreement_id: int) -> Response:
    """Mail the statement of a closed month by hand; a refusal is told on its page."""
    queries.get_agreement(read_session(), actor=current_actor(), agreement_id=agreement_id)
    form = StatementAgainForm()
    month = Month.parse((form.month.data or "") if form.validate_on_submit() else "")
    try:
        statements.mail_again(
            unit_of_work,
            actor=current_actor(),
            clock=clock.now,
            agreement_id=agreement_id,
            month=month,
            ordinal=form.ordinal.data or 1,
        )
        flash(_("The statement of %(month)s is on its way.", month=words.label_of(month)), "ok")
    except (RuleViolation, Conflict, NotFound) as refusal:
        flash(str(refusal), "danger")
    back = url_for("retainers.agreement", agreement_id=agreement_id, month=str(month), _anchor="statement")
    return redirect(back, code=303)


@bp.post("/retainers/<int:agreement_id>/reopen")
@policy(RETAINERS)
def reopen(agreement_id: int) -> Response:
    """Reopen the newest closed month; a refusal is told on its page."""
    queries.get_agreement(read_session(), actor=current_actor(), agreement_id=agreement_id)
    form = ReopenForm()
    back = url_for("retainers.agreement", agreement_id=agreement_id)
    if not form.validate_on_submit():
        flash(_("Say which month is reopened, and why."), "danger")
        return redirect(back, code=303)
    try:
        month = Month.parse(form.month.data or "")
        back = url_for("retainers.agreement", agreement_id=agreement_id, month=str(month))
        with unit_of_work() as session:
            service.reopen_period(
                session,
                actor=current_actor(),
                now=clock.now(),
                agreement_id=agreement_id,
                month=month,
                reason=form.reason.data or "",
            )
        flash(_("%(month)s is open again.", month=words.label_of(month)), "ok")
    except (RuleViolation, NotFound) as refusal:
        flash(str(refusal), "danger")
    return redirect(back, code=303)


@bp.post("/retainers/<int:agreement_id>/write-off")
@policy(RETAINERS)
def write_off(agreement_id: int) -> Response:
    """Write off late time; a refusal is told on the page of the agreement."""
    found = queries.get_agreement(read_session(), actor=current_actor(), agreement_id=agreement_id)
    form = WriteOffForm()
    if not form.validate_on_submit():
        flash(_("Choose the time that is written off, and say why."), "danger")
        return _late_time(found)
    try:
        with unit_of_work() as session:
            writing_off.write_off(
                session,
                actor=current_actor(),
                now=clock.now(),
                agreement_id=agreement_id,
                entry_ids=form.entry_ids.data or (),
                reason=form.reason.data or "",
            )
        flash(_("Written off: it is neither drawn nor billed."), "ok")
    except (RuleViolation, Conflict) as refusal:
        flash(str(refusal), "danger")
    return _late_time(found)


@bp.post("/retainers/<int:agreement_id>/write-off/<int:entry_id>/undo")
@policy(RETAINERS)
def undo_write_off(agreement_id: int, entry_id: int) -> Response:
    """Let an entry count again that was written off."""
    found = queries.get_agreement(read_session(), actor=current_actor(), agreement_id=agreement_id)
    with unit_of_work() as session:
        writing_off.take_back(
            session, actor=current_actor(), now=clock.now(), agreement_id=agreement_id, entry_id=entry_id
        )
    flash(_("It counts again."), "ok")
    return _late_time(found)


def _late_time(found: Agreement) -> Response:
    """Lead back to the late time of the next open month, or to the last month where none follows."""
    closed = queries.closed_periods(read_session(), agreement_ids=[found.id]).get(found.id)
    ends = [Month.of(found.ends_on)] if found.ends_on else []
    month = str(min([max(closed).next, *ends])) if closed else None
    return redirect(url_for("retainers.agreement", agreement_id=found.id, month=month, _anchor="late"), code=303)


@bp.post("/retainers/<int:agreement_id>/alerts")
@policy(RETAINERS)
def set_alerts(agreement_id: int) -> Response:
    """Say of what an agreement tells, and whom; a refusal is told on its page."""
    queries.get_agreement(read_session(), actor=current_actor(), agreement_id=agreement_id)
    form, back = AlertsForm(), url_for("retainers.agreement", agreement_id=agreement_id)
    if not form.validate_on_submit():
        flash(" ".join(str(each) for errors in form.errors.values() for each in errors), "danger")
        return redirect(f"{back}#alerts", code=303)
    try:
        with unit_of_work() as session:
            alerts.set_alerts(
                session,
                actor=current_actor(),
                now=clock.now(),
                agreement_id=agreement_id,
                thresholds=form.thresholds.data or (),
                tell_client=form.tell_client.data,
            )
        flash(_("Set. What was told already is not told again."), "ok")
    except RuleViolation as refusal:
        flash(str(refusal), "danger")
    return redirect(f"{back}#alerts", code=303)
