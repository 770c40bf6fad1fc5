"""A client's account sent to it: printed outside of any transaction, then queued once (docs/billing.md rule M3)."""

from sqlalchemy.orm import Session

from helpdesk.infra import audit, blobs
from helpdesk.infra.clock import Clock
from helpdesk.infra.db import UnitOfWork
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import queries
from helpdesk.invoicing.money import account_letter
from helpdesk.invoicing.pages.account import Asked
from helpdesk.kernel.errors import RuleViolation
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address, OutgoingFile


def send_account(
    session: Session, unit_of_work: UnitOfWork, *, actor: Actor, clock: Clock, asked_for: Asked, key: str
) -> str:
    """Print the account that is asked for, queue the mail that carries it, and return to whom it goes.

    ``session`` reads; a repeat of ``key`` sends nothing more.

    Raises:
        RuleViolation: the client has no address, or we have no mailbox.
        ExternalFailure: it could not be printed.
    """
    client = asked_for.client
    if not client.invoice_email:
        message = f"{client.name} has no address for invoices; add one to the client."
        raise RuleViolation(message)
    client_id, to = client.id, Address(client.legal_name or client.name, client.invoice_email)
    letter = account_letter.letter_of(session, asked_for)
    content = account_letter.to_pdf(letter)
    digest = blobs.store().put(content)
    with unit_of_work() as writing:
        queries.lock_client(writing, actor=actor, client_id=client_id)
        mailbox = outbox.default_mailbox(writing)
        if mailbox is None:
            message = "There is no mailbox to send from; connect one in the settings."
            raise RuleViolation(message)
        blobs.record(writing, digest=digest, size_bytes=len(content), now=clock())
        outbox.queue(
            writing,
            now=clock(),
            mailbox_id=mailbox.id,
            idempotency_key=f"account:{client_id}:{key}",
            purpose="invoice",
            about=("client", client_id),
            to=[to],
            subject=letter.subject,
            text=letter.text,
            attachments=[OutgoingFile(letter.file_name, "application/pdf", digest)],
        )
        audit.record(
            writing,
            actor=actor,
            action="account sent",
            kind="client",
            object_id=client_id,
            now=clock(),
            to=to.address,
            first=asked_for.first.isoformat(),
            last=asked_for.last.isoformat(),
        )
    return to.address
