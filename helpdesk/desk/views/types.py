"""Routes of types: which one a ticket is, and the list of them in the settings (docs/desk.md rules 35 and 36)."""

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import StringField
from wtforms.validators import Length

from helpdesk.desk import bulk
from helpdesk.desk.views.blueprint import bp, to_item
from helpdesk.infra import clock
from helpdesk.infra.db import read_anew, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.policy import DESK, SETTINGS, current_actor, policy
from helpdesk.infra.settings_pages import nav
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.projects import types
from helpdesk.tickets.service.writing import lock


class TypeForm(StrictForm):
    """The type of a ticket: an id, or empty for none."""

    type_id = StringField(validators=[Length(max=10)])
    was = StringField(validators=[Length(max=10)])


class NameForm(StrictForm):
    """What a type is called."""

    name = StringField(_l("Name"), validators=[Length(max=200)])


class MoveForm(StrictForm):
    """Where a type goes: up, or down."""

    by = StringField(validators=[Length(max=10)])


class OfferForm(StrictForm):
    """Whether a type is offered: ``yes``, or not."""

    offered = StringField(validators=[Length(max=10)])


@bp.post("/items/<int:number>/type")
@policy(DESK)
def set_type(number: int) -> ResponseReturnValue:
    """Say what kind of thing a ticket is about, unless somebody else said so since the page was shown."""
    form = TypeForm()
    form.validate_on_submit()
    wanted, was = form.type_id.data or "", form.was.data
    with unit_of_work() as session:
        item = lock(session, projects.get_item(session, actor=current_actor(), number=number).id)
        is_overtaken = "was" in request.form and str(item.type_id or "") not in (was or "", wanted)
        if not is_overtaken:
            bulk.set_type(session, actor=current_actor(), now=clock.now(), item=item, value=wanted)
    if is_overtaken:
        flash(_("Somebody else changed the type meanwhile: look at it, and choose again if need be."), "warn")
    return to_item(number)


@bp.get("/settings/ticket-types")
@policy(SETTINGS)
def ticket_types() -> str:
    """Show the types of tickets."""
    return _page()


@bp.post("/settings/ticket-types")
@policy(SETTINGS)
def add_type() -> ResponseReturnValue:
    """Add a type."""
    form = NameForm()

    def act(session: Session) -> None:
        types.add(session, actor=current_actor(), now=clock.now(), name=form.name.data or "")

    return (_page(new=form), 422) if _refused(form, act) else _back()


@bp.post("/settings/ticket-types/<int:type_id>")
@policy(SETTINGS)
def rename_type(type_id: int) -> ResponseReturnValue:
    """Give a type another name."""
    form = NameForm()

    def act(session: Session) -> None:
        types.rename(session, actor=current_actor(), now=clock.now(), type_id=type_id, name=form.name.data or "")

    return (_page(renamed={type_id: form}), 422) if _refused(form, act) else _back()


@bp.post("/settings/ticket-types/<int:type_id>/move")
@policy(SETTINGS)
def move_type(type_id: int) -> ResponseReturnValue:
    """Move a type one place up or down."""
    form = MoveForm()
    is_up = form.validate_on_submit() and form.by.data == "up"
    with unit_of_work() as session:
        types.move(session, actor=current_actor(), now=clock.now(), type_id=type_id, is_up=is_up)
    return _back()


@bp.post("/settings/ticket-types/<int:type_id>/offer")
@policy(SETTINGS)
def offer_type(type_id: int) -> ResponseReturnValue:
    """Offer a type no more, or again."""
    form = OfferForm()
    retired = not (form.validate_on_submit() and form.offered.data == "yes")
    try:
        with unit_of_work() as session:
            name = types.retire(session, actor=current_actor(), now=clock.now(), type_id=type_id, retired=retired)
    except RuleViolation as refusal:
        flash(str(refusal), "danger")
        return _back()
    said = _("“%(name)s” is not offered any more; tickets keep it.") if retired else _("“%(name)s” is offered again.")
    flash(said % {"name": name}, "ok")
    return _back()


def _refused(form: NameForm, act: Callable[[Session], None]) -> bool:
    if not form.validate_on_submit():
        return True
    try:
        with unit_of_work() as session:
            act(session)
    except NotFound:
        raise
    except RuleViolation as refusal:
        form.refuse(refusal, "name")
    return bool(form.errors)


def _back() -> ResponseReturnValue:
    return redirect(url_for("desk.ticket_types"), code=303)


def _page(*, new: NameForm | None = None, renamed: dict[int, NameForm] | None = None) -> str:
    found = types.listed(read_anew())
    forms = {one.id: NameForm(formdata=None, name=one.name) for one, _count in found} | (renamed or {})
    return render_template(
        "settings/ticket_types.html",
        nav=nav("desk.ticket_types"),
        offered=[(one, count, forms[one.id]) for one, count in found if one.retired_at is None],
        retired=[(one, count) for one, count in found if one.retired_at is not None],
        new=new or NameForm(formdata=None),
    )
