"""Routes of drafts: what is typed is kept until it is sent or thrown away (docs/answering.md rules 1 to 4)."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import Length

from helpdesk.accounts import service as accounts
from helpdesk.desk import taking_up
from helpdesk.desk.forms import NoteDraftForm, ReplyDraftForm
from helpdesk.desk.views.blueprint import bp, to_item
from helpdesk.desk.views.files import keep_files
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.infra.web import back_or, is_htmx
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.tickets import service as tickets

FORMS = {"reply": ReplyDraftForm, "note": NoteDraftForm}


@bp.post("/items/<int:number>/drafts/<any(reply, note):kind>")
@policy(DESK)
def save_draft(number: int, kind: str) -> ResponseReturnValue:
    """Keep what is typed; a script hears 204 when a draft is kept and 205 when none is, anybody else sees the item.

    Who begins a reply on a ticket that nobody has gets it; a script is given the words for that, with their undo.
    """
    item = projects.get_item(read_session(), actor=current_actor(), number=number)
    form = FORMS[kind]()
    form.offer(read_session())
    if not form.validate_on_submit():
        raise RuleViolation(" ".join(str(word) for words in form.errors.values() for word in words))
    with unit_of_work() as session:
        done = taking_up.keep_draft(
            session,
            actor=current_actor(),
            now=clock.now(),
            number=number,
            kind=kind,
            typed=form.typed(),
            last_seen_id=form.last_seen(),
        )
    refused = keep_files(item.id, kind, form.files.data or ())
    if is_htmx():
        if done.act_id is not None:
            return render_template("desk/_taken_up.html", act_id=done.act_id, number=number)
        return "", 204 if done.is_kept else 205
    if request.args.get("then") == "canned":
        return redirect(url_for("desk.choose_canned", number=number), code=303)
    for words in refused:
        flash(words, "danger")
    kept = done.is_kept or any(file.filename for file in form.files.data or ())
    flash(_("The draft is saved.") if kept else _("There is nothing to keep as a draft."), "ok")
    if done.act_id is not None:
        flash(_("Nobody had this ticket: it is yours now."), "ok")
    return to_item(number)


class BoxForm(StrictForm):
    """In what somebody writes: ``plain``, or the editor."""

    box = StringField(validators=[Length(max=10)])


@bp.post("/desk/box")
@policy(DESK)
def choose_box() -> ResponseReturnValue:
    """Keep in what whoever asks writes (docs/answering.md rule 20)."""
    form = BoxForm()
    with unit_of_work() as session:
        is_plain = form.validate_on_submit() and form.box.data == "plain"
        accounts.choose_box(session, actor=current_actor(), plain=is_plain)
    return back_or("desk.queue")


@bp.post("/items/<int:number>/drafts/<any(reply, note):kind>/discard")
@policy(DESK)
def discard_draft(number: int, kind: str) -> ResponseReturnValue:
    """Throw away what was typed."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        item = projects.get_item(session, actor=current_actor(), number=number)
        tickets.discard_draft(session, actor=current_actor(), item_id=item.id, kind=kind)
    return to_item(number)
