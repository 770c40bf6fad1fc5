"""Questions and answers as a table."""

from typing import Any

from sqlalchemy.orm import Session

from helpdesk.infra.export.columns import Column, Sheet, instant, number, text
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor
from helpdesk.satisfaction import queries
from helpdesk.satisfaction.queries import Narrowed


def answers_sheet(session: Session, *, actor: Actor, narrowed: Narrowed) -> Sheet[Any]:
    """Return all that was asked and what was answered, newest question first."""
    columns: list[Column[Any]] = [
        instant(_("Asked"), lambda line: line.asked_at),
        instant(_("Answered"), lambda line: line.answered_at),
        text(_("Answer"), lambda line: line.answer),
        text(_("Comment"), lambda line: line.comment),
        number(_("Ticket"), lambda line: line.number),
        text(_("Subject"), lambda line: line.title),
        text(_("Contact"), lambda line: line.contact_name),
        text(_("Client"), lambda line: line.client_name),
        text(_("Had it"), lambda line: line.person_name),
    ]
    return Sheet("satisfaction", columns, queries.answers(session, actor=actor, narrowed=narrowed, limit=None))
