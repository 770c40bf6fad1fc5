"""Views of the queue under a name: saved, renamed, put in order and deleted (docs/desk.md rules 14 to 17)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.clients.queries import visible_to_asker
from helpdesk.desk.narrowing import COUNTED, Asked
from helpdesk.desk.narrowing import asked as read
from helpdesk.infra import audit
from helpdesk.infra.policy import APPROVERS, Actor
from helpdesk.kernel.errors import Denied, NotFound, RuleViolation
from helpdesk.kernel.places import moved
from helpdesk.tickets.models import SavedView

LONGEST_NAME = 60
MOST = 30
"""Views of one person, and shared ones: each is counted on every page of the queue."""


@dataclass(frozen=True)
class SavedLine:
    """One saved view: what it asks for, and whether the reader may change it."""

    id: int
    name: str
    is_shared: bool
    may_change: bool
    asked: Asked


def listed(*, sees_all: bool) -> Select[Any]:
    """Return the question for the views of an ``asker``, to be asked together with others; `lines` reads the answer.

    Their own ones come in their order, then the shared ones, without those of clients that they do not see.
    """
    columns = (SavedView.id, SavedView.name, SavedView.person_id, SavedView.view, SavedView.client_id, SavedView.asked)
    query: Select[Any] = select(*columns).outerjoin(Client, Client.id == SavedView.client_id)
    return query.where(
        SavedView.person_id.is_(None) | (SavedView.person_id == bindparam("person_id")),
        SavedView.client_id.is_(None) | visible_to_asker(sees_all=sees_all),
    ).order_by(SavedView.person_id.is_(None), SavedView.position, SavedView.id)


def lines(rows: Iterable[Any], *, actor: Actor) -> list[SavedLine]:
    """Return the views that rows of `listed` are."""
    return [_line(row, actor) for row in rows]


def counted(found: Iterable[SavedLine]) -> list[Asked]:
    """Return what those ask for that are counted: of what is closed there is ever more, and a search takes its time."""
    return [one.asked for one in found if _is_counted(one.asked)]


def with_counts(found: Iterable[SavedLine], counts: Iterable[int]) -> list[tuple[SavedLine, int | None]]:
    """Return each view with its number of tickets, in the order of :func:`counted`; None where it is not counted."""
    numbers = iter(counts)
    return [(one, next(numbers) if _is_counted(one.asked) else None) for one in found]


def _is_counted(asked: Asked) -> bool:
    return asked.view in COUNTED and not asked.narrowed.search


def shown(found: Iterable[SavedLine], asked: Asked) -> SavedLine | None:
    """Return the view whose tickets are asked for: the one that has them in that very order, else in another one."""
    same = [one for one in found if one.asked.is_same_but_sorted(asked)]
    return next((one for one in same if one.asked == asked), same[0] if same else None)


def save(session: Session, *, actor: Actor, now: datetime, name: str, asked: Asked, is_shared: bool) -> SavedView:
    """Keep what is asked for under a name, behind the others.

    Raises:
        Denied: shared, by somebody who is neither manager nor administrator.
        NotFound: it asks for a client that is not there, or not for the actor.
        RuleViolation: no name, too long a one, one that is there already, or too many.
    """
    if asked.of_client_id is not None:
        clients.get(session, actor=actor, client_id=asked.of_client_id)
    owner_id = None if is_shared else actor.person_id
    _check(actor, owner_id)
    others = session.scalars(_beside(owner_id)).all()
    if len(others) >= MOST:
        message = f"There are {MOST} views already; delete one that nobody needs."
        raise RuleViolation(message)
    args = asked.args()
    view, client_id = args.pop("view"), args.pop("client", None)
    stored = SavedView(
        person_id=owner_id,
        name=_free(name, others),
        position=len(others),
        view=view,
        client_id=int(client_id) if client_id is not None else None,
        asked=args,
        created_at=now,
    )
    session.add(stored)
    session.flush()
    _record(session, actor, now, stored, "saved")
    return stored


def rename(session: Session, *, actor: Actor, now: datetime, view_id: int, name: str) -> None:
    """Give a view another name.

    Raises:
        NotFound: no such view, or somebody else's.
        Denied: a shared one, by somebody who is neither manager nor administrator.
        RuleViolation: no name, too long a one, or one that is there already.
    """
    stored = _changeable(session, actor, view_id)
    others = [one for one in session.scalars(_beside(stored.person_id)) if one.id != stored.id]
    stored.name = _free(name, others)
    session.flush()
    _record(session, actor, now, stored, "renamed")


def move(session: Session, *, actor: Actor, view_id: int, is_up: bool) -> None:
    """Move a view one place up or down; at the end it stays.

    Raises:
        NotFound: no such view, or somebody else's.
        Denied: a shared one, by somebody who is neither manager nor administrator.
    """
    stored = _changeable(session, actor, view_id)
    ordered = session.scalars(_beside(stored.person_id)).all()
    for position, one in enumerate(moved(ordered, stored, up=is_up)):
        one.position = position
    session.flush()


def delete(session: Session, *, actor: Actor, now: datetime, view_id: int) -> str:
    """Delete a view and return its name; tickets stay as they are.

    Raises:
        NotFound: no such view, or somebody else's.
        Denied: a shared one, by somebody who is neither manager nor administrator.
    """
    stored = _changeable(session, actor, view_id)
    session.delete(stored)
    session.flush()
    _record(session, actor, now, stored, "deleted")
    return stored.name


def _line(row: Any, actor: Actor) -> SavedLine:  # noqa: ANN401 - a row of `listed`
    client = {"client": str(row.client_id)} if row.client_id is not None else {}
    may_change = row.person_id is not None or actor.is_one_of(APPROVERS)
    return SavedLine(
        row.id, row.name, row.person_id is None, may_change, read({"view": row.view, **client, **row.asked})
    )


def _beside(owner_id: int | None) -> Select[SavedView]:
    """Return the views among which a name is free or not, in their order, locked: nobody else orders them now."""
    same = SavedView.person_id.is_(None) if owner_id is None else SavedView.person_id == owner_id
    return select(SavedView).where(same).order_by(SavedView.position, SavedView.id).with_for_update()


def _changeable(session: Session, actor: Actor, view_id: int) -> SavedView:
    stored = session.get(SavedView, view_id)
    if stored is None or stored.person_id not in (None, actor.person_id):
        message = "There is no such view."
        raise NotFound(message)
    _check(actor, stored.person_id)
    return stored


def _check(actor: Actor, owner_id: int | None) -> None:
    if owner_id is None and not actor.is_one_of(APPROVERS):
        message = "Managers and administrators look after the views of all."
        raise Denied(message)


def _free(name: str, others: Sequence[SavedView]) -> str:
    words = " ".join(name.split())
    if not words or len(words) > LONGEST_NAME:
        message = f"Give the view a name of at most {LONGEST_NAME} characters."
        raise RuleViolation(message)
    if words.lower() in (one.name.lower() for one in others):
        message = "There is a view of that name already."
        raise RuleViolation(message)
    return words


def _record(session: Session, actor: Actor, now: datetime, stored: SavedView, action: str) -> None:
    audit.record(session, actor=actor, action=action, kind="saved_view", object_id=stored.id, now=now, name=stored.name)
