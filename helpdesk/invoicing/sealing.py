"""A draft becomes a document: number, canonical JSON and hash, in one transaction (docs/billing.md rule 19)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.infra import audit, jobs
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import exchanging
from helpdesk.invoicing.document import Issue, document_of
from helpdesk.invoicing.domain.documents import canonical_json, sha256_of
from helpdesk.invoicing.domain.totals import Totals
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.proof import links
from helpdesk.invoicing.readiness import refuse_incomplete
from helpdesk.invoicing.series import take_number
from helpdesk.kernel.periods import local_day


def seal(session: Session, *, actor: Actor, now: datetime, invoice: Invoice, totals: Totals | None = None) -> None:
    """Give the draft the next number of its kind and year, and write down for ever what it says.

    The year is that of the company's zone. PDF and mail follow once it is committed; a failure leaves no gap.
    ``totals`` are those of a credit note, which depend on the notes before it.

    Raises:
        RuleViolation: the pattern of numbers gives one that is taken, the law wants more to be known of either side, or
            there is no rate of exchange to our currency.
    """
    house = company.get_company(session)
    refuse_incomplete(invoice, house)
    issued_on = local_day(now, ZoneInfo(house.time_zone))
    exchanging.keep(session, invoice=invoice, house=house, day=issued_on)
    series, taken, number = take_number(session, house, issued_on.year, invoice.kind)
    days = invoice.client.payment_days if invoice.kind == "invoice" else 0
    given = Issue(number=number, issued_on=issued_on, due_on=issued_on + timedelta(days=days))
    text = canonical_json(document_of(session, invoice=invoice, issue=given, company=house, totals=totals))
    invoice.series_id, invoice.series_number = series.id, taken
    invoice.number, invoice.issued_on, invoice.due_on = given.number, given.issued_on, given.due_on
    invoice.canonical_json, invoice.canonical_sha256 = text, sha256_of(text)
    invoice.status, invoice.issued_at = "issued", now
    invoice.send_to = invoice.client.invoice_email
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="issued",
        kind="invoice",
        object_id=invoice.id,
        now=now,
        number=invoice.number,
        sha256=invoice.canonical_sha256,
    )
    links.make(session, now=now, invoice=invoice)
    jobs.ring(session, "render_invoice", invoice.id)
