"""The inbound log: every mail that came, what became of it, and why."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _

from helpdesk.infra import blobs
from helpdesk.infra.db import read_session
from helpdesk.infra.policy import APPROVERS, policy
from helpdesk.intake import queries
from helpdesk.intake.models import InboundMessage
from helpdesk.intake.views.blueprint import bp

RAW_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


@dataclass(frozen=True)
class LogRow:
    """One line of the log as the page shows it."""

    id: int
    received_at: datetime
    from_name: str
    from_address: str
    subject: str
    mailbox_address: str
    state: str
    outcome_label: str
    matched_by: str
    reasons: list[str]
    error: str
    attempts: int
    item_number: int | None
    item_title: str | None


@bp.get("/inbound")
@policy(APPROVERS)
def log() -> str:
    """Show every mail that came, newest first, with what became of it and why."""
    session = read_session()
    outcome = request.args.get("outcome", "all")
    before = request.args.get("before", type=int)
    found = queries.log_page(session, outcome=outcome, before=before)
    rows, more = found[: queries.PAGE_ROWS], len(found) > queries.PAGE_ROWS
    page = {
        "newer_url": url_for("intake.log", outcome=outcome) if before else None,
        "older_url": url_for("intake.log", outcome=outcome, before=rows[-1].id) if more else None,
    }
    counts = queries.log_counts(session)
    outcomes = [{"key": key, "label": label, "count": counts[key]} for key, label in _outcomes().items()]
    return render_template(
        "intake/log.html",
        tabs=outcomes,
        outcome=outcome,
        rows=[_log_row(row) for row in rows],
        can_retry=True,
        page=page,
    )


@bp.get("/inbound/<int:inbound_id>/raw")
@policy(APPROVERS)
def raw(inbound_id: int) -> Response:
    """Answer with the mail as it came, to be saved."""
    inbound = queries.get_inbound(read_session(), inbound_id)
    response = Response(blobs.store().get(inbound.blob_sha256), mimetype="message/rfc822")
    response.headers.set("Content-Disposition", "attachment", filename=f"inbound-{inbound.id}.eml")
    response.headers["Content-Security-Policy"] = RAW_POLICY
    return response


def _log_row(inbound: InboundMessage) -> LogRow:
    item = inbound.effect.work_item if inbound.effect else None
    return LogRow(
        id=inbound.id,
        received_at=inbound.received_at,
        from_name=inbound.from_name,
        from_address=inbound.from_address,
        subject=inbound.subject,
        mailbox_address=inbound.mailbox.address,
        state=inbound.state,
        outcome_label=_outcome_label(inbound),
        matched_by=inbound.matched_by.replace("_", " "),
        reasons=inbound.reasons,
        error=inbound.error,
        attempts=inbound.attempts,
        item_number=item.number if item else None,
        item_title=item.title if item else None,
    )


def _outcomes() -> dict[str, str]:
    return {
        "all": _("All"),
        "done": _("Done"),
        "ignored": _("Ignored"),
        "held": _("Held"),
        "quarantined": _("Quarantine"),
    }


def _outcome_label(inbound: InboundMessage) -> str:
    words: dict[str, str] = {
        "ticket": _("New ticket"),
        "reply": _("Reply"),
        "held": _("Held"),
        "automatic": _("Automatic"),
        "bounce": _("Bounce"),
        "duplicate": _("Duplicate"),
        "loop": _("Our own mail"),
        "received": _("Waiting"),
        "processing": _("Being read"),
        "quarantined": _("Quarantine"),
    }
    word = words.get(inbound.outcome or inbound.state, inbound.outcome)
    return _("Ignored: %(why)s", why=word) if inbound.state == "ignored" else word
