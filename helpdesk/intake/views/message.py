"""One message of the inbound log: what came, what became of it and why, and what a person may do about it."""

from dataclasses import dataclass

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.infra import blobs, clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.policy import APPROVERS, SETTINGS, current_actor, policy
from helpdesk.infra.web import back_or
from helpdesk.intake import log_queries
from helpdesk.intake.models import InboundMessage
from helpdesk.intake.parser.shown import START_BYTES, ShownHead, shown_head
from helpdesk.intake.process import erasing
from helpdesk.intake.process.reading import Reading, read_apart
from helpdesk.intake.service import acts
from helpdesk.intake.service.erasing import FINISHED
from helpdesk.intake.views import words
from helpdesk.intake.views.blueprint import bp
from helpdesk.kernel.errors import Denied, NotFound


@dataclass(frozen=True)
class Possible:
    """Which acts fit the message as it is."""

    retry: bool
    make_ticket: bool
    not_automatic: bool
    always: bool
    ignore: bool
    erase: bool


@bp.get("/inbound/<int:inbound_id>")
@policy(APPROVERS)
def message(inbound_id: int) -> str:
    """Show one message with all that is known of it; its body only on request, for it may be a hostile mail."""
    session = read_session()
    inbound = log_queries.message(session, inbound_id)
    if inbound is None:
        refusal = "There is no such message."
        raise NotFound(refusal)
    return render_template(
        "intake/message.html",
        inbound=inbound,
        item=inbound.effect.work_item if inbound.effect else None,
        outcome_label=words.outcome_label(inbound),
        tone=words.TONES.get(inbound.state, ""),
        icon_name=words.ICONS[inbound.state],
        matched_by=words.matched_by(inbound),
        can=_possible(inbound),
        head=_head(inbound),
        reading=_reading(inbound) if "read" in request.args else None,
        others=log_queries.namesakes(session, inbound),
        history=log_queries.acts(session, inbound_id),
        decisions=[words.decision(each) for each in inbound.decisions],
    )


@bp.post("/inbound/<int:inbound_id>/retry")
@policy(APPROVERS)
def retry(inbound_id: int) -> ResponseReturnValue:
    """Have a message handled once more."""
    with unit_of_work() as session:
        acts.retry(session, actor=current_actor(), inbound_id=inbound_id, now=clock.now())
    flash(_("The message is read once more from the copy that we keep."), "ok")
    return back_or("intake.message", inbound_id=inbound_id)


@bp.post("/inbound/<int:inbound_id>/make-ticket")
@policy(APPROVERS)
def make_ticket(inbound_id: int) -> ResponseReturnValue:
    """Have a message become a ticket although it was ignored, held back or unreadable."""
    with unit_of_work() as session:
        acts.make_ticket(session, actor=current_actor(), inbound_id=inbound_id, now=clock.now())
    flash(_("The message becomes a ticket within seconds. Nothing is sent to whoever wrote it."), "ok")
    return back_or("intake.message", inbound_id=inbound_id)


@bp.post("/inbound/<int:inbound_id>/not-automatic")
@policy(APPROVERS)
def not_automatic(inbound_id: int) -> ResponseReturnValue:
    """Have a message handled as one that a person wrote; administrators may have it so for the sender from now on."""
    actor, always = current_actor(), "always" in request.form
    if always and not actor.is_one_of(SETTINGS):
        refusal = "Your role does not include rules of mail."
        raise Denied(refusal)
    with unit_of_work() as session:
        acts.not_automatic(session, actor=actor, inbound_id=inbound_id, now=clock.now(), always=always)
    flash(_("The message is handled again as one that a person wrote."), "ok")
    return back_or("intake.message", inbound_id=inbound_id)


@bp.post("/inbound/<int:inbound_id>/ignore")
@policy(APPROVERS)
def ignore(inbound_id: int) -> ResponseReturnValue:
    """Take a message out of quarantine without a ticket."""
    why = request.form.get("why", "")
    with unit_of_work() as session:
        acts.ignore(session, actor=current_actor(), inbound_id=inbound_id, why=why, now=clock.now())
    flash(_("The message is ignored. It stays on the log with your reason."), "ok")
    return back_or("intake.message", inbound_id=inbound_id)


@bp.post("/inbound/<int:inbound_id>/erase")
@policy(SETTINGS)
def erase(inbound_id: int) -> ResponseReturnValue:
    """Erase the mail and who wrote it; what became of it stays."""
    why, store = request.form.get("why", ""), blobs.store()
    erasing.erase_one(inbound_id, unit_of_work, actor=current_actor(), why=why, store=store, clock=clock.now)
    flash(_("The mail is erased. What became of it stays on the log."), "ok")
    return back_or("intake.message", inbound_id=inbound_id)


def _possible(inbound: InboundMessage) -> Possible:
    idle = inbound.effect is None and inbound.erased_at is None
    return Possible(
        retry=idle and inbound.state in acts.RETRIED,
        make_ticket=idle and inbound.state in acts.OPENED,
        always=current_actor().is_one_of(SETTINGS) and bool(inbound.from_address),
        not_automatic=idle and inbound.state == "ignored" and inbound.outcome in acts.MACHINES,
        ignore=idle and inbound.state == "quarantined",
        erase=inbound.erased_at is None and inbound.state in FINISHED and current_actor().is_one_of(SETTINGS),
    )


def _reading(inbound: InboundMessage) -> Reading | None:
    """Return how the mail is read; None where it is stored no longer."""
    if inbound.erased_at is not None:
        return None
    try:
        return read_apart(blobs.store().get(inbound.blob_sha256))
    except NotFound:
        return None


def _head(inbound: InboundMessage) -> ShownHead | None:
    """Return the headers from the stored bytes; None where they are stored no longer."""
    if inbound.erased_at is not None:
        return None
    try:
        return shown_head(blobs.store().start_of(inbound.blob_sha256, size_bytes=START_BYTES))
    except NotFound:
        return None
