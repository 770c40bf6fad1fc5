"""Passing a message or the whole conversation on to somebody outside, and taking that back (docs/desk.md rule 70)."""

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from helpdesk.desk import forwarding
from helpdesk.desk.forms import ForwardForm
from helpdesk.desk.views.blueprint import bp, leads_to, once_on, to_item
from helpdesk.infra import clock
from helpdesk.infra.db import read_anew, read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import subject_of
from helpdesk.tickets.models import Message
from helpdesk.tickets.service import Onward


@bp.get("/items/<int:number>/forward")
@policy(DESK)
def ask_forward(number: int) -> str:
    """Ask to whom a message goes, or the whole conversation, with which files."""
    item, messages = _forwardable(number)
    wanted = request.args.get("message", type=int)
    said = [one.id for one in messages if not (one.kind == "note" or one.automatic)]
    chosen = [one for one in messages if one.id == wanted or (wanted is None and one.id in said)]
    if not chosen:
        message = "There is no such message to pass on."
        raise NotFound(message)
    files = [file.id for one in chosen for file in one.attachments if not file.folded]
    form = ForwardForm(formdata=None)
    form.offer(read_session(), messages)
    subject = f"Fwd: {subject_of(item.number, item.title)}"
    form.begin_with(Onward("", subject, "", [one.id for one in chosen], files))
    return _page(item, messages, form, offered=chosen if wanted is not None else messages)


@bp.post("/items/<int:number>/forward")
@policy(DESK)
def forward(number: int) -> ResponseReturnValue:
    """Pass on what was chosen, with the time for it."""
    item, messages = _forwardable(number)
    form = ForwardForm()
    form.offer(read_session(), messages)
    if form.validate_on_submit():
        try:
            with unit_of_work() as session:
                form_sent = once_on(session, number)
                sent = forwarding.forward(
                    session,
                    actor=current_actor(),
                    now=clock.now(),
                    number=number,
                    onward=form.onward(),
                    time=form.time(),
                )
                return leads_to(form_sent, to_item(number, anchor=f"m{sent.id}"))
        except (Conflict, RuleViolation) as refusal:
            form.refuse(str(refusal), getattr(refusal, "field", None))
            item, messages = _forwardable(number)
    return _page(item, messages, form), 422


@bp.post("/items/<int:number>/messages/<int:message_id>/take-back-forward")
@policy(DESK)
def unsend_forward(number: int, message_id: int) -> ResponseReturnValue:
    """Keep from leaving what was passed on, and show it as it was typed."""
    StrictForm().validate_on_submit()
    try:
        with unit_of_work() as session:
            onward, time, stays = forwarding.take_back(
                session, actor=current_actor(), now=clock.now(), number=number, message_id=message_id
            )
    except Conflict as refusal:
        flash(str(refusal), "danger")
        return to_item(number)
    read_anew()
    flash(_("Nothing was sent."), "ok")
    if stays:
        flash(_("Its time stays: %(why)s", why=stays), "warn")
    item, messages = _forwardable(number)
    form = ForwardForm(formdata=None)
    form.offer(read_session(), messages)
    form.begin_with(onward, time)
    return _page(item, messages, form)


def _forwardable(number: int) -> tuple[WorkItem, list[Message]]:
    session = read_session()
    item = projects.get_item(session, actor=current_actor(), number=number)
    return item, tickets.forwardable(session, item.id)


def _page(item: WorkItem, messages: list[Message], form: ForwardForm, offered: list[Message] | None = None) -> str:
    """Show the form; what is not ``offered``, and not chosen either, is left out of it."""
    chosen = form.message.data or []
    ids = {one.id for one in offered or messages} if offered is None or len(offered) > 1 else set(chosen)
    shown = [one for one in messages if one.id in ids or one.id in chosen]
    return render_template(
        "desk/forward.html", item=item, messages=shown, form=form, is_part=len(shown) < len(messages)
    )
