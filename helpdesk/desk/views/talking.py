"""Routes of calls and visits: logged with their time, corrected, deleted (docs/desk.md rules 37 to 39)."""

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from helpdesk.clients import queries as clients
from helpdesk.desk import talking
from helpdesk.desk.forms import NewTalkForm, TalkForm
from helpdesk.desk.views.blueprint import bp, leads_to, once_on, to_item
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.infra.web import zone
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Message

CHANNELS = ("call", "visit")


@bp.get("/items/<int:number>/log/<channel>")
@policy(DESK)
def ask_talk(number: int, channel: str) -> str:
    """Ask with whom a call or visit was, how long, and what was said."""
    _check(channel)
    item, details = ticket_queries.get_item_with_details(read_session(), actor=current_actor(), number=number)
    form = NewTalkForm(formdata=None)
    form.offer_all(read_session(), channel)
    if details is not None:
        form.who.data, form.phone.data = details.requester.name, details.requester.phone.split(",")[0]
    return _page(item, form, channel)


@bp.post("/items/<int:number>/log/<channel>")
@policy(DESK)
def log_talk(number: int, channel: str) -> ResponseReturnValue:
    """Log a call or visit with its time."""
    _check(channel)
    item = projects.get_item(read_session(), actor=current_actor(), number=number)
    form = NewTalkForm()
    form.offer_all(read_session(), channel)
    if form.validate_on_submit():
        try:
            with unit_of_work() as session:
                sent = once_on(session, number)
                message = talking.log_talk(
                    session,
                    actor=current_actor(),
                    now=clock.now(),
                    number=number,
                    spoken=form.spoken(channel),
                    at=form.began(zone()),
                    time=form.time(),
                    travel=form.way(),
                    status=form.status.data or "",
                )
                return leads_to(sent, to_item(number, anchor=f"m{message.id}"))
        except (Conflict, RuleViolation) as refusal:
            form.refuse(str(refusal), getattr(refusal, "field", None))
    return _page(item, form, channel), 422


@bp.get("/items/<int:number>/messages/<int:message_id>/call")
@policy(DESK)
def ask_correction(number: int, message_id: int) -> str:
    """Ask what of a call or visit was otherwise."""
    item, message = _own(number, message_id)
    talk = message.talk
    form = TalkForm(formdata=None)
    form.offer(talk.channel if talk else "call")
    if talk is not None:
        form.direction.data, form.who.data, form.phone.data = talk.direction, talk.whom, talk.phone
        form.missed.data, form.body.data, form.at.data = not talk.reached, message.text, _clock(message)
    return _correction(item, form, message)


@bp.post("/items/<int:number>/messages/<int:message_id>/call")
@policy(DESK)
def correct_talk(number: int, message_id: int) -> ResponseReturnValue:
    """Correct a call or visit."""
    item, message = _own(number, message_id)
    channel = message.talk.channel if message.talk else "call"
    form = TalkForm()
    form.offer(channel)
    if form.validate_on_submit():
        try:
            with unit_of_work() as session:
                talking.correct_talk(
                    session,
                    actor=current_actor(),
                    now=clock.now(),
                    number=number,
                    message_id=message_id,
                    spoken=form.spoken(channel),
                    at=form.began(zone(), unless=_clock(message)),
                )
            return to_item(number, anchor=f"m{message_id}")
        except (Conflict, RuleViolation) as refusal:
            form.refuse(str(refusal), getattr(refusal, "field", None))
    return _correction(item, form, message), 422


@bp.post("/items/<int:number>/messages/<int:message_id>/delete-call")
@policy(DESK)
def remove_talk(number: int, message_id: int) -> ResponseReturnValue:
    """Delete a call or visit with its time."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        once_on(session, number)
        stays = talking.remove_talk(
            session, actor=current_actor(), now=clock.now(), number=number, message_id=message_id
        )
    flash(_("It is deleted, and the conversation says so."), "ok")
    if stays:
        flash(_("Its time stays: %(why)s", why=stays), "warn")
    return to_item(number)


def _check(channel: str) -> None:
    if channel not in CHANNELS:
        message = "There is no such page."
        raise NotFound(message)


def _own(number: int, message_id: int) -> tuple[WorkItem, Message]:
    session = read_session()
    item = projects.get_item(session, actor=current_actor(), number=number)
    return item, tickets.own_talk(session, actor=current_actor(), item_id=item.id, message_id=message_id)


def _clock(message: Message) -> str:
    return f"{message.posted_at.astimezone(zone()):%Y-%m-%dT%H:%M}"


def _correction(item: WorkItem, form: TalkForm, message: Message) -> str:
    return _page(item, form, message.talk.channel if message.talk else "call", message_id=message.id)


def _page(item: WorkItem, form: TalkForm, channel: str, message_id: int | None = None) -> str:
    """Show the form, with the people of the client to choose from."""
    session, actor = read_session(), current_actor()
    known = clients.contacts_to_name(session, actor=actor, client_id=item.project.client_id)
    here = [one for one in known if one.client_id == item.project.client_id]
    taking_part = [one.contact for one in ticket_queries.participants(session, [item.id])]
    return render_template(
        "desk/talk.html",
        item=item,
        form=form,
        channel=channel,
        message_id=message_id,
        people=list(dict.fromkeys([*taking_part, *here])),
        action=request.path,
    )
