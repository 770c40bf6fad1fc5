"""Routes of the board: the tasks of a project by status, and a card that moves."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from helpdesk.company.days import house_day
from helpdesk.desk import service
from helpdesk.desk.overtaken_line import words_of
from helpdesk.desk.overtaking import Overtaken
from helpdesk.desk.views.blueprint import bp
from helpdesk.infra import clock
from helpdesk.infra.db import read_anew, read_session, unit_of_work
from helpdesk.infra.forms import StrictForm, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.projects import queries, tasks
from helpdesk.projects.models import ITEM_STATUSES
from helpdesk.timekeeping.forms import MOST_NUMBER


class CardForm(StrictForm):
    """The number of a task, the status that it comes to have, and the one that was seen."""

    number = IntegerField(validators=[InputRequired(), NumberRange(1, MOST_NUMBER)])
    status = SelectField(choices=options((key, key) for key in ITEM_STATUSES))
    was = StringField(validators=[Length(max=20)])


@bp.get("/projects/<int:project_id>/board")
@policy(DESK)
def board(project_id: int) -> str:
    """Show the tasks of a project in columns."""
    session, actor = read_session(), current_actor()
    project = queries.get_project(session, actor=actor, project_id=project_id)
    cards = tasks.board(session, actor=actor, project_id=project_id)
    counts = tasks.status_counts(session, project_id)
    columns = [{"key": key, "cards": cards[key], "count": counts.get(key, 0)} for key in ITEM_STATUSES]
    return render_template("desk/board.html", project=project, columns=columns, today=house_day(session, clock.now()))


@bp.post("/projects/<int:project_id>/board")
@policy(DESK)
def move_card(project_id: int) -> ResponseReturnValue:
    """Give a task of the project another status, and say so on its page."""
    queries.get_project(read_session(), actor=current_actor(), project_id=project_id)
    form = CardForm()
    if not form.validate_on_submit():
        raise RuleViolation(_("There is no such column. Nothing was moved."))
    number, status = form.number.data or 0, form.status.data or ""
    try:
        with unit_of_work() as session:
            item = queries.get_item(session, actor=current_actor(), number=number)
            if item.project_id != project_id:
                raise NotFound(_("There is no such task in this project."))
            service.set_status(
                session, actor=current_actor(), now=clock.now(), number=number, status=status, was=form.was.data
            )
    except Overtaken as overtaken:
        flash(words_of(read_anew(), overtaken.difference, number=number), "warn")
    return redirect(url_for("desk.board", project_id=project_id), code=303)
