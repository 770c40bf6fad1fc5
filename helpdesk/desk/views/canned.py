"""Routes of canned replies: where they are written, and where one is chosen (docs/answering.md rules 5 to 7)."""

from dataclasses import dataclass, replace

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from markupsafe import Markup

from helpdesk.desk import canned
from helpdesk.desk.forms import CannedForm
from helpdesk.desk.views.blueprint import bp, to_item
from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import StrictForm
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import APPROVERS, DESK, SETTINGS, Actor, current_actor, policy
from helpdesk.infra.rich_text import shown
from helpdesk.infra.settings_pages import nav
from helpdesk.infra.web import is_htmx
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.fields import field
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import CannedReply


@dataclass(frozen=True, slots=True)
class Written:
    """A canned reply on the page where they are written; without ``form`` it can only be read."""

    id: int
    name: str
    body: str
    html: Markup | None
    is_shared: bool
    form: CannedForm | None


@bp.get("/canned-replies")
@policy(DESK)
def canned_replies() -> str:
    """Show one's own canned replies and the shared ones."""
    return _page()


@bp.post("/canned-replies")
@policy(DESK)
def add_canned() -> ResponseReturnValue:
    """Write a new canned reply."""
    return _save(None)


@bp.post("/canned-replies/<int:canned_id>")
@policy(DESK)
def change_canned(canned_id: int) -> ResponseReturnValue:
    """Write a canned reply anew."""
    tickets.get_canned(read_session(), actor=current_actor(), canned_id=canned_id)
    return _save(canned_id)


@bp.post("/canned-replies/<int:canned_id>/remove")
@policy(DESK)
def remove_canned(canned_id: int) -> ResponseReturnValue:
    """Throw a canned reply away."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        tickets.remove_canned(session, actor=current_actor(), now=clock.now(), canned_id=canned_id)
    flash(_("The canned reply is gone. Answers that were written with it stay."), "ok")
    return redirect(url_for("desk.canned_replies"), code=303)


@bp.get("/items/<int:number>/canned")
@policy(DESK)
def choose_canned(number: int) -> str:
    """Show what can be said on a ticket: a part of its page for a script, a page for everybody else."""
    said = canned.said_on(read_session(), actor=current_actor(), number=number)
    return render_template("desk/_canned.html" if is_htmx() else "desk/canned_for.html", said=said, number=number)


@bp.post("/items/<int:number>/canned/<int:canned_id>")
@policy(DESK)
def use_canned(number: int, canned_id: int) -> ResponseReturnValue:
    """Put a canned reply below what is drafted on a ticket."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        canned.add_to_draft(session, actor=current_actor(), now=clock.now(), number=number, canned_id=canned_id)
    return to_item(number, anchor="reply-body")


def _save(canned_id: int | None) -> ResponseReturnValue:
    form = CannedForm()
    if not form.validate_on_submit():
        return _page(canned_id, form), 422
    try:
        with unit_of_work() as session:
            tickets.save_canned(
                session, actor=current_actor(), now=clock.now(), canned_id=canned_id, written=form.written()
            )
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _page(canned_id, form), 422
    flash(_("The canned reply is saved."), "ok")
    return redirect(url_for("desk.canned_replies"), code=303)


def _page(refused_id: int | None = None, refused: CannedForm | None = None) -> str:
    """Return the page; a refused form stands where it was filled in."""
    actor = current_actor()
    written = [_written(actor, one) for one in tickets.canned_replies(read_session(), actor=actor)]
    return render_template(
        "desk/canned.html",
        written=[replace(one, form=refused) if refused and one.id == refused_id else one for one in written],
        new=refused if refused and refused_id is None else CannedForm(formdata=None),
        plain_box=current_user.plain_box,
        may_share=actor.is_one_of(APPROVERS),
        variables=variables(),
        nav=nav("desk.canned_replies") if actor.is_one_of(SETTINGS) else [],
    )


def _written(actor: Actor, one: CannedReply) -> Written:
    form = CannedForm(formdata=None, name=one.name, body=one.body, html=one.html, shared=one.person_id is None)
    html = shown(one.html) if one.html else None
    return Written(
        one.id, one.name, one.body, html, one.person_id is None, form if tickets.may_change(actor, one) else None
    )


def variables() -> list[tuple[str, str]]:
    """Return how each variable is written, and what it stands for."""
    return [(field(name), meaning) for name, meaning in _variables().items()]


def _variables() -> dict[str, str]:
    """Return what each variable stands for; their names are those of ``tickets.domain.CANNED_FIELDS``."""
    return {
        "requester.name": _("who asks"),
        "requester.first_name": _("their first name"),
        "requester.email": _("their address"),
        "ticket.number": _("the number of the ticket"),
        "ticket.subject": _("its subject"),
        "client.name": _("the client"),
        "project.name": _("the project"),
        "company.name": _("our company"),
        "me.name": _("who answers"),
        "me.first_name": _("their own first name"),
    }
