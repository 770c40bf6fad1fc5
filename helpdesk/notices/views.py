"""Routes of what people choose to be told, and by which ways and when not (docs/notifications.md)."""

from datetime import time
from typing import Any, Self

from babel.dates import get_day_names
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectMultipleField, StringField, TimeField
from wtforms.validators import InputRequired, Length

from helpdesk.accounts import service as accounts
from helpdesk.infra import clock, web_push
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.i18n import reader_locale
from helpdesk.infra.policy import DESK, STAFF, current_actor, policy
from helpdesk.infra.web import content_security_policy
from helpdesk.infra.web_push import Browser
from helpdesk.kernel.errors import RuleViolation
from helpdesk.notices import pushing, quiet, service
from helpdesk.notices.domain import CHANNELS, KINDS, QuietHours
from helpdesk.notices.words import browser_name, kind_names

bp = Blueprint("notices", __name__)

OF_ALL = ("rejected",)
"""What there is to tell those who do not work on the desk."""


class ChoicesForm(StrictForm):
    """Of what one is told by which way."""

    on = SelectMultipleField()


class QuietForm(StrictForm):
    """When one is told nothing by push and bundled mail; the names are those of `QuietHours`."""

    begins = TimeField(_l("From"), default=time(18), validators=[InputRequired()])
    ends = TimeField(_l("Until"), default=time(8), validators=[InputRequired()])
    days = SelectMultipleField(_l("Beginning on these days"), coerce=int)
    whole_days = SelectMultipleField(_l("And all of these days"), coerce=int)

    @classmethod
    def of(cls, hours: QuietHours | None) -> Self:
        """Return the form with what was chosen, or with what is usual and no day."""
        if hours is None:
            return cls(formdata=None)
        return cls(
            formdata=None,
            begins=hours.begins,
            ends=hours.ends,
            days=sorted(hours.days),
            whole_days=sorted(hours.whole_days),
        )

    def hours(self) -> QuietHours:
        """Return what was typed.

        Raises:
            RuleViolation: it makes no sense.
        """
        days, whole_days = (frozenset(field.data or ()) for field in (self.days, self.whole_days))
        return QuietHours(self.begins.data or time(), self.ends.data or time(), days, whole_days)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - what WTForms takes
        super().__init__(*args, **kwargs)
        names = get_day_names("abbreviated", locale=reader_locale() or "en")
        for field in (self.days, self.whole_days):
            field.choices = options((day, names[day]) for day in range(7))


class BrowserForm(StrictForm):
    """Where a browser is reached."""

    endpoint = StringField(validators=[InputRequired(), Length(max=1000)])
    p256dh = StringField(validators=[InputRequired(), Length(max=100)])
    auth = StringField(validators=[InputRequired(), Length(max=50)])


@bp.get("/notifications/settings")
@policy(STAFF)
def choices() -> ResponseReturnValue:
    """Show what the reader is told by which ways, and when not."""
    return _page()


def _page(quiet_form: QuietForm | None = None) -> ResponseReturnValue:
    session, now = read_session(), clock.now()
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
        quiet_form=quiet_form or QuietForm.of(quiet.hours_of(session, person.id)),
        quiet_until=quiet.until(session, person, now=now),
    )
    return page, 422 if quiet_form else 200, {"Content-Security-Policy": content_security_policy(workers=True)}


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


@bp.post("/notifications/quiet")
@policy(STAFF)
def choose_quiet() -> ResponseReturnValue:
    """Keep when one is told nothing by push and bundled mail; what waits is looked at anew."""
    form = QuietForm()
    if not form.validate_on_submit():
        return _page(form)
    try:
        hours = form.hours()
        with unit_of_work() as session:
            quiet.choose(session, actor=current_actor(), now=clock.now(), hours=hours)
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _page(form)
    kept = _("Kept: what comes in your quiet hours waits for their end.")
    flash(kept if hours.days | hours.whole_days else _("Kept: you have no quiet hours."), "ok")
    return redirect(url_for("notices.choices", _anchor="quiet"), code=303)


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
