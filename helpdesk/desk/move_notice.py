"""The mails about a move, one a person: what waits for approval again (rules 3 and E8), what one has no longer."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

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
from helpdesk.projects.planning.leaving import may_see
from helpdesk.timekeeping.queries import entries as time
from helpdesk.timekeeping.service.moving import Returned

T = TypeVar("T")


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
    _tell_each(
        session,
        now=now,
        item=item,
        key="time-moved",
        concerned=concerned,
        words=lambda person, own: (
            _subject(item, own),
            _text(actor, item, before, own, sees=may_see(session, person, item.project)),
        ),
    )


def tell_unassigned(
    session: Session, *, actor: Actor, now: datetime, item: WorkItem, lost: Sequence[tuple[WorkItem, Person]]
) -> None:
    """Queue one mail to each person who had open work that moved to where they cannot have it; never to the actor.

    Where that is, is not for them to know.
    """
    concerned: dict[int, list[WorkItem]] = defaultdict(list)
    for each, person in lost:
        if person.id != actor.person_id:
            concerned[person.id].append(each)
    _tell_each(
        session,
        now=now,
        item=item,
        key="moved-away",
        concerned=concerned,
        words=lambda _person, own: (_away_subject(own), _away_text(actor, own)),
    )


def _tell_each(
    session: Session,
    *,
    now: datetime,
    item: WorkItem,
    key: str,
    concerned: Mapping[int, list[T]],
    words: Callable[[Person, list[T]], tuple[str, str]],
) -> None:
    mailbox = outbox.default_mailbox(session) if concerned else None
    for person_id, own in sorted(concerned.items()):
        person = session.get_one(Person, person_id)
        if mailbox is not None and person.active and person.mail_notifications:
            with force_locale(letter_language(person.language)):
                subject, text = words(person, own)
            outbox.queue(
                session,
                now=now,
                mailbox_id=mailbox.id,
                idempotency_key=f"{key}:{item.id}:{item.version}:{person.id}",
                purpose="notification",
                about=("work_item", item.id),
                to=[Address(person.name, person.email)],
                subject=subject,
                text=text,
                automatic=True,
            )


def _away_subject(items: Sequence[WorkItem]) -> str:
    numbers = ", ".join(f"#{each.number}" for each in items)
    return _("%(numbers)s: no longer assigned to you", numbers=numbers)


def _away_text(actor: Actor, items: Sequence[WorkItem]) -> str:
    head = _(
        "%(who)s moved to another project what you cannot work on there, and took it off your list:", who=actor.name
    )
    lines = "\n".join(f"- #{each.number} {each.title}" for each in items)
    tail = _("A timer of yours that runs on it goes on, and your time stays yours.")
    return f"{head}\n\n{lines}\n\n{tail}\n"


def _subject(item: WorkItem, returned: Sequence[Told]) -> str:
    if all(each.is_time for each in returned):
        return _("Time on #%(number)s waits for approval again", number=item.number)
    if not any(each.is_time for each in returned):
        return _("Expenses on #%(number)s wait for approval again", number=item.number)
    return _("Time and expenses on #%(number)s wait for approval again", number=item.number)


def _text(actor: Actor, item: WorkItem, before: Project, returned: Sequence[Told], *, sees: bool) -> str:
    head = _(
        "%(who)s moved #%(number)s, %(title)s, from %(old)s to %(new)s. What had been approved there is priced anew, "
        "so it waits for approval again:",
        who=actor.name,
        number=item.number,
        title=item.title,
        old=f"{before.client.name}, {before.name}",
        new=f"{item.project.client.name}, {item.project.name}" if sees else _("a project that you cannot see"),
    )
    lines = "\n".join(
        f"- {each.line()}" if each.number == item.number else f"- #{each.number}: {each.line()}" for each in returned
    )
    base_url = str(current_app.config["BASE_URL"] or "").rstrip("/")
    link = f"\n\n{base_url}/items/{item.number}" if base_url and sees else ""
    tail = _("There is nothing that you have to do about it.")
    return f"{head}\n\n{lines}\n\n{tail}{link}\n"
