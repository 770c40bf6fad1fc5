"""Entries by hand: added, changed, deleted, gone on with."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.clients.lock_dates import DayIsLockedError
from helpdesk.company.days import house_day
from helpdesk.infra import clock
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, DESK, current_actor, policy
from helpdesk.infra.sent_forms import act_once
from helpdesk.infra.web import back_or, own_path
from helpdesk.kernel.durations import HOUR, format_hm
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.periods import zone_named
from helpdesk.rates import queries as rates
from helpdesk.timekeeping import render, service
from helpdesk.timekeeping.domain.worked import Week, write_worked
from helpdesk.timekeeping.forms import ReasonForm, ReopenForm, WorkForm
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.pages.entry import entry_page
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.views.blueprint import bp
from helpdesk.timekeeping.views.items import item_meant, words_of
from helpdesk.timekeeping.views.refusals import tell_limits, told_by_flash
from helpdesk.timekeeping.views.week import entry_form, person_shown, week_page, week_url

LONG_SECONDS = 12 * HOUR


@bp.post("/time/entries")
@policy(DESK)
def add_entry() -> ResponseReturnValue:
    """Add a typed entry, or show the week again with what is wrong with it."""
    actor, now = current_actor(), clock.now()
    person = person_shown(read_session(), actor, request.form.get("person_id", type=int))
    form = entry_form(read_session(), actor, person)
    right, item = form.validate_on_submit(), item_meant(form, "number")
    if item is not None and form.pick.data:
        form.number.data = words_of(item)
    if right and item is not None:
        try:
            with unit_of_work() as session:
                sent = act_once(session, now=now)
                entry = service.add_entry(
                    session, actor=actor, now=now, item_id=item.id, person_id=person.id, **_worked(form)
                )
                _tell_added(session, entry)
                day = queries.day_of(entry)
                path = own_path(request.form.get("next")) or week_url(day, person.id, begin=day)
                if sent is not None:
                    sent.leads_to = path
            return redirect(path, code=303)
        except DayIsLockedError as refusal:
            form.refuse(refusal, "reason")
        except RuleViolation as refusal:
            form.refuse(refusal, "worked")
    shown = Week.of(form.day.data or house_day(read_session(), now))
    return week_page(shown, person, now, form=form), 422


@bp.get("/time/entries/<int:entry_id>")
@policy(DESK)
def edit_entry(entry_id: int) -> str:
    """Show one entry in a form."""
    entry = _entry_at_rest(read_session(), entry_id)
    ask_ahead(
        read_session(),
        rates.work_types_asked(),
        rates.work_type_names_asked(),
        queries.reversal_asked(entry.id),
        queries.history_asked(entry.id),
    )
    day, worked = write_worked(queries.worked_of(entry), zone_named(queries.client_of(entry).time_zone))
    form = WorkForm(
        formdata=None,
        day=day,
        worked=worked,
        note=entry.note,
        work_type_id=entry.work_type_id,
        billable=entry.billable,
    )
    form.offer(read_session(), chosen=entry.work_type)
    return _entry_page(entry, form)


@bp.post("/time/entries/<int:entry_id>")
@policy(DESK)
def change_entry(entry_id: int) -> ResponseReturnValue:
    """Change one entry, or show the form again with what is wrong."""
    entry = _entry_at_rest(read_session(), entry_id)
    form, status = WorkForm(), 422
    form.offer(read_session(), chosen=entry.work_type)
    if form.validate_on_submit():
        try:
            with unit_of_work() as session:
                changed = service.edit_entry(
                    session, actor=current_actor(), now=clock.now(), entry_id=entry_id, **_worked(form)
                )
                back = week_url(queries.day_of(changed), changed.person_id)
                _tell_changed(entry_id, changed)
                tell_limits(session, [changed])
            return redirect(own_path(request.form.get("next")) or back, code=303)
        except DayIsLockedError as refusal:
            form.refuse(refusal, "reason")
        except RuleViolation as refusal:
            form.refuse(refusal, "worked" if form.reason.data or "Say why" not in str(refusal) else "reason")
        except Conflict as refusal:
            form.refuse(str(refusal))
            status = 409
    return _entry_page(entry, form), status


@bp.post("/time/entries/<int:entry_id>/delete")
@policy(DESK)
def delete_entry(entry_id: int) -> ResponseReturnValue:
    """Delete one entry."""
    actor, form = current_actor(), ReasonForm()
    form.validate_on_submit()
    entry = queries.get(read_session(), actor=actor, entry_id=entry_id)
    back = week_url(queries.day_of(entry), entry.person_id)
    with told_by_flash(), unit_of_work() as session:
        service.delete_entry(session, actor=actor, now=clock.now(), entry_id=entry_id, reason=form.reason.data or "")
        flash(_("The entry is deleted."), "ok")
    return redirect(own_path(request.form.get("next")) or back, code=303)


@bp.post("/time/entries/<int:entry_id>/reopen")
@policy(APPROVERS)
def reopen(entry_id: int) -> ResponseReturnValue:
    """Take an approval back with a reason."""
    form = ReopenForm()
    right = form.validate_on_submit()
    reason, to = (form.reason.data or "", form.to.data or "draft") if right else ("", "draft")
    with told_by_flash(), unit_of_work() as session:
        entry = service.reopen(session, actor=current_actor(), now=clock.now(), entry_id=entry_id, reason=reason, to=to)
        flash(_("The time of %(name)s is open again.", name=entry.person.name), "ok")
    return redirect(url_for("timekeeping.edit_entry", entry_id=entry_id), code=303)


@bp.post("/time/entries/<int:entry_id>/reverse")
@policy(APPROVERS)
def reverse(entry_id: int) -> ResponseReturnValue:
    """Take time that a closed month has drawn out of the books."""
    form = ReasonForm()
    reason = (form.reason.data or "") if form.validate_on_submit() else ""
    with told_by_flash(), unit_of_work() as session:
        service.reverse_entry(session, actor=current_actor(), now=clock.now(), entry_id=entry_id, reason=reason)
        flash(_("The entry is reversed; the next open month gives its hours back."), "ok")
    return redirect(url_for("timekeeping.edit_entry", entry_id=entry_id), code=303)


@bp.post("/time/entries/<int:entry_id>/resume")
@policy(DESK)
def resume(entry_id: int) -> ResponseReturnValue:
    """Go on with the work of an entry: its timer starts anew."""
    with unit_of_work() as session:
        service.resume_timer(session, actor=current_actor(), now=clock.now(), entry_id=entry_id)
    return back_or("timekeeping.week")


def _worked(form: WorkForm) -> dict[str, Any]:
    return {
        "day": form.day.data,
        "worked": form.worked.data,
        "note": form.note.data or "",
        "billable": form.billable.data,
        "work_type_id": form.work_type_id.data,
        "reason": form.reason.data or "",
    }


def _tell_changed(entry_id: int, changed: TimeEntry) -> None:
    if changed.id == entry_id:
        flash(_("The entry is changed. It is a draft until you submit it."), "ok")
    else:
        flash(_("The entry is reversed. What replaces it waits for approval."), "ok")


def _tell_added(session: Session, entry: TimeEntry) -> None:
    """Say what was understood, and what it overlaps with: that is kept, as people do two things at once."""
    seconds = queries.worked_of(entry).seconds
    flash(_("%(time)s is written.", time=format_hm(seconds)), "ok")
    if seconds > LONG_SECONDS:
        flash(_("That is a long day; edit it if you meant something else."), "warn")
    tell_limits(session, [entry])
    for other in queries.overlapping(session, entry):
        flash(_("It overlaps with time on #%(number)s.", number=other.work_item.number), "warn")


def _entry_at_rest(session: Session, entry_id: int) -> TimeEntry:
    entry = queries.get(session, actor=current_actor(), entry_id=entry_id)
    if entry.ended_at is None:
        raise RuleViolation(_("The timer still runs on this entry; stop it first."))
    return entry


def _entry_page(entry: TimeEntry, form: WorkForm) -> str:
    page = entry_page(read_session(), actor=current_actor(), entry=entry, now=clock.now())
    return render_template(
        "timekeeping/entry.html",
        back_url=week_url(page["entry"]["day"], entry.person_id),
        rate_scope=render.rate_scope(entry) if service.lacks_price(read_session(), entry) else None,
        form=form,
        **page,
    )
