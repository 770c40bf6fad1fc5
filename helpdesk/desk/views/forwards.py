"""Routes of mail that a colleague passed on: whoever wrote it becomes the requester, and the way back."""

from flask import flash
from flask.typing import ResponseReturnValue

from helpdesk.desk import moving
from helpdesk.desk.views.blueprint import bp, once_on, to_item
from helpdesk.infra import blobs, clock
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.intake.service import forwards
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.projects import queries as projects


@bp.post("/items/<int:number>/passed-on")
@policy(DESK)
def pass_on(number: int) -> ResponseReturnValue:
    """Make whoever wrote the mail inside a colleague's forward the requester; out of Triage it goes to their client."""
    StrictForm().validate_on_submit()
    actor, now = current_actor(), clock.now()
    with unit_of_work() as session:
        once_on(session, number)
        item = projects.get_item(session, actor=actor, number=number)
        contact, project = forwards.adopt(session, actor=actor, now=now, store=blobs.store(), item_id=item.id)
        in_triage, name = item.project.is_triage, contact.name
    flash(_("%(name)s is the requester now. Nothing was sent to them.", name=name), "ok")
    if project is not None and in_triage:
        try:
            with unit_of_work() as session:
                moving.move(session, actor=actor, now=now, number=number, project_id=project.id)
        except (Conflict, RuleViolation) as refusal:
            flash(str(refusal), "danger")
    return to_item(number)


@bp.post("/items/<int:number>/passed-on/undo")
@policy(DESK)
def take_back(number: int) -> ResponseReturnValue:
    """Make the colleague who passed the mail on its author and the requester again."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        item = projects.get_item(session, actor=current_actor(), number=number)
        person = forwards.take_back(session, actor=current_actor(), now=clock.now(), item_id=item.id)
    flash(_("The mail counts as %(name)s’s own again.", name=person.name), "ok")
    return to_item(number)
