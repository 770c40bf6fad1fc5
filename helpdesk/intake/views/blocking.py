"""Settings: senders whose mail is spam."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.infra import clock
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SETTINGS, current_actor, policy
from helpdesk.intake.rule_forms import BlockForm
from helpdesk.intake.service import blocking
from helpdesk.intake.views.blueprint import bp
from helpdesk.intake.views.rules import rules_page
from helpdesk.kernel.errors import RuleViolation


@bp.post("/settings/blocked-senders")
@policy(SETTINGS)
def block_sender() -> ResponseReturnValue:
    """Block an address or a domain."""
    form = BlockForm()
    if not form.validate_on_submit():
        return rules_page(form), 422
    try:
        with unit_of_work() as session:
            blocked = blocking.block(
                session,
                actor=current_actor(),
                now=clock.now(),
                pattern=form.pattern.data or "",
                sure=bool(form.sure.data),
            )
    except RuleViolation as refusal:
        form.refuse(refusal)
        return rules_page(form), 422
    flash(_("Mail from %(pattern)s is spam from now on.", pattern=blocked.pattern), "ok")
    return redirect(url_for("intake.mail_rules"), code=303)


@bp.post("/settings/blocked-senders/unblock")
@policy(SETTINGS)
def unblock_sender() -> ResponseReturnValue:
    """Let mail of a sender in again."""
    pattern = request.form.get("pattern", "")
    with unit_of_work() as session:
        blocking.unblock(session, actor=current_actor(), now=clock.now(), pattern=pattern)
    flash(_("Mail from %(pattern)s comes in again.", pattern=pattern), "ok")
    return redirect(url_for("intake.mail_rules"), code=303)
