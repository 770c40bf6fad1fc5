"""Calls and visits on a ticket or task: an internal note that says with whom (docs/desk.md rules 37 to 39)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Contact
from helpdesk.infra import audit
from helpdesk.infra.policy import APPROVERS, Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.notices import service as notices
from helpdesk.projects import following
from helpdesk.projects.models import WorkItem
from helpdesk.projects.telling import key_of
from helpdesk.tickets import queries
from helpdesk.tickets.domain import NewAttachment, typed_people
from helpdesk.tickets.models import Message, Talk
from helpdesk.tickets.service.mentioning import tell_of_note
from helpdesk.tickets.service.writing import attach, formatted, touch, worded, write

NONE_SUCH = "There is no such call or visit of yours."
NAMES = {"call": "a call", "visit": "a visit"}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A call or a visit as typed; ``who`` is a contact by name or address, or any name, ``reached`` that they spoke.

    ``contact`` is whom it was with where somebody chose them; with ``html`` the text is made of that.
    """

    channel: str
    text: str
    direction: str = "out"
    who: str = ""
    phone: str = ""
    reached: bool = True
    html: str = ""
    contact: Contact | None = None


def write_talk(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    item: WorkItem,
    spoken: Spoken,
    at: datetime,
    until: datetime,
    opens: bool = False,
    attachments: Sequence[NewAttachment] = (),
) -> Message:
    """Write a call or visit that began ``at`` into the conversation; one that ``opens`` the ticket answers nothing.

    It answers what was asked by ``until``, its end.

    Raises:
        RuleViolation: nothing said, nobody named, a name of several people, or a contact of another client.
    """
    contact, name = _whom(session, actor, item, spoken)
    said = formatted(spoken.text, spoken.html)
    message = write(
        session, kind="note", item_id=item.id, person_id=actor.person_id, now=at, text=said.text, html=said.html
    )
    attach(message, attachments)
    talk = Talk(message_id=message.id, channel=spoken.channel, direction=spoken.direction, name=name)
    talk.contact_id, talk.phone, talk.reached = (contact.id if contact else None), spoken.phone, spoken.reached
    talk.answers = not opens and _answers(session, item, talk, until)
    session.add(talk)
    session.flush()
    session.expire(message, ["talk"])
    touch(session, item, now)
    following.follow_by_itself(session, item_id=item.id, person_id=actor.person_id, now=now)
    _record(session, actor, now, item, f"logged {NAMES[spoken.channel]}", message)
    tell_of_note(session, actor=actor, now=now, item=item, note=message)
    session.flush()
    return message


def own_talk(session: Session, *, actor: Actor, item_id: int, message_id: int) -> Message:
    """Return a call or visit that the actor logged; managers and administrators change those of all.

    Raises:
        NotFound: no such one on this item, or somebody else's.
    """
    message = session.get(Message, message_id)
    if message is None or message.work_item_id != item_id or message.talk is None:
        raise NotFound(NONE_SUCH)
    if message.person_id != actor.person_id and not actor.is_one_of(APPROVERS):
        raise NotFound(NONE_SUCH)
    return message


def correct_talk(
    session: Session, *, actor: Actor, now: datetime, message: Message, spoken: Spoken, at: datetime, until: datetime
) -> None:
    """Say of a call or visit what was so.

    Raises:
        RuleViolation: as for `write_talk`.
    """
    item, talk = message.work_item, _talk(message)
    contact, name = _whom(session, actor, item, spoken)
    before = {"text": message.text, "whom": talk.whom, "at": message.posted_at.isoformat()}
    message.text = message.reply_text = worded(spoken.text)
    message.html, message.posted_at = None, at
    opened = not talk.answers and _answers(session, item, talk, until)
    talk.contact, talk.name, talk.phone = contact, name, spoken.phone
    talk.contact_id = contact.id if contact else None
    talk.direction, talk.reached = spoken.direction, spoken.reached
    talk.answers = not opened and _answers(session, item, talk, until)
    touch(session, item, now)
    session.flush()
    _record(session, actor, now, item, f"corrected {NAMES[talk.channel]}", message, before=before)


def remove_talk(session: Session, *, actor: Actor, now: datetime, message: Message) -> None:
    """Delete a call or visit, and leave one line in its place, which says so; the audit trail keeps what it said."""
    item, talk = message.work_item, _talk(message)
    was, words = {"text": message.text, "whom": talk.whom}, f"deleted {NAMES[talk.channel]} with {talk.whom}"
    notices.withdraw(session, now=now, key=key_of(message.id))
    _record(session, actor, now, item, f"deleted {NAMES[talk.channel]}", message, before=was)
    session.delete(talk)
    message.kind, message.text, message.reply_text, message.html = "event", words, words, None
    message.person_id, message.mentions = actor.person_id, []
    session.flush()
    session.expire(message, ["talk", "person"])
    touch(session, item, now)
    session.flush()


def _talk(message: Message) -> Talk:
    if message.talk is None:
        raise NotFound(NONE_SUCH)
    return message.talk


def _answers(session: Session, item: WorkItem, talk: Talk, until: datetime) -> bool:
    """Return whether it is an answer: they spoke with whoever asks or takes part (docs/sla.md rule 24)."""
    if not talk.reached or talk.contact_id is None or until < item.created_at:
        return False
    return any(one.contact_id == talk.contact_id for one in queries.participants(session, [item.id]))


def _whom(session: Session, actor: Actor, item: WorkItem, spoken: Spoken) -> tuple[Contact | None, str]:
    """Return the contact that is named, else the name itself."""
    if spoken.contact is not None:
        return spoken.contact, ""
    typed = spoken.who.strip()
    if not typed and not spoken.phone.strip():
        message = "Say with whom it was."
        raise RuleViolation(message, field="who")
    name, address = typed_people(typed)[0] if "@" in typed else (typed, "")
    if address:
        contact = clients.find_contact(session, address)
        if contact is not None:
            _refuse_strangers(item, contact)
        return contact, "" if contact is not None else name or address
    taking_part = [one.contact for one in queries.participants(session, [item.id])]
    found = _named(session, actor, item, taking_part, typed) if typed else _calling(session, actor, item, spoken.phone)
    if len(found) > 1:
        names = ", ".join(one.email or one.phone for one in found)
        message = f"There are several people of that name: {names}. Write the address."
        raise RuleViolation(message, field="who")
    return (found[0], "") if found else (None, typed or spoken.phone.strip())


def _named(
    session: Session, actor: Actor, item: WorkItem, taking_part: Sequence[Contact], name: str
) -> Sequence[Contact]:
    here = [one for one in taking_part if one.name.casefold() == name.casefold()]
    return here or clients.contacts_called(session, actor=actor, client_id=item.project.client_id, name=name)


def _calling(session: Session, actor: Actor, item: WorkItem, phone: str) -> Sequence[Contact]:
    return clients.contacts_called(session, actor=actor, client_id=item.project.client_id, phone=phone)


def _refuse_strangers(item: WorkItem, contact: Contact) -> None:
    """Keep clients apart: a contact of another one was not spoken to about this.

    Raises:
        RuleViolation: they are a contact of another client.
    """
    client = item.project.client
    if contact.client_id not in (None, client.id) and not client.is_internal:
        message = "That address belongs to a contact of another client; their tickets stay apart."
        raise RuleViolation(message, field="who")


def _record(
    session: Session, actor: Actor, now: datetime, item: WorkItem, action: str, message: Message, **data: object
) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        kind="work_item",
        object_id=item.id,
        now=now,
        message_id=message.id,
        **data,
    )
