"""Routes of links between items, and of what is asked before a whole is closed (docs/desk.md rules 26 to 28)."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import IntegerField, SelectField
from wtforms.validators import InputRequired, NumberRange

from helpdesk.desk import closing, service
from helpdesk.desk.views.blueprint import bp, once_on, to_item
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import SAID_OF_LINKS
from helpdesk.timekeeping.forms import MOST_NUMBER

DONE = ("solved", "closed")


class LinkForm(StrictForm):
    """With what an item is linked, and how."""

    number = IntegerField(validators=[InputRequired(), NumberRange(1, MOST_NUMBER)])
    how = SelectField(choices=options((how, how) for how in SAID_OF_LINKS))


class PartsForm(StrictForm):
    """What a whole becomes, and whether its open parts do."""

    status = SelectField(choices=options((status, status) for status in DONE))
    parts = SelectField(choices=options([("stay", "stay"), ("too", "too")]))


@bp.post("/items/<int:number>/links")
@policy(DESK)
def link(number: int) -> ResponseReturnValue:
    """Link an item with another; a refusal is told on its page."""
    projects.get_item(read_session(), actor=current_actor(), number=number)
    form = LinkForm()
    if not form.validate_on_submit():
        flash(_("Write the number of a ticket or task, and how the two belong together."), "danger")
        return to_item(number)
    try:
        with unit_of_work() as session:
            once_on(session, number)
            item, other = (
                projects.get_item(session, actor=current_actor(), number=each)
                for each in (number, form.number.data or 0)
            )
            tickets.link(
                session, actor=current_actor(), now=clock.now(), item=item, other=other, how=form.how.data or ""
            )
    except (NotFound, RuleViolation) as refusal:
        flash(str(refusal), "danger")
    return to_item(number)


@bp.post("/items/<int:number>/links/<int:other_number>/remove")
@policy(DESK)
def unlink(number: int, other_number: int) -> ResponseReturnValue:
    """Take a link away."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        both = (projects.get_item(session, actor=current_actor(), number=each) for each in (number, other_number))
        item, far = both
        tickets.unlink(session, actor=current_actor(), now=clock.now(), item=item, other=far)
    return to_item(number)


@bp.get("/items/<int:number>/close")
@policy(DESK)
def ask_close(number: int) -> ResponseReturnValue:
    """Ask what becomes of the open parts of an item that is to be done."""
    status = request.args.get("status", "")
    if status not in DONE:
        raise NotFound(_("There is no such page."))
    session = read_session()
    item = projects.get_item(session, actor=current_actor(), number=number)
    parts = tickets.open_parts(session, actor=current_actor(), item_id=item.id)
    return render_template("desk/close.html", item=item, parts=parts, status_key=status)


@bp.post("/items/<int:number>/close")
@policy(DESK)
def close(number: int) -> ResponseReturnValue:
    """Set an item to solved or closed, its open parts too where somebody says so."""
    form = PartsForm()
    if not form.validate_on_submit():
        raise RuleViolation(_("Choose what becomes of its open parts."))
    status = form.status.data or ""
    with unit_of_work() as session:
        once_on(session, number)
        if form.parts.data == "too":
            closing.close_parts(session, actor=current_actor(), now=clock.now(), number=number, status=status)
        service.set_status(
            session, actor=current_actor(), now=clock.now(), number=number, status=status, parts_stay_open=True
        )
    return to_item(number)


def asks_first(number: int, status: str) -> ResponseReturnValue:
    """Lead to the question about open parts."""
    return redirect(url_for("desk.ask_close", number=number, status=status), code=303)
