"""The workload: people by week, and the tasks behind one cell."""

from datetime import date
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.clients import queries as clients
from helpdesk.company.days import house_day
from helpdesk.desk import exports, workload_page
from helpdesk.desk.views.blueprint import bp
from helpdesk.desk.workload_page import AHEAD, WEEKS, Wanted, Workload
from helpdesk.infra import clock
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.db import read_session
from helpdesk.infra.export.columns import Sheet
from helpdesk.infra.export.views import exported
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, DESK, current_actor, policy
from helpdesk.kernel.errors import NotFound
from helpdesk.projects import queries as projects
from helpdesk.timekeeping.domain.worked import Week

NOBODY = "nobody"


def _sheet(session: Session) -> Sheet[exports.PersonWeek]:
    return exports.workload_sheet(_look(session))


@bp.get("/projects/workload")
@policy(DESK)
@exported(_sheet)
def workload() -> str:
    """Show who is booked how much in which week, and the tasks behind the cell that is asked for."""
    session, actor = read_session(), current_actor()
    found = _look(session)
    return render_template(
        "desk/workload.html",
        load=found,
        weeks=found.wanted.weeks,
        this_week=Week.of(found.today),
        asked=_asked(),
        projects=projects.choices(session, actor=actor),
        clients=clients.choices(session, condition=clients.visible(actor)),
        teams=accounts.team_choices(session),
        cell=_cell(found),
        cell_url=_cell_url,
        sees_all=actor.sees_all_clients,
        sets_hours=actor.is_one_of(APPROVERS),
        **_steps(found),
    )


def _look(session: Session) -> Workload:
    """Return the workload that the address asks for.

    Raises:
        NotFound: no such project, client or team, or not for this actor.
        RuleViolation: no week.
    """
    today, actor = house_day(session, clock.now()), current_actor()
    project_id, client_id, team_id = (request.args.get(name, type=int) for name in ("project", "client", "team"))
    ask_ahead(
        session,
        *workload_page.questions(actor, project_id=project_id, client_id=client_id),
        projects.choice(actor),
        clients.choice_of(clients.visible(actor)),
        accounts.team_choice(),
    )
    if project_id is not None:
        projects.get_project(session, actor=current_actor(), project_id=project_id)
    if client_id is not None:
        clients.get(session, actor=current_actor(), client_id=client_id)
    if team_id is not None and team_id not in dict(accounts.team_choices(session)):
        raise NotFound(_("There is no such team."))
    wanted = Wanted(_first_week(today), project_id, client_id, team_id)
    return workload_page.look(session, actor=current_actor(), wanted=wanted, today=today)


def _first_week(today: date) -> Week:
    """Return the week that the page begins with: never one that is over, and none years ahead."""
    asked = request.args.get("from", "")
    monday = Week.parse(asked).monday if asked else today
    return Week.of(max(min(monday, today + AHEAD), today))


def _cell(found: Workload) -> dict[str, Any] | None:
    """Return the cell that is open: whose, of which week, and its tasks; None where none is."""
    who, week = request.args.get("who", ""), request.args.get("week", "")
    if not week or not (who == NOBODY or who.isdecimal()):
        return None
    row, shown = found.row_of(None if who == NOBODY else int(who)), Week.parse(week)
    if row is None or shown not in found.wanted.weeks:
        return None
    load = row.loads[found.wanted.weeks.index(shown)]
    return {"row": row, "week": shown, "load": load, "parts": found.cell(row.person_id, shown)}


def _asked() -> dict[str, Any]:
    """Return the filters as they stand in the address, so that steps and cells keep them."""
    return {name: value for name in ("project", "client", "team") if (value := request.args.get(name, type=int))}


def _cell_url(person_id: int | None, week: Week) -> str:
    values = {**_asked(), "from": request.args.get("from") or None, "who": person_id or NOBODY, "week": str(week)}
    return url_for("desk.workload", **values, _anchor="cell")


def _steps(found: Workload) -> dict[str, str | None]:
    """Return the addresses of the weeks before and after, and of the present ones."""
    first, this = found.wanted.first, Week.of(found.today)

    def url(week: Week) -> str:
        values = {**_asked(), "from": str(week) if week != this else None}
        return url_for("desk.workload", **values)

    before = first.plus(-WEEKS)
    return {
        "before_url": url(max(before, this, key=lambda week: week.monday)) if first != this else None,
        "after_url": url(first.plus(WEEKS)) if first.plus(WEEKS).monday <= found.today + AHEAD else None,
        "today_url": url(this) if first != this else None,
    }
