"""Terms: a new agreement, and other terms from a month on, each with what they mean while they are typed."""

from decimal import Decimal
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.company.days import house_month
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import RETAINERS, current_actor, policy
from helpdesk.infra.web import fragment, is_htmx
from helpdesk.kernel.durations import HOUR
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import exponent_of
from helpdesk.kernel.periods import Month, local_month
from helpdesk.projects.models import Project
from helpdesk.retainers import queries, service, words
from helpdesk.retainers.forms import TERM_FIELDS, AgreementForm, ChangeForm, TermsForm
from helpdesk.retainers.models import Agreement
from helpdesk.retainers.service import NewTerms, changing
from helpdesk.retainers.service.agreements import refuse_odd_terms
from helpdesk.retainers.terms_page import Preview, preview_of, sentence_of
from helpdesk.retainers.views.blueprint import bp

WHOM = ("client_id", "name", "project_ids", "starts_on", "ends_on")


@bp.route("/retainers/new", methods=["GET", "POST"])
@policy(RETAINERS)
def new() -> ResponseReturnValue:
    """Ask for an agreement, show what it means, and add it."""
    form = AgreementForm(starts_on=house_month(read_session(), clock.now()).first_day)
    chosen = _offer_choices(form, read_session())
    is_right = form.validate_on_submit()
    if is_right and not form.show.data:
        try:
            with unit_of_work() as session:
                added = _add(session, form, chosen[form.client_id.data].currency)
            flash(_("%(name)s is agreed.", name=form.name.data), "ok")
            return redirect(url_for("retainers.agreement", agreement_id=added), code=303)
        except RuleViolation as refusal:
            form.refuse(refusal)
    client = chosen.get(form.client_id.data)
    shown = _preview(form, client=client, project_ids=form.project_ids.data or ()) if client else None
    return _page(form, shown, page=_new_page())


@bp.route("/retainers/<int:agreement_id>/terms", methods=["GET", "POST"])
@policy(RETAINERS)
def change(agreement_id: int) -> ResponseReturnValue:
    """Ask for other terms from a month on, show what they mean, and let them count."""
    found = queries.get_agreement(read_session(), actor=current_actor(), agreement_id=agreement_id)
    form, base = _change_form(found)
    if form.validate_on_submit() and not form.show.data:
        try:
            month = Month.parse(form.month.data)
            with unit_of_work() as session:
                changing.change_terms(
                    session,
                    actor=current_actor(),
                    now=clock.now(),
                    agreement_id=agreement_id,
                    month=month,
                    terms=form.terms(found.currency, base),
                )
            flash(_("These terms count from %(month)s on.", month=words.label_of(month)), "ok")
            return redirect(url_for("retainers.agreement", agreement_id=agreement_id, _anchor="terms-h"), code=303)
        except RuleViolation as refusal:
            form.refuse(refusal)
    shown = _preview(form, client=found.client, agreement=found, base=base)
    return _page(form, shown, page=_change_page(found))


def _preview(
    form: TermsForm,
    *,
    client: Client,
    agreement: Agreement | None = None,
    base: NewTerms | None = None,
    project_ids: tuple[int, ...] | list[int] = (),
) -> Preview | None:
    """Return what the terms of a form mean; None where they cannot be read yet, which its fields say."""
    if any(form[name].errors for name in TERM_FIELDS) or form.hours_per_month.data is None:
        return None
    terms = form.terms(agreement.currency if agreement else client.currency, base)
    try:
        refuse_odd_terms(terms)
    except RuleViolation as refusal:
        if str(refusal) not in form.overage_rate.errors:
            form.refuse(refusal)
        return None
    return preview_of(
        read_session(), client=client, terms=terms, now=clock.now(), agreement=agreement, project_ids=project_ids
    )


def _page(form: TermsForm, shown: Preview | None, *, page: dict[str, object]) -> ResponseReturnValue:
    """Return the page, or to htmx what the terms mean alone; 422 where it was to be saved and is refused."""
    if is_htmx() and form.show.data:
        return fragment("retainers/_preview.html", shown=shown, form=form, names=TERM_FIELDS)
    full = render_template("retainers/terms.html", form=form, shown=shown, names=TERM_FIELDS, **page)
    return (full, 422) if form.is_submitted() and not form.show.data else full


def _new_page() -> dict[str, object]:
    return {
        "heading": _("New agreement"),
        "intro": _("Hours a month for a fee; what goes beyond is overage on the invoice of the month."),
        "back": {"url": url_for("retainers.board"), "label": _("Retainers")},
        "whom": WHOM,
        "submit": _("Agree"),
        "versions": [],
    }


def _change_page(found: Agreement) -> dict[str, object]:
    url = url_for("retainers.agreement", agreement_id=found.id)
    versions = [
        {
            "day": each.effective_on,
            "says": sentence_of(changing.newest_terms(found, Month.of(each.effective_on)), found.currency),
        }
        for each in found.terms
    ]
    return {
        "heading": _("Terms of %(name)s, %(client)s", name=found.name, client=found.client.name),
        "intro": _(
            "Other terms count from a month to come, of a quarter from the next one; what runs or is over stays as it "
            "was agreed."
        ),
        "back": {"url": url, "label": found.client.name},
        "whom": ("month",),
        "submit": _("Change the terms"),
        "versions": versions,
    }


def _change_form(found: Agreement) -> tuple[ChangeForm, NewTerms]:
    """Return the form, filled with what counts now, and the terms of which it keeps what it does not ask."""
    now = clock.now()
    months = changing.months_to_change(found, now=now)
    base = changing.newest_terms(found, (months or [local_month(now, ZoneInfo(found.time_zone))])[0])
    decimals = exponent_of(found.currency)
    cap, rate = base.rollover_cap_seconds, base.overage_rate_minor
    form = ChangeForm(
        hours_per_month=Decimal(base.allowance_seconds) / HOUR,
        pool_months=base.pool_months,
        fee=Decimal(base.fee_minor).scaleb(-decimals),
        fee_timing=base.fee_timing,
        overage_rate=None if rate is None else Decimal(rate).scaleb(-decimals),
        rollover_months=base.rollover_months,
        rollover_cap_hours=None if cap is None else Decimal(cap) / HOUR,
        carry_deficit=base.carry_deficit,
        at_cap=base.at_cap,
    )
    form.month.choices = options((str(each), words.label_of(each)) for each in months)
    return form, base


def _add(session: Session, form: AgreementForm, currency: str) -> int:
    return service.add_agreement(
        session,
        actor=current_actor(),
        now=clock.now(),
        client_id=form.client_id.data,
        name=form.name.data or "",
        starts_on=form.starts_on.data or clock.now().date(),
        ends_on=form.ends_on.data,
        terms=form.terms(currency),
        project_ids=form.project_ids.data or (),
    ).id


def _offer_choices(form: AgreementForm, session: Session) -> dict[int, Client]:
    """Fill the selects with what the actor may bill; return the clients by id."""
    query = (
        select(Client).where(clients.billable_by(current_actor()), Client.archived_at.is_(None)).order_by(Client.name)
    )
    found = {client.id: client for client in session.scalars(query)}
    projects = session.scalars(
        select(Project).where(Project.client_id.in_(found), Project.is_triage.is_(False)).order_by(Project.name)
    )
    form.client_id.choices = options((client.id, client.name) for client in found.values())
    form.project_ids.choices = options(
        (project.id, f"{found[project.client_id].name}: {project.name}") for project in projects
    )
    return found
