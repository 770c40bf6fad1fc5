"""Routes of one contact: its page, its details and addresses, and the notes about contacts and clients."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from helpdesk.clients import notes, people
from helpdesk.clients import queries as clients
from helpdesk.clients.forms import AddressForm, DetailsForm, NoteTextForm
from helpdesk.clients.models import Contact, Note
from helpdesk.clients.people import ContactDetails
from helpdesk.desk import contact_addresses, contact_page
from helpdesk.desk.views.blueprint import bp
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import CLIENTS_EDIT, DESK, STAFF, current_actor, policy
from helpdesk.kernel.errors import Conflict, RuleViolation


@bp.get("/contacts/<int:contact_id>")
@policy(STAFF)
def contact(contact_id: int) -> ResponseReturnValue:
    """Show one person at a client with their tickets; a further address leads to whose it is."""
    found = clients.get_contact(read_session(), actor=current_actor(), contact_id=contact_id)
    return to_contact(found.id) if found.id != contact_id else _page(found)


@bp.get("/contacts/<int:contact_id>/edit")
@policy(DESK)
def edit_contact(contact_id: int) -> str:
    """Show what we know of a contact, to be changed."""
    found = clients.get_contact(read_session(), actor=current_actor(), contact_id=contact_id)
    return _form_page(found.id, found.name, DetailsForm(obj=found))


@bp.post("/contacts/<int:contact_id>/edit")
@policy(DESK)
def set_contact(contact_id: int) -> ResponseReturnValue:
    """Set what we know of a contact."""
    found = clients.get_contact(read_session(), actor=current_actor(), contact_id=contact_id)
    form = DetailsForm()
    form.offer()
    if not form.validate_on_submit():
        return _form_page(found.id, found.name, form), 422
    with unit_of_work() as session:
        details = ContactDetails(**form.values())
        people.set_details(session, actor=current_actor(), now=clock.now(), contact_id=contact_id, details=details)
    flash(_("%(contact)s is saved.", contact=form.name.data), "ok")
    return to_contact(contact_id)


@bp.post("/contacts/<int:contact_id>/addresses")
@policy(CLIENTS_EDIT)
def add_address(contact_id: int) -> ResponseReturnValue:
    """Let mail from a further address be that of this contact."""
    found = clients.get_contact(read_session(), actor=current_actor(), contact_id=contact_id)
    form = AddressForm()
    if not form.validate_on_submit():
        return _page(found, address_form=form), 422
    try:
        with unit_of_work() as session:
            contact_addresses.add(
                session, actor=current_actor(), now=clock.now(), contact_id=contact_id, email=form.email.data or ""
            )
    except RuleViolation as refusal:
        form.refuse(refusal, "email")
        return _page(found, address_form=form), 422
    flash(_("Mail from %(address)s is theirs from now on.", address=form.email.data), "ok")
    return to_contact(contact_id)


@bp.post("/contacts/<int:contact_id>/addresses/<int:address_id>/main")
@policy(CLIENTS_EDIT)
def make_main_address(contact_id: int, address_id: int) -> ResponseReturnValue:
    """Send mail to this address from now on."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        kept = people.make_main(
            session, actor=current_actor(), now=clock.now(), contact_id=contact_id, address_id=address_id
        )
        said = _("Mail goes to %(address)s from now on.", address=kept.email)
    flash(said, "ok")
    return to_contact(contact_id)


@bp.post("/contacts/<int:contact_id>/addresses/<int:address_id>/delete")
@policy(CLIENTS_EDIT)
def remove_address(contact_id: int, address_id: int) -> ResponseReturnValue:
    """Let mail from an address no longer be that of this contact; a refusal is told on the page."""
    StrictForm().validate_on_submit()
    try:
        with unit_of_work() as session:
            address = people.remove_address(
                session, actor=current_actor(), now=clock.now(), contact_id=contact_id, address_id=address_id
            )
        flash(_("Mail from %(address)s is no longer theirs.", address=address), "ok")
    except Conflict as refusal:
        flash(str(refusal), "danger")
    return to_contact(contact_id)


@bp.post("/contacts/<int:contact_id>/retire")
@policy(CLIENTS_EDIT)
def retire_contact(contact_id: int) -> ResponseReturnValue:
    """Note that a contact has left."""
    return _retire(contact_id, retired=True)


@bp.post("/contacts/<int:contact_id>/reactivate")
@policy(CLIENTS_EDIT)
def reactivate_contact(contact_id: int) -> ResponseReturnValue:
    """Note that a contact is there again."""
    return _retire(contact_id, retired=False)


@bp.post("/contacts/<int:contact_id>/notes")
@policy(DESK)
def add_contact_note(contact_id: int) -> ResponseReturnValue:
    """Keep something in mind about a contact."""
    found = clients.get_contact(read_session(), actor=current_actor(), contact_id=contact_id)
    form = NoteTextForm()
    if not form.validate_on_submit():
        return _page(found, note_form=form), 422
    with unit_of_work() as session:
        notes.add_note(
            session, actor=current_actor(), now=clock.now(), contact_id=contact_id, text=form.text.data or ""
        )
    return to_contact(contact_id, anchor="notes")


@bp.post("/clients/<int:client_id>/notes")
@policy(DESK)
def add_client_note(client_id: int) -> ResponseReturnValue:
    """Keep something in mind about a client."""
    name = clients.get(read_session(), actor=current_actor(), client_id=client_id).name
    form = NoteTextForm()
    if not form.validate_on_submit():
        return _note_page(form, name, url_for("desk.client", client_id=client_id)), 422
    with unit_of_work() as session:
        notes.add_note(session, actor=current_actor(), now=clock.now(), client_id=client_id, text=form.text.data or "")
    return redirect(url_for("desk.client", client_id=client_id, _anchor="notes"), code=303)


@bp.get("/notes/<int:note_id>")
@policy(DESK)
def note(note_id: int) -> str:
    """Show a note, to be changed."""
    found = notes.get_note(read_session(), actor=current_actor(), note_id=note_id)
    return _note_page(NoteTextForm(obj=found), _("Note"), _place_of(found))


@bp.post("/notes/<int:note_id>")
@policy(DESK)
def change_note(note_id: int) -> ResponseReturnValue:
    """Give a note another text."""
    back, form = _place_of(notes.get_note(read_session(), actor=current_actor(), note_id=note_id)), NoteTextForm()
    if not form.validate_on_submit():
        return _note_page(form, _("Note"), back), 422
    with unit_of_work() as session:
        notes.change_note(session, actor=current_actor(), now=clock.now(), note_id=note_id, text=form.text.data or "")
    return redirect(back, code=303)


@bp.post("/notes/<int:note_id>/delete")
@policy(DESK)
def delete_note(note_id: int) -> ResponseReturnValue:
    """Delete a note for good."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        back = _place_of(notes.delete_note(session, actor=current_actor(), now=clock.now(), note_id=note_id))
    flash(_("The note is gone."), "ok")
    return redirect(back, code=303)


def to_contact(contact_id: int, *, anchor: str | None = None) -> ResponseReturnValue:
    """Lead to the page of a contact."""
    return redirect(url_for("desk.contact", contact_id=contact_id, _anchor=anchor), code=303)


def _retire(contact_id: int, *, retired: bool) -> ResponseReturnValue:
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        people.retire(session, actor=current_actor(), now=clock.now(), contact_id=contact_id, retired=retired)
    return to_contact(contact_id)


def _place_of(found: Note) -> str:
    if found.contact_id is not None:
        return url_for("desk.contact", contact_id=found.contact_id, _anchor="notes")
    return url_for("desk.client", client_id=found.client_id, _anchor="notes")


def _page(found: Contact, *, address_form: AddressForm | None = None, note_form: NoteTextForm | None = None) -> str:
    show = "closed" if request.args.get("show") == "closed" else "open"
    values = contact_page.values(
        read_session(),
        actor=current_actor(),
        contact=found,
        now=clock.now(),
        show=show,
        before=request.args.get("before", type=int),
    )
    return render_template(
        "clients/contact.html",
        address_form=address_form or AddressForm(formdata=None),
        note_form=note_form or NoteTextForm(formdata=None),
        **vars(values),
    )


def _form_page(contact_id: int, name: str, form: DetailsForm) -> str:
    form.offer()
    groups = [
        {"legend": _("Who they are"), "names": ["name", "title", "phone"], "hint": ""},
        {"legend": _("How to reach them"), "names": ["language", "time_zone"], "hint": ""},
    ]
    return render_template(
        "settings/form.html",
        section="clients",
        heading=_("Edit"),
        intro="",
        back={"url": url_for("desk.contact", contact_id=contact_id), "label": name},
        form=form,
        groups=groups,
        hints={
            "phone": _("Several are parted by commas."),
            "language": _("Mails that Helpdesk writes by itself go out in it."),
            "time_zone": _("Their pages and tickets show what time it is there."),
        },
        submit=_("Save"),
    )


def _note_page(form: NoteTextForm, heading: str, back: str) -> str:
    return render_template(
        "settings/form.html",
        section="clients",
        heading=heading,
        intro=_("Nobody outside reads it."),
        back={"url": back, "label": _("Back")},
        form=form,
        groups=[{"legend": _("Note"), "names": ["text"], "hint": ""}],
        hints={},
        submit=_("Save"),
    )
