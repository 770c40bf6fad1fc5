"""What conditions and acts name: clients, projects, people and the like, by value and by the name that people type."""

from collections.abc import Iterable, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.accounts.models import Team
from helpdesk.automation.domain.rules import NOBODY, Condition, Field, condition
from helpdesk.clients.models import Client
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK
from helpdesk.infra.together import Together
from helpdesk.kernel.errors import RuleViolation
from helpdesk.outbox.models import Mailbox
from helpdesk.projects.models import ITEM_STATUSES, PRIORITIES, Project, TicketType

Names = Mapping[Field, Mapping[str, str]]
"""For each field whose values have names: value and name."""


def statuses() -> dict[str, str]:
    """Return what each status is called."""
    words = (_("New"), _("Open"), _("In progress"), _("Waiting"), _("Solved"), _("Closed"))
    return dict(zip(ITEM_STATUSES, words, strict=True))


def priorities() -> dict[str, str]:
    """Return what each priority is called."""
    return dict(zip(PRIORITIES, (_("Low"), _("Normal"), _("High"), _("Urgent")), strict=True))


def names(session: Session) -> Names:
    """Return the names of all that conditions and acts can name; a project goes by its client, too."""
    clients = select(Client.id, Client.name).order_by(func.lower(Client.name))
    projects = select(Project.id, (Client.name + " · " + Project.name).label("name")).join(
        Client, Client.id == Project.client_id
    )
    projects = projects.order_by(func.lower(Client.name), func.lower(Project.name))
    teams = select(Team.id, Team.name).order_by(func.lower(Team.name))
    types = select(TicketType.id, TicketType.name).order_by(TicketType.position, TicketType.id)
    mailboxes = select(Mailbox.id, Mailbox.address).order_by(Mailbox.address)
    staff = accounts.choice_of(DESK)
    found = Together(
        clients=clients, projects=projects, mailboxes=mailboxes, teams=teams, types=types, staff=staff
    ).read(session)
    return {
        Field.CLIENT: _texts(found["clients"]),
        Field.PROJECT: _texts(found["projects"]),
        Field.MAILBOX: _texts(found["mailboxes"]),
        Field.STATUS: statuses(),
        Field.PRIORITY: priorities(),
        Field.ASSIGNEE: {NOBODY: _("Nobody")} | _texts(found["staff"]),
        Field.TEAM: {NOBODY: _("No team")} | _texts(found["teams"]),
        Field.TYPE: _texts(found["types"]),
    }


def read_condition(named: Names, *, field: str, operator: str, typed: str) -> Condition:
    """Return a condition as people typed it, with names turned into what they stand for.

    Raises:
        RuleViolation: it makes no sense, or nothing is called so.
    """
    known = named.get(Field(field)) if field in set(Field) else None
    if known is None:
        return condition(field=field, operator=operator, value=typed)
    wanted = " ".join(typed.split()).casefold()
    found = [value for value, name in known.items() if wanted in (name.casefold(), value)]
    if not found:
        raise RuleViolation(_("Nothing is called “%(name)s” here: choose one of the list.", name=typed.strip()))
    return condition(field=field, operator=operator, value=found[0])


def name_of(named: Names, field: str, value: str) -> str:
    """Return what a value is called; what is not there any more says so."""
    known = named.get(Field(field)) if field in set(Field) else None
    return value if known is None else known.get(value, _("(gone)"))


def _texts(rows: Iterable[tuple[int, str]]) -> dict[str, str]:
    return {str(key): name for key, name in rows}
