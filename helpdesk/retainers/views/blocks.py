"""Routes of the blocks of an agreement: hours bought beside the allowance, listed, added and taken back."""

import uuid

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from helpdesk.clients.queries import tax_mode_of
from helpdesk.infra import clock
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import RETAINERS, current_actor, policy
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.retainers import block_rows, queries
from helpdesk.retainers.forms import BlockForm, TakeBackForm
from helpdesk.retainers.models import Agreement
from helpdesk.retainers.service import blocks as service
from helpdesk.retainers.views.blueprint import bp, contract_day


@bp.get("/retainers/<int:agreement_id>/blocks")
@policy(RETAINERS)
def blocks(agreement_id: int) -> ResponseReturnValue:
    """Show the blocks of an agreement with what is left of each, and the form for one more."""
    return _page(queries.get_agreement(read_session(), actor=current_actor(), agreement_id=agreement_id, bare=True))


@bp.post("/retainers/<int:agreement_id>/blocks")
@policy(RETAINERS)
def add_block(agreement_id: int) -> ResponseReturnValue:
    """Add a block; a button pressed twice adds one."""
    found = queries.get_agreement(read_session(), actor=current_actor(), agreement_id=agreement_id)
    form = BlockForm()
    if not form.validate_on_submit():
        return _page(found, form=form), 422
    try:
        with unit_of_work() as session:
            service.add_block(
                session,
                actor=current_actor(),
                now=clock.now(),
                agreement_id=agreement_id,
                wanted=form.block(found.currency),
                key=form.key.data or "",
            )
    except (Conflict, RuleViolation) as refusal:
        form.refuse(str(refusal), getattr(refusal, "field", None))
        return _page(found, form=form), 409 if isinstance(refusal, Conflict) else 422
    flash(_("The block is added; work of its days draws it after the allowance."), "ok")
    return redirect(url_for("retainers.blocks", agreement_id=agreement_id), code=303)


@bp.post("/retainers/<int:agreement_id>/blocks/<int:block_id>/take-back")
@policy(RETAINERS)
def take_back_block(agreement_id: int, block_id: int) -> ResponseReturnValue:
    """Take a block back; a refusal is told on the page of the blocks, with the reason that was typed."""
    found = queries.get_agreement(read_session(), actor=current_actor(), agreement_id=agreement_id)
    form = TakeBackForm()
    if not form.validate_on_submit():
        return _page(found, taking=(block_id, form)), 422
    try:
        with unit_of_work() as session:
            service.take_back(
                session,
                actor=current_actor(),
                now=clock.now(),
                agreement_id=agreement_id,
                block_id=block_id,
                reason=form.reason.data or "",
            )
    except (Conflict, RuleViolation) as refusal:
        form.refuse(str(refusal), getattr(refusal, "field", None))
        return _page(found, taking=(block_id, form)), 409 if isinstance(refusal, Conflict) else 422
    flash(_("The block is taken back; it counts nowhere any more."), "ok")
    return redirect(url_for("retainers.blocks", agreement_id=agreement_id), code=303)


def _page(found: Agreement, *, form: BlockForm | None = None, taking: tuple[int, TakeBackForm] | None = None) -> str:
    session, now = read_session(), clock.now()
    ask_ahead(session, *block_rows.questions(found.id))
    form = form or BlockForm(formdata=None, key=uuid.uuid4().hex, valid_from=contract_day(found, now))
    return render_template(
        "retainers/blocks.html",
        agreement=found,
        form=form,
        rows=block_rows.rows_of(session, found, service.stands_of(session, found, now=now)),
        taking={"id": taking[0], "form": taking[1]} if taking else None,
        with_tax=tax_mode_of(session, found.client).included,
    )
