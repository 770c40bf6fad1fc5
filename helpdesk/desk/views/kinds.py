"""Routes by which a ticket becomes a task, and a task a ticket (docs/desk.md rule 91)."""

from flask import flash
from flask.typing import ResponseReturnValue

from helpdesk.desk import kinds
from helpdesk.desk.opening_forms import RequesterForm
from helpdesk.desk.views.blueprint import bp, leads_to, once_on, to_item
from helpdesk.desk.views.requester import requester_page
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.infra.web import is_htmx
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.tickets import queries as tickets


@bp.post("/items/<int:number>/task")
@policy(DESK)
def make_task(number: int) -> ResponseReturnValue:
    """Make a ticket a task; a refusal is told on its page."""
    projects.get_item(read_session(), actor=current_actor(), number=number)
    StrictForm().validate_on_submit()
    done = None
    try:
        with unit_of_work() as session:
            sent = once_on(session, number)
            _item, done = kinds.make_task(session, actor=current_actor(), now=clock.now(), number=number)
            leads_to(sent, to_item(number, done=done))
        flash(_("#%(number)s is a task now. Its number, time and messages stayed.", number=number), "ok")
    except (Conflict, RuleViolation) as refusal:
        flash(str(refusal), "danger")
    return to_item(number, done=done)


@bp.post("/items/<int:number>/ticket")
@policy(DESK)
def make_ticket(number: int) -> ResponseReturnValue:
    """Make a task a ticket; where it has no requester yet a refusal is told beside who is to be it."""
    item, details = tickets.get_item_with_details(read_session(), actor=current_actor(), number=number)
    form = RequesterForm()
    is_valid, act = form.validate_on_submit(), form.take_choice()
    if act == "find":
        return requester_page(item, details, form)
    if not is_valid:
        return requester_page(item, details, form), 422
    try:
        with unit_of_work() as session:
            sent = once_on(session, number)
            _item, done = kinds.make_ticket(
                session, actor=current_actor(), now=clock.now(), number=number, whom=form.whom()
            )
            leads_to(sent, to_item(number, done=done))
    except (Conflict, RuleViolation) as refusal:
        if details is None and item.kind == "task" and not is_htmx():
            form.refuse(refusal if isinstance(refusal, RuleViolation) else str(refusal))
            return requester_page(item, details, form), 422
        flash(str(refusal), "danger")
        return to_item(number)
    flash(_("#%(number)s is a ticket now. Its number, time and messages stayed.", number=number), "ok")
    return to_item(number, done=done)
