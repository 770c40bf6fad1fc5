"""Routes of reminders: send one or several, hold them, and what is set about them."""

from flask import flash, redirect, render_template, request, url_for

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import refuse_unknown
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.policy import INVOICES, SETTINGS, current_actor, policy
from helpdesk.infra.settings_pages import nav
from helpdesk.invoicing import queries
from helpdesk.invoicing.forms import ActForm
from helpdesk.invoicing.reminding import holds, rules, sending
from helpdesk.invoicing.reminding.forms import ByItselfForm, HoldForm, RemindForm, RulesForm
from helpdesk.invoicing.views.blueprint import Answer, bp
from helpdesk.invoicing.views.invoices import page_of, to_invoice
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation

_NOT_AS_SHOWN = _l("This page was not sent as it was shown. Open it again.")


@bp.post("/invoices/<int:invoice_id>/remind")
@policy(INVOICES)
def remind(invoice_id: int) -> Answer:
    """Send the next reminder of an invoice."""
    form, actor = RemindForm(), current_actor()
    queries.get(read_session(), actor=actor, invoice_id=invoice_id)
    if not form.validate_on_submit() or form.level.data is None:
        return page_of(invoice_id, refusal=_NOT_AS_SHOWN), 422
    try:
        with unit_of_work() as session:
            sent = sending.send(session, actor=actor, now=clock.now(), invoice_id=invoice_id, level=form.level.data)
            to = str(sent.mail.to[0]["address"])
    except RuleViolation as refusal:
        return page_of(invoice_id, refusal=str(refusal)), 422
    flash(_("The reminder is on its way to %(address)s.", address=to), "ok")
    return to_invoice(invoice_id)


@bp.post("/invoices/remind")
@policy(INVOICES)
def remind_chosen() -> Answer:
    """Send the reminders that were chosen of those that are due; each is a transaction of its own."""
    refuse_unknown(request.form, known=["chosen"])
    count, refused, actor = 0, [], current_actor()
    for each in request.form.getlist("chosen"):
        invoice_id, _dot, level = each.partition(".")
        if not (invoice_id.isascii() and invoice_id.isdigit() and level.isascii() and level.isdigit()):
            raise RuleViolation(_NOT_AS_SHOWN)
        try:
            with unit_of_work() as session:
                sending.send(session, actor=actor, now=clock.now(), invoice_id=int(invoice_id), level=int(level))
            count += 1
        except (RuleViolation, Conflict, NotFound) as refusal:
            refused.append(str(refusal))
    for said in refused:
        flash(said, "danger")
    if count or not refused:
        nothing = _("Nothing was chosen, so nothing was sent.")
        said = ngettext("%(num)s reminder is on its way.", "%(num)s reminders are on their way.", count)
        flash(said if count else nothing, "ok")
    return redirect(url_for("invoicing.ages"), code=303)


@bp.post("/invoices/<int:invoice_id>/hold")
@policy(INVOICES)
def hold(invoice_id: int) -> Answer:
    """Hold the reminders of an invoice, with a reason."""
    form, actor = HoldForm(), current_actor()
    queries.get(read_session(), actor=actor, invoice_id=invoice_id)
    if not form.validate_on_submit():
        return page_of(invoice_id, hold=form), 422
    try:
        with unit_of_work() as session:
            holds.hold(session, actor=actor, now=clock.now(), invoice_id=invoice_id, **form.values())
    except RuleViolation as refusal:
        form.refuse(refusal)
        return page_of(invoice_id, hold=form), 422
    flash(_("Its reminders are held."), "ok")
    return to_invoice(invoice_id)


@bp.post("/invoices/<int:invoice_id>/hold/end")
@policy(INVOICES)
def end_hold(invoice_id: int) -> Answer:
    """End what holds the reminders of an invoice."""
    ActForm().validate_on_submit()
    with unit_of_work() as session:
        holds.release(session, actor=current_actor(), now=clock.now(), invoice_id=invoice_id)
    flash(_("Its reminders go on."), "ok")
    return to_invoice(invoice_id)


@bp.post("/invoices/<int:invoice_id>/reminders-by-itself")
@policy(INVOICES)
def remind_by_itself(invoice_id: int) -> Answer:
    """Say whether reminders go by themselves to the client of an invoice."""
    form, actor = ByItselfForm(), current_actor()
    form.validate_on_submit()
    with unit_of_work() as session:
        client_id = queries.get(session, actor=actor, invoice_id=invoice_id).client_id
        rules.let_go_by_itself(
            session, actor=actor, now=clock.now(), client_id=client_id, allowed=bool(form.allowed.data)
        )
    flash(_("Saved, for all invoices of this client."), "ok")
    return to_invoice(invoice_id)


@bp.get("/settings/reminders")
@policy(SETTINGS)
def reminder_settings() -> str:
    """Show when reminders go out, and what being late costs."""
    set_to = rules.rules_of(read_session())
    days = {f"days_{level.number}": level.days for level in set_to.levels}
    fees = {f"fee_{level}": fee for level, fee in set_to.fees.items()}
    more = {"yearly_percent": set_to.yearly_percent, "interest_on_net": set_to.interest_on_net}
    return _settings_page(RulesForm(formdata=None, automatic=set_to.automatic, **days, **fees, **more))


@bp.post("/settings/reminders")
@policy(SETTINGS)
def set_reminders() -> Answer:
    """Say when reminders go out, and whether by themselves."""
    form = RulesForm()
    if not form.validate_on_submit():
        return _settings_page(form), 422
    try:
        with unit_of_work() as session:
            rules.set_rules(
                session,
                actor=current_actor(),
                now=clock.now(),
                days=form.days(),
                automatic=bool(form.automatic.data),
                fees=form.fees(),
                yearly_percent=form.yearly_percent.data or "",
                interest_on_net=bool(form.interest_on_net.data),
            )
    except RuleViolation as refusal:
        form.refuse(refusal, None if refusal.field else "days_1")
        return _settings_page(form), 422
    flash(_("Saved."), "ok")
    return redirect(url_for("invoicing.reminder_settings"), code=303)


def _settings_page(form: RulesForm) -> str:
    return render_template("invoicing/reminder_settings.html", form=form, nav=nav("invoicing.reminder_settings"))
