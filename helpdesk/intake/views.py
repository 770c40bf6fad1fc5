"""Routes of the intake slice: the inbound log, and the mailboxes that are read."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.infra import blobs, clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import options
from helpdesk.infra.policy import APPROVERS, SETTINGS, current_actor, policy
from helpdesk.infra.settings_pages import tabs
from helpdesk.infra.web import back_or
from helpdesk.intake import queries
from helpdesk.intake.forms import MailboxForm
from helpdesk.intake.models import InboundMessage, IntakeSource
from helpdesk.intake.service import log as inbound_log
from helpdesk.intake.service import sources
from helpdesk.kernel.errors import RuleViolation

bp = Blueprint("intake", __name__)

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


@dataclass(frozen=True)
class MailboxRow:
    """One mailbox as the settings page shows it."""

    name: str
    address: str
    imap: str
    smtp: str
    project_name: str | None
    last_poll_at: datetime | None
    idle: bool
    error: str
    active: bool


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


@bp.post("/inbound/<int:inbound_id>/retry")
@policy(APPROVERS)
def retry(inbound_id: int) -> ResponseReturnValue:
    """Have a message handled once more."""
    with unit_of_work() as session:
        inbound_log.retry(session, actor=current_actor(), inbound_id=inbound_id, now=clock.now())
    flash(_("The message is read once more from the copy that we keep."), "ok")
    return back_or("intake.log")


@bp.get("/settings/mailboxes")
@policy(SETTINGS)
def mailboxes() -> str:
    """Show the mailboxes with their health, and the form for one more."""
    return _mailboxes_page(_form())


@bp.post("/settings/mailboxes")
@policy(SETTINGS)
def connect_mailbox() -> ResponseReturnValue:
    """Connect a mailbox; the watcher begins with it by itself."""
    form = _form()
    if not form.validate_on_submit():
        return _mailboxes_page(form), 422
    try:
        with unit_of_work() as session:
            sources.connect_mailbox(session, actor=current_actor(), now=clock.now(), settings=_settings(form))
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _mailboxes_page(form), 422
    flash(_("The mailbox is connected. Its mail is read within seconds."), "ok")
    return redirect(url_for("intake.mailboxes"), code=303)


def _form() -> MailboxForm:
    form = MailboxForm()
    projects = queries.project_choices(read_session())
    named = [(str(project.id), f"{project.client.name}: {project.name}") for project in projects]
    form.project_id.choices = options([("", _("by client, else Triage")), *named])
    return form


def _settings(form: MailboxForm) -> sources.MailboxSettings:
    return sources.MailboxSettings(
        name=form.name.data or "",
        address=form.address.data or "",
        user=form.username.data or "",
        password=form.password.data or "",
        imap_host=form.imap_host.data or "",
        imap_port=form.imap_port.data or 0,
        imap_security=form.imap_tls.data,
        smtp_host=form.smtp_host.data or "",
        smtp_port=form.smtp_port.data or 0,
        smtp_security=form.smtp_tls.data,
        default_project_id=form.project_id.data,
        start_from=form.first_fetch.data,
    )


def _mailboxes_page(form: MailboxForm) -> str:
    groups = [
        {"legend": _("Mailbox"), "names": ["name", "address", "username", "password"], "hint": ""},
        {"legend": _("Reading (IMAP)"), "names": ["imap_host", "imap_port", "imap_tls"], "hint": ""},
        {"legend": _("Sending (SMTP)"), "names": ["smtp_host", "smtp_port", "smtp_tls"], "hint": ""},
        {"legend": _("What happens with its mail"), "names": ["project_id", "first_fetch"], "hint": ""},
    ]
    hints = {
        "address": _("Clients write to it, and see it as the sender of our replies."),
        "password": _("Stored encrypted. Many providers want an app password here."),
        "project_id": _("Senders whom nobody knows land here; known contacts go to their own client."),
    }
    return render_template(
        "settings/mailboxes.html",
        tabs=tabs("intake.mailboxes"),
        mailboxes=[_mailbox_row(source) for source in queries.all_sources(read_session())],
        form=form,
        groups=groups,
        hints=hints,
    )


def _mailbox_row(source: IntakeSource) -> MailboxRow:
    mailbox = source.mailbox
    return MailboxRow(
        name=mailbox.name,
        address=mailbox.address,
        imap=f"{source.imap_host}:{source.imap_port}, {source.imap_security}",
        smtp=f"{mailbox.smtp_host}:{mailbox.smtp_port}, {mailbox.smtp_security}",
        project_name=source.default_project.name if source.default_project else None,
        last_poll_at=source.last_poll_at,
        idle=source.idle_since is not None,
        error=source.last_error,
        active=source.active,
    )


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
