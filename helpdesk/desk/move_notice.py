"""The mail that tells of approved time which waits for approval again, once a person and move (rule 3)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from flask import current_app
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor
from helpdesk.infra.web import day_filter
from helpdesk.kernel.durations import format_hm
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.projects.models import Project, WorkItem
from helpdesk.timekeeping.queries import entries as time
from helpdesk.timekeeping.service.moving import Returned


def tell_returned(
    session: Session, *, actor: Actor, now: datetime, item: WorkItem, before: Project, returned: Sequence[Returned]
) -> None:
    """Queue one mail to each person whose time came back, and to whoever had approved it; never to the actor."""
    concerned: dict[int, list[Returned]] = defaultdict(list)
    for each in returned:
        for person_id in {each.entry.person_id, each.approved_by_id} - {None, actor.person_id}:
            concerned[person_id or 0].append(each)
    mailbox = outbox.default_mailbox(session) if concerned else None
    for person_id, own in sorted(concerned.items()):
        person = session.get_one(Person, person_id)
        if mailbox is not None and person.active and person.mail_notifications:
            outbox.queue(
                session,
                now=now,
                mailbox_id=mailbox.id,
                idempotency_key=f"time-moved:{item.id}:{item.version}:{person.id}",
                purpose="notification",
                about=("work_item", item.id),
                to=[Address(person.name, person.email)],
                subject=_("Time on #%(number)s waits for approval again", number=item.number),
                text=_text(actor, item, before, own),
                automatic=True,
            )


def _text(actor: Actor, item: WorkItem, before: Project, returned: Sequence[Returned]) -> str:
    head = _(
        "%(who)s moved #%(number)s, %(title)s, from %(old)s to %(new)s. What had been approved there is priced anew, "
        "so it waits for approval again:",
        who=actor.name,
        number=item.number,
        title=item.title,
        old=f"{before.client.name}, {before.name}",
        new=f"{item.project.client.name}, {item.project.name}",
    )
    lines = "\n".join(f"- {_line(each)}" for each in returned)
    base_url = str(current_app.config["BASE_URL"] or "").rstrip("/")
    link = f"\n\n{base_url}/items/{item.number}" if base_url else ""
    return f"{head}\n\n{lines}\n\n{_('There is nothing that you have to do about it.')}{link}\n"


def _line(each: Returned) -> str:
    entry = each.entry
    length = format_hm(time.worked_of(entry).seconds)
    return f"{day_filter(time.day_of(entry))}, {length}, {entry.person.name}{': ' + entry.note if entry.note else ''}"
