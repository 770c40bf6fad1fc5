"""Routes of sleep: a ticket is snoozed, and woken by hand (docs/desk.md rules 10 to 13)."""

from flask import flash, request
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import Length

from helpdesk.desk import snoozing
from helpdesk.desk.views.blueprint import bp, once_on, to_item
from helpdesk.infra import clock
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.infra.web import instant_filter
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.service.writing import lock


class SnoozeForm(StrictForm):
    """Until when: an instant with its offset, or day and time on the clock of the reader; ``was`` is what was shown."""

    until = StringField(validators=[Length(max=60)])
    was = StringField(validators=[Length(max=60)])


@bp.post("/items/<int:number>/snooze")
@policy(DESK)
def snooze(number: int) -> ResponseReturnValue:
    """Put a ticket to sleep, unless somebody else did so otherwise since the page was shown."""
    form = SnoozeForm()
    try:
        with unit_of_work() as session:
            once_on(session, number)
            item = lock(session, projects.get_item(session, actor=current_actor(), number=number).id)
            _refuse_overtaken(item, form.was.data if "was" in request.form else None)
            value = (form.until.data or "") if form.validate_on_submit() else ""
            until = snoozing.snooze(session, actor=current_actor(), now=clock.now(), item=item, value=value)
        flash(_("The ticket sleeps until %(until)s, or until the client answers.", until=instant_filter(until)), "ok")
    except (Conflict, RuleViolation) as refusal:
        flash(str(refusal), "danger")
    return to_item(number)


@bp.post("/items/<int:number>/wake")
@policy(DESK)
def wake(number: int) -> ResponseReturnValue:
    """Wake a ticket."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        item = projects.get_item(session, actor=current_actor(), number=number)
        tickets.wake(session, actor=current_actor(), now=clock.now(), item_id=item.id)
    return to_item(number)


def _refuse_overtaken(item: WorkItem, was: str | None) -> None:
    """Pass where a locked ticket sleeps until what was shown; ``was`` None: nobody says what that was.

    Raises:
        Conflict: somebody else put it to sleep, woke it, or chose another instant.
    """
    if was is not None and was != (item.snoozed_until.isoformat() if item.snoozed_until else ""):
        raise Conflict(_("Somebody else said until when this sleeps: look at it, and choose again if need be."))
