"""Routes of the month-end close."""

from collections.abc import Iterable

from flask import flash, redirect, render_template, request, url_for

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import refuse_unknown
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.policy import MONTH_END, current_actor, policy
from helpdesk.invoicing import process
from helpdesk.invoicing.forms import ActForm
from helpdesk.invoicing.pages import month_end
from helpdesk.invoicing.process import ClosedClient
from helpdesk.invoicing.views.blueprint import Answer, bp
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.periods import Month


@bp.get("/close/<month>")
@policy(MONTH_END)
def close(month: str) -> str:
    """Show month-end, worked from top to bottom."""
    page = month_end.close_page(read_session(), actor=current_actor(), month=_month(month), now=clock.now())
    return render_template("invoicing/close.html", **page)


@bp.post("/close/<month>/draft")
@policy(MONTH_END)
def close_draft(month: str) -> Answer:
    """Close the retainers of the month and draft one invoice a client."""
    wanted = _month(month)
    ActForm().validate_on_submit()
    done = process.close(unit_of_work, actor=current_actor(), clock=clock.now, month=wanted)
    drafted, failed = _count(done, "drafted"), _count(done, "failed")
    flash(ngettext("%(num)s draft.", "%(num)s drafts.", drafted), "warn" if failed else "ok")
    return redirect(url_for("invoicing.close", month=str(wanted)), code=303)


@bp.post("/close/<month>/issue")
@policy(MONTH_END)
def close_issue(month: str) -> Answer:
    """Issue the drafts that were reviewed: those that are ticked, or all that the page showed."""
    wanted = _month(month)
    refuse_unknown(request.form, known=["all", "ids", "seen"])
    versions = dict(map(_seen, request.form.getlist("seen")))
    ids = request.form.getlist("ids", type=int) or (list(versions) if "all" in request.form else [])
    if not ids:
        flash(_("Tick the drafts that you reviewed; nothing was issued."), "warn")
        return redirect(url_for("invoicing.close", month=str(wanted)), code=303)
    done = process.issue_reviewed(
        unit_of_work, actor=current_actor(), clock=clock.now, invoice_ids=ids, versions=versions
    )
    for failure in (each for each in done if each.state == "failed"):
        flash(f"{failure.client_name}: {failure.error}", "danger")
    issued = _count(done, "issued")
    flash(ngettext("%(num)s invoice issued.", "%(num)s invoices issued.", issued), "ok" if issued else "accent")
    return redirect(url_for("invoicing.close", month=str(wanted)), code=303)


def _month(text: str) -> Month:
    """Return the month that a path names; a path that names none leads nowhere."""
    try:
        return Month.parse(text)
    except RuleViolation as error:
        raise NotFound(str(error)) from error


def _seen(text: str) -> tuple[int, int]:
    """Return invoice and version of a draft as the page showed it: ``17.3``."""
    invoice_id, _dot, version = text.partition(".")
    if not (invoice_id.isdecimal() and version.isdecimal()):
        message = "This page is not as it was sent. Load it again."
        raise RuleViolation(message)
    return int(invoice_id), int(version)


def _count(done: Iterable[ClosedClient], state: str) -> int:
    return sum(each.state == state for each in done)
