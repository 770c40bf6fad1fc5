"""The project of the demo that is planned: Verdant's second cold store, three weeks into its plan.

Tasks within tasks, milestones and what follows what; a baseline that a late delivery has left behind; a team, a budget
that is four fifths gone, a template, and three weeks of work. All of it is counted by hand in ``expectation``.
"""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.demo.calendar import Days
from helpdesk.demo.expectation import APPROVED_ON_SITE, BUDGET_MINOR, BUDGET_SECONDS, LateLine, SiteLine
from helpdesk.infra.policy import Actor
from helpdesk.kernel.durations import HOUR
from helpdesk.projects import service as projects
from helpdesk.projects import settings, templates
from helpdesk.projects.models import Project, WorkItem
from helpdesk.projects.planning import baselines, editing, linking, moving, reading
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.models import TimeEntry

CLIENT = "Verdant Foods"
NAME = "Second cold store"
BASELINE = "As agreed"
TEMPLATE = "Opening a site"
LATE = "Lay out the network"


@dataclass(frozen=True)
class PlanLine:
    """One task: its title, the one above it, who does it, first and last day as (week, weekday), hours estimated."""

    title: str
    above: str = ""
    person: str = ""
    starts: tuple[int, int] | None = None
    due: tuple[int, int] | None = None
    hours: int = 0
    is_milestone: bool = False
    status: str = "new"
    tags: tuple[str, ...] = ()


PLAN = (
    PlanLine("Network", person="tomasz"),
    PlanLine("Survey the site", "Network", "tomasz", (-3, 0), (-3, 2), 16, status="solved", tags=("on site",)),
    PlanLine("Order switches and access points", "Network", "priya", (-3, 3), (-3, 4), 4, status="solved"),
    PlanLine(LATE, "Network", "tomasz", (-2, 0), (-2, 4), 32, status="in_progress", tags=("on site",)),
    PlanLine("Network accepted", "Network", due=(-1, 1), is_milestone=True),
    PlanLine("Workplaces", person="priya"),
    PlanLine(
        "Set up twelve desks", "Workplaces", "priya", (-1, 0), (0, 2), 30, status="in_progress", tags=("on site",)
    ),
    PlanLine("Label printers at the gates", "Workplaces", "lin", (-1, 2), (0, 4), 12, status="in_progress"),
    PlanLine("Rehearse the opening", "", "tomasz", (1, 0), (1, 1), 8),
    PlanLine("Opening", due=(1, 4), is_milestone=True),
)
LINKS = (
    ("Survey the site", "Order switches and access points", 0),
    ("Order switches and access points", LATE, 0),
    (LATE, "Network accepted", 1),
    ("Set up twelve desks", "Rehearse the opening", 0),
    ("Label printers at the gates", "Rehearse the opening", 0),
    ("Network accepted", "Rehearse the opening", 0),
    ("Rehearse the opening", "Opening", 2),
)


@dataclass(frozen=True)
class Crew:
    """The people of the demo by their keys, in one session."""

    session: Session
    people: dict[str, Person]

    @classmethod
    def of(cls, session: Session) -> "Crew":
        """Return everybody, by the part of the address before the @."""
        return cls(session, {person.email.partition("@")[0]: person for person in session.scalars(select(Person))})

    def actor(self, key: str) -> Actor:
        """Return the person as the one who acts."""
        return accounts.actor_of(self.people[key])


def plan_site(crew: Crew, days: Days) -> dict[str, int]:
    """Add the project with its plan, and return the ids of its tasks by title."""
    session, amara = crew.session, crew.actor("manager")
    begun = days.at(days.of_week(-4, 4), "15:00")
    client_id = session.scalars(select(Client.id).where(Client.name == CLIENT)).one()
    project = projects.add_project(
        session, actor=amara, now=begun, client_id=client_id, name=NAME, manager_id=crew.people["manager"].id
    )
    wanted = replace(
        settings.settings_of(session, project),
        member_ids=frozenset(crew.people[key].id for key in ("tomasz", "priya", "lin")),
        starts_on=days.of_week(-3, 0),
        due_on=days.of_week(1, 4),
        budget_seconds=BUDGET_SECONDS,
        budget_minor=BUDGET_MINOR,
    )
    settings.change_project(session, actor=amara, now=begun, project_id=project.id, settings=wanted)
    items: dict[str, WorkItem] = {}
    for line in PLAN:
        items[line.title] = editing.add(
            session,
            actor=amara,
            now=begun,
            project_id=project.id,
            title=line.title,
            details=editing.Details(
                parent=items[line.above].number if line.above else None,
                starts_on=_day(days, line.starts),
                due_on=_day(days, line.due),
                estimate_seconds=line.hours * HOUR or None,
                is_milestone=line.is_milestone,
            ),
            assignee_id=crew.people[line.person].id if line.person else None,
        )
    numbers, ids = ({title: getattr(item, name) for title, item in items.items()} for name in ("number", "id"))
    for before, after, lag in LINKS:
        linking.link(
            session,
            actor=amara,
            now=begun,
            project_id=project.id,
            predecessor=numbers[before],
            successor=numbers[after],
            lag_days=lag,
        )
    baselines.take(session, actor=amara, now=begun, project_id=project.id, name=BASELINE)
    _go_on(crew, days, project, ids, numbers)
    return ids


def _go_on(crew: Crew, days: Days, project: Project, ids: dict[str, int], numbers: dict[str, int]) -> None:
    """Let three weeks pass: tasks get done, the delivery is late and pushes what follows; a template is kept."""
    session, amara = crew.session, crew.actor("manager")
    told = days.at(days.of_week(-3, 4), "16:30")
    for line in PLAN:
        projects.add_tags(session, item_id=ids[line.title], tags=line.tags)
        projects.set_status(session, actor=amara, now=told, item_id=ids[line.title], status=line.status)
    session.expire_all()
    row = reading.read(session, actor=amara, project_id=project.id).by_number(numbers[LATE])
    moving.stretch(
        session,
        actor=amara,
        now=told,
        project_id=project.id,
        number=row.number,
        due_on=days.of_week(0, 2),
        expected_version=row.version,
    )
    templates.make(session, actor=amara, now=told, project_id=project.id, name=TEMPLATE)


def work_on_site(crew: Crew, days: Days, ids: dict[str, int]) -> None:
    """Write and approve the hours of the three weeks before this one."""
    written = [write(crew, days, line, days.of_week(*line.day), ids[line.on]) for line in APPROVED_ON_SITE]
    friday = days.at(days.of_week(-1, 4), "17:00")
    for key in sorted({line.person for line in APPROVED_ON_SITE}):
        own = [entry.id for entry in written if entry.person_id == crew.people[key].id]
        timekeeping.submit(crew.session, actor=crew.actor(key), now=friday, entry_ids=own)
    timekeeping.approve(
        crew.session, actor=crew.actor("manager"), now=friday, entry_ids=[entry.id for entry in written]
    )


def write(crew: Crew, days: Days, line: SiteLine | LateLine, day: date, item_id: int) -> TimeEntry:
    """Type one entry on the evening of its day."""
    return timekeeping.add_entry(
        crew.session,
        actor=crew.actor(line.person),
        now=days.at(day, "19:00"),
        item_id=item_id,
        day=day,
        worked=line.worked,
        note=line.note,
    )


def _day(days: Days, place: tuple[int, int] | None) -> date | None:
    return None if place is None else days.of_week(*place)
