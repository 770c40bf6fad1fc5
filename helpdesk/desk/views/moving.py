"""Routes of moves: what will happen to the time on a ticket or task, and the move itself."""

from collections.abc import Iterable

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from helpdesk.desk import move_page, moving
from helpdesk.desk.forms import MoveForm
from helpdesk.desk.moving import Moved
from helpdesk.desk.views.blueprint import bp, to_item
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.projects import queries as projects


@bp.get("/items/<int:number>/move")
@policy(DESK)
def preview_move(number: int) -> ResponseReturnValue:
    """Show what becomes of an item and the time on it if it moves; without a project, ask for one."""
    form = MoveForm(request.args)
    if not request.args.get("project_id"):
        session, actor = read_session(), current_actor()
        item = projects.get_item(session, actor=actor, number=number)
        choices = projects.choices_for(session, actor=actor, item=item)
        return render_template("desk/move_to.html", item=item, move_to=choices)
    values = move_page.values(
        read_session(),
        actor=current_actor(),
        now=clock.now(),
        number=number,
        project_id=form.project_id.data,
        also=form.also.data or [],
    )
    return render_template("desk/move.html", form=form, **vars(values))


@bp.post("/items/<int:number>/move")
@policy(DESK)
def move(number: int) -> ResponseReturnValue:
    """Move a ticket or task to another project; a refusal is told on its page."""
    projects.get_item(read_session(), actor=current_actor(), number=number)
    form = MoveForm()
    if not form.validate_on_submit():
        flash(_("Choose the project that it belongs to."), "danger")
        return to_item(number)
    try:
        with unit_of_work() as session:
            moved = moving.leave_triage(session, actor=current_actor(), now=clock.now(), number=number, **form.move())
        _tell(moved)
    except (Conflict, RuleViolation) as refusal:
        flash(str(refusal), "danger")
    return to_item(number)


def _tell(moved: list[Moved]) -> None:
    """Say how much time and how many expenses went along, and what somebody has to approve again."""
    entries, returned, spent, paid = (sum(len(each) for each in lists) for lists in zip(*_lists(moved), strict=True))
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
