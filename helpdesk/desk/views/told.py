"""Routes of what people are told: the bell, the list, and what is read (docs/notifications.md rules 15 and 16)."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import IntegerField
from wtforms.validators import NumberRange, Optional

from helpdesk.desk.told import colleagues_to_name, told
from helpdesk.desk.views.blueprint import bp
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, STAFF, current_actor, policy
from helpdesk.kernel.errors import NotFound
from helpdesk.notices import service as notices
from helpdesk.projects import queries as projects


class WhichForm(StrictForm):
    """Which notices: one, or up to the newest that was shown."""

    notice = IntegerField(validators=[Optional(), NumberRange(1)])
    until = IntegerField(validators=[Optional(), NumberRange(0)])


@bp.get("/notifications")
@policy(STAFF)
def notifications() -> str:
    """Show what the reader was told, unread first."""
    page = max(1, min(request.args.get("page", 1, type=int), 99))
    found = told(read_session(), actor=current_actor(), page=page)
    return render_template(
        "desk/notifications.html",
        lines=found.lines,
        unread=sum(not line.is_read for line in found.lines),
        page={
            "newer_url": url_for("desk.notifications", page=page - 1) if page > 1 else None,
            "older_url": url_for("desk.notifications", page=page + 1) if found.has_more else None,
        },
    )


@bp.get("/live/bell")
@policy(STAFF)
def bell() -> str:
    """Return the bell for a page that heard that it rang."""
    return render_template("desk/_bell.html")


@bp.post("/notifications/read")
@policy(STAFF)
def read_notices() -> ResponseReturnValue:
    """Mark one notice, or all that were shown, as read."""
    form = _which()
    with unit_of_work() as session:
        notices.mark_read(
            session,
            actor=current_actor(),
            now=clock.now(),
            notice_id=form.notice.data,
            until_id=form.until.data,
        )
    return redirect(url_for("desk.notifications"), code=303)


@bp.post("/notifications/unread")
@policy(STAFF)
def unread_notice() -> ResponseReturnValue:
    """Take back that a notice was read."""
    form = _which()
    with unit_of_work() as session:
        notices.mark_unread(session, actor=current_actor(), now=clock.now(), notice_id=form.notice.data or 0)
    return redirect(url_for("desk.notifications"), code=303)


@bp.post("/items/<int:number>/noticed")
@policy(DESK)
def read_here(number: int) -> ResponseReturnValue:
    """Mark as read what the reader was told of an item that they look at."""
    form = _which()
    with unit_of_work() as session:
        item = projects.get_item(session, actor=current_actor(), number=number)
        notices.mark_read(session, actor=current_actor(), now=clock.now(), item_id=item.id, until_id=form.until.data)
    return "", 204


@bp.get("/items/<int:number>/people-to-mention")
@policy(DESK)
def mentionable(number: int) -> ResponseReturnValue:
    """Return who can be named in a note: those who see the item."""
    session = read_session()
    item = projects.get_item(session, actor=current_actor(), number=number)
    return {"people": colleagues_to_name(session, item, but_not=current_actor().person_id)}


def _which() -> WhichForm:
    form = WhichForm()
    if not form.validate_on_submit():
        raise NotFound(_("There is no such notification."))
    return form
