"""Routes of following an item (docs/notifications.md rules 1 and 2)."""

from flask.typing import ResponseReturnValue
from wtforms import SelectField

from helpdesk.desk.views.blueprint import bp, to_item
from helpdesk.infra import clock
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.forms import StrictForm, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.projects.following import set_following


class FollowForm(StrictForm):
    """Whether to follow."""

    follow = SelectField(choices=options([("yes", "yes"), ("no", "no")]))


@bp.post("/items/<int:number>/follow")
@policy(DESK)
def follow(number: int) -> ResponseReturnValue:
    """Follow an item, or not any more."""
    form = FollowForm()
    with unit_of_work() as session:
        projects.get_item(session, actor=current_actor(), number=number)
        if not form.validate_on_submit():
            raise RuleViolation(_("Say whether you follow it."))
        set_following(session, actor=current_actor(), now=clock.now(), number=number, follows=form.follow.data == "yes")
    return to_item(number)
