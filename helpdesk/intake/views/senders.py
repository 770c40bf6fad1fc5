"""Settings: whose mail is whose: domains of clients, contacts without a client, and the answer for one address."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import true
from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients import service as client_service
from helpdesk.infra import clock
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.views import exported
from helpdesk.infra.forms import options
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.policy import SETTINGS, current_actor, policy
from helpdesk.infra.settings_pages import nav
from helpdesk.intake import rule_queries, sender_queries
from helpdesk.intake.sender_forms import PlaceContactsForm, SenderDomainForm
from helpdesk.intake.service import asking
from helpdesk.intake.service.asking import Answer
from helpdesk.intake.views import exports
from helpdesk.intake.views.blueprint import bp
from helpdesk.kernel.errors import RuleViolation

ADDRESS_CHARACTERS = 254


@bp.get("/settings/senders")
@policy(SETTINGS)
@exported(exports.domains_sheet, what=_l("domains"))
def senders() -> str:
    """Show whose mail is whose, and answer for the address that is asked about."""
    ask_ahead(
        read_session(),
        clients.choice_of(true()),
        sender_queries.mailboxes_asked(),
        sender_queries.without_client_asked(),
        sender_queries.contacts_asked(),
        sender_queries.domains_asked(),
        rule_queries.blocked_count_asked(),
    )
    return _page(_domain_form(), _contacts_form())


@bp.post("/settings/senders/domains")
@policy(SETTINGS)
def add_sender_domain() -> ResponseReturnValue:
    """Give a domain to a client; freemail and other clients' domains are refused."""
    form = _domain_form()
    if not form.validate_on_submit():
        return _page(form, _contacts_form()), 422
    try:
        with unit_of_work() as session:
            added = client_service.add_domain(
                session,
                actor=current_actor(),
                now=clock.now(),
                client_id=form.client_id.data,
                domain=form.domain.data or "",
            )
    except RuleViolation as refusal:
        form.refuse(refusal, "domain")
        return _page(form, _contacts_form()), 422
    flash(_("New senders at %(domain)s belong to this client from now on.", domain=added.domain), "ok")
    return redirect(url_for("intake.senders"), code=303)


@bp.post("/settings/senders/contacts")
@policy(SETTINGS)
def place_contacts() -> ResponseReturnValue:
    """Give contacts that belong nowhere yet to a client; their tickets stay where they are."""
    form = _contacts_form()
    if not form.validate_on_submit():
        return _page(_domain_form(), form), 422
    people = sender_queries.contact_emails(read_session(), form.contact_ids.data or [])
    with unit_of_work() as session:
        for name, email in people:
            client_service.add_contact(
                session, actor=current_actor(), now=clock.now(), name=name, email=email, client_id=form.client_id.data
            )
    flash(_("Their next mail goes to this client; tickets stay where they are."), "ok")
    return redirect(url_for("intake.senders"), code=303)


def _domain_form() -> SenderDomainForm:
    form = SenderDomainForm()
    form.client_id.choices = _clients()
    return form


def _contacts_form() -> PlaceContactsForm:
    form = PlaceContactsForm()
    form.client_id.choices = _clients()
    form.client_id.id = "contacts-client"
    people = sender_queries.contacts_without_client(read_session())
    form.contact_ids.choices = options((person.id, f"{person.name} <{person.email}>") for person in people)
    return form


def _clients() -> Any:  # noqa: ANN401 - choices of a select field
    return options(clients.choices(read_session(), condition=true()))


def _page(domain_form: SenderDomainForm, contacts_form: PlaceContactsForm) -> str:
    session = read_session()
    asked = request.args.get("address", "").strip()[:ADDRESS_CHARACTERS]
    answer, refusal = _answer(session, asked)
    return render_template(
        "settings/senders.html",
        nav=nav("intake.senders"),
        asked=asked,
        mailboxes=sender_queries.mailboxes(session),
        mailbox_id=request.args.get("mailbox", type=int),
        answer=answer,
        refusal=refusal,
        domains=sender_queries.domains(session),
        domain_form=domain_form,
        contacts_form=contacts_form,
        without_client=sender_queries.count_without_client(session),
        blocked_count=rule_queries.blocked_count(session),
    )


def _answer(session: Session, asked: str) -> tuple[Answer | None, str]:
    """Return the answer, or why there is none; neither where nothing was asked."""
    wanted = request.args.get("mailbox", type=int)
    known = sender_queries.mailboxes(session)
    mailbox = next((one for one in known if one.id == wanted), known[0] if known else None)
    if not asked:
        return None, ""
    if mailbox is None:
        return None, _("No mailbox is connected yet.")
    try:
        return asking.whose(session, address=asked, mailbox=mailbox, now=clock.now()), ""
    except RuleViolation as refused:
        return None, str(refused)
