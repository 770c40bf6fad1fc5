"""Routes of the form for a new ticket: who it is for, its files, and the act that opens it (docs/desk.md rule 82)."""

from collections.abc import Iterable
from uuid import uuid4

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from helpdesk.desk import opening, opening_page
from helpdesk.desk.forms import FilesForm
from helpdesk.desk.opening_forms import NewTicketForm
from helpdesk.desk.views.blueprint import bp, to_item
from helpdesk.desk.views.files import keep_each
from helpdesk.infra import clock
from helpdesk.infra.db import read_anew, read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.infra.web import is_htmx
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import NewAttachment

NO_CLIENT, NO_CONTACT = "There is no such client.", "There is no such contact."


@bp.get("/tickets/new")
@policy(DESK)
def new_ticket() -> str:
    """Show the form for a new ticket; the address may say for whom, for which client or in which project."""
    form = NewTicketForm(formdata=None)
    form.offer(read_session(), current_actor())
    asked = {name: request.args.get(name, type=int) for name in ("contact", "client", "project")}
    form.client_id.data = form.client_of(asked["project"]) if asked["project"] is not None else asked["client"]
    form.project_id.data, form.contact_id.data = asked["project"], str(asked["contact"] or "")
    form.who.data = request.args.get("who", "")
    if any(one is not None for one in (asked["client"], asked["project"])):
        _check_offered(form)
    return _page(form, is_checked=True)


@bp.get("/tickets/new/for")
@policy(DESK)
def find_asker() -> str:
    """Show who is found by what was typed, or whoever was chosen, with what is open of them."""
    form = NewTicketForm(formdata=request.args)
    form.offer(read_session(), current_actor())
    if request.args.get("act") == "new":
        opening_page.begin_new(form)
    return _asker(form)


@bp.post("/tickets/new")
@policy(DESK)
def open_ticket() -> ResponseReturnValue:
    """Open a ticket, note it all on one that is open already, or look for whoever it is for; what is typed stays."""
    form = NewTicketForm()
    form.offer(read_session(), current_actor())
    act, value = form.pressed()
    is_valid = form.validate_on_submit()
    is_valid = _keep_files(form) and is_valid
    if act in ("", "onto"):
        is_complete = is_valid if act == "" else value is not None and (is_valid or _lacks_only_subject(form))
        number = _opened(form, value) if is_complete else None
        return to_item(number) if number is not None else (_page(form), 422)
    if act == "new":
        opening_page.begin_new(form)
    elif act in ("pick", "other"):
        form.contact_id.data = str(value or "")
    return _page(form, refused=False)


@bp.post("/tickets/new/<key>/files")
@policy(DESK)
def add_form_files(key: str) -> ResponseReturnValue:
    """Put files to a form at once; the answer is the list of them with what was refused."""
    form = FilesForm()
    form.validate_on_submit()
    refused = _put_files(key, form.files.data or ())
    return _file_list(key, refused)


@bp.post("/tickets/new/<key>/files/<int:file_id>/remove")
@policy(DESK)
def remove_form_file(key: str, file_id: int) -> ResponseReturnValue:
    """Take a file from a form again; without a script the whole form comes along, and back."""
    form = NewTicketForm()
    form.offer(read_session(), current_actor())
    form.validate_on_submit()
    with unit_of_work() as session:
        tickets.remove_form_file(session, actor=current_actor(), key=key, file_id=file_id)
    return _file_list(key, []) if is_htmx() else _page(form, refused=False)


def _check_offered(form: NewTicketForm) -> None:
    """Let pass a client that can be chosen.

    Raises:
        NotFound: there is no such client or project, or not for this actor.
    """
    if form.client_id.data is None or not form.offers_client(form.client_id.data):
        raise NotFound(NO_CLIENT)


def _opened(form: NewTicketForm, number: int | None) -> int | None:
    """Open the ticket, or put it all onto the one with that number, and return its number; None where it is refused."""
    actor, now, whom, said = current_actor(), clock.now(), form.whom(), form.said()
    try:
        with unit_of_work() as session:
            if number is None:
                item = opening.open_by_hand(session, actor=actor, now=now, whom=whom, said=said, facts=form.facts())
                words = _("Ticket #%(number)s is open.", number=item.number)
            else:
                item = opening.put_onto(session, actor=actor, now=now, number=number, whom=whom, said=said)
                words = _("It is noted on #%(number)s.", number=item.number)
            opened = item.number
    except opening.Used as refusal:
        with unit_of_work() as session:
            used, form.key.data = form.key.data or "", uuid4().hex
            tickets.renew_form(session, actor=actor, now=now, key=used, new=form.key.data)
        form.refuse(str(refusal))
        return None
    except (Conflict, RuleViolation) as refusal:
        form.refuse(refusal if isinstance(refusal, RuleViolation) else str(refusal))
        return None
    flash(words, "ok")
    return opened


def _lacks_only_subject(form: NewTicketForm) -> bool:
    """Whether nothing is missing but the subject, which a note on a ticket needs not have."""
    return set(form.errors) == {"subject"} and bool(form.body.data or form.html.data)


def _keep_files(form: NewTicketForm) -> bool:
    refused = _put_files(form.key.data or "", form.files.data or ())
    for words in refused:
        form.refuse(words, "files")
    return not refused


def _put_files(key: str, uploads: Iterable[FileStorage]) -> list[str]:
    def put(session: Session, file: NewAttachment) -> None:
        tickets.add_form_file(session, actor=current_actor(), now=clock.now(), key=key, file=file)

    return keep_each(uploads, put)


def _file_list(key: str, refused: list[str]) -> str:
    files = tickets.form_files(read_anew(), actor=current_actor(), key=key)
    return render_template("desk/new_ticket_files.html", files=files, key=key, refused=refused)


def _asker(form: NewTicketForm) -> str:
    session, actor = read_session(), current_actor()
    asked = opening_page.asking(session, actor=actor, form=form)
    opening_page.choose_project(session, form=form, asked=asked)
    return render_template("desk/new_ticket_asker.html", form=form, asked=asked)


def _page(form: NewTicketForm, *, refused: bool = True, is_checked: bool = False) -> str:
    """Show the form; where it was not refused nothing in it counts as wrong yet.

    Raises:
        NotFound: it ``is_checked`` whom it is for, and there is no such contact, or not for this actor.
    """
    session, actor = read_anew() if form.is_submitted() else read_session(), current_actor()
    if not refused:
        for field in form:
            field.errors = []
        form.form_errors.clear()
    asked = opening_page.asking(session, actor=actor, form=form)
    if is_checked and asked.contact is None and form.contact_id.data:
        raise NotFound(NO_CONTACT)
    opening_page.choose_project(session, form=form, asked=asked)
    return render_template(
        "desk/new_ticket.html",
        form=form,
        asked=asked,
        files=tickets.form_files(session, actor=actor, key=form.key.data or "") if form.is_submitted() else [],
        plain_box=current_user.plain_box,
    )
