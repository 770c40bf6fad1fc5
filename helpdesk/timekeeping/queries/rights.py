"""Whose time somebody approves: managers everybody's; by the company's setting also those who run the work (rule 2)."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, select, true
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.company import service as company
from helpdesk.infra.db import once
from helpdesk.infra.policy import APPROVERS, Actor
from helpdesk.kernel.errors import Denied
from helpdesk.projects.models import Project
from helpdesk.timekeeping.models import TimeEntry


@dataclass(frozen=True, slots=True)
class Reach:
    """What one person may approve: everything, or what ``by`` names, ``project_manager`` or ``account_manager``.

    ``own_too`` where the company lets people approve their own time.
    """

    person_id: int | None
    everything: bool
    by: str
    own_too: bool

    def covers(self, entry: TimeEntry) -> bool:
        """Return whether the entry is within reach, one's own or not."""
        project = entry.work_item.project
        in_charge = {"project_manager": project.manager_id, "account_manager": project.client.account_manager_id}
        return self.everything or (self.person_id is not None and in_charge.get(self.by) == self.person_id)

    def approves(self, entry: TimeEntry) -> bool:
        """Return whether the person may approve the entry."""
        return self.covers(entry) and (self.own_too or entry.person_id != self.person_id)

    @property
    def condition(self) -> ColumnElement[bool]:
        """The condition on a query that has joined `Project` and `Client`."""
        if self.everything:
            return true()
        columns = {"project_manager": Project.manager_id, "account_manager": Client.account_manager_id}
        column = columns.get(self.by)
        return false() if column is None else column == self.person_id

    @property
    def condition_to_approve(self) -> ColumnElement[bool]:
        """The condition of an entry that the person may approve, on a query that has joined `Project` and `Client`."""
        if self.own_too:
            return self.condition
        return and_(self.condition, TimeEntry.person_id != self.person_id)


def reach_of(session: Session, actor: Actor) -> Reach:
    """Return what the actor may approve."""
    house = once(session, "company", read=lambda: company.get_company(session))
    return Reach(actor.person_id, actor.is_one_of(APPROVERS), house.approved_by, house.self_approval)


def approves_any(session: Session, actor: Actor) -> bool:
    """Return whether the actor approves anybody's time: by role, or by a project or client that is theirs."""
    reach = reach_of(session, actor)
    if reach.everything:
        return True
    query = select(Project.id).join(Project.client).where(reach.condition).limit(1)
    return reach.by != "managers" and session.scalar(query) is not None


def require_approver(session: Session, actor: Actor) -> Reach:
    """Return what the actor may approve.

    Raises:
        Denied: nothing.
    """
    if not approves_any(session, actor):
        message = "Your role does not approve time."
        raise Denied(message)
    return reach_of(session, actor)
