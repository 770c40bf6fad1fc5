"""The mail that tells of what was approved and waits for approval again, once a person and move (rules 3 and E8)."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from flask_babel import force_locale
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.expenses.models import Expense
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language
from helpdesk.infra.policy import Actor
from helpdesk.infra.web import day_filter, money_filter
from helpdesk.kernel.durations import format_hm
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.projects.models import Project, WorkItem
from helpdesk.timekeeping.queries import entries as time
from helpdesk.timekeeping.service.moving import Returned


@dataclass(frozen=True)
class Told:
    """One thing that came back: a line about it in the reader's language, whom it concerns, and its item's number."""

    line: Callable[[], str]
    people: frozenset[int | None]
    is_time: bool
    number: int


def of_time(each: Returned) -> Told:
    """Return what is told of an entry."""
    entry = each.entry
    length = format_hm(time.worked_of(entry).seconds)
    note = f": {entry.note}" if entry.note else ""
    people = frozenset({entry.person_id, each.approved_by_id})

    def line() -> str:
        return f"{day_filter(time.day_of(entry))}, {length}, {entry.person.name}{note}"

    return Told(line, people, is_time=True, number=entry.work_item.number)


def of_expense(expense: Expense, approved_by_id: int | None) -> Told:
    """Return what is told of an expense."""

    def line() -> str:
        amount = money_filter(expense.gross_minor, expense.currency)
        note = f": {expense.note}" if expense.note else ""
        return f"{day_filter(expense.spent_on)}, {expense.category.name} {amount}, {expense.person.name}{note}"

    number = expense.work_item.number if expense.work_item else 0
    return Told(line, frozenset({expense.person_id, approved_by_id}), is_time=False, number=number)


def tell_returned(
    session: Session, *, actor: Actor, now: datetime, item: WorkItem, before: Project, returned: Sequence[Told]
) -> None:
    """Queue one mail to each person whose work came back, and to whoever had approved it; never to the actor."""
    concerned: dict[int, list[Told]] = defaultdict(list)
    for each in returned:
        for person_id in each.people - {None, actor.person_id}:
            concerned[person_id or 0].append(each)
    mailbox = outbox.default_mailbox(session) if concerned else None
    for person_id, own in sorted(concerned.items()):
        person = session.get_one(Person, person_id)
        if mailbox is not None and person.active and person.mail_notifications:
            with force_locale(letter_language(person.language)):
                subject, text = _subject(item, own), _text(actor, item, before, own)
            outbox.queue(
                session,
                now=now,
                mailbox_id=mailbox.id,
                idempotency_key=f"time-moved:{item.id}:{item.version}:{person.id}",
                purpose="notification",
                about=("work_item", item.id),
                to=[Address(person.name, person.email)],
                subject=subject,
                text=text,
                automatic=True,
            )


def _subject(item: WorkItem, returned: Sequence[Told]) -> str:
    if all(each.is_time for each in returned):
        return _("Time on #%(number)s waits for approval again", number=item.number)
    if not any(each.is_time for each in returned):
        return _("Expenses on #%(number)s wait for approval again", number=item.number)
    return _("Time and expenses on #%(number)s wait for approval again", number=item.number)


def _text(actor: Actor, item: WorkItem, before: Project, returned: Sequence[Told]) -> str:
    head = _(
        "%(who)s moved #%(number)s, %(title)s, from %(old)s to %(new)s. What had been approved there is priced anew, "
        "so it waits for approval again:",
        who=actor.name,
        number=item.number,
        title=item.title,
        old=f"{before.client.name}, {before.name}",
        new=f"{item.project.client.name}, {item.project.name}",
    )
    lines = "\n".join(
        f"- {each.line()}" if each.number == item.number else f"- #{each.number}: {each.line()}" for each in returned
    )
    base_url = str(current_app.config["BASE_URL"] or "").rstrip("/")
    link = f"\n\n{base_url}/items/{item.number}" if base_url else ""
    return f"{head}\n\n{lines}\n\n{_('There is nothing that you have to do about it.')}{link}\n"
