"""Routes by which a message becomes a ticket of its own (docs/desk.md rule 25)."""

from flask import flash, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length

from helpdesk.desk import splitting
from helpdesk.desk.views.blueprint import bp, leads_to, once_on, to_item
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Message
from helpdesk.timekeeping.queries import entries

SUBJECT_LENGTH = 300


class SplitForm(StrictForm):
    """How the new ticket is called, and whether the time that was logged with the message goes along."""

    subject = StringField(_l("Subject"), validators=[InputRequired(), Length(max=SUBJECT_LENGTH)])
    with_time = BooleanField(_l("Its time goes along"))


@bp.get("/items/<int:number>/messages/<int:message_id>/split-off")
@policy(DESK)
def ask_split(number: int, message_id: int) -> ResponseReturnValue:
    """Ask how the ticket is called that a message becomes; one that stays says why on its page."""
    try:
        message = _message(number, message_id)
    except (Conflict, RuleViolation) as refusal:
        flash(str(refusal), "danger")
        return to_item(number, anchor=f"m{message_id}")
    return _page(number, message, SplitForm(formdata=None, subject=splitting.title_of(message)))


@bp.post("/items/<int:number>/messages/<int:message_id>/split-off")
@policy(DESK)
def split_off(number: int, message_id: int) -> ResponseReturnValue:
    """Make a message a ticket of its own and lead there."""
    projects.get_item(read_session(), actor=current_actor(), number=number)
    form = SplitForm()
    if form.validate_on_submit():
        try:
            with unit_of_work() as session:
                sent = once_on(session, number)
                new = splitting.split(
                    session,
                    actor=current_actor(),
                    now=clock.now(),
                    item=projects.get_item(session, actor=current_actor(), number=number),
                    message_id=message_id,
                    title=form.subject.data or "",
                    with_time=bool(form.with_time.data),
                )
                leads_to(sent, to_item(new.number))
            flash(_("#%(number)s is a ticket of its own. “Merge” brings it back.", number=new.number), "ok")
            return to_item(new.number)
        except (Conflict, RuleViolation) as refusal:
            form.refuse(str(refusal))
    try:
        message = _message(number, message_id)
    except (Conflict, RuleViolation) as refusal:
        flash(str(refusal), "danger")
        return to_item(number)
    return _page(number, message, form), 422


def _message(number: int, message_id: int) -> Message:
    return tickets.splittable(read_session(), actor=current_actor(), number=number, message_id=message_id)


def _page(number: int, message: Message, form: SplitForm) -> str:
    time = splitting.time_of(read_session(), message, item_id=message.work_item_id)
    names = ["subject"]
    hints = {"subject": _("It comes into the same project, with the files of the message.")}
    if time is not None:
        names.append("with_time")
        worked = format_hm(entries.worked_of(time).seconds)
        hints["with_time"] = _(
            "%(worked)s of %(name)s, which stays on #%(number)s else.",
            worked=worked,
            name=time.person.name,
            number=number,
        )
    author = message.person or message.contact
    return render_template(
        "settings/form.html",
        section="desk",
        heading=_("Split off"),
        intro=_("What %(name)s wrote becomes a ticket of its own.", name=author.name if author else "Helpdesk"),
        back={"url": url_for("desk.item", number=number), "label": f"#{number}"},
        form=form,
        groups=[{"legend": _("The new ticket"), "names": names, "hint": ""}],
        hints=hints,
        submit=_("Split it off"),
    )
