"""One cell of the week, opened: its entries one by one, with their notes, and one more."""

from datetime import date

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.infra import clock
from helpdesk.infra.db import read_session
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, DESK, current_actor, policy
from helpdesk.infra.web import day_filter
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import zone_named
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.timekeeping import render
from helpdesk.timekeeping.domain.timesheet import RowKey
from helpdesk.timekeeping.domain.worked import write_worked
from helpdesk.timekeeping.forms import WorkForm
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.pages.grid import field_name
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.queries import weeks
from helpdesk.timekeeping.queries.lines import of_entry
from helpdesk.timekeeping.views.blueprint import bp
from helpdesk.timekeeping.views.week import entry_form, person_shown, week_url


@bp.get("/time/cell")
@policy(DESK)
def cell() -> ResponseReturnValue:
    """Show what a cell is the sum of."""
    session, actor = read_session(), current_actor()
    row, day = RowKey.parse(request.args.get("row", "")), _day(request.args.get("day", ""))
    person = person_shown(session, actor, request.args.get("person", type=int))
    entries = [
        entry
        for entry in weeks.of_day(session, person_id=person.id, days=[day])
        if RowKey(entry.work_item.number, entry.work_type_id) == row
    ]
    item = entries[0].work_item if entries else projects.get_item(session, actor=actor, number=row.number)
    fresh = entry_form(session, actor, person, formdata=None)
    fresh.number.data, fresh.day.data, fresh.work_type_id.data = str(row.number), day, row.work_type_id
    may_edit = person.id == actor.person_id or actor.is_one_of(APPROVERS)
    return render_template(
        "timekeeping/cell.html",
        heading=_heading(item, day),
        client_name=item.project.client.name,
        zone=item.project.client.time_zone,
        entries=[_opened(session, entry, may_edit=may_edit) for entry in entries],
        form=fresh,
        back_url=f"{week_url(day, person.id)}#{field_name(row, day)}",
        may_edit=may_edit,
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RuleViolation(_("%(day)s is no day.", day=text or _("Nothing"))) from None


def _heading(item: WorkItem, day: date) -> str:
    return f"#{item.number} {item.title}, {day_filter(day, 'EEE d MMM')}"


def _opened(session: Session, entry: TimeEntry, *, may_edit: bool) -> dict[str, object]:
    """Return an entry with the form that changes it."""
    zone = zone_named(queries.client_of(entry).time_zone)
    form = WorkForm(formdata=None, note=entry.note, work_type_id=entry.work_type_id, billable=entry.billable)
    form.day.data, form.worked.data = write_worked(queries.worked_of(entry), zone)
    form.offer(session, chosen=entry.work_type)
    return {"line": render.line(of_entry(entry), now=clock.now(), may_edit=may_edit), "form": form}
