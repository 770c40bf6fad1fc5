"""Routes by which a ticket gets another requester (docs/desk.md rule 90)."""

from flask import render_template, request
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import Length

from helpdesk.desk import requester
from helpdesk.desk.opening_forms import AskerForm
from helpdesk.desk.views.blueprint import bp, to_item
from helpdesk.infra import clock
from helpdesk.infra.db import read_anew, read_session, unit_of_work
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.models import TicketDetails

NOT_ASKED = "Nobody asks on a task."


class RequesterForm(AskerForm):
    """Who asks instead, and whether the one before stays in copy."""

    act = StringField(validators=[Length(max=20)])
    was = HiddenField()
    former_in_copy = BooleanField(_l("Whoever asked before stays in copy"))

    def seen(self) -> int | None:
        """Return who asked as the page was shown."""
        text = self.was.data or ""
        return int(text) if text.isascii() and text.isdecimal() else None


@bp.get("/items/<int:number>/requester")
@policy(DESK)
def ask_requester(number: int) -> str:
    """Show who could ask on a ticket instead."""
    item, details = _ticket(number)
    form = RequesterForm(formdata=None)
    form.who.data, form.former_in_copy.data = request.args.get("who", ""), True
    return _page(item, details, form)


@bp.post("/items/<int:number>/requester")
@policy(DESK)
def set_requester(number: int) -> ResponseReturnValue:
    """Let somebody else ask on a ticket."""
    item, details = _ticket(number)
    form = RequesterForm()
    act, _colon, value = (form.act.data or "").partition(":")
    form.contact_id.data = value if act == "pick" else ""
    if not form.validate_on_submit():
        return _page(item, details, form), 422
    if act == "find":
        return _page(item, details, form)
    try:
        with unit_of_work() as session:
            done = requester.change(
                session,
                actor=current_actor(),
                now=clock.now(),
                number=number,
                whom=form.whom(),
                former_in_copy=bool(form.former_in_copy.data),
                was=form.seen(),
            )
    except (Conflict, RuleViolation) as refusal:
        form.refuse(refusal if isinstance(refusal, RuleViolation) else str(refusal))
        return _page(*_ticket(number), form), 422
    return to_item(number, done=done)


def _ticket(number: int) -> tuple[WorkItem, TicketDetails]:
    item, details = tickets.get_item_with_details(read_session(), actor=current_actor(), number=number)
    if details is None or item.kind != "ticket":
        raise NotFound(NOT_ASKED)
    return item, details


def _page(item: WorkItem, details: TicketDetails, form: RequesterForm) -> str:
    session = read_anew() if form.is_submitted() else read_session()
    found = requester.choices(session, actor=current_actor(), item=item, typed=form.who.data or "")
    return render_template("desk/requester.html", item=item, details=details, form=form, found=found)
