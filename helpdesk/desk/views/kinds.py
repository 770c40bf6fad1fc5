"""Routes by which a ticket becomes a task, and a task a ticket."""

from flask import flash
from flask.typing import ResponseReturnValue
from wtforms import EmailField, StringField
from wtforms.validators import Length

from helpdesk.desk import kinds
from helpdesk.desk.views.blueprint import bp, to_item
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.projects import queries as projects


class RequesterForm(StrictForm):
    """Who asks, where a task becomes a ticket; not needed where it was one before."""

    requester_email = EmailField(validators=[Length(max=254)])
    requester_name = StringField(validators=[Length(max=120)])


@bp.post("/items/<int:number>/task")
@policy(DESK)
def make_task(number: int) -> ResponseReturnValue:
    """Make a ticket a task; a refusal is told on its page."""
    projects.get_item(read_session(), actor=current_actor(), number=number)
    StrictForm().validate_on_submit()
    try:
        with unit_of_work() as session:
            kinds.make_task(session, actor=current_actor(), now=clock.now(), number=number)
        flash(_("#%(number)s is a task now. Its number, time and messages stayed.", number=number), "ok")
    except (Conflict, RuleViolation) as refusal:
        flash(str(refusal), "danger")
    return to_item(number)


@bp.post("/items/<int:number>/ticket")
@policy(DESK)
def make_ticket(number: int) -> ResponseReturnValue:
    """Make a task a ticket; a refusal is told on its page."""
    projects.get_item(read_session(), actor=current_actor(), number=number)
    form = RequesterForm()
    if not form.validate_on_submit():
        flash(_("That is no address."), "danger")
        return to_item(number)
    try:
        with unit_of_work() as session:
            kinds.make_ticket(session, actor=current_actor(), now=clock.now(), number=number, **form.values())
        flash(_("#%(number)s is a ticket now. Its number, time and messages stayed.", number=number), "ok")
    except RuleViolation as refusal:
        flash(str(refusal), "danger")
    return to_item(number)
