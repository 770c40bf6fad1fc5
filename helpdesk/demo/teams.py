"""The demo's two teams: one gets what comes of Kühn's workplaces, and both have tickets that nobody took yet."""

from datetime import timedelta

from sqlalchemy import select

from helpdesk.accounts import service as accounts
from helpdesk.clients.models import Client
from helpdesk.demo.site import Crew
from helpdesk.desk import service as desk
from helpdesk.projects.models import OPEN_STATUSES, Project, WorkItem

WORKPLACE, NETWORK = "Workplace", "Network and servers"
MEMBERS = {WORKPLACE: ("tomasz", "priya"), NETWORK: ("tomasz", "lin")}
TICKETS = 6


def form(crew: Crew) -> None:
    """Form the teams a moment before the newest tickets are given to them, by turns; whoever has one keeps it."""
    session, amara = crew.session, crew.actor("manager")
    query = select(WorkItem).where(WorkItem.kind == "ticket", WorkItem.status.in_(OPEN_STATUSES))
    seen = query.join(WorkItem.project).join(Project.client).where(Client.restricted_team_id.is_(None))
    items = list(session.scalars(seen.order_by(WorkItem.id.desc()).limit(TICKETS)))
    if not items:
        return
    begun = min(item.updated_at for item in items) - timedelta(minutes=1)
    teams = {
        name: accounts.add_team(
            session, name=name, person_ids=tuple(crew.people[key].id for key in keys if key in crew.people), now=begun
        )
        for name, keys in MEMBERS.items()
    }
    for at, item in enumerate(items):
        team = teams[WORKPLACE if at % 2 else NETWORK]
        desk.give_to_team(session, actor=amara, now=item.updated_at, number=item.number, team_id=team.id)
    for project in session.scalars(select(Project).where(Project.name == "Managed workplace")):
        project.team_id = teams[WORKPLACE].id
