"""Routes by which a ticket is merged into another, and taken out of it again (docs/desk.md rules 20 to 24)."""

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from helpdesk.desk import merge_page, merging
from helpdesk.desk.views.blueprint import bp, leads_to, once_on, to_item
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.timekeeping.forms import MOST_NUMBER

WORDS_LENGTH = 120


class MergeForm(StrictForm):
    """The ticket into which another is merged; ``words`` is what was looked for."""

    into = IntegerField(validators=[InputRequired(), NumberRange(1, MOST_NUMBER)])
    words = StringField(validators=[Length(max=WORDS_LENGTH)])


@bp.get("/items/<int:number>/merge")
@policy(DESK)
def choose_merge(number: int) -> str:
    """Show the tickets into which this one can be merged, found by number or words."""
    return _page(number, request.args.get("words", ""))


@bp.post("/items/<int:number>/merge")
@policy(DESK)
def merge(number: int) -> ResponseReturnValue:
    """Merge a ticket into another and lead there; a refusal is told where it was chosen."""
    projects.get_item(read_session(), actor=current_actor(), number=number)
    form = MergeForm()
    if not form.validate_on_submit():
        return _page(number, form.words.data or "", _("Choose the ticket that this one is part of.")), 422
    into = form.into.data or 0
    try:
        with unit_of_work() as session:
            leads_to(once_on(session, number), to_item(into))
            merging.merge(session, actor=current_actor(), now=clock.now(), number=number, into_number=into)
    except (NotFound, RuleViolation) as refusal:
        return _page(number, form.words.data or "", str(refusal)), 422
    flash(
        _("#%(number)s is part of #%(into)s now. “Take it out again” brings it back.", number=number, into=into), "ok"
    )
    return to_item(into)


@bp.post("/items/<int:number>/unmerge")
@policy(DESK)
def undo_merge(number: int) -> ResponseReturnValue:
    """Take a ticket out of the one into which it was merged; a refusal is told on its page."""
    StrictForm().validate_on_submit()
    try:
        with unit_of_work() as session:
            into = merging.undo(session, actor=current_actor(), now=clock.now(), number=number)
        said = _("#%(number)s is a ticket of its own again, and as before.", number=number)
        flash(said + " " + _("What came to #%(into)s since stays there.", into=into.number), "ok")
    except Conflict as refusal:
        flash(str(refusal), "danger")
    return to_item(number)


def _page(number: int, words: str, refusal: str = "") -> str:
    asked = " ".join(words[:WORDS_LENGTH].split())
    values = merge_page.values(read_session(), actor=current_actor(), number=number, words=asked)
    return render_template("desk/merge.html", refusal=refusal, **vars(values))
