"""Routes of what people choose to be told, and by which ways (docs/notifications.md rule 8)."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length

from helpdesk.accounts import service as accounts
from helpdesk.infra import clock, web_push
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, STAFF, current_actor, policy
from helpdesk.infra.web import content_security_policy
from helpdesk.infra.web_push import Browser
from helpdesk.kernel.errors import RuleViolation
from helpdesk.notices import pushing, service
from helpdesk.notices.domain import CHANNELS, KINDS
from helpdesk.notices.render import browser_name, kind_names

bp = Blueprint("notices", __name__)

OF_ALL = ("rejected",)
"""What there is to tell those who do not work on the desk."""


class ChoicesForm(StrictForm):
    """Of what one is told by which way."""

    on = SelectMultipleField()


class BrowserForm(StrictForm):
    """Where a browser is reached."""

    endpoint = StringField(validators=[InputRequired(), Length(max=1000)])
    p256dh = StringField(validators=[InputRequired(), Length(max=100)])
    auth = StringField(validators=[InputRequired(), Length(max=50)])


@bp.get("/notifications/settings")
@policy(STAFF)
def choices() -> ResponseReturnValue:
    """Show what the reader is told by which ways."""
    session = read_session()
    person = accounts.get_person(session, current_actor().person_id or 0)
    ways = {kind: service.ways_of(session, person.id, kind) for kind in _kinds()}
    names = kind_names()
    page = render_template(
        "notices/choices.html",
        rows=[(kind, names[kind], ways[kind]) for kind in _kinds()],
        channels=[("app", _("In the app")), ("mail", _("Mail")), ("push", _("Push"))],
        gets_mail=person.mail_notifications,
        browsers=pushing.browsers_of(session, actor=current_actor()),
        push_key=web_push.public_key(),
    )
    return page, {"Content-Security-Policy": content_security_policy(workers=True)}


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


@bp.post("/notifications/push")
@policy(STAFF)
def subscribe() -> ResponseReturnValue:
    """Tell the reader in this browser."""
    form = BrowserForm()
    is_whole = form.validate_on_submit()
    named = (form.endpoint.data, form.p256dh.data, form.auth.data) if is_whole else ("", "", "")
    browser, name = Browser(*(value or "" for value in named)), browser_name(request.user_agent.string)
    try:
        with unit_of_work() as session:
            pushing.subscribe(session, actor=current_actor(), now=clock.now(), browser=browser, name=name)
        flash(_("This browser shows notifications from now on."), "ok")
    except RuleViolation as refusal:
        flash(str(refusal), "danger")
    return redirect(url_for("notices.choices", _anchor="push"), code=303)


@bp.post("/notifications/push/<int:browser_id>/remove")
@policy(STAFF)
def unsubscribe(browser_id: int) -> ResponseReturnValue:
    """Tell the reader in a browser no more."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        pushing.unsubscribe(session, actor=current_actor(), browser_id=browser_id)
    return redirect(url_for("notices.choices", _anchor="push"), code=303)


def _kinds() -> tuple[str, ...]:
    return KINDS if current_actor().is_one_of(DESK) else OF_ALL
