"""Routes by which two contacts become one, and two again (docs/desk.md rules 58 to 60)."""

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import IntegerField, RadioField
from wtforms.validators import InputRequired

from helpdesk.clients import queries as clients
from helpdesk.desk import contact_merge_page, merging_contacts
from helpdesk.desk.views.blueprint import bp
from helpdesk.desk.views.contacts import to_contact
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import CLIENTS_EDIT, current_actor, policy
from helpdesk.kernel.errors import Conflict, RuleViolation

SIDES = options([("kept", "kept"), ("merged", "merged")])


class MergeContactsForm(StrictForm):
    """Into whom a contact is merged, and from which of the two each value comes."""

    into = IntegerField(validators=[InputRequired()])
    name = RadioField(choices=SIDES, default="kept")
    title = RadioField(choices=SIDES, default="kept")
    phone = RadioField(choices=SIDES, default="kept")
    language = RadioField(choices=SIDES, default="kept")
    time_zone = RadioField(choices=SIDES, default="kept")
    email = RadioField(choices=SIDES, default="kept")


@bp.get("/contacts/<int:contact_id>/merge")
@policy(CLIENTS_EDIT)
def choose_contact(contact_id: int) -> str:
    """Show with whom a contact may be one person, or both side by side."""
    return _page(contact_id, request.args.get("into", type=int))


@bp.post("/contacts/<int:contact_id>/merge")
@policy(CLIENTS_EDIT)
def merge_contacts(contact_id: int) -> ResponseReturnValue:
    """Merge a contact into another and lead there; a refusal is told where it was chosen."""
    clients.get_contact(read_session(), actor=current_actor(), contact_id=contact_id)
    form = MergeContactsForm()
    if not form.validate_on_submit():
        return _page(contact_id, None, _("Choose the contact that is the same person.")), 422
    into_id = form.into.data or 0
    theirs = {field.name: field.data == "merged" for field in form if field.type == "RadioField"}
    try:
        with unit_of_work() as session:
            merged = merging_contacts.merge(
                session,
                actor=current_actor(),
                now=clock.now(),
                contact_id=contact_id,
                into_id=into_id,
                theirs=theirs,
            )
            into_id = merged.into_id
    except RuleViolation as refusal:
        return _page(contact_id, into_id, str(refusal)), 422
    flash(_("They are one now. “Make two of them again” on this page brings both back."), "ok")
    return to_contact(into_id)


@bp.post("/contacts/<int:contact_id>/unmerge")
@policy(CLIENTS_EDIT)
def part_contacts(contact_id: int) -> ResponseReturnValue:
    """Make two of what was merged; a refusal is told on the page of the one who was kept."""
    StrictForm().validate_on_submit()
    try:
        with unit_of_work() as session:
            merging_contacts.undo(session, actor=current_actor(), now=clock.now(), contact_id=contact_id)
        flash(_("They are two again, and as before. What came since stays where it came."), "ok")
    except Conflict as refusal:
        flash(str(refusal), "danger")
    return to_contact(contact_id)


def _page(contact_id: int, other_id: int | None, refusal: str = "") -> str:
    words = " ".join(request.args.get("words", "")[:120].split())
    values = contact_merge_page.values(
        read_session(), actor=current_actor(), contact_id=contact_id, words=words, other_id=other_id
    )
    return render_template("clients/merge.html", refusal=refusal, **vars(values))
