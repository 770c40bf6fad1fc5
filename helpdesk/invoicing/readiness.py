"""Whether a document can be issued as the law wants it, and what it lacks in words (docs/billing.md rule 20)."""

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import force_locale
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.company import service as company
from helpdesk.company.models import Company
from helpdesk.infra.ahead import models_of
from helpdesk.infra.i18n import SOURCE_LANGUAGE
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, CLIENTS_EDIT, SETTINGS, Actor
from helpdesk.invoicing import exchanging, taxing
from helpdesk.invoicing.domain.einvoice.wanted import FACTUR_X, einvoice_lacks, is_wanted
from helpdesk.invoicing.domain.lacking import OURS, Lack, lacks
from helpdesk.invoicing.drafts import expense_lines
from helpdesk.invoicing.models import Invoice
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.kernel.taxes import category_of
from helpdesk.projects.models import Project, WorkItem
from helpdesk.retainers.models import Agreement
from helpdesk.timekeeping.models import TimeEntry

SELLER = ("address", "country", "vat_id", "tax_number", "registration")
BUYER = ("address", "country", "vat_id")


def lacks_of(invoice: Invoice, house: Company) -> list[Lack]:
    """Return what the draft lacks to be issued, ours first; a credit note only takes back what was said before.

    As an electronic invoice it has to be complete whatever it is (rule 22).
    """
    client = invoice.client
    seller = {name: getattr(house, name) for name in SELLER}
    buyer = {name: getattr(client, name) for name in BUYER}
    categories = {taxing.rate_of(line).category for line in invoice.lines}
    found = [] if invoice.kind == "credit_note" else lacks(seller, buyer, categories)
    if is_wanted(house.factur_x, client.factur_x):
        known = {(lack.side, lack.field) for lack in found}
        more = einvoice_lacks(seller, buyer, categories, invoice.currency)
        found += [lack for lack in more if (lack.side, lack.field) not in known]
    return sorted(found, key=lambda lack: lack.side != OURS)


def refuse_incomplete(invoice: Invoice, house: Company) -> None:
    """Refuse a document that lacks what it has to say.

    Raises:
        RuleViolation: it names all that is missing, and where it is entered.
    """
    with force_locale(SOURCE_LANGUAGE):  # commands and jobs have no reader
        missing = [said(lack, invoice.client) for lack in lacks_of(invoice, house)]
    if missing:
        message = f"The invoice for {invoice.client.name} cannot be issued yet. {' '.join(missing)}"
        raise RuleViolation(message)


def lacking(session: Session, *, actor: Actor, invoice: Invoice, day: date) -> list[dict[str, str]]:
    """Return what a draft lacks to be issued on ``day``, each with the address where it is entered.

    The address is empty where somebody else has to enter it.
    """
    if invoice.status != "draft":
        return []
    house = company.get_company(session)
    found = [
        {"text": said(lack, invoice.client), **_link(lack, invoice.client, actor)} for lack in lacks_of(invoice, house)
    ]
    return found + _rates_missing(session, [invoice.currency], actor=actor, house=house, day=day)


def _rates_missing(
    session: Session, currencies: Iterable[str], *, actor: Actor, house: Company, day: date
) -> list[dict[str, str]]:
    """Return the rates of exchange that nobody entered."""
    url = url_for("expenses.lists", _anchor="exchange") if actor.is_one_of(APPROVERS) else ""
    texts = exchanging.missing(session, currencies=currencies, house=house, day=day)
    return [{"text": text, "url": url, "label": _("Rates of exchange")} for text in texts]


def missing_of_month(session: Session, *, actor: Actor, month: Month, today: date) -> list[dict[str, str]]:
    """Return what invoices of the month will lack, ours first, then by client: of those with work or a retainer."""
    house = company.get_company(session)
    seller = {name: getattr(house, name) for name in SELLER}
    rows: dict[tuple[str, int, str], dict[str, str]] = {}
    billed, spent = models_of(session, billed_in(month)), expense_lines.taxes_due(session, month=month)
    for client in billed:
        buyer = {name: getattr(client, name) for name in BUYER}
        usual = category_of(client.tax_category, client.tax_percent)
        for lack in lacks(seller, buyer, {usual, *(spent[client.id] if usual == "S" else ())}):
            key = (lack.side, 0 if lack.side == OURS else client.id, lack.field)
            rows.setdefault(key, {"text": said(lack, client), **_link(lack, client, actor)})
    listed = [rows[key] for key in sorted(rows, key=lambda each: each[0] != OURS)]
    currencies = sorted({client.currency for client in billed})
    return listed + _rates_missing(session, currencies, actor=actor, house=house, day=today)


def billed_in(month: Month) -> Select[Client]:
    """Return the question for those who get an invoice: with work up to the end of the month, or with a retainer."""
    begins, ends = month.instants(ZoneInfo("UTC"))
    works = (
        select(TimeEntry.id)
        .join(WorkItem, WorkItem.id == TimeEntry.work_item_id)
        .join(Project, Project.id == WorkItem.project_id)
        .where(Project.client_id == Client.id, TimeEntry.started_at >= begins, TimeEntry.started_at < ends)
    )
    agreed = select(Agreement.id).where(Agreement.client_id == Client.id)
    query = select(Client).where(Client.is_internal.is_(False), Client.archived_at.is_(None))
    return query.where(or_(works.exists(), agreed.exists())).order_by(func.lower(Client.name))


def _link(lack: Lack, client: Client, actor: Actor) -> dict[str, str]:
    if lack.side == OURS:
        url = url_for("company.settings", _anchor=lack.field) if actor.is_one_of(SETTINGS) else ""
        return {"url": url, "label": _("Settings of the company")}
    url = url_for("clients.edit", client_id=client.id, _anchor=lack.field) if actor.is_one_of(CLIENTS_EDIT) else ""
    return {"url": url, "label": _("Edit the client")}


def said(lack: Lack, client: Client) -> str:
    """Return what is missing, why, and where it is entered."""
    if lack.category == FACTUR_X:
        return _said_of_factur_x(lack, client.name)
    if not lack.category:
        return _said_of_all(lack, client.name)
    why = {
        "AE": _("a reverse charge names the VAT IDs of both sides"),
        "K": _("a supply within the EU names the VAT IDs of both sides"),
        "G": _("an export names our VAT ID"),
    }[lack.category]
    if lack.side == OURS:
        return _("Our own VAT ID is missing: %(why)s. Enter it in the settings of the company.", why=why)
    return _(
        "The VAT ID of %(client)s is missing: %(why)s. Enter it where the client is edited.",
        client=client.name,
        why=why,
    )


def _said_of_all(lack: Lack, client: str) -> str:
    """Return what every invoice has to say and what nobody entered."""
    return {
        ("seller", "address"): _("Our own address is missing. Enter it in the settings of the company."),
        ("seller", "country"): _("Our own country is missing. Enter it in the settings of the company."),
        ("seller", "tax_number"): _(
            "Our own VAT ID or tax number is missing. Enter one of them in the settings of the company."
        ),
        ("buyer", "address"): _(
            "The address of %(client)s is missing. Enter it where the client is edited.", client=client
        ),
        ("buyer", "country"): _(
            "The country of %(client)s is missing. Enter it where the client is edited.", client=client
        ),
    }[lack.side, lack.field]


def _said_of_factur_x(lack: Lack, client: str) -> str:
    words = {
        ("seller", "country"): _("our own country is missing. Enter it in the settings of the company."),
        ("seller", "vat_id"): _("our own VAT ID or tax number is missing. Enter it in the settings of the company."),
        ("seller", "registration"): _(
            "our own registration or tax number is missing. Enter it in the settings of the company."
        ),
        ("buyer", "country"): _(
            "the country of %(client)s is missing. Enter it where the client is edited.", client=client
        ),
        ("buyer", "tax_category"): _("what is not subject to tax stands on an invoice of its own."),
        ("buyer", "currency"): _(
            "it knows no currency with three decimals. Switch it off where %(client)s is edited.", client=client
        ),
    }
    return _("For an electronic invoice (Factur-X) %(missing)s", missing=words[lack.side, lack.field])
