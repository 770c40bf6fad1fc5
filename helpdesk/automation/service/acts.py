"""What a rule does to a ticket, by the services that a hand would use (docs/automation.md rules 5 and 10)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.automation.domain.rules import NOBODY
from helpdesk.automation.service import mailing
from helpdesk.company import service as company
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import Conflict
from helpdesk.kernel.fields import filled
from helpdesk.kernel.periods import zone_named
from helpdesk.projects import service as projects
from helpdesk.projects import types
from helpdesk.projects.models import OPEN_STATUSES, WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.service.writing import add_event, write


@dataclass(frozen=True, kw_only=True)
class Acts:
    """What is done; what is empty changes nothing. ``assignee`` is an id as text, or ``nobody``."""

    status: str = ""
    priority: str = ""
    assignee: str = ""
    type: str = ""
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    snooze_days: int = 0
    note: str = ""
    mail_subject: str = ""
    mail_text: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Acts":
        """Return acts as they were kept; what this version does not know is left out."""
        known = {one.name for one in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
        }
        return cls(**{name: value for name, value in values.items() if name in known})

    def kept(self) -> dict[str, Any]:
        """Return the acts as they are kept: those that there are."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items() if value
        }


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
    did = [*_change(session, now, item, acts), *_tag(session, now, item, acts)]
    why_not = ""
    if acts.snooze_days and item.status in OPEN_STATUSES:
        until, zone = now + timedelta(days=acts.snooze_days), zone_named(company.get_company(session).time_zone)
        tickets.snooze(session, actor=SYSTEM, now=now, item_id=item.id, until=until, zone=zone)
        did.append(f"snoozed for {acts.snooze_days} days")
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


def _change(session: Session, now: datetime, item: WorkItem, acts: Acts) -> list[str]:
    did: list[str] = []
    how: dict[str, Any] = {"actor": SYSTEM, "now": now, "item_id": item.id}
    if acts.status and acts.status != item.status:
        _refuse_open_parts(session, item, acts.status)
        projects.set_status(session, **how, status=acts.status)
        did.append(f"status {acts.status.replace('_', ' ')}")
    if acts.priority and acts.priority != item.priority:
        projects.set_priority(session, **how, priority=acts.priority)
        did.append(f"priority {acts.priority}")
    wanted = None if acts.assignee == NOBODY else int(acts.assignee or 0)
    if acts.assignee and wanted != item.assignee_id:
        projects.assign(session, **how, assignee_id=wanted)
        did.append(f"assigned to {accounts.get_person(session, wanted).name if wanted else 'nobody'}")
    if acts.type and acts.type != str(item.type_id or ""):
        name = types.set_type(session, **how, type_id=int(acts.type))
        did.append(f"type {name}")
    return did


def _tag(session: Session, now: datetime, item: WorkItem, acts: Acts) -> list[str]:
    did: list[str] = []
    for tag, on in [*((one, True) for one in acts.add_tags), *((one, False) for one in acts.remove_tags)]:
        if projects.tag_item(session, actor=SYSTEM, now=now, item_id=item.id, tag=tag, on=on):
            did.append(f"tag {tag} {'added' if on else 'taken off'}")
    return did


def _refuse_open_parts(session: Session, item: WorkItem, status: str) -> None:
    """Pass unless the ticket would be done while parts of it are open (docs/desk.md rule 28)."""
    if status in OPEN_STATUSES or item.status not in OPEN_STATUSES:
        return
    parts = tickets.open_parts(session, actor=SYSTEM, item_id=item.id)
    if parts:
        message = f"Parts of #{item.number} are open: {', '.join(f'#{one.number}' for one in parts)}."
        raise Conflict(message)
