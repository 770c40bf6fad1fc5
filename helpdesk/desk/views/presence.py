"""Routes of who is where: what a tab tells, and what is shown of others (docs/desk.md rules 47 and 48)."""

from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import Regexp

from helpdesk.desk.views.blueprint import bp
from helpdesk.infra import clock
from helpdesk.infra.db import read_anew, read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.infra.web import fragment
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import presence
from helpdesk.projects import queries as projects


class PresenceForm(StrictForm):
    """What a tab shows of an item: looking, note, reply, or left."""

    tab = StringField(validators=[Regexp("^[A-Za-z0-9-]{8,40}$")])
    doing = StringField(validators=[Regexp("^(looking|note|reply|left)$")])


@bp.post("/items/<int:number>/presence")
@policy(DESK)
def say_present(number: int) -> ResponseReturnValue:
    """Note that somebody is there, or not any more, and return who else is."""
    form = PresenceForm()
    item = projects.get_item(read_session(), actor=current_actor(), number=number)
    if not form.validate_on_submit():
        raise RuleViolation(_("Nobody does that."))
    actor, now, tab, doing = current_actor(), clock.now(), form.tab.data or "", form.doing.data or ""
    with unit_of_work() as session:
        if doing == "left":
            presence.leave(session, actor=actor, now=now, number=number, tab=tab)
            return "", 204
        presence.say_present(session, actor=actor, now=now, number=number, tab=tab, doing=doing)
    found = presence.there(read_anew(), actor=actor, now=now, item_id=item.id)
    return fragment("desk/_presence.html", present=found)


@bp.get("/items/<int:number>/presence")
@policy(DESK)
def who_is_there(number: int) -> str:
    """Return who else is at an item."""
    session, actor = read_session(), current_actor()
    item = projects.get_item(session, actor=actor, number=number)
    found = presence.there(session, actor=actor, now=clock.now(), item_id=item.id)
    return fragment("desk/_presence.html", present=found)


@bp.get("/desk/presence")
@policy(DESK)
def who_is_where() -> str:
    """Return the marks of all rows of the queue at which somebody else is."""
    found = presence.everywhere(read_session(), actor=current_actor(), now=clock.now())
    return fragment("desk/_presence_marks.html", presence=found)
