"""Routes of the settings of numbers."""

from flask import flash, redirect, render_template, url_for
from wtforms import BooleanField, StringField
from wtforms.validators import DataRequired, Length

from helpdesk.company.service import get_company
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.policy import SETTINGS, current_actor, policy
from helpdesk.infra.settings_pages import nav
from helpdesk.invoicing import numbering
from helpdesk.invoicing.domain.numbering import Numbering
from helpdesk.invoicing.series import next_numbers
from helpdesk.invoicing.views.blueprint import Answer, bp
from helpdesk.kernel.errors import RuleViolation


class NumbersForm(StrictForm):
    """How invoices and credit notes are numbered."""

    invoice_pattern = StringField(_l("Pattern of invoices"), validators=[DataRequired(), Length(max=60)])
    invoice_yearly = BooleanField(_l("Each year begins with 1"))
    credit_note_pattern = StringField(_l("Pattern of credit notes"), validators=[DataRequired(), Length(max=60)])
    credit_note_yearly = BooleanField(_l("Each year begins with 1"))


@bp.get("/settings/numbers")
@policy(SETTINGS)
def number_settings() -> str:
    """Show how documents are numbered, and what the next ones will be called."""
    house = get_company(read_session())
    invoice, note = numbering.numbering_of(house, "invoice"), numbering.numbering_of(house, "credit_note")
    return _page(
        NumbersForm(
            formdata=None,
            invoice_pattern=invoice.pattern,
            invoice_yearly=invoice.begins_anew,
            credit_note_pattern=note.pattern,
            credit_note_yearly=note.begins_anew,
        )
    )


@bp.post("/settings/numbers")
@policy(SETTINGS)
def set_numbers() -> Answer:
    """Number documents otherwise from the next one on."""
    form = NumbersForm()
    if not form.validate_on_submit():
        return _page(form), 422
    invoice = Numbering(form.invoice_pattern.data or "", bool(form.invoice_yearly.data))
    note = Numbering(form.credit_note_pattern.data or "", bool(form.credit_note_yearly.data))
    try:
        with unit_of_work() as session:
            numbering.renumber(session, actor=current_actor(), now=clock.now(), invoice=invoice, credit_note=note)
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _page(form), 422
    flash(_("Saved; it counts from the next number on."), "ok")
    return redirect(url_for("invoicing.number_settings"), code=303)


def _page(form: NumbersForm) -> str:
    session, now = read_session(), clock.now()
    hint = _("The next one is called %(number)s.")
    return render_template(
        "settings/form.html",
        section="settings",
        heading=_("Numbers"),
        intro=_("INV-{year}-{number:04} gives INV-2026-0001. Documents that are issued keep their numbers."),
        back=None,
        form=form,
        groups=[
            {
                "legend": legend,
                "names": [f"{kind}_pattern", f"{kind}_yearly"],
                "hint": hint % {"number": next_numbers(session, now=now, kind=kind)[0]},
            }
            for kind, legend in (("invoice", _("Invoices")), ("credit_note", _("Credit notes")))
        ],
        hints={
            f"{kind}_yearly": _("Otherwise the count goes on and on, whether the year is in the number or not.")
            for kind in ("invoice", "credit_note")
        },
        submit=_("Save"),
        nav=nav("invoicing.number_settings"),
    )
