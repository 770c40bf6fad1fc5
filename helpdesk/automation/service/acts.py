"""What a rule does to a ticket, by the services that a hand would use (docs/automation.md rules 5 and 10)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.automation.service import mailing
from helpdesk.automation.service.changing import Changes, change, sleep
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.fields import filled
from helpdesk.projects.models import OPEN_STATUSES, WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.service.writing import add_event, write


@dataclass(frozen=True, kw_only=True)
class Acts(Changes):
    """What a rule does: changes, and a mail to the requester."""

    mail_subject: str = ""
    mail_text: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, in words, and why something was not; empty where all was."""

    did: tuple[str, ...]
    why_not: str = ""


def perform(session: Session, *, now: datetime, item: WorkItem, acts: Acts, name: str, mail_key: str) -> Done:
    """Do it all to a ticket that is locked, and say so in one line of its conversation.

    A mail that may not leave is left out, with the reason (docs/automation.md rule 10); anything else that cannot be
    done raises, and the caller undoes the whole.

    Raises:
        HelpdeskError: something cannot be done; the message says what.
    """
    did = change(session, actor=SYSTEM, now=now, item=item, wanted=acts)
    why_not = ""
    if acts.snooze_days and item.status in OPEN_STATUSES:
        did.append(sleep(session, actor=SYSTEM, now=now, item=item, days=acts.snooze_days))
    if acts.note:
        values = tickets.values_of(session, item)
        write(session, kind="note", item_id=item.id, person_id=None, now=now, text=filled(acts.note, values))
        did.append("note written")
    if acts.mail_text:
        why_not = mailing.refusal(session, item=item, now=now)
        if not why_not:
            mail = mailing.Letter(acts.mail_subject, acts.mail_text)
            to = mailing.send(session, now=now, item=item, letter=mail, key=mail_key, name=name)
            did.append(f"mail written to {to}")
    if did:
        add_event(session, actor=SYSTEM, now=now, item_id=item.id, text=f"rule “{name}”: {', '.join(did)}")
    return Done(tuple(did), why_not)
