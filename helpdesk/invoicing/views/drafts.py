"""Routes of a draft that is changed: its lines, discounts, and by what its time is grouped."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.infra import clock
from helpdesk.infra.db import read_anew, read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import INVOICES, current_actor, policy
from helpdesk.invoicing import queries
from helpdesk.invoicing.domain.lines import GroupBy
from helpdesk.invoicing.drafts import deposits
from helpdesk.invoicing.drafts.acting import act_on_line
from helpdesk.invoicing.drafts.deducting import deduct as take_deposit_off
from helpdesk.invoicing.drafts.discounts import adjust as add_adjustment
from helpdesk.invoicing.drafts.forms import (
    AdjustForm,
    DeductForm,
    DraftForm,
    FreeLineForm,
    GroupForm,
    LineForm,
    line_choices,
)
from helpdesk.invoicing.drafts.lines import add_free
from helpdesk.invoicing.drafts.regrouping import regroup
from helpdesk.invoicing.pages import edit as edit_page
from helpdesk.invoicing.views.blueprint import Answer, bp
from helpdesk.kernel.errors import Conflict, RuleViolation


@dataclass
class Sent:
    """The forms of the page as somebody sent one of them; the others are empty."""

    free: FreeLineForm | None = None
    adjusting: AdjustForm | None = None
    grouping: GroupForm | None = None


@bp.get("/invoices/<int:invoice_id>/edit")
@policy(INVOICES)
def edit(invoice_id: int) -> str:
    """Show the lines of a draft, to be changed."""
    return _page(read_session(), invoice_id, Sent())


@bp.post("/invoices/<int:invoice_id>/lines/<int:line_id>")
@policy(INVOICES)
def change_line(invoice_id: int, line_id: int) -> Answer:
    """Change the text of a line, move it, or leave it or entries of it for later."""
    actor = current_actor()
    queries.get(read_session(), actor=actor, invoice_id=invoice_id)
    try:
        form = LineForm.sent(request.form)
        try:
            with unit_of_work() as session:
                act_on_line(
                    session,
                    actor=actor,
                    now=clock.now(),
                    invoice_id=invoice_id,
                    version=form.version,
                    line_id=line_id,
                    act=form.act,
                    text=form.text,
                    entry_ids=form.entry_ids,
                )
        except (Conflict, RuleViolation) as refusal:
            return _page_of(invoice_id, Sent(), refusal, {line_id: form.text}), _status(refusal)
    except RuleViolation as refusal:
        return _page_of(invoice_id, Sent(), refusal), 422
    if form.act in {"off", "entries"}:
        flash(_("Left for later: it is free for the next invoice."), "ok")
    return _to(invoice_id, f"line-{line_id}")


@bp.post("/invoices/<int:invoice_id>/lines")
@policy(INVOICES)
def add_line(invoice_id: int) -> Answer:
    """Add a line of one's own."""
    actor, form = current_actor(), FreeLineForm()
    queries.get(read_session(), actor=actor, invoice_id=invoice_id)
    if not form.validate_on_submit():
        return _page_of(invoice_id, Sent(free=form)), 422
    try:
        wanted = form.wanted()
        with unit_of_work() as session:
            add_free(session, actor=actor, now=clock.now(), invoice_id=invoice_id, version=form.seen, wanted=wanted)
    except (Conflict, RuleViolation) as refusal:
        return _refused(invoice_id, form, refusal, Sent(free=form))
    return _to(invoice_id, "add")


@bp.post("/invoices/<int:invoice_id>/adjust")
@policy(INVOICES)
def adjust(invoice_id: int) -> Answer:
    """Add a discount or a surcharge."""
    actor, form, session = current_actor(), AdjustForm(), read_session()
    invoice = queries.get(session, actor=actor, invoice_id=invoice_id)
    form.lines.choices = line_choices(edit_page.edit_page(session, invoice=invoice, typed={})["lines"])
    if not form.validate_on_submit():
        return _page_of(invoice_id, Sent(adjusting=form)), 422
    try:
        wanted = form.wanted(invoice.currency)
        with unit_of_work() as writing:
            add_adjustment(
                writing, actor=actor, now=clock.now(), invoice_id=invoice_id, version=form.seen, wanted=wanted
            )
    except (Conflict, RuleViolation) as refusal:
        return _refused(invoice_id, form, refusal, Sent(adjusting=form))
    return _to(invoice_id, "adjust")


@bp.post("/invoices/<int:invoice_id>/group")
@policy(INVOICES)
def group(invoice_id: int) -> Answer:
    """Group the time of the draft anew."""
    actor, form = current_actor(), GroupForm()
    queries.get(read_session(), actor=actor, invoice_id=invoice_id)
    if not form.validate_on_submit():
        return _page_of(invoice_id, Sent(grouping=form)), 422
    try:
        with unit_of_work() as session:
            wanted = GroupBy(form.group_by.data)
            regroup(session, actor=actor, now=clock.now(), invoice_id=invoice_id, version=form.seen, group_by=wanted)
    except (Conflict, RuleViolation) as refusal:
        return _refused(invoice_id, form, refusal, Sent(grouping=form))
    flash(_("The time is grouped anew."), "ok")
    return _to(invoice_id, "group")


@bp.post("/invoices/<int:invoice_id>/deduct")
@policy(INVOICES)
def deduct(invoice_id: int) -> Answer:
    """Take a paid deposit off the draft."""
    actor, form = current_actor(), DeductForm()
    queries.get(read_session(), actor=actor, invoice_id=invoice_id)
    if not form.validate_on_submit():
        return _page_of(invoice_id, Sent(), RuleViolation(_("Choose a deposit."))), 422
    try:
        with unit_of_work() as session:
            take_deposit_off(
                session,
                actor=actor,
                now=clock.now(),
                invoice_id=invoice_id,
                version=form.seen,
                deposit_id=int(form.deposit.data or 0),
            )
    except (Conflict, RuleViolation) as refusal:
        return _page_of(invoice_id, Sent(), refusal), _status(refusal)
    return _to(invoice_id, "deposits")


def _refused(invoice_id: int, form: DraftForm, refusal: Conflict | RuleViolation, sent: Sent) -> Answer:
    """Return the page with what was typed, the refusal at its field; sent again, it is about the draft as it is now."""
    if isinstance(refusal, Conflict):
        return _page_of(invoice_id, sent, refusal), 409
    form.refuse(refusal)
    return _page_of(invoice_id, sent), 422


def _page_of(
    invoice_id: int,
    sent: Sent,
    refusal: Conflict | RuleViolation | None = None,
    typed: Mapping[int, str] | None = None,
) -> str:
    """Return the page of the draft as it is now, after something of it was refused."""
    return _page(read_anew(), invoice_id, sent, refusal, typed)


def _page(
    session: Session,
    invoice_id: int,
    sent: Sent,
    refusal: Conflict | RuleViolation | None = None,
    typed: Mapping[int, str] | None = None,
) -> str:
    invoice = queries.get_with_lines(
        session, actor=current_actor(), invoice_id=invoice_id, also=deposits.available_asked
    )
    page = edit_page.edit_page(session, invoice=invoice, typed=typed or {})
    free = sent.free or FreeLineForm(formdata=None, tax_percent=invoice.client.tax_percent)
    adjusting = sent.adjusting or AdjustForm(formdata=None, text=_("Discount"))
    grouping = sent.grouping or GroupForm(formdata=None, group_by=invoice.group_by)
    adjusting.lines.choices = line_choices(page["lines"])
    gone = [text for line_id, text in (typed or {}).items() if line_id not in {line["id"] for line in page["lines"]}]
    for form in (free, adjusting, grouping):
        form.version.data = str(invoice.version)
    return render_template(
        "invoicing/edit.html",
        refusal=str(refusal or ""),
        gone=gone,
        free=free,
        adjusting=adjusting,
        grouping=grouping,
        **page,
    )


def _status(refusal: Conflict | RuleViolation) -> int:
    return 409 if isinstance(refusal, Conflict) else 422


def _to(invoice_id: int, anchor: str) -> BaseResponse:
    return redirect(url_for("invoicing.edit", invoice_id=invoice_id, _anchor=anchor), code=303)
