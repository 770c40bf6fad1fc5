"""Routes by which a ticket gets another requester, or a task its first one (docs/desk.md rules 90 and 91)."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from helpdesk.desk import requester
from helpdesk.desk.opening_forms import RequesterForm
from helpdesk.desk.views.blueprint import bp, leads_to, once_on, to_item
from helpdesk.infra import clock
from helpdesk.infra.db import read_anew, read_session, unit_of_work
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.models import TicketDetails

NOT_ASKED = "Nobody asks on a task."


@bp.get("/items/<int:number>/requester")
@policy(DESK)
def ask_requester(number: int) -> str:
    """Show who could ask on a ticket instead, or on a task that becomes one."""
    item, details = _asked(number)
    form = RequesterForm(formdata=None)
    form.who.data, form.former_in_copy.data = request.args.get("who", ""), True
    return requester_page(item, details, form)


@bp.post("/items/<int:number>/requester")
@policy(DESK)
def set_requester(number: int) -> ResponseReturnValue:
    """Let somebody else ask on a ticket."""
    item, details = _asked(number)
    form = RequesterForm()
    is_valid, act = form.validate_on_submit(), form.take_choice()
    if not is_valid or act == "find":
        return requester_page(item, details, form), 200 if is_valid else 422
    try:
        with unit_of_work() as session:
            sent = once_on(session, number)
            done = requester.change(
                session,
                actor=current_actor(),
                now=clock.now(),
                number=number,
                whom=form.whom(),
                former_in_copy=bool(form.former_in_copy.data),
                was=form.seen(),
            )
            return leads_to(sent, to_item(number, done=done))
    except (Conflict, RuleViolation) as refusal:
        form.refuse(refusal if isinstance(refusal, RuleViolation) else str(refusal))
        return requester_page(*_asked(number), form), 422


def requester_page(item: WorkItem, details: TicketDetails | None, form: RequesterForm) -> str:
    """Show the people from whom a requester is chosen, and the form for somebody new."""
    session = read_anew() if form.is_submitted() else read_session()
    found = requester.choices(session, actor=current_actor(), item=item, typed=form.who.data or "")
    return render_template("desk/requester.html", item=item, details=details, form=form, found=found)


def _asked(number: int) -> tuple[WorkItem, TicketDetails | None]:
    """Return a ticket, or a task on which nobody has asked yet.

    Raises:
        NotFound: no such item, or not for this actor, or a task that was a ticket.
    """
    item, details = tickets.get_item_with_details(read_session(), actor=current_actor(), number=number)
    if (details is None) != (item.kind == "task"):
        raise NotFound(NOT_ASKED)
    return item, details
