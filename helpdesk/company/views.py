"""Routes of our own company: its settings, and the words of the mails that go out by themselves."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from helpdesk.company import letter_texts, service
from helpdesk.company.forms import LANGUAGES, CompanyForm, LetterForm
from helpdesk.company.letter_texts import Wording
from helpdesk.company.service import CompanyProfile
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import SETTINGS, current_actor, policy
from helpdesk.infra.settings_pages import nav
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.fields import field

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
            _group(_("Answers"), "undo_seconds typing_assigns"),
            _group(_("Forgotten timers"), "timer_idle_minutes timer_limit_hours"),
            _group(_("Invoices"), "invoice_terms factur_x tax_rounding price_basis"),
        ],
        hints={
            "timer_idle_minutes": _("0 means never. Until its person has answered, the time cannot be submitted."),
            "timer_limit_hours": _("0 means never."),
            "undo_seconds": _("Its mail waits that long. 0 means that it leaves at once, and 60 is the most."),
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
            "tax_rounding": _("A client may be set to the contrary. E-invoices want it on the sum."),
            "price_basis": _(
                "Of every client that is not set to the contrary, from the next draft on: no rate or fee is changed."
            ),
            "business_hours": _("As Mon-Fri 8:00-18:00; Sat 9:00-13:00. Time outside stands out where it is approved."),
        },
        submit=_("Save"),
        nav=nav("company.settings"),
    )


def _group(legend: str, names: str) -> dict[str, object]:
    return {"legend": legend, "names": names.split(), "hint": ""}


@bp.get("/settings/letters")
@policy(SETTINGS)
def letters() -> str:
    """Show the mails that go out by themselves, and whose words they have in which language."""
    own = letter_texts.own_texts(read_session())
    kinds = [
        {
            "label": kind.label,
            "languages": [
                {
                    "label": name,
                    "url": url_for("company.letter", kind=kind.key, language=language),
                    "is_own": (kind.key, language) in own,
                }
                for language, name in _languages().items()
            ],
        }
        for kind in letter_texts.kinds(read_session())
    ]
    return render_template("settings/letters.html", kinds=kinds, nav=nav("company.letters"))


@bp.get("/settings/letters/<kind>/<language>")
@policy(SETTINGS)
def letter(kind: str, language: str) -> str:
    """Show how one mail is worded in one language."""
    letter_texts.kind_of(read_session(), kind, language)
    found = letter_texts.wording(read_session(), key=kind, language=language)
    return _letter_page(kind, language, LetterForm(formdata=None, subject=found.subject, text=found.text))


@bp.post("/settings/letters/<kind>/<language>")
@policy(SETTINGS)
def word_letter(kind: str, language: str) -> ResponseReturnValue:
    """Word a mail, or show how it would look with what is typed."""
    letter_texts.kind_of(read_session(), kind, language)
    form = LetterForm()
    if not form.validate_on_submit():
        return _letter_page(kind, language, form), 422
    wording = Wording(form.subject.data or "", form.text.data or "")
    try:
        letter_texts.check(kind, wording)
        if form.act.data == "preview":
            return _letter_page(kind, language, form)
        with unit_of_work() as session:
            letter_texts.word(
                session, actor=current_actor(), now=clock.now(), key=kind, language=language, wording=wording
            )
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _letter_page(kind, language, form), 422
    flash(_("Saved. It goes out in these words from now on."), "ok")
    return redirect(url_for("company.letter", kind=kind, language=language), code=303)


@bp.post("/settings/letters/<kind>/<language>/reset")
@policy(SETTINGS)
def reset_letter(kind: str, language: str) -> ResponseReturnValue:
    """Let a mail go out in our words again."""
    with unit_of_work() as session:
        letter_texts.reset(session, actor=current_actor(), now=clock.now(), key=kind, language=language)
    flash(_("It goes out in our words again."), "ok")
    return redirect(url_for("company.letter", kind=kind, language=language), code=303)


def _letter_page(key: str, language: str, form: LetterForm) -> str:
    kind, name = letter_texts.kind_of(read_session(), key, language), _languages()[language]
    typed = Wording(form.subject.data or "", form.text.data or "")
    return render_template(
        "settings/letter.html",
        heading=f"{kind.label}, {name}",
        language=language,
        form=form,
        fields=[(field(each), meaning) for each, meaning in kind.fields.items()],
        shown=None if form.errors else letter_texts.shown(key, language, typed),
        is_own=(key, language) in letter_texts.own_texts(read_session()),
        reset_url=url_for("company.reset_letter", kind=key, language=language),
        back_url=url_for("company.letters"),
        nav=nav("company.letters"),
    )


def _languages() -> dict[str, str]:
    return {choice.value: str(choice.label) for choice in LANGUAGES}
