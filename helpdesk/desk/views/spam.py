"""Routes of spam: a ticket leaves the queues, and comes back."""

from flask import flash
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, SelectField

from helpdesk.desk.views.blueprint import bp, once_on, to_item
from helpdesk.infra import clock
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.forms import StrictForm, options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import DESK, current_actor, policy
from helpdesk.intake.service import spam
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import queries as projects


class SpamForm(StrictForm):
    """Whether the sender, or everybody at the domain, is blocked as well."""

    block = SelectField(choices=options((key, key) for key in ("", "sender", "domain")), default="")
    sure = BooleanField()


@bp.post("/items/<int:number>/spam")
@policy(DESK)
def mark_spam(number: int) -> ResponseReturnValue:
    """Mark a ticket as spam, and block who sent it if that is asked for."""
    form = SpamForm()
    try:
        with unit_of_work() as session:
            once_on(session, number)
            item = projects.get_item(session, actor=current_actor(), number=number)
            block = _wanted(form)
            spam.mark(
                session,
                actor=current_actor(),
                now=clock.now(),
                item_id=item.id,
                block=block,
                sure=bool(form.sure.data),
            )
        flash(_("The ticket is marked as spam and out of the queues."), "ok")
    except RuleViolation as refusal:
        flash(str(refusal), "danger")
    return to_item(number)


@bp.post("/items/<int:number>/not-spam")
@policy(DESK)
def not_spam(number: int) -> ResponseReturnValue:
    """Bring a ticket back that was marked as spam."""
    StrictForm().validate_on_submit()
    with unit_of_work() as session:
        once_on(session, number)
        item = projects.get_item(session, actor=current_actor(), number=number)
        _item, blocked_by = spam.unmark(session, actor=current_actor(), now=clock.now(), item_id=item.id)
    flash(_("The ticket is open again."), "ok")
    if blocked_by is not None:
        words = _(
            "%(pattern)s is still blocked: an administrator lets its mail in under Mail rules.", pattern=blocked_by
        )
        flash(words, "danger")
    return to_item(number)


def _wanted(form: SpamForm) -> str:
    if not form.validate_on_submit():
        raise RuleViolation(_("Block the sender, the domain, or neither."))
    return form.block.data or ""
