"""Routes of what people decide about mail on a ticket: held mail, who takes part, what is sent again."""

from collections.abc import Callable

from flask import flash
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.desk import macros
from helpdesk.desk.forms import AcceptForm, PersonForm, SendAgainForm
from helpdesk.desk.views.blueprint import bp, once_on, to_item
from helpdesk.infra import clock
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.intake.service import held
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.tickets import service as tickets


@bp.post("/items/<int:number>/messages/<int:message_id>/accept")
@policy(DESK)
def accept_held(number: int, message_id: int) -> ResponseReturnValue:
    """Let held mail onto the ticket."""
    form = AcceptForm()

    def act(session: Session, item_id: int) -> str:
        held.accept(
            session,
            actor=current_actor(),
            now=clock.now(),
            item_id=item_id,
            message_id=message_id,
            as_contact=bool(form.as_contact.data),
        )
        return _("The mail is on the ticket, and its sender takes part.")

    return _decide(number, act, form=form)


@bp.post("/items/<int:number>/messages/<int:message_id>/split")
@policy(DESK)
def split_held(number: int, message_id: int) -> ResponseReturnValue:
    """Make held mail a ticket of its own."""

    def act(session: Session, item_id: int) -> str:
        moved = held.split_off(session, actor=current_actor(), now=clock.now(), item_id=item_id, message_id=message_id)
        return _("The mail is ticket #%(number)s in Triage now.", number=moved.work_item.number)

    return _decide(number, act)


@bp.post("/items/<int:number>/messages/<int:message_id>/put-away")
@policy(DESK)
def put_away_held(number: int, message_id: int) -> ResponseReturnValue:
    """Refuse held mail."""

    def act(session: Session, item_id: int) -> str:
        held.put_away(session, actor=current_actor(), now=clock.now(), item_id=item_id, message_id=message_id)
        return _("The mail is put away. It stays in the inbound log.")

    return _decide(number, act)


@bp.post("/items/<int:number>/messages/<int:message_id>/hold-again")
@policy(DESK)
def hold_again(number: int, message_id: int) -> ResponseReturnValue:
    """Take back that held mail was put away."""

    def act(session: Session, item_id: int) -> str:
        held.hold_again(session, actor=current_actor(), now=clock.now(), item_id=item_id, message_id=message_id)
        return _("The mail waits for a decision again.")

    return _decide(number, act)


@bp.post("/items/<int:number>/messages/<int:message_id>/pictures")
@policy(DESK)
def show_pictures(number: int, message_id: int) -> ResponseReturnValue:
    """Have the pictures from elsewhere of a mail fetched, because somebody wants to see them."""

    def act(session: Session, item_id: int) -> str:
        count = tickets.ask_for_pictures(
            session, actor=current_actor(), now=clock.now(), item_id=item_id, message_id=message_id
        )
        return ngettext("%(num)s picture is being fetched.", "%(num)s pictures are being fetched.", count)

    return _decide(number, act, anchor=f"m{message_id}")


@bp.post("/items/<int:number>/mail/<int:outgoing_id>/send-again")
@policy(DESK)
def send_again(number: int, outgoing_id: int) -> ResponseReturnValue:
    """Send a mail again that did not arrive."""
    form = SendAgainForm()

    def act(session: Session, item_id: int) -> str:
        tickets.send_again(
            session,
            actor=current_actor(),
            now=clock.now(),
            item_id=item_id,
            outgoing_id=outgoing_id,
            address=form.address.data or "",
        )
        return _("The mail is on its way again.")

    return _decide(number, act, form=form)


@bp.post("/items/<int:number>/messages/<int:message_id>/take-back")
@policy(DESK)
def unsend(number: int, message_id: int) -> ResponseReturnValue:
    """Take an answer back whose mail is still held: it is a draft again."""
    StrictForm().validate_on_submit()
    try:
        with unit_of_work() as session:
            once_on(session, number)
            stays = macros.take_back(
                session, actor=current_actor(), now=clock.now(), number=number, message_id=message_id
            )
        flash(_("Nothing was sent. The answer is a draft again."), "ok")
        if stays:
            flash(_("Not all is as before: %(why)s", why=stays), "warn")
    except (Conflict, RuleViolation) as refusal:
        flash(str(refusal), "danger")
    return to_item(number, anchor="reply-body")


@bp.post("/items/<int:number>/people")
@policy(DESK)
def add_participant(number: int) -> ResponseReturnValue:
    """Add somebody to the conversation."""
    form = PersonForm()

    def act(session: Session, item_id: int) -> str:
        if form.errors:
            raise RuleViolation(_("Write the e-mail address of the person to add."))
        known = tickets.add_by_staff(
            session,
            actor=current_actor(),
            now=clock.now(),
            item_id=item_id,
            email=form.email.data or "",
            name=form.name.data or "",
        )
        return _("%(name)s gets our answers from now on.", name=known.contact.name)

    return _decide(number, act, form=form)


@bp.post("/items/<int:number>/people/<int:contact_id>/remove")
@policy(DESK)
def remove_participant(number: int, contact_id: int) -> ResponseReturnValue:
    """Take somebody off the conversation."""

    def act(session: Session, item_id: int) -> str:
        tickets.remove_participant(
            session, actor=current_actor(), now=clock.now(), item_id=item_id, contact_id=contact_id
        )
        return _("They get no answers of ours any more; below you can put them back.")

    return _decide(number, act)


@bp.post("/items/<int:number>/people/<int:contact_id>/put-back")
@policy(DESK)
def put_back_participant(number: int, contact_id: int) -> ResponseReturnValue:
    """Take back that somebody was taken off the conversation."""

    def act(session: Session, item_id: int) -> str:
        tickets.put_back(session, actor=current_actor(), now=clock.now(), item_id=item_id, contact_id=contact_id)
        return _("They get our answers again.")

    return _decide(number, act)


def _decide(
    number: int, act: Callable[[Session, int], str], *, form: StrictForm | None = None, anchor: str | None = None
) -> ResponseReturnValue:
    """Do ``act`` in one unit and lead back to the item, there to ``anchor``; a refusal is told on its page."""
    (form or StrictForm()).validate_on_submit()
    try:
        with unit_of_work() as session:
            once_on(session, number)
            item = projects.get_item(session, actor=current_actor(), number=number)
            said = act(session, item.id)
        flash(said, "ok")
    except RuleViolation as refusal:
        flash(str(refusal), "danger")
    return to_item(number, anchor=anchor)
