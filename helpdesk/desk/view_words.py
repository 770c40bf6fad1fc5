"""What a view of the queue is called, and what narrows it, in the reader's language."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.clients.queries import visible
from helpdesk.desk.narrowing import NOBODY, Asked
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor
from helpdesk.projects.words import priority_names, status_names


def view_names() -> dict[str, str]:
    """Return the views that everybody has."""
    return {
        "all": _("All open"),
        "mine": _("Mine"),
        "unassigned": _("Unassigned"),
        "due": _("Due next"),
        "waiting": _("Waiting"),
        "snoozed": _("Snoozed"),
        "closed": _("Closed"),
        "spam": _("Spam"),
    }


def words_of(session: Session, asked: Iterable[Asked], *, actor: Actor) -> list[str]:
    """Return for each what it asks for, as ``All open, High, Lin Mei-Hua, “printer”``: two queries for all of them."""
    wanted = list(asked)
    client_ids = {int(one.narrowed.client) for one in wanted if one.narrowed.client} | {
        one.client_id for one in wanted if one.client_id is not None
    }
    person_ids = {int(one.narrowed.assignee) for one in wanted if one.narrowed.assignee not in ("", NOBODY)}
    clients = _names(session, select(Client.id, Client.name).where(Client.id.in_(client_ids), visible(actor)))
    people = _names(session, select(Person.id, Person.name).where(Person.id.in_(person_ids)))
    return [", ".join(filter(None, _parts(one, clients, people))) for one in wanted]


def _names(session: Session, query: Select[int, str]) -> dict[str, str]:
    return {str(key): name for key, name in session.execute(query)}


def _parts(one: Asked, clients: Mapping[str, str], people: Mapping[str, str]) -> Iterable[str]:
    narrowed = one.narrowed
    yield view_names().get(one.view, "")
    yield clients.get(str(one.client_id) if one.client_id is not None else narrowed.client, "")
    yield status_names().get(narrowed.status, "")
    yield priority_names().get(narrowed.priority, "")
    yield _("Nobody") if narrowed.assignee == NOBODY else people.get(narrowed.assignee, "")
    yield narrowed.tag
    yield _("“%(words)s”", words=narrowed.words) if narrowed.words else ""
