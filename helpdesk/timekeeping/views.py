"""Routes of time: a week and its entries, and what waits for approval."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.accounts.models import Person
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.policy import APPROVERS, DESK, Actor, current_actor, policy
from helpdesk.infra.web import back_or, day_filter, zone
from helpdesk.kernel.durations import HOUR, format_hm
from helpdesk.kernel.errors import Conflict, Denied, NotFound, RuleViolation
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.projects import queries as projects
from helpdesk.timekeeping import queries, render, service
from helpdesk.timekeeping.domain import Week, write_worked
from helpdesk.timekeeping.forms import (
    ApproveForm,
    EntryForm,
    EntryForOthersForm,
    RejectForm,
    SubmitForm,
    WorkForm,
    default_work_type,
)
from helpdesk.timekeeping.models import TimeEntry

bp = Blueprint("timekeeping", __name__)

LONG_SECONDS = 12 * HOUR


@bp.get("/time")
@policy(DESK)
def week() -> str:
    """Show a person's week; managers may look at anybody's."""
    actor, now = current_actor(), clock.now()
    shown = Week.parse(request.args["week"]) if "week" in request.args else Week.of(local_day(now, zone()))
    person = _person_shown(read_session(), actor, request.args.get("person", type=int))
    form = _entry_form(read_session(), actor, person, formdata=None)
    form.number.data = request.args.get("number", type=int)
    form.day.data = _day_to_begin_with(shown, local_day(now, zone()))
    form.work_type_id.data = default_work_type(read_session())
    return _week_page(shown, person, form, now)


@bp.post("/time/entries")
@policy(DESK)
def add_entry() -> ResponseReturnValue:
    """Add a typed entry, or show the week again with what is wrong with it."""
    actor, now = current_actor(), clock.now()
    person = _person_shown(read_session(), actor, request.form.get("person_id", type=int))
    form = _entry_form(read_session(), actor, person)
    if form.validate_on_submit():
        try:
            with unit_of_work() as session:
                item = projects.get_item(session, actor=actor, number=form.number.data)
                entry = service.add_entry(
                    session, actor=actor, now=now, item_id=item.id, person_id=person.id, **_worked(form)
                )
                _tell_added(session, entry)
                week_of_it = _week_url(queries.day_of(entry), person.id)
            return redirect(week_of_it, code=303)
        except NotFound as refusal:
            form.refuse(str(refusal), "number")
        except RuleViolation as refusal:
            form.refuse(refusal, "worked")
    shown = Week.of(form.day.data or local_day(now, zone()))
    return _week_page(shown, person, form, now), 422


@bp.get("/time/entries/<int:entry_id>")
@policy(DESK)
def edit_entry(entry_id: int) -> str:
    """Show one entry in a form."""
    entry = _entry_at_rest(read_session(), entry_id)
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
                back = _week_url(queries.day_of(changed), changed.person_id)
            flash(_("The entry is changed. It is a draft until you submit it."), "ok")
            return redirect(back, code=303)
        except RuleViolation as refusal:
            form.refuse(refusal, "worked")
        except Conflict as refusal:
            form.refuse(str(refusal))
            status = 409
    return _entry_page(entry, form), status


@bp.post("/time/entries/<int:entry_id>/delete")
@policy(DESK)
def delete_entry(entry_id: int) -> ResponseReturnValue:
    """Delete one entry."""
    actor = current_actor()
    with unit_of_work() as session:
        entry = queries.get(session, actor=actor, entry_id=entry_id)
        back = _week_url(queries.day_of(entry), entry.person_id)
        service.delete_entry(session, actor=actor, now=clock.now(), entry_id=entry_id)
    flash(_("The entry is deleted."), "ok")
    return redirect(back, code=303)


@bp.post("/time/entries/<int:entry_id>/resume")
@policy(DESK)
def resume(entry_id: int) -> ResponseReturnValue:
    """Go on with the work of an entry: its timer starts anew."""
    with unit_of_work() as session:
        service.resume_timer(session, actor=current_actor(), now=clock.now(), entry_id=entry_id)
    return back_or("timekeeping.week")


@bp.post("/time/submit")
@policy(DESK)
def submit() -> ResponseReturnValue:
    """Submit the drafts of one's own week."""
    form = SubmitForm()
    if not form.validate_on_submit():
        raise RuleViolation(_("Say which week is done."))
    chosen = Week.parse(form.week.data or "")
    with _told_by_flash(), unit_of_work() as session:
        entries = service.submit(session, actor=current_actor(), now=clock.now(), week=chosen)
        flash(
            ngettext("%(num)s entry is submitted.", "%(num)s entries are submitted.", len(entries)),
            "ok" if entries else "warn",
        )
    return redirect(url_for("timekeeping.week", week=str(chosen)), code=303)


@bp.get("/time/approvals")
@policy(APPROVERS)
def approvals() -> str:
    """Show what waits for approval, a person at a time."""
    session, now = read_session(), clock.now()
    person_id, client_id = (request.args.get(name, type=int) for name in ("person", "client"))
    everything = queries.approvals(session)
    entries = [entry for entry in everything if _is_of(entry, person_id, client_id)]
    priced = service.preview(session, entries)
    groups = render.waiting_groups(entries, priced, own_id=current_actor().person_id, now=now)
    return render_template(
        "timekeeping/approvals.html",
        total={"count": len(entries), "worked_seconds": sum(group.worked_seconds for group in groups)},
        groups=groups,
        people=_named({entry.person_id: entry.person.name for entry in everything}),
        clients=_named({client.id: client.name for client in map(queries.client_of, everything)}),
        person_id=person_id,
        client_id=client_id,
        shows_money=True,
    )


@bp.post("/time/approve")
@policy(APPROVERS)
def approve() -> ResponseReturnValue:
    """Approve what was ticked: all of it or nothing."""
    form = ApproveForm()
    if not form.validate_on_submit():
        raise RuleViolation(_("That is no list of entries."))
    if not form.ids.data:
        flash(_("Nothing is ticked, so nothing was approved."), "warn")
        return back_or("timekeeping.approvals")
    with _told_by_flash(), unit_of_work() as session:
        entries = service.approve(session, actor=current_actor(), now=clock.now(), entry_ids=form.ids.data)
        flash(ngettext("%(num)s entry is approved.", "%(num)s entries are approved.", len(entries)), "ok")
    return back_or("timekeeping.approvals")


@bp.post("/time/entries/<int:entry_id>/reject")
@policy(APPROVERS)
def reject(entry_id: int) -> ResponseReturnValue:
    """Give an entry back with a reason."""
    form = RejectForm()
    with _told_by_flash(), unit_of_work() as session:
        reason = (form.reason.data or "") if form.validate_on_submit() else ""
        entry = service.reject(session, actor=current_actor(), now=clock.now(), entry_id=entry_id, reason=reason)
        flash(_("The entry went back to %(name)s.", name=entry.person.name), "ok")
    return back_or("timekeeping.approvals")


@contextmanager
def _told_by_flash() -> Iterator[None]:
    """Turn a refusal into a sentence on the page that the form came from; nothing of the act was saved."""
    try:
        yield
    except (Conflict, Denied, RuleViolation) as refusal:
        flash(str(refusal), "danger")


def _person_shown(session: Session, actor: Actor, person_id: int | None) -> Person:
    wanted = person_id or actor.person_id
    person = session.get(Person, wanted)
    if person is None or (person.id != actor.person_id and not actor.is_one_of(APPROVERS)):
        message = "There is no such person."
        raise NotFound(message)
    return person


def _people(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """Return whose weeks the actor may see; empty where only the own."""
    if not actor.is_one_of(APPROVERS):
        return []
    return accounts.choices(session, roles=DESK)


def _entry_form(session: Session, actor: Actor, person: Person, **more: object) -> EntryForm:
    people = _people(session, actor)
    form = EntryForOthersForm(**more) if people else EntryForm(**more)
    form.offer(session)
    if isinstance(form, EntryForOthersForm):
        form.offer_people(people, chosen=person.id)
    return form


def _worked(form: WorkForm) -> dict[str, Any]:
    return {
        "day": form.day.data,
        "worked": form.worked.data,
        "note": form.note.data or "",
        "billable": form.billable.data,
        "work_type_id": form.work_type_id.data,
    }


def _tell_added(session: Session, entry: TimeEntry) -> None:
    """Say what was understood, and what it overlaps with: that is kept, as people do two things at once."""
    seconds = queries.worked_of(entry).seconds
    flash(_("%(time)s is written.", time=format_hm(seconds)), "ok")
    if seconds > LONG_SECONDS:
        flash(_("That is a long day, maybe past midnight; edit it if you meant something else."), "warn")
    for other in queries.overlapping(session, entry):
        flash(_("It overlaps with time on #%(number)s.", number=other.work_item.number), "warn")


def _week_page(shown: Week, person: Person, form: EntryForm, now: datetime) -> str:
    session, actor = read_session(), current_actor()
    today = local_day(now, zone())
    is_me = person.id == actor.person_id
    entries = queries.week(session, person_id=person.id, week=shown)
    lines = [render.line(entry, now=now, may_edit=is_me or actor.is_one_of(APPROVERS)) for entry in entries]
    days = render.days(lines, shown, today=today)
    return render_template(
        "timekeeping/week.html",
        week=_week_header(shown, person.id, today),
        person={"id": person.id, "name": person.name, "is_me": is_me},
        people=[{"id": person_id, "name": name} for person_id, name in _people(session, actor)],
        totals=render.totals(lines),
        days=days,
        groups=render.groups(lines, shown),
        lists=[day for day in reversed(days) if day.entries],
        submit=render.submit_of(lines if is_me else []),
        returned=_returned(session, person.id, shown),
        form=form,
    )


def _returned(session: Session, person_id: int, shown: Week) -> list[dict[str, object]]:
    weeks = render.returned(queries.rejected(session, person_id), but_for=shown)
    return [
        {
            "label": _("Week %(number)s", number=each.week.number),
            "count": each.count,
            "url": _week_url(each.week.monday, person_id),
        }
        for each in weeks
    ]


def _day_to_begin_with(shown: Week, today: date) -> date:
    """Return today in its own week, and the first day of any other."""
    return today if Week.of(today) == shown else shown.monday


def _week_header(shown: Week, person_id: int, today: date) -> dict[str, str | None]:
    def url(of: Week) -> str:
        return url_for("timekeeping.week", week=str(of), person=_if_other(person_id))

    first, last = shown.days[0], shown.days[-1]
    return {
        "key": str(shown),
        "label": _("Week %(number)s", number=shown.number),
        "range": f"{day_filter(first, 'd MMM')} – {day_filter(last)}",
        "before_url": url(shown.plus(-1)),
        "after_url": url(shown.plus(1)),
        "today_url": None if shown == Week.of(today) else url(Week.of(today)),
    }


def _week_url(day: date, person_id: int) -> str:
    return url_for("timekeeping.week", week=str(Week.of(day)), person=_if_other(person_id))


def _if_other(person_id: int) -> int | None:
    return None if person_id == current_actor().person_id else person_id


def _entry_at_rest(session: Session, entry_id: int) -> TimeEntry:
    entry = queries.get(session, actor=current_actor(), entry_id=entry_id)
    if entry.ended_at is None:
        raise RuleViolation(_("The timer still runs on this entry; stop it first."))
    return entry


def _entry_page(entry: TimeEntry, form: WorkForm) -> str:
    line = render.line(entry, now=entry.created_at, may_edit=True)
    return render_template(
        "timekeeping/entry.html",
        entry={**asdict(line), "deletable": line.editable},
        back_url=_week_url(line.day, entry.person_id),
        form=form,
    )


def _is_of(entry: TimeEntry, person_id: int | None, client_id: int | None) -> bool:
    return person_id in {None, entry.person_id} and client_id in {None, queries.client_of(entry).id}


def _named(names: dict[int, str]) -> list[dict[str, object]]:
    return [{"id": row_id, "name": name} for row_id, name in sorted(names.items(), key=lambda item: item[1].casefold())]
