"""People, teams and weekly hours as tables."""

from sqlalchemy.orm import Session

from helpdesk.accounts import queries, weekly_hours
from helpdesk.accounts.forms import ROLE_NAMES
from helpdesk.accounts.queries import PersonLine, TeamLine
from helpdesk.accounts.weekly_hours import TargetLine
from helpdesk.infra.export.columns import Column, Sheet, day, hours, instant, number, text, yes
from helpdesk.infra.i18n import gettext as _


def people_sheet(session: Session) -> Sheet[PersonLine]:
    """Return all staff, active ones first, by name."""
    columns: list[Column[PersonLine]] = [
        text(_("Name"), lambda line: line.name),
        text(_("Mail"), lambda line: line.email),
        text(_("Role"), lambda line: str(ROLE_NAMES[line.role])),
        yes(_("Active"), lambda line: line.active),
        text(_("Zone"), lambda line: line.time_zone),
        instant(_("Last here"), lambda line: line.last_seen_at),
    ]
    return Sheet("people", columns, queries.people_lines(session))


def teams_sheet(session: Session) -> Sheet[TeamLine]:
    """Return all teams by name."""
    columns: list[Column[TeamLine]] = [
        text(_("Name"), lambda line: line.name),
        number(_("How many"), lambda line: len(line.member_names)),
        text(_("Members"), lambda line: ", ".join(line.member_names)),
        yes(_("Retired"), lambda line: line.is_retired),
    ]
    return Sheet("teams", columns, queries.team_lines(session))


def hours_sheet(session: Session, *, person_id: int | None) -> Sheet[TargetLine]:
    """Return how long people mean to work in a week: all figures, or one person's with everybody's."""
    columns: list[Column[TargetLine]] = [
        text(_("Whose"), lambda line: line.person_name or _("Everybody")),
        day(_("From"), lambda line: line.effective_on),
        hours(_("A week"), lambda line: line.target_seconds),
    ]
    return Sheet("weekly hours", columns, weekly_hours.lines_of(session, person_id=person_id))
