"""Routes of what people choose to be told, and by which ways (docs/notifications.md rule 8)."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectMultipleField

from helpdesk.accounts import service as accounts
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, STAFF, current_actor, policy
from helpdesk.kernel.errors import RuleViolation
from helpdesk.notices import service
from helpdesk.notices.domain import CHANNELS, KINDS
from helpdesk.notices.render import kind_names

bp = Blueprint("notices", __name__)

OF_ALL = ("rejected",)
"""What there is to tell those who do not work on the desk."""


class ChoicesForm(StrictForm):
    """Of what one is told by which way."""

    on = SelectMultipleField()


@bp.get("/notifications/settings")
@policy(STAFF)
def choices() -> str:
    """Show what the reader is told by which ways."""
    session = read_session()
    person = accounts.get_person(session, current_actor().person_id or 0)
    ways = {kind: service.ways_of(session, person.id, kind) for kind in _kinds()}
    names = kind_names()
    return render_template(
        "notices/choices.html",
        rows=[(kind, names[kind], ways[kind]) for kind in _kinds()],
        channels=[("app", _("In the app")), ("mail", _("Mail")), ("push", _("Push"))],
        gets_mail=person.mail_notifications,
    )


@bp.post("/notifications/settings")
@policy(STAFF)
def choose() -> ResponseReturnValue:
    """Keep what one is told by which ways."""
    form = ChoicesForm()
    known = {f"{kind}.{channel}": (kind, channel) for kind in _kinds() for channel in CHANNELS}
    form.on.choices = options((value, value) for value in known)
    if not form.validate_on_submit():
        raise RuleViolation(_("Choose among the kinds and ways that there are."))
    on = {known[value] for value in form.on.data or ()}
    with unit_of_work() as session:
        service.choose(session, actor=current_actor(), on=on, kinds=_kinds())
    flash(_("Kept: from now on you are told like this."), "ok")
    return redirect(url_for("notices.choices"), code=303)


def _kinds() -> tuple[str, ...]:
    return KINDS if current_actor().is_one_of(DESK) else OF_ALL
