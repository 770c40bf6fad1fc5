"""Mail to a colleague on whose ticket somebody wrote, never for an act of their own (docs/mail.md rules 15, 18, 25)."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.intake import queries
from helpdesk.intake.render import notification
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.outbox.render import above_the_line
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.models import Message

TEXT_LIMIT = 20_000


def tell_assignee(session: Session, *, message: Message, now: datetime, but_not: int | None = None) -> bool:
    """Queue the one mail about ``message`` to whoever has the ticket, and return whether there is one to tell.

    Nobody is told of machines' and held mail, nor ``but_not``, nor a person who wants no mail or wrote it themselves.
    """
    item = message.work_item
    person = session.get(Person, item.assignee_id) if item.assignee_id is not None else None
    if person is None or message.contact is None or message.automatic or message.held:
        return False
    if not (person.active and person.mail_notifications) or person.id == but_not:
        return False
    if person.email.lower() == message.contact.email.lower():
        return False
    _queue(session, message, person, now)
    return True


def _queue(session: Session, message: Message, person: Person, now: datetime) -> None:
    item, details = message.work_item, tickets.details(session, message.work_item_id)
    mailbox = (details.mailbox if details is not None else None) or outbox.default_mailbox(session)
    if mailbox is None or message.contact is None:
        return
    proves = queries.proves_senders(session, mailbox.id) and mailbox.plus_addresses
    subject, text = notification(
        language=person.language,
        author=message.contact.name,
        number=item.number,
        title=item.title,
        text=(message.reply_text or message.text)[:TEXT_LIMIT],
        answers_reach=details.requester.name if details is not None and proves else "",
    )
    outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox.id,
        idempotency_key=f"notification:{message.id}:{person.id}",
        purpose="notification",
        about=("work_item", item.id),
        to=[Address(person.name, person.email)],
        subject=subject,
        text=above_the_line(text, language=person.language),
        automatic=True,
        item_id=item.id,
        for_person_id=person.id,
    )
