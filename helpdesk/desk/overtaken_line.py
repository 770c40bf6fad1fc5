"""How it is shown that somebody else changed a field of an item, and how it is set anyway (docs/desk.md rule 49)."""

from dataclasses import dataclass

from flask import url_for
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person, Team
from helpdesk.desk.overtaking import Change, Difference
from helpdesk.infra.i18n import gettext as _
from helpdesk.projects.words import status_names


@dataclass(frozen=True)
class OvertakenLine:
    """The words of a difference, and what is posted where to set it anyway, over what it is now."""

    label: str
    was: str
    now: str
    wanted: str
    change: Change
    url: str
    name: str
    value: str
    is_now: str


def overtaken_line(session: Session, number: int, found: Difference) -> OvertakenLine:
    """Return a difference as the page of the item says it."""
    label, act, name = {
        "status": (_("Status"), "desk.set_status", "status"),
        "assignee": (_("Assigned to"), "desk.assign", "assignee_id"),
        "team": (_("Team"), "desk.set_team", "team_id"),
    }[found.field]
    words = status_names() if found.field == "status" else _names(session, found)
    was, now, wanted = (words.get(each, each) for each in (found.was, found.now, found.wanted))
    return OvertakenLine(
        label=label,
        was=was,
        now=now,
        wanted=wanted,
        change=found.change,
        url=url_for(act, number=number),
        name=name,
        value=found.wanted,
        is_now=found.now,
    )


def words_of(session: Session, found: Difference, *, number: int) -> str:
    """Return a difference as one sentence or two."""
    line = overtaken_line(session, number, found)
    by = _(" (%(who)s)", who=line.change.who) if line.change.who else ""
    return _(
        "#%(number)s was changed since you looked: it is %(now)s%(by)s, and you wanted %(wanted)s. Nothing was set.",
        number=number,
        now=line.now,
        by=by,
        wanted=line.wanted,
    )


def _names(session: Session, found: Difference) -> dict[str, str]:
    is_team = found.field == "team"
    ids = [int(each) for each in (found.was, found.now, found.wanted) if each.isascii() and each.isdigit()]
    named = [session.get(Team, each) if is_team else session.get(Person, each) for each in ids]
    nothing = _("No team") if is_team else _("Nobody")
    return {"": nothing} | {str(one.id): one.name for one in named if one is not None}
