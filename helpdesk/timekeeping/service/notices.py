"""Mail to a person whose time came back (docs/billing.md rule 2): written with the rejection, once for each."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from flask_babel import force_locale
from sqlalchemy.orm import Session

from helpdesk.infra.i18n import SOURCE_LANGUAGE, ngettext
from helpdesk.infra.policy import Actor
from helpdesk.notices import service as notices
from helpdesk.notices.service import News
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.timekeeping.letters import rejection_letter
from helpdesk.timekeeping.models import TimeEntry

Told = Sequence[tuple[TimeEntry, datetime | None]]
"""Entries, and when each had been submitted: a second rejection of the same entry is another mail."""


def tell_rejected(session: Session, *, actor: Actor, now: datetime, told: Told, reason: str) -> None:
    """Queue one mail to each person whose entries were rejected; never to the actor, nor to whoever wants none."""
    by_person: dict[int, list[tuple[TimeEntry, datetime | None]]] = defaultdict(list)
    for entry, submitted_at in told:
        by_person[entry.person_id].append((entry, submitted_at))
    mailbox = outbox.default_mailbox(session)
    for person_id, own in sorted(by_person.items()):
        person = own[0][0].person
        if person_id == actor.person_id:
            continue
        key = f"time-rejected:{person_id}:{_key(own)}"
        with force_locale(SOURCE_LANGUAGE):  # as our pages speak so far
            title = ngettext("%(num)s time entry of yours", "%(num)s time entries of yours", len(own))
        path = f"/time/entries/{own[0][0].id}"
        news = News("rejected", key, title, path, author=actor.name, excerpt=reason)
        notices.tell(session, actor=actor, now=now, news=news, person_ids=[person_id], has_letter=True)
        if mailbox is None or not notices.wants_mail(session, person, "rejected"):
            continue
        entries = [entry for entry, _submitted_at in own]
        letter = rejection_letter(entries, language=person.language, by=actor.name, reason=reason)
        outbox.queue(
            session,
            now=now,
            mailbox_id=mailbox.id,
            idempotency_key=key,
            purpose="notification",
            about=("time_entry", own[0][0].id),
            to=[Address(person.name, person.email)],
            subject=letter.subject,
            text=letter.text,
            automatic=True,
        )


def _key(own: Told) -> str:
    named = ";".join(
        f"{entry.id}@{at.isoformat() if at else ''}" for entry, at in sorted(own, key=lambda one: one[0].id)
    )
    return hashlib.sha256(named.encode()).hexdigest()[:32]
