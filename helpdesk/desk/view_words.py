"""What a view of the queue is called, and what narrows it, in the reader's language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person, Team
from helpdesk.clients.models import Client
from helpdesk.clients.queries import visible
from helpdesk.desk.narrowing import MINE, NOBODY, SORTS, Asked
from helpdesk.desk.ordering import order_of
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor
from helpdesk.projects.models import Project, TicketType
from helpdesk.projects.words import priority_names, status_names

FALLING_FIRST = frozenset({"priority", "number", "changed"})
"""What is sorted from the top down by the first click: the most urgent and the newest are looked for."""


def view_names() -> dict[str, str]:
    """Return the views that everybody has."""
    return {
        "all": _("All open"),
        "mine": _("Mine"),
        "my_teams": _("My teams"),
        "unassigned": _("Unassigned"),
        "waiting_on_us": _("Waiting on us"),
        "waiting": _("Waiting on client"),
        "due": _("Due next"),
        "at_risk": _("At risk"),
        "overdue": _("Overdue"),
        "snoozed": _("Snoozed"),
        "closed": _("Closed"),
        "spam": _("Spam"),
    }


@dataclass(frozen=True, slots=True)
class ColumnHead:
    """The head of a column: what a click on it sorts by, and how it is sorted now (rising, falling or not)."""

    key: str
    label: str
    sort: str
    state: str


def columns(wanted: Asked) -> list[ColumnHead]:
    """Return the heads of the queue's columns. A click sorts by one, another click the other way round."""
    order, names = order_of(wanted.view, wanted.sort), sort_names()
    heads = []
    for key in SORTS:
        is_now = order.name == key
        is_rising = not order.is_rising if is_now else key not in FALLING_FIRST
        state = ("rising" if order.is_rising else "falling") if is_now else ""
        heads.append(ColumnHead(key, names[key], key if is_rising else f"-{key}", state))
    return heads


def sort_names() -> dict[str, str]:
    """Return what the queue is sorted by."""
    return {
        "priority": _("Priority"),
        "number": _("Number"),
        "status": _("Status"),
        "subject": _("Subject"),
        "client": _("Client"),
        "assignee": _("Assigned to"),
        "team": _("Team"),
        "changed": _("Changed"),
    }


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that narrows the queue: its words, and what the address asks for without it."""

    label: str
    without: dict[str, str]


def chips(wanted: Asked, names: Mapping[str, Mapping[str, str]]) -> list[Chip]:
    """Return what narrows a view, each by itself; ``names`` are those of clients, people and the rest, by their ids."""
    known: dict[str, Mapping[str, str]] = {
        **names,
        "status": status_names(),
        "priority": priority_names(),
        "assignee": {**names.get("assignee", {}), NOBODY: _("Nobody")},
        "team": {**names.get("team", {}), NOBODY: _("No team"), MINE: _("My teams")},
    }
    found, args = [], wanted.args()
    for key, value in wanted.narrowed.args().items():
        words = _("“%(words)s”", words=value) if key == "words" else known.get(key, {}).get(value, value)
        also = {"project"} if key == "client" else set()  # it is one of the client's
        found.append(Chip(words, {name: each for name, each in args.items() if name not in {key, *also}}))
    return found


def words_of(session: Session, asked: Iterable[Asked], *, actor: Actor) -> list[str]:
    """Return for each what it asks for, as ``All open, High, Lin Mei-Hua, “printer”``: in six queries."""
    wanted = list(asked)
    client_ids = {one.of_client_id for one in wanted}
    project_ids = {int(one.narrowed.project) for one in wanted if one.narrowed.project}
    person_ids = {int(one.narrowed.assignee) for one in wanted if one.narrowed.assignee not in ("", NOBODY)}
    clients = _names(session, select(Client.id, Client.name).where(Client.id.in_(client_ids), visible(actor)))
    of_project = select(Project.id, Project.name).join(Client, Client.id == Project.client_id)
    projects = _names(session, of_project.where(Project.id.in_(project_ids), visible(actor)))
    people = _names(session, select(Person.id, Person.name).where(Person.id.in_(person_ids)))
    type_ids = {int(one.narrowed.type) for one in wanted if one.narrowed.type}
    types = _names(session, select(TicketType.id, TicketType.name).where(TicketType.id.in_(type_ids)))
    team_ids = {int(one.narrowed.team) for one in wanted if one.narrowed.team not in ("", NOBODY, MINE)}
    teams = _names(session, select(Team.id, Team.name).where(Team.id.in_(team_ids)))
    teams |= {NOBODY: _("No team"), MINE: _("My teams")}
    return [", ".join(filter(None, _parts(one, clients, projects, people, types, teams))) for one in wanted]


def _names(session: Session, query: Select[int, str]) -> dict[str, str]:
    return {str(key): name for key, name in session.execute(query)}


def _parts(
    one: Asked,
    clients: Mapping[str, str],
    projects: Mapping[str, str],
    people: Mapping[str, str],
    types: Mapping[str, str],
    teams: Mapping[str, str],
) -> Iterable[str]:
    narrowed = one.narrowed
    yield view_names().get(one.view, "")
    yield clients.get(str(one.of_client_id), "")
    yield projects.get(narrowed.project, "")
    yield status_names().get(narrowed.status, "")
    yield priority_names().get(narrowed.priority, "")
    yield types.get(narrowed.type, "")
    yield teams.get(narrowed.team, "")
    yield _("Nobody") if narrowed.assignee == NOBODY else people.get(narrowed.assignee, "")
    yield narrowed.tag
    yield _("“%(words)s”", words=narrowed.words) if narrowed.words else ""
    yield _("found by “%(search)s”", search=narrowed.search) if narrowed.search else ""
    yield _("by %(column)s", column=sort_names()[one.sort.removeprefix("-")].lower()) if one.sort else ""
