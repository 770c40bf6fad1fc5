"""Questions about one's own time: a forgotten timer, events that came late; one act answers each."""

from datetime import timedelta

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField
from wtforms.validators import DataRequired, Length

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.errors import RuleViolation
from helpdesk.timekeeping import service
from helpdesk.timekeeping.queries import timer_state
from helpdesk.timekeeping.questions import ask_line
from helpdesk.timekeeping.views.blueprint import bp
from helpdesk.timekeeping.views.refusals import told_by_flash

UNDO_FOR = timedelta(days=7)


class AnswerForm(StrictForm):
    """One answer about one entry."""

    uuid = HiddenField(validators=[DataRequired(), Length(max=64)])
    answer = HiddenField(validators=[DataRequired(), Length(max=10)])


@bp.get("/time/asking")
@policy(DESK)
def asking() -> str:
    """Show what waits for a decision of this person, and what can be taken back."""
    session, now, person_id = read_session(), clock.now(), current_actor().person_id
    entries = timer_state.asking_entries(session, person_id)
    cuts = timer_state.trims_to(session, [entry.uuid for entry in entries])
    return render_template(
        "timekeeping/asking.html",
        questions=[ask_line(entry, trims_to=cuts.get(entry.uuid), now=now) for entry in entries],
        undoable=timer_state.undoable(session, person_id, since=now - UNDO_FOR),
    )


@bp.post("/time/asking")
@policy(DESK)
def answer() -> ResponseReturnValue:
    """Take one answer, and show what is left."""
    form = AnswerForm()
    if not form.validate_on_submit():
        raise RuleViolation(_("Say which entry, and what becomes of it."))
    said = form.answer.data or ""
    with told_by_flash(), unit_of_work() as session:
        service.answer(session, actor=current_actor(), now=clock.now(), uuid=form.uuid.data or "", said=said)
        flash(_words()[said], "ok")
    return redirect(url_for("timekeeping.asking"), code=303)


def _words() -> dict[str, str]:
    return {
        "keep": _("The time is kept as it is."),
        "trim": _("The time is trimmed. You can take that back below."),
        "discard": _("The time is discarded. You can take that back below."),
        "restore": _("The time is back."),
        "follow": _("The entry says what the timer says. It is a draft until you submit it."),
    }
