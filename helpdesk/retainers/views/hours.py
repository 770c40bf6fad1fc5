"""More hours for a month: asked for on the page of the agreement, answered by the client on a page of its own."""

from collections.abc import Callable

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from werkzeug.wrappers import Response

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import RETAINERS, current_actor, policy, public
from helpdesk.infra.visits import Visits
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.retainers import queries
from helpdesk.retainers.forms import AnswerForm, AskForm, AskingForm, RevokeForm
from helpdesk.retainers.models import HoursAsked
from helpdesk.retainers.service import answering, asking
from helpdesk.retainers.views.blueprint import bp

VISITS = Visits(60)
"""From one address, whatever the links: nobody guesses 128 bits, and nobody shall try."""


@bp.post("/retainers/<int:agreement_id>/hours")
@policy(RETAINERS)
def ask_for_hours(agreement_id: int) -> Response:
    """Ask the client for more hours of a month; a refusal is told on the page of the agreement."""
    form = AskForm()

    def act() -> str:
        month = Month.parse(form.month.data or "")
        with unit_of_work() as session:
            asked = asking.ask(
                session,
                actor=current_actor(),
                now=clock.now(),
                agreement_id=agreement_id,
                month=month,
                seconds=form.seconds(),
            )
            return _("%(address)s was asked.", address=asked.address)

    return _done(agreement_id, form, act, month=form.month.data)


@bp.post("/retainers/<int:agreement_id>/hours/<int:asked_id>/revoke")
@policy(RETAINERS)
def revoke_hours(agreement_id: int, asked_id: int) -> Response:
    """Take back what was asked or granted, with a reason."""
    form = RevokeForm()

    def act() -> str:
        with unit_of_work() as session:
            answering.revoke(
                session,
                actor=current_actor(),
                now=clock.now(),
                agreement_id=agreement_id,
                asked_id=asked_id,
                reason=form.reason.data or "",
                address=request.remote_addr or "",
            )
        return _("Taken back; the link leads nowhere any more.")

    return _done(agreement_id, form, act, month=form.month.data)


@bp.post("/retainers/<int:agreement_id>/hours/asking")
@policy(RETAINERS)
def set_asking(agreement_id: int) -> Response:
    """Say for how much the agreement asks by itself."""
    form = AskingForm()

    def act() -> str:
        with unit_of_work() as session:
            asking.set_asking(
                session, actor=current_actor(), now=clock.now(), agreement_id=agreement_id, seconds=form.seconds()
            )
        return _("Set.")

    return _done(agreement_id, form, act, month=None)


@bp.get("/hours/<token>")
@public
def hours(token: str) -> str:
    """Show the client what it is asked, and change nothing."""
    _count_visit()
    asked = answering.open_link(read_session(), token=token, now=clock.now())
    return _page(asked, form=AnswerForm(formdata=None))


@bp.post("/hours/<token>")
@public
def answer_hours(token: str) -> str | tuple[str, int]:
    """Keep what the client answers; the link is used up."""
    _count_visit()
    asked, form = answering.open_link(read_session(), token=token, now=clock.now()), AnswerForm()
    if not form.validate_on_submit():
        return _page(asked, form=form), 422
    with unit_of_work() as session:
        asked = answering.answer(
            session,
            now=clock.now(),
            token=token,
            grants=form.answer.data == "yes",
            name=form.name.data or "",
            note=form.note.data or "",
            address=request.remote_addr or "",
        )
        return _page(asked, answer=form.answer.data)


def _page(asked: HoursAsked, *, form: AnswerForm | None = None, answer: str = "") -> str:
    with force_locale(asked.language):
        return render_template(
            "retainers/hours.html", says=asked.says.splitlines(), form=form, answer=answer, path=request.path
        )


def _count_visit() -> None:
    if VISITS.take(request.remote_addr or "", clock.now()):
        abort(429, _("Please try again in a quarter of an hour."))


def _done(
    agreement_id: int, form: AskForm | RevokeForm | AskingForm, act: Callable[[], str], *, month: str | None
) -> Response:
    """Do what a form asks for and lead back to the agreement, where a refusal is told."""
    queries.get_agreement(read_session(), actor=current_actor(), agreement_id=agreement_id)
    try:
        if form.validate_on_submit():
            flash(act(), "ok")
        else:
            flash(" ".join(str(each) for errors in form.errors.values() for each in errors), "danger")
    except (RuleViolation, NotFound) as refusal:
        flash(str(refusal), "danger")
    return redirect(url_for("retainers.agreement", agreement_id=agreement_id, month=month, _anchor="more"), code=303)
