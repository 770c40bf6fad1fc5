"""Settings: the mailboxes that are read, how they fare, and connecting one more."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.infra import clock, crypto
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.export.columns import Column, Sheet, instant, text
from helpdesk.infra.export.views import exported
from helpdesk.infra.forms import options
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import SETTINGS, current_actor, policy
from helpdesk.infra.settings_pages import nav
from helpdesk.intake import queries
from helpdesk.intake.domain.health import alarms_of, state_of
from helpdesk.intake.forms import MailboxForm, NewMailboxForm
from helpdesk.intake.models import IntakeSource
from helpdesk.intake.process import check
from helpdesk.intake.render import acknowledgement, alarm_text
from helpdesk.intake.service import health, sources
from helpdesk.intake.service.sources import MailboxSettings
from helpdesk.intake.views import mailbox_words as words
from helpdesk.intake.views.blueprint import bp
from helpdesk.kernel.errors import RuleViolation
from helpdesk.outbox.diagnosis import Step
from helpdesk.outbox.providers import SERVERS


@dataclass(frozen=True)
class MailboxRow:
    """One mailbox as the list shows it."""

    id: int
    name: str
    address: str
    state_label: str
    tone: str
    icon: str
    project_name: str | None
    last_poll_at: datetime | None
    trouble: str
    alarms: list[str]


def _sheet(session: Session) -> Sheet[MailboxRow]:
    """Return the mailboxes as a table."""
    columns: list[Column[MailboxRow]] = [
        text(_("Mailbox"), lambda row: row.name),
        text(_("Address"), lambda row: row.address),
        text(_("State"), lambda row: row.state_label),
        text(_("Alarms"), lambda row: "; ".join(row.alarms) or row.trouble),
        text(_("Project"), lambda row: row.project_name),
        instant(_("Last poll"), lambda row: row.last_poll_at),
    ]
    return Sheet("mailboxes", columns, _rows(session))


@bp.get("/settings/mailboxes")
@policy(SETTINGS)
@exported(_sheet)
def mailboxes() -> str:
    """Show the mailboxes with their health."""
    return render_template("settings/mailboxes.html", nav=nav("intake.mailboxes"), mailboxes=_rows(read_session()))


def _rows(session: Session) -> list[MailboxRow]:
    now = clock.now()
    return [mailbox_row(source, now) for source in queries.all_sources(session)]


@bp.get("/settings/mailboxes/new")
@policy(SETTINGS)
def new_mailbox() -> str:
    """Show the form for one more mailbox; ``?provider=google`` or ``microsoft`` fills in what is known of it."""
    known = SERVERS.get(request.args.get("provider", ""))
    if known is None:
        return _form_page(_offered(NewMailboxForm()))
    filled = {
        "auth": "oauth",
        "imap_host": known.imap_host,
        "imap_port": known.imap_port,
        "imap_tls": known.imap_security,
        "smtp_host": known.smtp_host,
        "smtp_port": known.smtp_port,
        "smtp_tls": known.smtp_security,
    }
    return _form_page(_offered(NewMailboxForm(data=filled)))


@bp.post("/settings/mailboxes/new")
@policy(SETTINGS)
def connect_mailbox() -> ResponseReturnValue:
    """Connect a mailbox; the watcher begins with it by itself."""
    form = NewMailboxForm()
    _offered(form)
    if not form.validate_on_submit():
        return _form_page(form), 422
    settings = _with_kept_passwords(form)
    if settings.auth == "password" and not form.anyway.data:
        steps = check.check_settings(settings)
        if not all(step.ok for step in steps):
            form.refuse(_("The server was tried, and something does not work. Mend it, or connect anyway."))
            return _form_page(form, steps=steps), 422
    try:
        with unit_of_work() as session:
            source = sources.connect_mailbox(session, actor=current_actor(), now=clock.now(), settings=settings)
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _form_page(form), 422
    if settings.auth == "oauth":
        flash(_("The mailbox is kept. Now say how it signs in."), "ok")
        return redirect(url_for("intake.mailbox_oauth", mailbox_id=source.mailbox_id), code=303)
    flash(_("The mailbox is connected. Its mail is read within seconds."), "ok")
    return to_mailbox(source.mailbox_id)


@bp.get("/settings/mailboxes/<int:mailbox_id>/settings")
@policy(SETTINGS)
def edit_mailbox(mailbox_id: int) -> str:
    """Show what a mailbox is set to; passwords are never shown."""
    source = queries.source_of_mailbox(read_session(), mailbox_id)
    return _form_page(_offered(MailboxForm(data=_typed(source)), source.team_id), source)


@bp.post("/settings/mailboxes/<int:mailbox_id>/settings")
@policy(SETTINGS)
def change_mailbox(mailbox_id: int) -> ResponseReturnValue:
    """Change what a mailbox is set to; the watcher begins anew with it."""
    source = queries.source_of_mailbox(read_session(), mailbox_id)
    form = _offered(MailboxForm(), source.team_id)
    if not form.validate_on_submit():
        return _form_page(form, source), 422
    try:
        with unit_of_work() as session:
            settings = MailboxSettings(address=source.mailbox.address, **form.settings())
            sources.change_mailbox(
                session, actor=current_actor(), now=clock.now(), mailbox_id=mailbox_id, settings=settings
            )
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _form_page(form, source), 422
    flash(_("Saved. The mailbox is read with these settings within seconds."), "ok")
    return to_mailbox(mailbox_id)


def to_mailbox(mailbox_id: int) -> ResponseReturnValue:
    """Return the redirect to a mailbox's page."""
    return redirect(url_for("intake.mailbox", mailbox_id=mailbox_id), code=303)


def mailbox_row(source: IntakeSource, now: datetime) -> MailboxRow:
    """Return a mailbox as the list shows it."""
    vitals = health.vitals_of(source)
    state = state_of(vitals)
    tone, icon = words.TONES[state]
    return MailboxRow(
        id=source.mailbox_id,
        name=source.mailbox.name,
        address=source.mailbox.address,
        state_label=words.state_label(state),
        tone=tone,
        icon=icon,
        project_name=source.default_project.name if source.default_project else None,
        last_poll_at=source.last_poll_at,
        trouble=source.last_error,
        alarms=[alarm_text(alarm, now=now) for alarm in alarms_of(vitals, now)],
    )


def _offered(form: MailboxForm, team_id: int | None = None) -> MailboxForm:
    """Fill the projects, and the teams: those that are given something new, and the one that it is set to."""
    named = [(str(project_id), name) for project_id, name in queries.project_choices(read_session())]
    form.project_id.choices = options([("", _("by client, else Triage")), *named])
    known = accounts.team_choices(read_session())
    if team_id is not None and team_id not in dict(known):
        known += accounts.names_of_teams(read_session(), [team_id])
    form.team_id.choices = options([("", _("as the project says")), *known])
    return form


def _with_kept_passwords(form: NewMailboxForm) -> MailboxSettings:
    """Return what was typed, now or at the try before; the page gets the passwords back sealed, never readable."""
    settings = MailboxSettings(**form.settings())
    password = settings.password or crypto.unseal(form.kept_password.data or "")
    smtp_password = settings.smtp_password or crypto.unseal(form.kept_smtp_password.data or "") or None
    form.kept_password.data, form.kept_smtp_password.data = crypto.seal(password), crypto.seal(smtp_password or "")
    return replace(settings, password=password, smtp_password=smtp_password)


def _typed(source: IntakeSource) -> dict[str, Any]:
    """Return what the form shows of a mailbox."""
    mailbox = source.mailbox
    return {
        "name": mailbox.name,
        "language": mailbox.language,
        "auth": mailbox.auth,
        "username": source.imap_user,
        "imap_host": source.imap_host,
        "imap_port": source.imap_port,
        "imap_tls": source.imap_security,
        "imap_fingerprint": source.imap_fingerprint,
        "folder": source.folder,
        "smtp_host": mailbox.smtp_host,
        "smtp_port": mailbox.smtp_port,
        "smtp_tls": mailbox.smtp_security,
        "smtp_fingerprint": mailbox.smtp_fingerprint,
        "smtp_username": "" if mailbox.smtp_user == source.imap_user else mailbox.smtp_user,
        "project_id": source.default_project_id,
        "team_id": source.team_id,
        "processed_folder": source.processed_folder,
        "authserv_id": source.trusted_authserv_id,
        "signature": mailbox.signature,
        "acknowledgement": mailbox.acknowledgement,
    }


def _form_page(form: MailboxForm, source: IntakeSource | None = None, *, steps: Sequence[Step] = ()) -> str:
    is_new = source is None
    return render_template(
        "settings/mailbox_form.html",
        nav=nav("intake.mailboxes"),
        mailbox=None if source is None else {"id": source.mailbox_id, "address": source.mailbox.address},
        form=form,
        groups=words.groups(is_new=is_new),
        hints=words.hints(is_new=is_new),
        preview=_preview(form),
        report=steps,
    )


def _preview(form: MailboxForm) -> str:
    """Return the acknowledgement as a made-up sender would get it."""
    return acknowledgement(
        language=form.language.data or "en",
        name="Ann Example",
        number=1234,
        title=_("The printer does not print"),
        own_text=form.acknowledgement.data or "",
    )[1]
