"""Telling colleagues of a client's mail, never of an act of their own (docs/mail.md rules 15, 18, 25).

Whoever wants mail gets this one at once, since it can be answered; lists and pushes are told beside it
(docs/notifications.md rule 14).
"""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake import queries
from helpdesk.intake.render import notification
from helpdesk.notices import service as notices
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.outbox.render import above_the_line
from helpdesk.projects import following, telling
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.models import Message

TEXT_LIMIT = 20_000


def tell_opened(session: Session, *, message: Message, now: datetime) -> None:
    """Tell whoever a rule gave the new ticket to, or those who asked for new tickets that nobody has."""
    item = message.work_item
    if message.contact is None or message.automatic or message.held:
        return
    if item.assignee_id is not None:
        following.follow_by_itself(session, item_id=item.id, person_id=item.assignee_id, now=now)
        _tell(session, message, "assigned", [item.assignee_id], now)
    else:
        key, author = telling.key_of(message.id), message.contact.name
        telling.came_new(session, actor=SYSTEM, now=now, item=item, key=key, author=author)


def tell_answered(session: Session, *, message: Message, now: datetime, but_not: int | None = None) -> None:
    """Tell whoever has the ticket or follows it what the client wrote.

    Nobody is told of machines' and held mail, nor ``but_not``, nor whoever wrote it themselves.
    """
    if message.contact is None or message.automatic or message.held:
        return
    _tell(session, message, "reply", set(telling.audience(session, message.work_item)) - {but_not}, now)


def tell_answered_from_outside(session: Session, *, message: Message, now: datetime) -> None:
    """Tell in the desk alone what somebody outside answered: an answer to a letter of ours would go to the client."""
    if message.contact is not None:
        what = telling.Said(
            "reply",
            telling.key_of(message.id),
            author=message.contact.name,
            excerpt=message.reply_text,
            message_id=message.id,
        )
        people = telling.audience(session, message.work_item)
        telling.tell(session, actor=SYSTEM, now=now, item=message.work_item, what=what, person_ids=people)


def _tell(session: Session, message: Message, kind: str, person_ids: set[int] | list[int], now: datetime) -> None:
    contact, item = message.contact, message.work_item
    if contact is None:
        return
    seeing = telling.who_sees(session, item, person_ids)
    others = {key: one for key, one in seeing.items() if one.email.lower() != contact.email.lower()}
    telling.tell(
        session,
        actor=SYSTEM,
        now=now,
        item=item,
        what=telling.Said(
            kind,
            telling.key_of(message.id),
            author=contact.name,
            excerpt=message.reply_text or message.text,
            message_id=message.id,
        ),
        person_ids=others,
        has_letter=True,
    )
    for person in others.values():
        if notices.wants_mail(session, person, kind):
            _queue(session, message, person, now)


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
