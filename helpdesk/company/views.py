"""Routes of our own company: its settings."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from helpdesk.company import service
from helpdesk.company.forms import CompanyForm
from helpdesk.company.service import CompanyProfile
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import SETTINGS, current_actor, policy
from helpdesk.infra.settings_pages import tabs
from helpdesk.kernel.errors import RuleViolation

bp = Blueprint("company", __name__)


@bp.get("/settings/company")
@policy(SETTINGS)
def settings() -> ResponseReturnValue:
    """Show what our company is set to."""
    return _page(CompanyForm(obj=service.get_company(read_session())))


@bp.post("/settings/company")
@policy(SETTINGS)
def update() -> ResponseReturnValue:
    """Change what our company is set to."""
    form = CompanyForm()
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        with unit_of_work() as session:
            profile = CompanyProfile(**form.values(), **service.numbers_of(service.get_company(session)))
            service.update(session, actor=current_actor(), now=clock.now(), profile=profile)
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _page(form), 422
    flash(_("The company's settings are saved."), "ok")
    return redirect(url_for("company.settings"), code=303)


def _page(form: CompanyForm) -> str:
    return render_template(
        "settings/form.html",
        section="settings",
        heading=_("Company"),
        intro=_("What stands on invoices, and what new clients begin with. Issued invoices never change."),
        back=None,
        form=form,
        groups=[
            _group(_("Who we are"), "name legal_name address country vat_id tax_number registration email website"),
            _group(_("Where clients pay"), "bank_name iban bic"),
            _group(_("Defaults"), "currency time_zone language payment_days tax_percent"),
            _group(_("Time"), "business_hours approved_by self_approval notes_reading"),
            _group(_("Forgotten timers"), "timer_idle_minutes timer_limit_hours"),
            _group(_("Invoices"), "invoice_terms factur_x"),
        ],
        hints={
            "timer_idle_minutes": _("0 means never. Until its person has answered, the time cannot be submitted."),
            "timer_limit_hours": _("0 means never."),
            "notes_reading": _(
                "Kept for 15 days, and shown to nobody else. Each person can switch it off under Nothing slips."
            ),
            "country": _("Two letters, such as DE."),
            "tax_percent": _("A plain number, such as 19 or 8.1."),
            "tax_number": _("That of the tax office, printed where there is no VAT ID."),
            "factur_x": _(
                "The PDF holds an XML that programs read (EN 16931, ZUGFeRD). It needs our country and VAT ID or tax"
                " number, and the client's country. A client may be set to the contrary."
            ),
            "business_hours": _("As Mon-Fri 8:00-18:00; Sat 9:00-13:00. Time outside stands out where it is approved."),
        },
        submit=_("Save"),
        tabs=tabs("company.settings"),
    )


def _group(legend: str, names: str) -> dict[str, object]:
    return {"legend": legend, "names": names.split(), "hint": ""}
