"""Routes of acts on many tickets, and of their undo (docs/desk.md rules 5 to 7)."""

from urllib.parse import urlsplit

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectMultipleField, StringField
from wtforms.validators import Length

from helpdesk.desk import bulk, macros
from helpdesk.desk.bulk import Outcome, Picked
from helpdesk.desk.views.blueprint import bp, leads_to, once_on, to_item
from helpdesk.infra import clock
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.infra.sent_forms import act_once
from helpdesk.infra.web import back_or, own_path
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.projects import queries as projects


def _picked(value: str) -> Picked:
    """Read a ticket as a row names it, ``number-version-seen`` or without the last; what is none is no valid choice."""
    number, version, *seen = (int(part) for part in value.split("-", maxsplit=2))
    return Picked(number, version, *seen)


class BulkForm(StrictForm):
    """Tickets that were picked, and what is to become of them: ``act`` is what, and the value after a colon."""

    pick = SelectMultipleField(coerce=_picked, validate_choice=False)
    all = StringField(validators=[Length(max=2)])
    act = StringField(validators=[Length(max=60)])
    tag = StringField(validators=[Length(max=60)])
    until = StringField(validators=[Length(max=60)])

    def asked(self) -> tuple[str, str]:
        """Return the act and its value, which a field of its own has where the button has none."""
        what, _colon, value = (self.act.data or "").partition(":")
        typed = {"tag": self.tag, "untag": self.tag, "snooze": self.until}.get(what)
        return what, value or (typed.data or "" if typed is not None else "")


@bp.post("/desk/bulk")
@policy(DESK)
def act_on_many() -> ResponseReturnValue:
    """Do one thing to all tickets that were picked."""
    form = BulkForm()
    what, value = form.asked()
    if not form.validate_on_submit():
        raise RuleViolation(_("Pick tickets, and what is to become of them."))
    with unit_of_work() as session:
        sent = act_once(session, now=clock.now(), leads_to=_list())
        act = bulk.act if what != macros.WHAT else macros.act
        done = act(
            session,
            actor=current_actor(),
            now=clock.now(),
            picked=form.pick.data or (),
            what=what,
            value=value,
        )
        answer = leads_to(sent, _back(done.act_id))
    _tell(done, ngettext("%(num)s ticket changed.", "%(num)s tickets changed.", done.changed))
    return answer


@bp.post("/desk/bulk/<int:act_id>/undo")
@policy(DESK)
def undo_act(act_id: int) -> ResponseReturnValue:
    """Give the tickets of an act back what it changed."""
    StrictForm().validate_on_submit()
    try:
        with unit_of_work() as session:
            act_once(session, now=clock.now(), leads_to=_list())
            done = bulk.undo(session, actor=current_actor(), now=clock.now(), act_id=act_id)
        _tell_undone(done)
    except Conflict as refusal:
        flash(str(refusal), "danger")
    return back_or("desk.queue")


class TagForm(StrictForm):
    """A tag to put on, or one to take off."""

    tag = StringField(validators=[Length(max=60)])
    off = StringField(validators=[Length(max=60)])


@bp.post("/items/<int:number>/tags")
@policy(DESK)
def tag_ticket(number: int) -> ResponseReturnValue:
    """Put a tag on a ticket, or take one off."""
    form = TagForm()
    try:
        with unit_of_work() as session:
            once_on(session, number)
            item = projects.get_item(session, actor=current_actor(), number=number)
            on = not (form.validate_on_submit() and form.off.data)
            word = (form.tag.data if on else form.off.data) or ""
            bulk.set_tag(session, actor=current_actor(), now=clock.now(), item=item, tag=word, on=on)
    except RuleViolation as refusal:
        flash(str(refusal), "danger")
    return to_item(number)


def _tell(done: Outcome, text: str) -> None:
    if done.changed:
        flash(text, "ok")
    if done.refusals:
        flash(_("Not changed: %(tickets)s.", tickets=_named(done)), "warn")
    elif not done.changed:
        flash(_("Nothing changed: it was so already."), "accent")


def _tell_undone(done: Outcome) -> None:
    """Say how many tickets are as before, of how many, and which are not."""
    every = done.changed + len(done.refusals)
    if every == 1 and done.changed and (own_path(request.form.get("next")) or "").startswith("/items/"):
        flash(_("All is as before."), "ok")
        return
    if not done.refusals:
        flash(ngettext("%(num)s ticket is as before.", "%(num)s tickets are as before.", every), "ok")
        return
    if done.changed:
        some = ngettext(
            "%(num)s of %(every)s tickets is as before.",
            "%(num)s of %(every)s tickets are as before.",
            done.changed,
            every=every,
        )
        flash(some, "ok")
    flash(_("Not undone: %(tickets)s.", tickets=_named(done)), "warn")


def _named(done: Outcome) -> str:
    return "; ".join(f"#{each.number}: {each.why.rstrip('.')}" for each in done.refusals)


def _list() -> str:
    return own_path(request.form.get("next")) or url_for("desk.queue")


def _back(act_id: int | None) -> ResponseReturnValue:
    """Lead back to the list, and there to the undo of what was done."""
    path = _list()
    if act_id is not None:
        path = f"{path}{'&' if urlsplit(path).query else '?'}done={act_id}"
    return redirect(path, code=303)
