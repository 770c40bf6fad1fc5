"""Mail that arrives on a ticket, and what it does to its status (docs/mail.md rules 16, 18, 24 and 26)."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from helpdesk.infra.policy import SYSTEM
from helpdesk.projects import following
from helpdesk.projects import service as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries
from helpdesk.tickets.domain import IncomingMail
from helpdesk.tickets.models import Message, TicketDetails
from helpdesk.tickets.service.snoozing import wake
from helpdesk.tickets.service.writing import add_event, keep_mail, lock, touch

REOPENED_BY_AN_ANSWER = ("waiting", "solved", "closed")
REOPENED = "reopened:"


def add_mail(
    session: Session,
    *,
    now: datetime,
    item_id: int,
    contact_id: int | None,
    person_id: int | None,
    mail: IncomingMail,
    reopenings_an_hour: int | None = None,
    imported: bool = False,
    from_outside: bool = False,
) -> Message:
    """Add a mail of a contact or of a member of staff to its ticket.

    A client's answer wakes what sleeps, and reopens what waited or was solved; held mail wakes, too (docs/desk.md rule
    12). Automatic and held mail, and mail of staff, changes nothing else (docs/mail.md rules 16, 18 and 24). A ticket
    that was reopened ``reopenings_an_hour`` times within the hour stays as it is, and the message says so (rule 26).
    What comes ``from_outside`` answers what was passed on: it is an internal note, and wakes and reopens likewise.
    What is ``imported`` and older than the ticket's last change is history, and changes nothing either (rule 42).
    """
    item = lock(session, item_id)
    while (into_id := queries.merged_now(session, item.id)) is not None:  # since the mail was matched
        item = lock(session, into_id)
    message = keep_mail(session, item=item, contact_id=contact_id, person_id=person_id, mail=mail)
    if from_outside:
        message.kind = "note"
    who = "somebody outside" if from_outside else "the client"
    following.follow_by_itself(session, item_id=item.id, person_id=person_id, now=now)
    is_history = imported and now < item.updated_at
    if not (mail.automatic or mail.held or contact_id is None or is_history):
        if _is_capped(session, item, reopenings_an_hour, now):
            why = f"not reopened: it was {reopenings_an_hour} times within an hour, which is the limit"
            message.reasons = [*message.reasons, why]
            add_event(session, actor=SYSTEM, now=now, item_id=item.id, text=why)
            touch(session, item, now)
        else:
            take_answer(session, item, now, who=who)
    elif mail.held and not (mail.automatic or is_history):
        _wake(session, item, now, "woke up: held mail waits for a decision")
    return message


def take_answer(session: Session, item: WorkItem, now: datetime, *, who: str = "the client") -> None:
    """Move the ticket up for a client's answer, wake it, and reopen what waited or was solved; spam stays put."""
    details = queries.get_details(session, item.id)
    if details is not None and details.spam_at is not None:
        return
    touch(session, item, now)
    _wake(session, item, now, f"woke up: {who} answered")
    if item.status in REOPENED_BY_AN_ANSWER:
        _reopen(session, item, now, who)


def _wake(session: Session, item: WorkItem, now: datetime, why: str) -> None:
    if item.snoozed_until is not None:
        wake(session, actor=SYSTEM, now=now, item_id=item.id, why=why)


def _reopen(session: Session, item: WorkItem, now: datetime, who: str) -> None:
    before = item.status
    projects.set_status(session, actor=SYSTEM, now=now, item_id=item.id, status="open")
    if before == "waiting":
        return
    details = session.get_one(TicketDetails, item.id)
    details.reopened_count += 1
    add_event(session, actor=SYSTEM, now=now, item_id=item.id, text=f"{REOPENED} {who} answered ({before} before)")


def _is_capped(session: Session, item: WorkItem, reopenings_an_hour: int | None, now: datetime) -> bool:
    if reopenings_an_hour is None or item.status not in ("solved", "closed"):
        return False
    since = now - timedelta(hours=1)
    return queries.events_since(session, item.id, since=since, beginning=REOPENED) >= reopenings_an_hour
