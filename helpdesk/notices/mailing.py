"""Mail that tells what people were told, several notices in one (docs/notifications.md rules 12 to 14)."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language, ngettext
from helpdesk.infra.policy import Actor
from helpdesk.notices import quiet
from helpdesk.notices import service as notices
from helpdesk.notices.models import Notice
from helpdesk.notices.render import excerpt, sentence
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address

PEOPLE = 200
MOST_LINES = 30

SeenBy = Callable[[Session, Actor, Collection[Notice]], Sequence[Notice]]
"""Which notices are about what somebody may see now; the slices above know."""


def who_is_due(session: Session, *, now: datetime) -> list[int]:
    """Return whose notices wait for a mail that is due."""
    query = select(Notice.person_id).where(Notice.mail_due_at.is_not(None), Notice.mail_due_at <= now)
    return list(session.scalars(query.distinct().order_by(Notice.person_id).limit(PEOPLE)))


def mail_person(session: Session, *, person_id: int, now: datetime, seen_by: SeenBy) -> bool:
    """Write the one mail with all that waits for a person, if it is due, and return whether there is one.

    The mail and the notices that it tells of are one transaction: no notice is mailed twice or lost by a kill. What was
    read meanwhile, what one may not see any more or wants no mail of any more is left out, and so is everything of
    somebody who has left. In quiet hours all of it is due at their end.
    """
    query = select(Notice).where(Notice.person_id == person_id, Notice.mail_due_at.is_not(None)).order_by(Notice.id)
    waiting = session.scalars(query.with_for_update(skip_locked=True)).all()
    if not any(notice.mail_due_at is not None and notice.mail_due_at <= now for notice in waiting):
        return False
    person, mailbox = session.get_one(Person, person_id), outbox.default_mailbox(session)
    quiet_ends = quiet.until(session, person, now=now)
    if quiet_ends is not None:
        for notice in waiting:
            notice.mail_due_at = quiet_ends
        return False
    unread = [one for one in waiting if one.read_at is None and notices.wants_mail(session, person, one.kind)]
    telling = seen_by(session, accounts.actor_of(person), unread) if unread and mailbox is not None else []
    for notice in waiting:
        notice.mail_due_at = None
    if not telling or mailbox is None:
        return False
    for notice in telling:
        notice.mailed_at = now
    with force_locale(letter_language(person.language)):
        subject, text = _letter(telling)
    outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox.id,
        idempotency_key=f"notices:{person_id}:{telling[-1].id}",
        purpose="notification",
        about=("person", person_id),
        to=[Address(person.name, person.email)],
        subject=subject,
        text=text,
        automatic=True,
    )
    return True


def _letter(telling: Sequence[Notice]) -> tuple[str, str]:
    count = len(telling)
    subject = sentence(telling[0]) if count == 1 else ngettext("%(num)s notification", "%(num)s notifications", count)
    base_url = str(current_app.config["BASE_URL"] or "").rstrip("/")
    told = [_paragraph(notice, base_url) for notice in telling[:MOST_LINES]]
    if count > MOST_LINES:
        told.append(ngettext("and %(num)s more", "and %(num)s more", count - MOST_LINES))
    choose = _("Choose what you are told:")
    foot = f"{choose} {base_url}/notifications/settings\n" if base_url else ""
    return " ".join(subject.split()), "\n\n".join([*told, foot])


def _paragraph(notice: Notice, base_url: str) -> str:
    said = [sentence(notice)]
    if notice.excerpt:
        said.append(f"> {excerpt(notice)}")
    if base_url:
        said.append(f"{base_url}{notice.path}")
    return "\n".join(said)
