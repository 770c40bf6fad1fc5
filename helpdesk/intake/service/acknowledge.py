"""Acknowledgements: one for a new ticket of a person, none that could start a loop (rules 19, 25, 26, 39 and 42)."""

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy.orm import Session

from helpdesk.clients.models import Contact
from helpdesk.intake.domain.decisions import OPEN_TICKET
from helpdesk.intake.domain.subject import find_token, plain_subject
from helpdesk.intake.render import acknowledgement, too_large
from helpdesk.intake.service.limits import BYTES_IN_A_MEGABYTE
from helpdesk.intake.service.matching import Arrival
from helpdesk.intake.service.placing import NOBODY
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.outbox.render import above_the_line
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as tickets

A_DAY = timedelta(days=1)


def refusal(session: Session, arrival: Arrival, contact: Contact, *, unverified: bool, now: datetime) -> str | None:
    """Return why this mail gets no acknowledgement, as a sentence; None when it gets one."""
    if arrival.incoming.automatic_reasons:
        return "not acknowledged: automatic mail"
    if arrival.mail.spam_hint:
        return "not acknowledged: a filter took the mail for spam"
    if unverified:
        return "not acknowledged: the sender is not proven"
    if arrival.sender.is_staff or arrival.written_by is not None:
        return "not acknowledged: sent by staff"
    if contact.undeliverable_at is not None or contact.email == NOBODY:
        return "not acknowledged: mail to the sender cannot be delivered"
    return (
        _not_fresh(arrival) or _capped(session, arrival, contact, now) or _echo(session, arrival, contact, now - A_DAY)
    )


def send(session: Session, arrival: Arrival, contact: Contact, item: WorkItem, *, now: datetime) -> None:
    """Queue the acknowledgement, as automatic mail, in the language of the contact, their client, or the mailbox.

    Mail that is too large is answered instead with what to do about it (rule 11).
    """
    mailbox, inbound = arrival.inbound.mailbox, arrival.inbound
    language = contact.language or (contact.client.language if contact.client else "") or mailbox.language
    if inbound.headers_only:
        subject, text = too_large(
            language=language,
            name=contact.name,
            number=item.number,
            title=item.title,
            megabytes=ceil(inbound.size_bytes / BYTES_IN_A_MEGABYTE),
            largest_megabytes=arrival.limits.largest_mail_mb,
        )
    else:
        own_text = mailbox.acknowledgement
        subject, text = acknowledgement(
            language=language, name=contact.name, number=item.number, title=item.title, own_text=own_text
        )
    answered = arrival.mail.message_id
    outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox.id,
        idempotency_key=f"too-large:{inbound.id}" if inbound.headers_only else f"acknowledgement:{item.id}",
        purpose="notice" if inbound.headers_only else "acknowledgement",
        about=("work_item", item.id),
        to=[Address(contact.name, contact.email)],
        subject=subject,
        text=above_the_line(text, language=language),
        in_reply_to=answered or "",
        references=[answered] if answered else [],
        automatic=True,
        item_id=item.id,
    )


def said(arrival: Arrival) -> str:
    """Return what was answered, as a reason."""
    if arrival.inbound.headers_only:
        return "answered: too large, asked for a link or smaller files"
    return "acknowledged"


def _echo(session: Session, arrival: Arrival, contact: Contact, since: datetime) -> str | None:
    """Return a reason where the subject is one that we wrote under today, with a number before it that is not ours.

    Another desk acknowledged our mail, and a relay took away every mark by which we would know (rule 26).
    """
    subject = arrival.mail.subject
    if find_token(subject) is None:
        return None
    titles = tickets.titles_written_about(session, contact_id=contact.id, since=since)
    return "not acknowledged: another ticket system echoes what we wrote" if plain_subject(subject) in titles else None


def is_fresh(arrival: Arrival) -> bool:
    """Return whether the mail has just come: it is no backlog, no import, and no person had to see to it (rule 42)."""
    return _not_fresh(arrival) is None


def _not_fresh(arrival: Arrival) -> str | None:
    """Return why nobody waits for an answer by return (rule 42); None when the mail has just come."""
    if OPEN_TICKET in arrival.inbound.decisions:
        return "not acknowledged: a person made it a ticket"
    if arrival.inbound.origin == "import":
        return "not acknowledged: imported"
    return "not acknowledged: from before the mailbox was connected" if _is_backlog(arrival) else None


def _is_backlog(arrival: Arrival) -> bool:
    """Whether the mail was there before we were. Servers tell its date to the second only."""
    starts_at = arrival.source.starts_at if arrival.source is not None else None
    return starts_at is not None and arrival.inbound.received_at < starts_at.replace(microsecond=0)


def _capped(session: Session, arrival: Arrival, contact: Contact, now: datetime) -> str | None:
    """Return which cap of rule 26 stands against one more acknowledgement, by those written within a day."""
    limits, written = arrival.limits, tickets.acknowledgements(session, contact_id=contact.id, since=now - A_DAY)
    pause, daily = limits.acknowledgement_pause_minutes, limits.acknowledgements_a_day
    if written and written[0] > now - timedelta(minutes=pause):
        return f"not acknowledged: the sender had one within {pause} minutes"
    if len(written) >= daily:
        return f"not acknowledged: the sender had {len(written)} within a day"
    return None
