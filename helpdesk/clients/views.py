"""Routes of clients: the list, a client's own settings, its contacts and mail domains."""

from dataclasses import asdict

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from helpdesk.accounts import queries as accounts
from helpdesk.clients import exports, people, queries, service
from helpdesk.clients.forms import ClientForm, ContactForm, DomainForm, NewContactForm
from helpdesk.clients.models import Client
from helpdesk.clients.service import ClientProfile
from helpdesk.company.service import get_company
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.views import exported
from helpdesk.infra.forms import StrictForm, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.policy import CLIENTS_EDIT, DESK, RETAINERS, STAFF, current_actor, policy
from helpdesk.infra.web import back_or
from helpdesk.kernel.errors import RuleViolation

bp = Blueprint("clients", __name__)


@bp.get("/clients")
@policy(STAFF)
@exported(lambda session: exports.clients_sheet(session, actor=current_actor()))
def index() -> ResponseReturnValue:
    """Show the clients that this person may see."""
    actor = current_actor()
    found = [{**asdict(line), "archived": False} for line in queries.lines(read_session(), actor=actor)]
    return render_template("clients/list.html", clients=found, can_edit=actor.is_one_of(CLIENTS_EDIT))


@bp.get("/clients/new")
@policy(CLIENTS_EDIT)
def new() -> ResponseReturnValue:
    """Show the form for a new client, which begins with the company's defaults."""
    company = get_company(read_session())
    defaults = ("currency", "time_zone", "language", "tax_percent", "payment_days")
    return _page(ClientForm(data={name: getattr(company, name) for name in defaults}), None)


@bp.post("/clients/new")
@policy(CLIENTS_EDIT)
def add() -> ResponseReturnValue:
    """Add a client."""
    form = _with_choices(ClientForm())
    if not form.validate_on_submit():
        return _page(form, None), 422
    try:
        with unit_of_work() as session:
            profile = ClientProfile(**form.values())
            client = service.add_client(session, actor=current_actor(), now=clock.now(), profile=profile)
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _page(form, None), 422
    flash(
        _("%(client)s was added. Add its mail domain and a project, so that its mail finds both.", client=client.name),
        "ok",
    )
    return _to_client(client.id)


@bp.get("/clients/<int:client_id>/edit")
@policy(CLIENTS_EDIT)
def edit(client_id: int) -> ResponseReturnValue:
    """Show what a client is set to."""
    client = queries.get(read_session(), actor=current_actor(), client_id=client_id)
    return _page(ClientForm(obj=client), client.name)


@bp.post("/clients/<int:client_id>/edit")
@policy(CLIENTS_EDIT)
def update(client_id: int) -> ResponseReturnValue:
    """Change what a client is set to."""
    name = queries.get(read_session(), actor=current_actor(), client_id=client_id).name
    form = _with_choices(ClientForm())
    if not form.validate_on_submit():
        return _page(form, name), 422
    try:
        with unit_of_work() as session:
            profile = ClientProfile(**form.values())
            service.update_client(session, actor=current_actor(), now=clock.now(), client_id=client_id, profile=profile)
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _page(form, name), 422
    return _to_client(client_id)


@bp.post("/clients/<int:client_id>/contacts")
@policy(DESK)
def add_contact(client_id: int) -> ResponseReturnValue:
    """Add a person at a client; an address that another client has stays there."""
    client = queries.get(read_session(), actor=current_actor(), client_id=client_id)
    form = NewContactForm()
    if not form.validate_on_submit():
        return _part(form, client, _("Add a contact"), _("Add contact")), 422
    try:
        with unit_of_work() as session:
            contact = service.add_person(
                session, actor=current_actor(), now=clock.now(), client_id=client_id, **form.values()
            )
    except RuleViolation as refusal:
        form.refuse(refusal, "email")
        return _part(form, client, _("Add a contact"), _("Add contact")), 422
    if contact.client_id != client_id:
        flash(_("This address belongs to another client; nothing was changed."), "warn")
    return _to_client(client_id)


@bp.get("/clients/<int:client_id>/contacts/<int:contact_id>")
@policy(CLIENTS_EDIT)
def contact(client_id: int, contact_id: int) -> ResponseReturnValue:
    """Show the name and the address of a contact, to be corrected."""
    session = read_session()
    found = queries.contact_of(session, actor=current_actor(), client_id=client_id, contact_id=contact_id)
    client = queries.get(session, actor=current_actor(), client_id=client_id)
    return _part(ContactForm(obj=found), client, found.name, _("Save"))


@bp.post("/clients/<int:client_id>/contacts/<int:contact_id>")
@policy(CLIENTS_EDIT)
def change_contact(client_id: int, contact_id: int) -> ResponseReturnValue:
    """Correct the name and the address of a contact."""
    session = read_session()
    name = queries.contact_of(session, actor=current_actor(), client_id=client_id, contact_id=contact_id).name
    client = queries.get(session, actor=current_actor(), client_id=client_id)
    form = ContactForm()
    if not form.validate_on_submit():
        return _part(form, client, name, _("Save")), 422
    try:
        with unit_of_work() as work:
            service.correct_contact(
                work,
                actor=current_actor(),
                now=clock.now(),
                client_id=client_id,
                contact_id=contact_id,
                **form.values(),
            )
    except RuleViolation as refusal:
        form.refuse(refusal, "email")
        return _part(form, client, name, _("Save")), 422
    flash(_("%(contact)s is saved.", contact=form.name.data), "ok")
    return _to_client(client_id)


@bp.post("/clients/<int:client_id>/domains")
@policy(CLIENTS_EDIT)
def add_domain(client_id: int) -> ResponseReturnValue:
    """Let mail of a domain find this client."""
    client = queries.get(read_session(), actor=current_actor(), client_id=client_id)
    form = DomainForm()
    if not form.validate_on_submit():
        return _part(form, client, _("Add a domain"), _("Add domain")), 422
    try:
        with unit_of_work() as session:
            service.add_domain(session, actor=current_actor(), now=clock.now(), client_id=client_id, **form.values())
    except RuleViolation as refusal:
        form.refuse(refusal, "domain")
        return _part(form, client, _("Add a domain"), _("Add domain")), 422
    return _to_client(client_id)


@bp.post("/clients/<int:client_id>/domains/<domain>/delete")
@policy(CLIENTS_EDIT)
def delete_domain(client_id: int, domain: str) -> ResponseReturnValue:
    """Let mail of a domain no longer find this client."""
    with unit_of_work() as session:
        service.remove_domain(session, actor=current_actor(), now=clock.now(), client_id=client_id, domain=domain)
    flash(_("Mail from %(domain)s no longer finds this client.", domain=domain), "ok")
    return back_or("desk.client", client_id=client_id)


@bp.post("/clients/<int:client_id>/domains/<domain>/adopt")
@policy(CLIENTS_EDIT)
def adopt_senders(client_id: int, domain: str) -> ResponseReturnValue:
    """Make people who write from a domain of the client, and belong nowhere yet, its contacts."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        number = people.adopt_senders(
            session, actor=current_actor(), now=clock.now(), client_id=client_id, domain=domain
        )
    flash(
        ngettext(
            "%(num)s person is a contact of this client now; their tickets stay where they are.",
            "%(num)s people are contacts of this client now; their tickets stay where they are.",
            number,
        ),
        "ok",
    )
    return _to_client(client_id)


def _to_client(client_id: int) -> ResponseReturnValue:
    return redirect(url_for("desk.client", client_id=client_id), code=303)


def _part(form: StrictForm, client: Client, heading: str, submit: str) -> str:
    """Return the page of a contact or a domain of a client: to change it, or refused with what was typed."""
    back = {"url": url_for("desk.client", client_id=client.id), "label": client.name}
    names = [field.name for field in form if field.name != "csrf_token"]
    group = {"legend": heading, "names": names, "hint": ""}
    return render_template(
        "settings/form.html",
        section="clients",
        heading=heading,
        intro="",
        back=back,
        form=form,
        groups=[group],
        hints={},
        submit=submit,
    )


def _with_choices(form: ClientForm) -> ClientForm:
    session = read_session()
    form.account_manager_id.choices = options([("", _("Nobody")), *accounts.choices(session, roles=RETAINERS)])
    known, own = accounts.team_choices(session), form.restricted_team_id.data
    if own is not None and own not in dict(known):  # a retired one stays where it is
        known += accounts.names_of_teams(session, [own])
    form.restricted_team_id.choices = options([("", _("Everybody on the desk")), *known])
    return form


def _page(form: ClientForm, name: str | None) -> str:
    return render_template(
        "settings/form.html",
        section="clients",
        heading=name or _("New client"),
        intro="",
        back={"url": url_for("clients.index"), "label": _("Clients")},
        form=_with_choices(form),
        groups=[
            _group(_("Who they are"), "name legal_name address country vat_id"),
            _group(_("Contract"), "currency time_zone business_hours language"),
            _group(
                _("Invoices"), "invoice_email payment_days invoice_group_by customer_number purchase_order factur_x"
            ),
            _group(_("Tax"), "tax_category tax_percent tax_reason tax_rounding price_basis"),
            _group(_("Who looks after them"), "account_manager_id restricted_team_id"),
        ],
        hints={
            "country": _("Two letters, such as DE."),
            "time_zone": _("Days, months and invoices of this client go by it."),
            "invoice_group_by": _(
                "On new drafts; each can be grouped otherwise. Where its template says nothing: ticket or task."
            ),
            "business_hours": _("As Mon-Fri 8:00-18:00; empty: those of our own company."),
            "factur_x": _("The PDF holds an XML that programs read (EN 16931, ZUGFeRD)."),
            "tax_category": _("Of a standard rate of 0 percent the invoice says that it is the zero rate."),
            "tax_percent": _("A plain number, such as 19 or 8.1; 0 for every other kind of tax."),
            "tax_reason": _("Printed on invoices without tax. Empty: the usual words in the client's language."),
            "tax_rounding": _("E-invoices want it once for each rate, on the sum of its lines."),
            "price_basis": _("Drafts keep how it was when they were made; no rate or fee is changed."),
            "restricted_team_id": _(
                "A team: only its members, the account manager, managers and bookkeepers see this client."
            ),
        },
        submit=_("Save") if name else _("Add client"),
    )


def _group(legend: str, names: str) -> dict[str, object]:
    return {"legend": legend, "names": names.split(), "hint": ""}
