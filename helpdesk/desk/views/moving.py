"""Routes of moves: what will happen to a ticket or task and its time, and the move itself."""

from collections.abc import Iterable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.desk import move_page, moving
from helpdesk.desk.forms import MoveForm
from helpdesk.desk.moving import Moved, SetOut
from helpdesk.desk.views.blueprint import bp, to_item
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.projects import queries as projects


@bp.get("/items/<int:number>/move")
@policy(DESK)
def preview_move(number: int) -> ResponseReturnValue:
    """Show what becomes of an item, its plan and its time if it moves; without a project, ask for one."""
    form = MoveForm(request.args)
    going = _set_out(number, form.also.data)
    if not request.args.get("project_id"):
        return _where_to(going)
    try:
        return _preview(going, form)
    except RuleViolation as refusal:
        return _where_to(going, str(refusal)), 422


@bp.post("/items/<int:number>/move")
@policy(DESK)
def move(number: int) -> ResponseReturnValue:
    """Move an item to another project; a refusal is told where it was asked for. A task does not move unseen."""
    item = projects.get_item(read_session(), actor=current_actor(), number=number)
    form = MoveForm()
    if not form.validate_on_submit():
        if item.kind == "task":
            return _where_to(_set_out(number), _("Choose the project that it belongs to.")), 422
        flash(_("Choose the project that this ticket belongs to."), "danger")
        return to_item(number)
    if item.kind == "task" and not form.seen.data:
        return redirect(url_for("desk.preview_move", number=number, project_id=form.project_id.data), code=303)
    try:
        with unit_of_work() as session:
            _act(session, number, form)
    except (Conflict, RuleViolation) as refusal:
        if form.seen.data:
            return _refused(number, form, refusal)
        flash(str(refusal), "danger")
    return to_item(number)


def _act(session: Session, number: int, form: MoveForm) -> None:
    decided = form.move()
    if form.seen.data:
        moving.check_stamp(
            session,
            actor=current_actor(),
            number=number,
            project_id=decided["project_id"],
            also=decided["also"],
            expected=form.seen.data,
        )
    moved = moving.leave_triage(session, actor=current_actor(), now=clock.now(), number=number, **decided)
    _tell(moved)
    items = [item for each in moved for item in (each.item, *each.along)]
    for left in moving.left_behind(session, items):
        _tell_left(left)


def _tell_left(left: moving.Left) -> None:
    """Say what stays on a ticket that was merged into one that moved."""
    where = {"number": left.number, "into": left.into}
    if left.worked_seconds:
        stays = _(
            "%(worked)s stays on #%(number)s, which was merged into #%(into)s. Undo the merge to move it.",
            worked=format_hm(left.worked_seconds),
            **where,
        )
        flash(stays, "warn")
    if left.expense_count:
        stays = ngettext(
            "%(num)s expense stays on #%(number)s, which was merged into #%(into)s. Undo the merge to move it.",
            "%(num)s expenses stay on #%(number)s, which was merged into #%(into)s. Undo the merge to move them.",
            left.expense_count,
            **where,
        )
        flash(stays, "warn")


def _set_out(number: int, also: Iterable[int] | None = None) -> SetOut:
    return moving.set_out(read_session(), actor=current_actor(), number=number, also=also or ())


def _where_to(going: SetOut, refusal: str = "") -> str:
    choices = moving.choices(read_session(), actor=current_actor(), going=going)
    return render_template("desk/move_to.html", item=going.item, move_to=choices, refusal=refusal)


def _preview(going: SetOut, form: MoveForm, refusal: str = "") -> str:
    values = move_page.values(
        read_session(), actor=current_actor(), now=clock.now(), going=going, project_id=form.project_id.data
    )
    return render_template("desk/move.html", form=form, refusal=refusal, **vars(values))


def _refused(number: int, form: MoveForm, refusal: Exception) -> ResponseReturnValue:
    """Show what would move now beside why it did not; where it cannot go there any more, ask for a project."""
    status, going = 409 if isinstance(refusal, Conflict) else 422, _set_out(number, form.also.data)
    try:
        return _preview(going, form, str(refusal)), status
    except RuleViolation as why:
        return _where_to(going, str(why)), status


def _tell(moved: list[Moved]) -> None:
    """Say where it is now, how much time and how many expenses went along, and what has to be approved again."""
    item = moved[0].item
    where = f"{item.project.client.name}, {item.project.name}"
    flash(_("#%(number)s is in %(project)s now.", number=item.number, project=where), "ok")
    entries, returned, spent, paid = (sum(len(each) for each in lists) for lists in zip(*_lists(moved), strict=True))
    if along := sum(len(each.along) for each in moved):
        flash(ngettext("%(num)s task below it moved along.", "%(num)s tasks below it moved along.", along), "ok")
    for warning in sorted({warning for each in moved for warning in each.warnings}):
        flash(warning, "warn")
    if entries:
        flash(ngettext("%(num)s entry moved along.", "%(num)s entries moved along.", entries), "ok")
    if spent:
        flash(ngettext("%(num)s expense moved along.", "%(num)s expenses moved along.", spent), "ok")
    if returned:
        flash(
            ngettext(
                "%(num)s approved entry waits for approval again; its people are told.",
                "%(num)s approved entries wait for approval again; their people are told.",
                returned,
            ),
            "warn",
        )
    if paid:
        flash(
            ngettext(
                "%(num)s approved expense waits for approval again; its people are told.",
                "%(num)s approved expenses wait for approval again; their people are told.",
                paid,
            ),
            "warn",
        )


def _lists(moved: Iterable[Moved]) -> list[tuple[list[object], ...]]:
    return [
        (list(each.entries), list(each.returned), list(each.expenses), list(each.returned_expenses)) for each in moved
    ]
