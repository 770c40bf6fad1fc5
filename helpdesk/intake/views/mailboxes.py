"""Settings: the mailboxes that are read."""

from dataclasses import dataclass
from datetime import datetime

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.forms import options
from helpdesk.infra.policy import SETTINGS, current_actor, policy
from helpdesk.infra.settings_pages import tabs
from helpdesk.intake import queries
from helpdesk.intake.forms import MailboxForm
from helpdesk.intake.models import IntakeSource
from helpdesk.intake.service import sources
from helpdesk.intake.views.blueprint import bp
from helpdesk.kernel.errors import RuleViolation


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
