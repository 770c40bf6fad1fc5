"""Statements on their way to clients: once a month after its close, and again where somebody asks for it (rule 10)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.company import letter_texts
from helpdesk.infra import audit, blobs, pdf
from helpdesk.infra.ahead import Question, rows_of
from helpdesk.infra.db import UnitOfWork, insert_of
from helpdesk.infra.policy import SYSTEM, Actor
from helpdesk.kernel.errors import Conflict, HelpdeskError, NotFound, RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address, OutgoingFile
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.retainers import queries
from helpdesk.retainers.models import Agreement, RetainerPeriod, RetainerStatement
from helpdesk.retainers.statements import letter as statement_letter
from helpdesk.retainers.statements import paper


@dataclass(frozen=True)
class Prepared:
    """A statement that is ready to be printed and mailed: read at one time, of one closed period."""

    agreement_id: int
    month: Month
    period_id: int
    page: pdf.Page
    file_name: str
    to: Address
    subject: str
    text: str


@dataclass(frozen=True)
class Mailed:
    """A statement that went out: when, to whom, and how far its mail is."""

    ordinal: int
    created_at: datetime
    to: str
    state: str


def mail_due(unit_of_work: UnitOfWork, *, clock: Callable[[], datetime]) -> int:
    """Mail the statements of closed months whose agreement says so, and return how many that were.

    Safe to run again and beside itself: a month's first statement is one row, written with its mail. One that cannot
    be mailed keeps no other from it.

    Raises:
        HelpdeskError: the first reason why one could not be mailed; all others were.
    """
    with unit_of_work() as session:
        due = _due(session)
    count, failed = 0, []
    for agreement_id, month in due:
        try:
            count += _mail(unit_of_work, actor=SYSTEM, clock=clock, agreement_id=agreement_id, month=month, ordinal=1)
        except HelpdeskError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return count


def mail_again(
    unit_of_work: UnitOfWork,
    *,
    actor: Actor,
    clock: Callable[[], datetime],
    agreement_id: int,
    month: Month,
    ordinal: int,
) -> None:
    """Mail the statement of a closed month as it stands now; ``ordinal`` counts those of the month from 1.

    Raises:
        NotFound: no such agreement for this actor, or the month is not closed.
        RuleViolation: the client has no address for invoices, or we have no mailbox.
        Conflict: the one of this count went out before.
    """
    with unit_of_work() as session:
        agreement = queries.get_agreement(session, actor=actor, agreement_id=agreement_id)
        last = _last_ordinal(session, agreement_id, month)
        if not agreement.client.invoice_email:
            message = f"{agreement.client.name} has no address for invoices; add one to the client first."
            raise RuleViolation(message)
        if outbox.default_mailbox(session) is None:
            message = "There is no mailbox to send from; connect one first."
            raise RuleViolation(message)
    done = ordinal == last + 1 and _mail(
        unit_of_work, actor=actor, clock=clock, agreement_id=agreement_id, month=month, ordinal=ordinal
    )
    if not done:
        message = "This statement is on its way already."
        raise Conflict(message)


def set_mailing(session: Session, *, actor: Actor, now: datetime, agreement_id: int, mailed: bool) -> Agreement:
    """Say whether the client gets the statement of each month that is closed from now on.

    Raises:
        NotFound: no such agreement, or not for this actor.
        RuleViolation: the client has no address for invoices.
    """
    agreement = queries.get_agreement(session, actor=actor, agreement_id=agreement_id)
    if mailed and not agreement.client.invoice_email:
        message = f"{agreement.client.name} has no address for invoices; add one to the client first."
        raise RuleViolation(message)
    if mailed != (agreement.statements_since is not None):
        agreement.statements_since = now if mailed else None
        session.flush()
        action = "statements mailed" if mailed else "statements not mailed"
        audit.record(session, actor=actor, action=action, kind="agreement", object_id=agreement.id, now=now)
    return agreement


def mailed_of(session: Session, agreement_id: int, month: Month) -> list[Mailed]:
    """Return the statements of a month that went out, oldest first."""
    return [
        Mailed(row.ordinal, row.created_at, row.sent_to, "returned" if row.bounced_at else row.state)
        for row in rows_of(session, mailed_asked(agreement_id, month))
    ]


def mailed_asked(agreement_id: int, month: Month) -> Question:
    """Return the question of `mailed_of`, to be asked together with others."""
    statement, mail = RetainerStatement, OutgoingMessage
    return (
        select(statement.ordinal, statement.created_at, statement.sent_to, mail.bounced_at, mail.state)
        .join(mail, mail.id == statement.outgoing_message_id)
        .where(statement.agreement_id == agreement_id, statement.month == month.first_day)
        .order_by(statement.ordinal)
    )


def _due(session: Session) -> list[tuple[int, Month]]:
    """Return agreement and month of live closed periods that nobody mailed, the oldest month first."""
    if outbox.default_mailbox(session) is None:
        return []
    mailed = exists().where(
        RetainerStatement.agreement_id == RetainerPeriod.agreement_id, RetainerStatement.month == RetainerPeriod.month
    )
    query = (
        select(RetainerPeriod.agreement_id, RetainerPeriod.month)
        .join(RetainerPeriod.agreement)
        .join(Agreement.client)
        .where(
            RetainerPeriod.reversed_at.is_(None),
            RetainerPeriod.closed_at >= Agreement.statements_since,
            Client.invoice_email != "",
            Client.archived_at.is_(None),
            ~mailed,
        )
        .order_by(RetainerPeriod.month, RetainerPeriod.id)
    )
    return [(agreement_id, Month.of(month)) for agreement_id, month in session.execute(query)]


def _mail(
    unit_of_work: UnitOfWork,
    *,
    actor: Actor,
    clock: Callable[[], datetime],
    agreement_id: int,
    month: Month,
    ordinal: int,
) -> bool:
    """Read, print outside of any transaction, then write row and mail together; return whether it was this one."""
    with unit_of_work() as session:
        ready = _prepare(session, actor, agreement_id, month, clock())
    content = pdf.to_pdf(ready.page)
    digest = blobs.store().put(content)
    with unit_of_work() as session:
        blobs.record(session, digest=digest, size_bytes=len(content), now=clock())
        return _queue(session, actor, ready, ordinal, digest, clock())


def _prepare(session: Session, actor: Actor, agreement_id: int, month: Month, now: datetime) -> Prepared:
    agreement = queries.get_agreement(session, actor=actor, agreement_id=agreement_id)
    sheet = paper.read_sheet(session, agreement, month=month, now=now)
    if sheet.view.closed is None:
        message = f"{agreement.name} has no closed month {month}."
        raise NotFound(message)
    client = agreement.client
    letter = letter_texts.written(
        session,
        key=statement_letter.KIND,
        language=client.language,
        values=statement_letter.values_of(sheet.view, sheet.view.closed, sheet.house),
    )
    return Prepared(
        agreement_id=agreement.id,
        month=month,
        period_id=sheet.view.closed.id,
        page=paper.page_of(sheet),
        file_name=paper.file_name(agreement, month),
        to=Address(client.legal_name or client.name, client.invoice_email),
        subject=letter.subject,
        text=letter.text,
    )


def _queue(session: Session, actor: Actor, ready: Prepared, ordinal: int, digest: str, now: datetime) -> bool:
    """Write the statement with its mail; False where it was written before, or the month was reopened meanwhile."""
    queries.lock_agreement(session, ready.agreement_id)
    period, mailbox = session.get_one(RetainerPeriod, ready.period_id), outbox.default_mailbox(session)
    if period.reversed_at is not None or mailbox is None:
        return False
    values = {
        "agreement_id": ready.agreement_id,
        "month": ready.month.first_day,
        "ordinal": ordinal,
        "period_id": ready.period_id,
        "sent_to": ready.to.address,
        "pdf_sha256": digest,
        "created_at": now,
    }
    statement = insert_of(session, RetainerStatement).values(**values).on_conflict_do_nothing()
    row_id = session.scalar(statement.returning(RetainerStatement.id))
    if row_id is None:
        return False
    queued = outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox.id,
        idempotency_key=f"statement:{ready.agreement_id}:{ready.month}:{ordinal}",
        purpose="notice",
        about=("agreement", ready.agreement_id),
        to=[ready.to],
        subject=ready.subject,
        text=ready.text,
        attachments=[OutgoingFile(ready.file_name, "application/pdf", digest)],
    )
    session.get_one(RetainerStatement, row_id).outgoing_message_id = queued.id
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="statement mailed",
        kind="agreement",
        object_id=ready.agreement_id,
        now=now,
        month=str(ready.month),
        to=ready.to.address,
    )
    return True


def _last_ordinal(session: Session, agreement_id: int, month: Month) -> int:
    query = select(func.max(RetainerStatement.ordinal)).where(
        RetainerStatement.agreement_id == agreement_id, RetainerStatement.month == month.first_day
    )
    return session.scalar(query) or 0
