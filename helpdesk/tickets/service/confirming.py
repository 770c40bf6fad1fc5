"""A ticket that somebody opened by hand is confirmed by mail to whoever asks (docs/desk.md rule 87)."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra.policy import Actor
from helpdesk.infra.rich_text import html_of
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.outbox.render import above_the_line, letter_html
from helpdesk.projects.models import WorkItem
from helpdesk.projects.queries import NO_ITEM
from helpdesk.tickets import queries
from helpdesk.tickets.domain import subject_of
from helpdesk.tickets.letters import confirmation
from helpdesk.tickets.models import Message
from helpdesk.tickets.service.replying import language_of, signed
from helpdesk.tickets.service.writing import add_event, remember


def confirm(session: Session, *, actor: Actor, now: datetime, item: WorkItem, noted: str = "") -> Message:
    """Mail the ticket's number to its requester with what was ``noted`` for them; an answer comes to the ticket.

    It is no answer of ours: no promise counts it.

    Raises:
        NotFound: it is no ticket.
        RuleViolation: no mail can reach them, or there is no mailbox to write from.
    """
    details = queries.get_details(session, item.id)
    if details is None:
        raise NotFound(NO_ITEM)
    requester, mailbox = details.requester, details.mailbox or outbox.default_mailbox(session)
    no_way = requester.why_no_mail(requester.name)
    if no_way:
        message = f"It cannot be confirmed by mail: {no_way}."
        raise RuleViolation(message, field="confirm")
    if mailbox is None:
        message = "No mailbox is connected yet, so nothing can be confirmed. Ask an administrator to connect one."
        raise RuleViolation(message, field="confirm")
    language = language_of(details, mailbox)
    text = confirmation(language=language, name=requester.name, number=item.number, title=item.title, noted=noted)
    outgoing = outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox.id,
        idempotency_key=f"acknowledgement:{item.id}",
        purpose="acknowledgement",
        about=("work_item", item.id),
        to=[Address(requester.name, requester.email)],
        subject=subject_of(item.number, item.title),
        text=above_the_line(signed(text, mailbox.signature), language=language),
        html=letter_html(html_of(text), signature=mailbox.signature, language=language),
        item_id=item.id,
        from_name=f"{actor.name} ({mailbox.name})" if mailbox.name else actor.name,
    )
    remember(session, item.id, (outgoing.message_id,))
    said = f"confirmed it by mail to {requester.email}" + (f": {noted.strip()}" if noted.strip() else "")
    return add_event(session, actor=actor, now=now, item_id=item.id, text=said)
