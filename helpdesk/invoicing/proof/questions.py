"""What clients ask about a line: a ticket opens, and the line is questioned until it is answered (rule W2)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session

from helpdesk.clients import queries as client_queries
from helpdesk.clients import service as clients
from helpdesk.clients.models import Client, Contact
from helpdesk.infra import audit
from helpdesk.infra.ahead import models_of, rows_of
from helpdesk.infra.policy import SYSTEM, Actor
from helpdesk.invoicing import queries
from helpdesk.invoicing.models import Invoice, InvoiceLine
from helpdesk.invoicing.proof.models import LineQuestion
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.outbox import service as outbox
from helpdesk.projects import queries as projects
from helpdesk.projects.models import OPEN_STATUSES, WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Message

MOST_AN_HOUR = 10
LONGEST = 2000
NOBODY = "unknown@sender.invalid"


def too_many(session: Session, *, invoice: Invoice, now: datetime) -> bool:
    """Whether so much was asked about an invoice within the last hour that nothing more is taken just now."""
    query = select(func.count()).where(
        LineQuestion.invoice_id == invoice.id, LineQuestion.asked_at > now - timedelta(hours=1)
    )
    return (session.scalar(query) or 0) >= MOST_AN_HOUR


def ask(session: Session, *, now: datetime, invoice_id: int, position: int, text: str) -> LineQuestion:
    """Open a ticket of the client with a question about a line, and mark the line.

    The ticket is that of the client's contact with the address for invoices, so that an answer reaches it by mail.

    Raises:
        NotFound: the invoice has no such line.
        RuleViolation: nothing was asked, or too much at once.
    """
    invoice = queries.lock(session, invoice_id)
    line = next((each for each in invoice.lines if each.position == position), None)
    if line is None:
        message = "The invoice has no such line."
        raise NotFound(message)
    asked = text.strip()
    if not asked or len(asked) > LONGEST:
        message = f"Write a question of at most {LONGEST} letters."
        raise RuleViolation(message, field="question")
    if too_many(session, invoice=invoice, now=now):
        message = "Too much was asked within an hour."
        raise RuleViolation(message)
    item = _ticket(session, now=now, invoice=invoice, line=line, text=asked)
    question = LineQuestion(invoice_id=invoice.id, line_id=line.id, work_item_id=item.id, text=asked, asked_at=now)
    session.add(question)
    session.flush()
    audit.record(
        session,
        actor=SYSTEM,
        action="questioned",
        kind="invoice",
        object_id=invoice.id,
        now=now,
        line=line.position,
        ticket=item.number,
    )
    return question


def answered(session: Session, *, actor: Actor, now: datetime, invoice_id: int, question_id: int) -> None:
    """Say that a question was answered, by whatever way; saying it twice changes nothing.

    Raises:
        NotFound: no such invoice for this actor, or it has no such question.
    """
    invoice = queries.get(session, actor=actor, invoice_id=invoice_id)
    query = select(LineQuestion).where(LineQuestion.id == question_id, LineQuestion.invoice_id == invoice.id)
    question = session.scalar(query.with_for_update())
    if question is None:
        message = "The invoice has no such question."
        raise NotFound(message)
    if question.answered_at is None:
        question.answered_at, question.answered_by_id = now, actor.person_id
        session.flush()
        audit.record(session, actor=actor, action="answered", kind="invoice", object_id=invoice.id, now=now)


def has_open_question(session: Session, invoice: Invoice) -> bool:
    """Whether a client waits for an answer about a line of the invoice."""
    return bool(questioned(session, [invoice.id]))


def questioned(session: Session, invoice_ids: Iterable[int]) -> set[int]:
    """Return those of the invoices about which a client waits for an answer."""
    return {row.invoice_id for row in rows_of(session, questioned_asked(invoice_ids))}


def questioned_asked(invoice_ids: Iterable[int]) -> Select[int]:
    """Return the question of `questioned`, to be asked together with others."""
    return select(LineQuestion.invoice_id).where(LineQuestion.invoice_id.in_(list(invoice_ids)), is_open())


def is_open() -> ColumnElement[bool]:
    """Return the condition that a question waits: nobody called it answered, replied in its ticket, or ended that."""
    replied = exists().where(
        Message.work_item_id == LineQuestion.work_item_id,
        Message.kind == "reply",
        Message.posted_at >= LineQuestion.asked_at,
    )
    going_on = exists().where(WorkItem.id == LineQuestion.work_item_id, WorkItem.status.in_(OPEN_STATUSES))
    return LineQuestion.answered_at.is_(None) & ~replied & going_on


def open_of(session: Session, invoice: Invoice) -> dict[int, list[LineQuestion]]:
    """Return by position of the line the questions that wait for an answer, oldest first."""
    found: dict[int, list[LineQuestion]] = defaultdict(list)
    lines = {line.id: line.position for line in invoice.lines}
    questions, _items = (models_of(session, query) for query in open_asked(invoice.id))
    for question in questions:
        found[lines[question.line_id]].append(question)
    return dict(found)


def open_asked(invoice_id: int) -> tuple[Select[LineQuestion], Select[WorkItem]]:
    """Return the questions for what waits for an answer, and for its tickets, to be asked together with others."""
    query = select(LineQuestion).where(LineQuestion.invoice_id == invoice_id, is_open()).order_by(LineQuestion.id)
    items = select(LineQuestion.work_item_id).where(LineQuestion.invoice_id == invoice_id, is_open())
    return query, select(WorkItem).where(WorkItem.id.in_(items))


def _ticket(session: Session, *, now: datetime, invoice: Invoice, line: InvoiceLine, text: str) -> WorkItem:
    project = projects.default_project(session, invoice.client_id) or projects.triage_project(session)
    mailbox = outbox.default_mailbox(session)
    about = f"Line {line.position} of {invoice.number}: {line.description}"
    return tickets.open_ticket(
        session,
        actor=SYSTEM,
        now=now,
        project_id=project.id,
        requester_id=_requester(session, invoice.client, now).id,
        title=f"Question about line {line.position} of {invoice.number}",
        text=f"{about}\n\nAsked on the page of the invoice, by whoever has its link:\n\n{text}",
        mailbox_id=None if mailbox is None else mailbox.id,
        reasons=[f"asked about {invoice.number} on its page; whoever has the link can ask"],
    )


def _requester(session: Session, client: Client, now: datetime) -> Contact:
    """Return the client's contact with the address for invoices, added where it has none yet.

    Where there is no such address, or it is another client's contact, nobody is: a reply would go to somebody who
    never saw the invoice.
    """
    if client.invoice_email:
        known = client_queries.find_contact(session, client.invoice_email)
        if known is None or known.client_id in {None, client.id}:
            return clients.add_contact(
                session,
                actor=SYSTEM,
                now=now,
                name=client.legal_name or client.name,
                email=client.invoice_email,
                client_id=client.id,
            )
    return clients.add_contact(session, actor=SYSTEM, now=now, name="Unknown sender", email=NOBODY, client_id=None)
