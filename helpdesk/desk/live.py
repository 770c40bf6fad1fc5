"""Live events as one person hears them: read in order, and only what that person may see."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.clients.queries import sees
from helpdesk.infra import live
from helpdesk.infra.models import LiveEvent
from helpdesk.infra.policy import DESK, Actor
from helpdesk.projects.models import Project, WorkItem

PAGE = 500
FURTHEST_BACK = 1000
"""Who missed more than that looks at everything again, instead of hearing it one by one."""


@dataclass(frozen=True)
class Event:
    """One event with what decides who hears it now: where its item is, and whom that item's client is kept to."""

    id: int
    audience: str
    audience_id: int | None
    topic: str
    data: dict[str, Any]
    client_id: int | None
    restricted_team_id: int | None
    account_manager_id: int | None
    item_number: int | None = None

    @property
    def told(self) -> dict[str, Any]:
        """What a browser is told: what the event says, and about which item it is."""
        return self.data if self.item_number is None else {"item": self.item_number, **self.data}

    def is_for(self, actor: Actor) -> bool:
        """Return whether ``actor`` may hear it; nobody hears of an item that is gone."""
        if self.audience == "person":
            return self.audience_id is not None and self.audience_id == actor.person_id
        if not actor.is_one_of(DESK):
            return False
        return self.audience == "desk" or (
            self.client_id is not None
            and sees(actor, restricted_team_id=self.restricted_team_id, account_manager_id=self.account_manager_id)
        )


@dataclass(frozen=True)
class Missed:
    """What one person has not heard yet: the id to go on from, the events, and whether there were too many to tell."""

    newest_id: int
    events: list[Event]
    is_lost: bool


def events_after(session: Session, after: int) -> list[Event]:
    """Return the next events, at most a page of them, in the order of commits: one query."""
    query = (
        select(
            LiveEvent.id,
            LiveEvent.audience,
            LiveEvent.audience_id,
            LiveEvent.topic,
            LiveEvent.data,
            Client.id,
            Client.restricted_team_id,
            Client.account_manager_id,
            WorkItem.number,
        )
        .outerjoin(WorkItem, and_(LiveEvent.audience == "item", WorkItem.id == LiveEvent.audience_id))
        .outerjoin(Project, Project.id == WorkItem.project_id)
        .outerjoin(Client, Client.id == Project.client_id)
        .where(LiveEvent.id > after)
        .order_by(LiveEvent.id)
        .limit(PAGE)
    )
    return [Event(*row) for row in session.execute(query)]


def missed(session: Session, *, actor: Actor, after: int) -> Missed:
    """Return what the actor has not heard since the event ``after``."""
    newest = live.newest_id(session)
    if is_out_of_sight(after, newest):
        return Missed(newest, [], is_lost=True)
    events = events_after(session, after)
    reached = events[-1].id if events else after
    return Missed(reached, [event for event in events if event.is_for(actor)], is_lost=False)


def is_out_of_sight(after: int, newest: int) -> bool:
    """Return whether one cannot resume from ``after``: too far back, or from another history than this one."""
    return after > newest or newest - after > FURTHEST_BACK
