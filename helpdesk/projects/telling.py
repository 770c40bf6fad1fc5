"""Telling people of a ticket or task: only who may see it (docs/notifications.md rules 4 to 7)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from helpdesk.accounts import queries as accounts_queries
from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person, Team
from helpdesk.clients.queries import sees, visible
from helpdesk.infra.db import once
from helpdesk.infra.policy import DESK, Actor
from helpdesk.notices import service as notices
from helpdesk.notices.models import Notice
from helpdesk.notices.service import News
from helpdesk.projects import following
from helpdesk.projects.models import Project, WorkItem


def audience(session: Session, item: WorkItem) -> list[int]:
    """Return who is told what happens on an item: whoever has it, and who follows it."""
    assigned = [] if item.assignee_id is None else [item.assignee_id]
    return sorted({*assigned, *following.follower_ids(session, item.id)})


def who_sees(session: Session, item: WorkItem, person_ids: Collection[int]) -> dict[int, Person]:
    """Return those of the people who work on the desk now and may see the item."""
    if not person_ids:
        return {}
    query = select(Person).where(Person.id.in_(person_ids), Person.active, Person.role.in_(sorted(DESK)))
    client = item.project.client
    return {
        person.id: person
        for person in session.scalars(query.options(selectinload(Person.memberships)))
        if sees(
            accounts.actor_of(person),
            restricted_team_id=client.restricted_team_id,
            account_manager_id=client.account_manager_id,
        )
    }


@dataclass(frozen=True)
class Said:
    """What is told of an item; without an author it is whoever acts."""

    kind: str
    key: str
    author: str = ""
    excerpt: str = ""
    message_id: int | None = None


def tell(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    item: WorkItem,
    what: Said,
    person_ids: Collection[int],
    has_letter: bool = False,
) -> list[int]:
    """Tell those of the people who may see the item, never the actor, and return who is told by any way."""
    news = News(
        kind=what.kind,
        key=what.key,
        title=f"#{item.number} {item.title}",
        path=f"/items/{item.number}" + (f"#m{what.message_id}" if what.message_id is not None else ""),
        author=what.author or actor.name,
        excerpt=what.excerpt,
        item_id=item.id,
    )
    others = who_sees(session, item, set(person_ids) - {actor.person_id})
    return notices.tell(session, actor=actor, now=now, news=news, person_ids=others, has_letter=has_letter)


def key_of(message_id: int) -> str:
    """Return the key of what is told of a message, so that nobody hears of it twice."""
    return f"message:{message_id}"


def given(
    session: Session, *, actor: Actor, now: datetime, item: WorkItem, before: int | None = None, tells: bool = True
) -> None:
    """Let whoever is given an item follow it, and tell them; who had it ``before``, and its team, are told no more."""
    if before is not None:
        notices.withdraw_of(session, now=now, person_ids=[before], kind="assigned", item_id=item.id)
    if item.assignee_id is None:
        return
    if item.team_id is not None:
        _withdraw_of_team(session, now, item, item.team_id)
    following.follow_by_itself(session, item_id=item.id, person_id=item.assignee_id, now=now)
    if tells:
        what = Said("assigned", f"assigned:{item.id}:{now.isoformat()}")
        tell(session, actor=actor, now=now, item=item, what=what, person_ids=[item.assignee_id])


def given_to_team(
    session: Session, *, actor: Actor, now: datetime, item: WorkItem, key: str, before: int | None = None
) -> None:
    """Tell those in the team of an item that nobody has; the team ``before`` is told no more of it."""
    if before is not None:
        _withdraw_of_team(session, now, item, before)
    if item.team_id is None or item.assignee_id is not None:
        return
    team_id = item.team_id
    people = once(session, "members", team_id, read=lambda: accounts_queries.members(session, team_id=team_id))
    name = session.get_one(Team, team_id).name
    tell(session, actor=actor, now=now, item=item, what=Said("team", key, excerpt=name), person_ids=people)


def _withdraw_of_team(session: Session, now: datetime, item: WorkItem, team_id: int) -> None:
    people = accounts_queries.members(session, team_id=team_id)
    notices.withdraw_of(session, now=now, person_ids=people, kind="team", item_id=item.id)


def came_new(session: Session, *, actor: Actor, now: datetime, item: WorkItem, key: str, author: str = "") -> None:
    """Tell of a new ticket that nobody has those in its team, and those who asked to be told of such."""
    if item.assignee_id is None:
        given_to_team(session, actor=actor, now=now, item=item, key=key)
        wanting = notices.who_asked_for(session, "new_ticket")
        what = Said("new_ticket", key, author=author)
        tell(session, actor=actor, now=now, item=item, what=what, person_ids=wanting)


def seen_by(session: Session, actor: Actor, found: Collection[Notice]) -> list[Notice]:
    """Return those of the notices whose items the actor may see now; what is about no item stays."""
    ids = {notice.work_item_id for notice in found} - {None}
    query = select(WorkItem.id).join(WorkItem.project).join(Project.client)
    seen = set(session.scalars(query.where(WorkItem.id.in_(ids), visible(actor)))) if ids else set()
    may_look = actor.is_one_of(DESK)
    return [notice for notice in found if notice.work_item_id is None or (may_look and notice.work_item_id in seen)]
