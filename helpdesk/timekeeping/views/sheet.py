"""The week as a sheet to fill: its cells, its rows, and one cell opened."""

from flask import flash, redirect
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.company.days import house_day
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects.models import WorkItem
from helpdesk.timekeeping import service
from helpdesk.timekeeping.domain.timesheet import RowKey
from helpdesk.timekeeping.domain.worked import Week
from helpdesk.timekeeping.forms import USUAL, CopyForm, RemoveRowForm, RowForm, SheetForm
from helpdesk.timekeeping.pages.grid import Refusal, field_name
from helpdesk.timekeeping.service.cells import SavedCell
from helpdesk.timekeeping.service.rows import Copied
from helpdesk.timekeeping.views.blueprint import bp
from helpdesk.timekeeping.views.items import item_meant
from helpdesk.timekeeping.views.refusals import told_by_flash
from helpdesk.timekeeping.views.week import day_to_begin_with, person_shown, week_page, week_url

MOST_TOLD = 5


@bp.post("/time/week")
@policy(DESK)
def save_week() -> ResponseReturnValue:
    """Save what was typed into cells; what was refused stays in them, with the reason."""
    actor, now, form = current_actor(), clock.now(), SheetForm()
    edits = form.edits()
    shown, person = Week.parse(form.week.data or ""), person_shown(read_session(), actor, form.person_id.data)
    with unit_of_work() as session:
        saved = service.save_cells(session, actor=actor, now=now, person_id=person.id, edits=edits)
    _tell_saved(saved)
    refused = {_name(one): Refusal(one.edit.typed.text, one.problem) for one in saved if one.problem}
    if not refused:
        return redirect(week_url(shown.monday, person.id), code=303)
    return week_page(shown, person, now, refused=refused), 409 if any(one.conflict for one in saved) else 422


@bp.post("/time/rows")
@policy(DESK)
def add_row() -> ResponseReturnValue:
    """Put a row into the week, or offer those that the words could mean."""
    actor, now, form = current_actor(), clock.now(), RowForm()
    form.offer(read_session())
    right = form.validate_on_submit()
    shown, person = Week.parse(form.week.data or ""), person_shown(read_session(), actor, form.person_id.data)
    item = item_meant(form, "item") if right else None
    if item is not None:
        try:
            with unit_of_work() as session:
                key = service.add_row(
                    session,
                    actor=actor,
                    now=now,
                    person_id=person.id,
                    week=shown,
                    item=item,
                    work_type_id=_type_meant(session, form, person.id, shown, item),
                )
            begins = field_name(key, day_to_begin_with(shown, house_day(read_session(), now)))
            return redirect(f"{week_url(shown.monday, person.id)}#{begins}", code=303)
        except RuleViolation as refusal:
            form.refuse(refusal, "item")
    return week_page(shown, person, now, row_form=form), 422


@bp.post("/time/rows/remove")
@policy(DESK)
def remove_row() -> ResponseReturnValue:
    """Take a row without time out of the week."""
    form = RemoveRowForm()
    if not form.validate_on_submit():
        raise RuleViolation(_("Say which row goes."))
    shown = Week.parse(form.week.data or "")
    person = person_shown(read_session(), current_actor(), form.person_id.data)
    with unit_of_work() as session:
        service.remove_row(session, person_id=person.id, week=shown, row=RowKey.parse(form.row.data or ""))
    return redirect(week_url(shown.monday, person.id), code=303)


@bp.post("/time/copy")
@policy(DESK)
def copy_week() -> ResponseReturnValue:
    """Copy the rows of the week before, on wish with their hours."""
    form = CopyForm()
    if not form.validate_on_submit():
        raise RuleViolation(_("Say which week is filled, and with what."))
    shown = Week.parse(form.week.data or "")
    actor, person = current_actor(), person_shown(read_session(), current_actor(), form.person_id.data)
    with told_by_flash(), unit_of_work() as session:
        done = service.copy_week(
            session,
            actor=actor,
            now=clock.now(),
            person_id=person.id,
            week=shown,
            with_hours=form.what.data == "hours",
        )
        _tell_copied(done)
    return redirect(week_url(shown.monday, person.id), code=303)


def _name(one: SavedCell) -> str:
    return field_name(one.edit.row, one.edit.day)


def _tell_saved(saved: list[SavedCell]) -> None:
    changed = sum(one.changed for one in saved)
    if changed:
        flash(ngettext("%(num)s cell is saved.", "%(num)s cells are saved.", changed), "ok")
    refused = sum(bool(one.problem) for one in saved)
    if refused:
        flash(
            ngettext(
                "%(num)s cell is not saved; the reason stands below its row.",
                "%(num)s cells are not saved; the reasons stand below their rows.",
                refused,
            ),
            "danger",
        )
    for warning in sorted({one.warning for one in saved if one.warning}):
        flash(warning, "warn")
    for number in sorted({number for one in saved for number in one.overlaps}):
        flash(_("It overlaps with time on #%(number)s.", number=number), "warn")


def _tell_copied(done: Copied) -> None:
    rows = ngettext("%(num)s row is copied.", "%(num)s rows are copied.", done.rows)
    flash(rows, "ok" if done.rows or done.entries else "warn")
    if done.entries:
        time = format_hm(done.seconds)
        flash(
            ngettext(
                "%(num)s entry is copied as a draft: %(time)s.",
                "%(num)s entries are copied as drafts: %(time)s.",
                done.entries,
                time=time,
            ),
            "ok",
        )
    for warning in done.warnings:
        flash(warning, "warn")
    for reason in done.left_out[:MOST_TOLD]:
        flash(_("Left out: %(reason)s", reason=reason), "warn")
    if len(done.left_out) > MOST_TOLD:
        flash(_("And %(num)s more were left out.", num=len(done.left_out) - MOST_TOLD), "warn")


def _type_meant(session: Session, form: RowForm, person_id: int, shown: Week, item: WorkItem) -> int | None:
    """Return the work type of the row: the one that was chosen, else the item's own in this week."""
    if form.row_type_id.data == USUAL:
        return service.usual_type(session, person_id=person_id, week=shown, item=item)
    chosen: int | None = form.row_type_id.data
    return chosen
