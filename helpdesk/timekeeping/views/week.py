"""A person's week: shown, and submitted."""

from collections.abc import Mapping
from datetime import date, datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.accounts import weekly_hours
from helpdesk.accounts.models import Person
from helpdesk.company.days import house_day
from helpdesk.infra import clock
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.columns import Sheet
from helpdesk.infra.export.views import exported
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.policy import APPROVERS, DESK, Actor, current_actor, policy
from helpdesk.infra.web import day_filter, zone
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.rates import queries as rates
from helpdesk.timekeeping import exports, render, service
from helpdesk.timekeeping.domain.timesheet import RowKey
from helpdesk.timekeeping.domain.worked import Week
from helpdesk.timekeeping.forms import EntryForm, EntryForOthersForm, RowForm, SubmitForm, default_work_type
from helpdesk.timekeeping.pages import grid
from helpdesk.timekeeping.pages.grid import Refusal
from helpdesk.timekeeping.queries import lines, weeks
from helpdesk.timekeeping.views.blueprint import bp
from helpdesk.timekeeping.views.items import words_of
from helpdesk.timekeeping.views.refusals import tell_limits, told_by_flash


def _asked(session: Session, now: datetime) -> tuple[Week, Person]:
    """Return which week is asked for, and whose."""
    shown = Week.parse(request.args["week"]) if "week" in request.args else Week.of(house_day(session, now))
    return shown, person_shown(session, current_actor(), request.args.get("person", type=int))


def _sheet(session: Session) -> Sheet[render.EntryLine]:
    now = clock.now()
    shown, person = _asked(session, now)
    rows = lines.of_week(session, person_id=person.id, week=shown)
    return exports.week_sheet(person, shown, [render.line(row, now=now, may_edit=False) for row in rows])


@bp.get("/time")
@policy(DESK)
@exported(_sheet)
def week() -> str:
    """Show a person's week; managers may look at anybody's."""
    actor, now = current_actor(), clock.now()
    shown, person = _asked(read_session(), now)
    ask_ahead(
        read_session(),
        accounts.choice_of(DESK),
        rates.work_types_asked(),
        weekly_hours.target_asked(person.id, shown.monday),
    )
    form = _fresh_form(read_session(), actor, person, shown, house_day(read_session(), now))
    form.number.data = str(request.args.get("number", type=int) or "")
    return week_page(shown, person, now, form=form)


@bp.post("/time/submit")
@policy(DESK)
def submit() -> ResponseReturnValue:
    """Submit the drafts of one's own week, or of some of its days and rows."""
    form = SubmitForm()
    if not form.validate_on_submit():
        raise RuleViolation(_("Say which week is done."))
    chosen = Week.parse(form.week.data or "")
    days = [day for day in chosen.days if day.isoformat() in (form.days.data or [])]
    with told_by_flash(), unit_of_work() as session:
        rows = [RowKey.parse(row) for row in form.rows.data or []]
        entries = service.submit_part(
            session, actor=current_actor(), now=clock.now(), week=chosen, days=days, rows=rows
        )
        tell_limits(session, entries)
        flash(
            ngettext("%(num)s entry is submitted.", "%(num)s entries are submitted.", len(entries)),
            "ok" if entries else "warn",
        )
    return redirect(url_for("timekeeping.week", week=str(chosen)), code=303)


def person_shown(session: Session, actor: Actor, person_id: int | None) -> Person:
    """Return whose week it is: the actor's own where none is asked for; managers may ask for anybody's.

    Raises:
        NotFound: no such person, or one whom the actor may not see.
    """
    wanted = person_id or actor.person_id
    person = session.get(Person, wanted)
    if person is None or (person.id != actor.person_id and not actor.is_one_of(APPROVERS)):
        message = "There is no such person."
        raise NotFound(message)
    return person


def entry_form(session: Session, actor: Actor, person: Person, **more: object) -> EntryForm:
    """Return the form for a new entry, which lets managers choose whose it is."""
    people = _people(session, actor)
    form = EntryForOthersForm(**more) if people else EntryForm(**more)
    form.offer(session)
    if isinstance(form, EntryForOthersForm):
        form.offer_people(people, chosen=person.id)
    return form


def week_page(
    shown: Week,
    person: Person,
    now: datetime,
    *,
    form: EntryForm | None = None,
    row_form: RowForm | None = None,
    refused: Mapping[str, Refusal] | None = None,
) -> str:
    """Return the page of a person's week, with what was typed and refused still in its forms."""
    session, actor = read_session(), current_actor()
    today = house_day(session, now)
    is_me = person.id == actor.person_id
    may_edit = is_me or actor.is_one_of(APPROVERS)
    written = lines.of_week(session, person_id=person.id, week=shown)
    entries = render.with_overlaps([render.line(row, now=now, may_edit=may_edit) for row in written])
    days = render.days(entries, shown, today=today)
    put_in = weeks.rows(session, person_id=person.id, week=shown)
    rows = row_form or RowForm(formdata=None)
    rows.offer(session)
    entry = form or _fresh_form(session, actor, person, shown, today)
    find = request.args.get("find", "")
    return render_template(
        "timekeeping/week.html",
        week=_week_header(shown, person.id, today),
        person={"id": person.id, "name": person.name, "is_me": is_me, "may_edit": may_edit},
        people=[{"id": person_id, "name": name} for person_id, name in _people(session, actor)],
        totals=render.totals(entries),
        target_seconds=weekly_hours.target_seconds(session, person_id=person.id, monday=shown.monday),
        days=days,
        day_shown=_day_shown(shown, today),
        groups=grid.groups(entries, put_in, shown, may_edit=may_edit, reader=zone(), refused=refused or {}),
        lists=[day for day in reversed(days) if day.entries],
        submit=render.submit_of(entries if is_me else []),
        returned=_returned(session, person.id, shown),
        form=entry,
        row_form=rows,
        found=_found(session, actor, rows.item.data or find),
        entry_found=_found(session, actor, (entry.number.data or "") if entry.number.errors else find),
    )


def week_url(day: date, person_id: int, *, begin: date | None = None) -> str:
    """Return the address of the person's week in which ``day`` lies; what is added there begins with ``begin``."""
    on = begin.isoformat() if begin else None
    return url_for("timekeeping.week", week=str(Week.of(day)), person=_if_other(person_id), day=on)


def _found(session: Session, actor: Actor, words: str) -> list[dict[str, object]]:
    """Return what the words could mean, as a list to choose from; empty without words."""
    found = weeks.matching_items(session, actor=actor, words=words) if words else []
    return [
        {"number": one.number, "title": one.title, "client_name": one.project.client.name, "words": words_of(one)}
        for one in found
    ]


def _people(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """Return whose weeks the actor may see; empty where only the own."""
    if not actor.is_one_of(APPROVERS):
        return []
    return accounts.choices(session, roles=DESK)


def _returned(session: Session, person_id: int, shown: Week) -> list[dict[str, object]]:
    weeks = render.returned(lines.weeks_rejected(session, person_id), but_for=shown)
    return [
        {
            "label": _("Week %(number)s", number=each.week.number),
            "count": each.count,
            "url": week_url(each.week.monday, person_id),
        }
        for each in weeks
    ]


def _fresh_form(session: Session, actor: Actor, person: Person, shown: Week, today: date) -> EntryForm:
    form = entry_form(session, actor, person, formdata=None)
    form.day.data = _day_shown(shown, today)
    form.work_type_id.data = default_work_type(session)
    return form


def _day_shown(shown: Week, today: date) -> date:
    """Return the day that a narrow page shows and a new entry begins with: the one asked for, else today, or Monday."""
    asked = request.args.get("day", "")
    return next((day for day in shown.days if day.isoformat() == asked), day_to_begin_with(shown, today))


def day_to_begin_with(shown: Week, today: date) -> date:
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


def _if_other(person_id: int) -> int | None:
    return None if person_id == current_actor().person_id else person_id
