"""Reminders on their way: which are due, and each sent once (docs/billing.md rule M1)."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, contains_eager
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.accounts.models import Person
from helpdesk.clients import queries as clients
from helpdesk.infra import audit
from helpdesk.infra.ahead import Question, models_of, rows_of
from helpdesk.infra.db import UnitOfWork
from helpdesk.infra.policy import SYSTEM, Actor
from helpdesk.invoicing import queries
from helpdesk.invoicing.domain.reminding import Level, Next, Sent, next_level
from helpdesk.invoicing.listing import our_day
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.money import settling
from helpdesk.invoicing.proof.questions import questioned, questioned_asked
from helpdesk.invoicing.reminding import letters, rules
from helpdesk.invoicing.reminding.holds import held, held_asked, lock
from helpdesk.invoicing.reminding.models import InvoiceReminder, ReminderException, ReminderHold
from helpdesk.invoicing.render import file_name
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address, OutgoingFile
from helpdesk.outbox.models import OutgoingMessage


@dataclass(frozen=True)
class Due:
    """An overdue invoice: what is open of it, its next level, and what keeps that from being sent."""

    invoice: Invoice
    open_minor: int
    days_overdue: int
    following: Next
    hold: ReminderHold | None
    is_questioned: bool = False

    def is_due(self, today: date) -> bool:
        """Whether its next reminder is to go out today, as far as days say so."""
        return self.following.from_day <= today

    @property
    def obstacle(self) -> str:
        """Why it cannot be sent: held, questioned, no_address or no_pdf; empty where it can."""
        if self.hold is not None:
            return "held"
        if self.is_questioned:
            return "questioned"
        if not self.invoice.client.invoice_email:
            return "no_address"
        return "" if self.invoice.pdf_sha256 is not None else "no_pdf"


def remind(unit_of_work: UnitOfWork, *, clock: Callable[[], datetime]) -> int:
    """Send what is due by itself, a transaction for each, and return how many went out.

    Nothing where the company has not switched it on, and nothing to clients that it is switched off for. Safe to run
    again and beside itself: each level goes out once.
    """
    with unit_of_work() as session:
        found = due_by_itself(session, clock())
    count = 0
    for invoice_id in found:
        with unit_of_work() as session:
            count += send_if_due(session, now=clock(), invoice_id=invoice_id)
    return count


def due(session: Session, *, actor: Actor, now: datetime) -> list[Due]:
    """Return the overdue invoices whose next reminder is to go out today, the longest overdue first."""
    today = our_day(session, now)
    return [each for each in _overdue(session, actor, today) if each.is_due(today)]


def find(session: Session, *, invoice: Invoice, now: datetime) -> Due | None:
    """Return how reminding stands for one invoice; None where it is not overdue, or the last level went out."""
    today = our_day(session, now)
    if not queries.is_overdue(invoice, today):
        return None
    found = _next_of(session, [(invoice, settling.account_of(session, invoice).open_minor)], today)
    return found[0] if found else None


def send(session: Session, *, actor: Actor, now: datetime, invoice_id: int, level: int) -> InvoiceReminder:
    """Send the next reminder of an overdue invoice by hand: ``level`` is the one that the sender was shown.

    Its days need not be over. That it is still owed is looked at in this transaction, which keeps payments out.

    Raises:
        NotFound: no such invoice for this actor.
        Conflict: that level went out before.
        RuleViolation: it is not overdue, is held, has no address or no PDF, or we have no mailbox.
    """
    invoice = lock(session, actor, invoice_id)
    found = find(session, invoice=invoice, now=now)
    if any(each.level >= level for each in sent_of(session, invoice)):
        message = "This reminder was sent before."
        raise Conflict(message)
    if found is None or found.following.level.number != level:
        message = f"{queries.name_of(invoice)} is not overdue, or has no such reminder; nothing was sent."
        raise RuleViolation(message)
    if found.obstacle:
        raise RuleViolation(_says(found))
    return _queue(session, actor=actor, now=now, due=found)


def sent_of(session: Session, invoice: Invoice) -> Sequence[InvoiceReminder]:
    """Return the reminders of an invoice that went out, the first level first."""
    reminders, mails, people = (models_of(session, query) for query in _sent_of_asked(invoice.id))
    by_id = {mail.id: mail for mail in mails}, {person.id: person for person in people}
    for reminder in reminders:
        set_committed_value(reminder, "mail", by_id[0][reminder.outgoing_message_id])
        set_committed_value(reminder, "created_by", by_id[1].get(reminder.created_by_id or 0))
    return reminders


def questions_of(invoice_id: int) -> list[Question]:
    """Return what is asked about the reminders of one invoice, to be asked ahead."""
    return [
        *_sent_of_asked(invoice_id),
        _sent_asked([invoice_id]),
        held_asked([invoice_id]),
        questioned_asked([invoice_id]),
        *rules.questions(),
    ]


def _sent_of_asked(invoice_id: int) -> tuple[Select[InvoiceReminder], Select[OutgoingMessage], Select[Person]]:
    """Return the questions for the reminders of an invoice, their mails, and who sent them."""
    query = select(InvoiceReminder).where(InvoiceReminder.invoice_id == invoice_id)
    mails, people = (
        query.with_only_columns(column)
        for column in (InvoiceReminder.outgoing_message_id, InvoiceReminder.created_by_id)
    )
    return (
        query.order_by(InvoiceReminder.level),
        select(OutgoingMessage).where(OutgoingMessage.id.in_(mails)),
        select(Person).where(Person.id.in_(people)),
    )


def _says(found: Due) -> str:
    name, client = queries.name_of(found.invoice), found.invoice.client.name
    if found.hold is not None:
        until = f" until {found.hold.through}" if found.hold.through else ""
        return f"Reminders of {name} are held{until}: {found.hold.reason} End the hold first."
    if found.is_questioned:
        return f"{client} waits for an answer about a line of {name}. Answer the question first."
    if found.obstacle == "no_address":
        return f"{client} has no address for invoices; add one to the client."
    return f"The PDF of {name} is not there yet; it comes within a minute after issue."


def due_by_itself(session: Session, now: datetime) -> list[int]:
    """Return the invoices whose reminder is to go out now without anybody's act."""
    if not rules.rules_of(session).automatic or outbox.default_mailbox(session) is None:
        return []
    exceptions = set(session.scalars(select(ReminderException.client_id)))
    return [
        each.invoice.id
        for each in due(session, actor=SYSTEM, now=now)
        if not each.obstacle and each.invoice.client_id not in exceptions
    ]


def send_if_due(session: Session, *, now: datetime, invoice_id: int) -> bool:
    """Send the reminder of an invoice if it is still to go out, now that nobody else can change that."""
    invoice = lock(session, SYSTEM, invoice_id)
    found = find(session, invoice=invoice, now=now)
    if found is None or found.obstacle or not found.is_due(our_day(session, now)):
        return False
    if not rules.rules_of(session).automatic or not rules.goes_by_itself(session, client_id=invoice.client_id):
        return False
    _queue(session, actor=SYSTEM, now=now, due=found)
    return True


def _overdue(session: Session, actor: Actor, today: date) -> list[Due]:
    query = (
        select(Invoice, queries.open_minor())
        .join(Invoice.client)
        .where(clients.billable_by(actor), queries.STATES["open"], Invoice.due_on < today)
        .options(contains_eager(Invoice.client))
        .order_by(Invoice.due_on, Invoice.id)
    )
    return _next_of(session, [(invoice, int(open_minor)) for invoice, open_minor in session.execute(query)], today)


def _next_of(session: Session, invoices: Sequence[tuple[Invoice, int]], today: date) -> list[Due]:
    """Return how reminding stands for each of these overdue invoices that has a level left and something open."""
    if not invoices:
        return []
    levels = rules.rules_of(session).levels
    ids = [invoice.id for invoice, _open_minor in invoices]
    before, holds, asked = _sent(session, ids), held(session, ids, today=today), questioned(session, ids)
    found = []
    for invoice, open_minor in invoices:
        following = None if invoice.due_on is None else next_level(levels, before[invoice.id], due_on=invoice.due_on)
        if invoice.due_on is not None and following is not None and open_minor > 0:
            days = (today - invoice.due_on).days
            found.append(Due(invoice, open_minor, days, following, holds.get(invoice.id), invoice.id in asked))
    return found


def _sent(session: Session, invoice_ids: Collection[int]) -> dict[int, list[Sent]]:
    found: dict[int, list[Sent]] = defaultdict(list)
    for row in rows_of(session, _sent_asked(invoice_ids)):
        found[row.invoice_id].append(Sent(row.level, row.sent_on))
    return found


def _sent_asked(invoice_ids: Collection[int]) -> Question:
    query = select(InvoiceReminder.invoice_id, InvoiceReminder.level, InvoiceReminder.sent_on)
    return query.where(InvoiceReminder.invoice_id.in_(invoice_ids))


def _queue(session: Session, *, actor: Actor, now: datetime, due: Due) -> InvoiceReminder:
    """Write the mail and its row, in the transaction that has looked whether it is owed."""
    invoice, level = due.invoice, due.following.level
    mail = _mail(session, now, due, level)
    reminder = InvoiceReminder(
        invoice_id=invoice.id,
        level=level.number,
        sent_on=our_day(session, now),
        days_overdue=due.days_overdue,
        open_minor=due.open_minor,
        outgoing_message_id=mail.id,
        created_at=now,
        created_by_id=actor.person_id,
    )
    session.add(reminder)
    if invoice.outgoing_message_id is None:  # it carries the PDF: from now on the invoice counts as sent
        invoice.outgoing_message_id = mail.id
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="reminded",
        kind="invoice",
        object_id=invoice.id,
        now=now,
        level=level.number,
        open_minor=due.open_minor,
        to=mail.to[0]["address"],
    )
    return reminder


def _mail(session: Session, now: datetime, due: Due, level: Level) -> OutgoingMessage:
    invoice, client = due.invoice, due.invoice.client
    mailbox = outbox.default_mailbox(session)
    if mailbox is None or invoice.pdf_sha256 is None:
        message = "There is no mailbox to send from; connect one in the settings."
        raise RuleViolation(message)
    letter = letters.letter(
        session, invoice=invoice, level=level.number, open_minor=due.open_minor, today=our_day(session, now)
    )
    return outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox.id,
        idempotency_key=f"reminder:{invoice.id}:{level.number}",
        purpose="invoice",
        about=("invoice", invoice.id),
        to=[Address(client.legal_name or client.name, client.invoice_email)],
        subject=letter.subject,
        text=letter.text,
        attachments=[OutgoingFile(file_name(str(invoice.number)), "application/pdf", invoice.pdf_sha256)],
    )
