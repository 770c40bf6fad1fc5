"""Routes of macros: where they are written, and where one is applied (docs/automation.md rules 16 to 22)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms import HiddenField, IntegerField
from wtforms.validators import InputRequired, Length

from helpdesk.automation.models import Macro
from helpdesk.automation.naming import Names
from helpdesk.automation.pages import does_of_macro
from helpdesk.automation.service import macros as service
from helpdesk.automation.service.macros import MacroActs
from helpdesk.desk import macros as applying
from helpdesk.desk.macro_forms import MacroForm, named
from helpdesk.desk.macros import Applied
from helpdesk.desk.views.blueprint import bp, leads_to, once_on, to_item
from helpdesk.desk.views.canned import variables
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, DESK, SETTINGS, Actor, current_actor, policy
from helpdesk.infra.settings_pages import Group, nav
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.timekeeping.forms import MOST_NUMBER


@dataclass(frozen=True, slots=True)
class MacroLine:
    """A macro as the list shows it, in words."""

    id: int
    name: str
    is_shared: bool
    may_change: bool
    does: list[str]
    used: int
    used_at: datetime | None


class ApplyForm(StrictForm):
    """Which macro, and the ticket as it was shown: its version and the newest message."""

    macro = IntegerField(validators=[InputRequired()])
    version = HiddenField(validators=[Length(max=12)])
    seen = HiddenField(validators=[Length(max=12)])


@bp.get("/macros")
@policy(DESK)
def macros() -> str:
    """Show one's own macros and the shared ones."""
    session, actor = read_session(), current_actor()
    names = named(session)
    return render_template(
        "desk/macros.html",
        lines=[_line(actor, one, names) for one in service.macros(session, actor=actor)],
        may_share=actor.is_one_of(APPROVERS),
        nav=_nav(actor),
    )


@bp.get("/macros/new")
@policy(DESK)
def new_macro() -> str:
    """Show the form for one more macro."""
    form = _form(submitted=False)
    form.shared.data = current_actor().is_one_of(APPROVERS) and "shared" in request.args
    return _page(form, None)


@bp.post("/macros/new")
@policy(DESK)
def add_macro() -> ResponseReturnValue:
    """Add a macro."""
    return _save(None)


@bp.get("/macros/<int:macro_id>")
@policy(DESK)
def macro(macro_id: int) -> str:
    """Show the form of a macro; a shared one that the reader may not change can be read."""
    stored = service.get_macro(read_session(), actor=current_actor(), macro_id=macro_id)
    form = _form(submitted=False)
    form.show(stored)
    return _page(form, stored)


@bp.post("/macros/<int:macro_id>")
@policy(DESK)
def change_macro(macro_id: int) -> ResponseReturnValue:
    """Change a macro."""
    return _save(service.get_macro(read_session(), actor=current_actor(), macro_id=macro_id))


@bp.post("/macros/<int:macro_id>/<act>")
@policy(DESK)
def act_on_macro(macro_id: int, act: str) -> ResponseReturnValue:
    """Move a macro up or down, or delete it."""
    StrictForm().validate_on_submit()
    acts: dict[str, Callable[..., object]] = {
        "up": lambda **how: service.move_macro(**how, up=True),
        "down": lambda **how: service.move_macro(**how, up=False),
        "delete": service.delete_macro,
    }
    if act not in acts:
        raise RuleViolation(_("A macro can be moved up or down, or deleted."))
    with unit_of_work() as session:
        acts[act](session=session, actor=current_actor(), now=clock.now(), macro_id=macro_id)
    if act == "delete":
        flash(_("The macro is deleted. What it did stays."), "ok")
    return redirect(url_for("desk.macros"), code=303)


@bp.post("/items/<int:number>/macro")
@policy(DESK)
def apply_macro(number: int) -> ResponseReturnValue:
    """Do all that a macro does to a ticket; where something cannot be done, say what, and do nothing."""
    form, done = ApplyForm(), None
    if not form.validate_on_submit():
        raise RuleViolation(_("Choose a macro."))
    try:
        with unit_of_work() as session:
            sent = once_on(session, number)
            done = applying.apply(
                session,
                actor=current_actor(),
                now=clock.now(),
                number=number,
                macro_id=form.macro.data or 0,
                version=_number(form.version.data),
                seen=0 if form.seen.data == "" else _number(form.seen.data),  # nobody had written there
            )
            leads_to(sent, _after(number, done))
        _tell(done)
    except (Conflict, RuleViolation) as refusal:
        flash(_("Nothing was done: %(why)s", why=str(refusal)), "danger")
    return _after(number, done)


def _after(number: int, done: Applied | None) -> ResponseReturnValue:
    act_id, anchor = (done.act_id, "reply-body" if done.is_in_box else None) if done else (None, None)
    return to_item(number, anchor=anchor, done=act_id)


def _tell(done: Applied) -> None:
    if done.is_in_box:
        flash(_("“%(name)s”: the answer is in the box.", name=done.name), "ok")
    elif done.did:
        flash(_("“%(name)s” is applied.", name=done.name), "ok")
    else:
        flash(_("Nothing changed: it was so already."), "accent")


def _number(text: str | None) -> int | None:
    is_number = bool(text) and str(text).isascii() and str(text).isdigit() and len(str(text)) < len(str(MOST_NUMBER))
    return int(str(text)) if is_number else None


def _save(stored: Macro | None) -> ResponseReturnValue:
    form, actor, now = _form(submitted=True), current_actor(), clock.now()
    if not form.validate_on_submit():
        return _page(form, stored), 422
    try:
        settings = form.settings()
        with unit_of_work() as session:
            if stored is None:
                service.add_macro(session, actor=actor, now=now, settings=settings)
            else:
                service.change_macro(session, actor=actor, now=now, macro_id=stored.id, settings=settings)
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _page(form, stored), 422
    flash(_("The macro is saved."), "ok")
    return redirect(url_for("desk.macros"), code=303)


def _form(*, submitted: bool) -> MacroForm:
    form = MacroForm() if submitted else MacroForm(formdata=None)
    form.offer_to(read_session())
    return form


def _page(form: MacroForm, stored: Macro | None) -> str:
    actor = current_actor()
    return render_template(
        "desk/macro.html",
        form=form,
        macro=stored,
        may_change=stored is None or service.may_change(actor, stored),
        may_share=actor.is_one_of(APPROVERS),
        plain_box=current_user.plain_box,
        variables=variables(),
        nav=_nav(actor),
    )


def _line(actor: Actor, one: Macro, names: Names) -> MacroLine:
    return MacroLine(
        id=one.id,
        name=one.name,
        is_shared=one.person_id is None,
        may_change=service.may_change(actor, one),
        does=does_of_macro(MacroActs.of(one.acts), names),
        used=one.used,
        used_at=one.used_at,
    )


def _nav(actor: Actor) -> list[Group]:
    return nav("desk.macros") if actor.is_one_of(SETTINGS) else []
