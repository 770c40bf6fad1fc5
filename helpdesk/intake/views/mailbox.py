"""Settings: the page of one mailbox, which tells how it fares, and what can be done about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.policy import SETTINGS, current_actor, policy
from helpdesk.infra.settings_pages import nav
from helpdesk.intake import queries
from helpdesk.intake.domain.health import Probe, probe_of
from helpdesk.intake.models import IntakeSource
from helpdesk.intake.process import check
from helpdesk.intake.service import sources
from helpdesk.intake.views import mailbox_words as words
from helpdesk.intake.views.blueprint import bp
from helpdesk.intake.views.mailboxes import mailbox_row, to_mailbox
from helpdesk.kernel.errors import ExternalFailure, RuleViolation


@dataclass(frozen=True)
class Fact:
    """One line of a list of facts: words, and an instant after them where there is one."""

    label: str
    text: str = ""
    at: datetime | None = None
    warns: bool = False


@bp.get("/settings/mailboxes/<int:mailbox_id>")
@policy(SETTINGS)
def mailbox(mailbox_id: int) -> str:
    """Show how a mailbox fares and what it is set to."""
    source = queries.source_of_mailbox(read_session(), mailbox_id)
    now = clock.now()
    return render_template(
        "settings/mailbox.html",
        nav=nav("intake.mailboxes"),
        mailbox=mailbox_row(source, now),
        active=source.active,
        missing_uids=source.missing_uids,
        tested_at=source.tested_at,
        report=source.test_report,
        probe=words.probe_text(_probe(source, now)),
        oauth=source.mailbox.auth == "oauth",
        health=_health(source),
        reading=_reading(source),
        sending=_sending(source),
    )


@bp.post("/settings/mailboxes/<int:mailbox_id>/pause")
@policy(SETTINGS)
def pause_mailbox(mailbox_id: int) -> ResponseReturnValue:
    """Stop reading a mailbox until somebody resumes it."""
    with unit_of_work() as session:
        sources.set_active(session, actor=current_actor(), now=clock.now(), mailbox_id=mailbox_id, active=False)
    flash(_("Paused. New mail stays on the server and is fetched when you resume; replies still leave."), "ok")
    return to_mailbox(mailbox_id)


@bp.post("/settings/mailboxes/<int:mailbox_id>/resume")
@policy(SETTINGS)
def resume_mailbox(mailbox_id: int) -> ResponseReturnValue:
    """Read a mailbox again, from where it was left."""
    with unit_of_work() as session:
        sources.set_active(session, actor=current_actor(), now=clock.now(), mailbox_id=mailbox_id, active=True)
    flash(_("Resumed: it is read from where it was left, within seconds."), "ok")
    return to_mailbox(mailbox_id)


@bp.post("/settings/mailboxes/<int:mailbox_id>/check")
@policy(SETTINGS)
def check_mailbox(mailbox_id: int) -> ResponseReturnValue:
    """Have the watcher poll at once, and compare the server's mail with ours."""
    with unit_of_work() as session:
        sources.renew(session, queries.source_of_mailbox(session, mailbox_id), now=clock.now())
    flash(_("The mailbox is read, and compared with the server, within seconds. Load this page again to see it."), "ok")
    return to_mailbox(mailbox_id)


@bp.post("/settings/mailboxes/<int:mailbox_id>/test")
@policy(SETTINGS)
def test_mailbox(mailbox_id: int) -> ResponseReturnValue:
    """Test a mailbox step by step; the report stands on its page."""
    steps = check.check_mailbox(mailbox_id, unit_of_work, clock=clock.now)
    if all(step.ok for step in steps):
        flash(_("Everything that could be tried works."), "ok")
    else:
        flash(_("Something does not work: the report says what, and what to do."), "danger")
    return to_mailbox(mailbox_id)


@bp.post("/settings/mailboxes/<int:mailbox_id>/probe")
@policy(SETTINGS)
def probe_mailbox(mailbox_id: int) -> ResponseReturnValue:
    """Send a mail to a plus address, to see whether it arrives."""
    try:
        check.send_probe(mailbox_id, unit_of_work, clock=clock.now)
    except (ExternalFailure, RuleViolation) as failure:
        flash(str(failure), "danger")
    else:
        flash(_("Sent. Load this page again in a moment; after ten minutes it counts as lost."), "ok")
    return to_mailbox(mailbox_id)


@bp.post("/settings/mailboxes/<int:mailbox_id>/remove")
@policy(SETTINGS)
def remove_mailbox(mailbox_id: int) -> ResponseReturnValue:
    """Take a mailbox away; all that came through it stays."""
    with unit_of_work() as session:
        gone = sources.remove(session, actor=current_actor(), now=clock.now(), mailbox_id=mailbox_id)
    flash(_("%(address)s was removed. Its tickets and its mail stay.", address=gone.address), "ok")
    return redirect(url_for("intake.mailboxes"), code=303)


def _probe(source: IntakeSource, now: datetime) -> Probe:
    return probe_of(sent_at=source.probe_sent_at, arrived_at=source.probe_arrived_at, now=now)


def _health(source: IntakeSource) -> list[Fact]:
    waiting = ngettext("%(num)s message", "%(num)s messages", source.backlog_count)
    facts = [
        Fact(_("Last poll"), "" if source.last_poll_at else _("not yet"), source.last_poll_at),
        Fact(
            _("Told at once since"),
            "" if source.idle_since else _("not now: the server is asked every minute"),
            source.idle_since,
        ),
        Fact(_("Waiting on the server"), waiting if source.backlog_count else _("nothing")),
        Fact(
            _("Compared with the server"),
            "" if source.reconciled_at else _("not yet: every hour while it is read"),
            source.reconciled_at,
        ),
    ]
    if source.failing_since:
        facts.insert(0, Fact(_("Failing since"), "", source.failing_since, warns=True))
    grant = source.mailbox.grant
    if source.mailbox.auth == "oauth" and grant is not None:
        facts += [
            Fact(
                _("Token given"),
                "" if grant.obtained_at else _("not yet: give consent under “Sign-in by OAuth”"),
                grant.obtained_at,
            ),
            Fact(_("Token good until"), "" if grant.access_expires_at else "–", grant.access_expires_at),
        ]
    return facts


def _reading(source: IntakeSource) -> list[Fact]:
    return [
        Fact(_("Server"), f"{source.imap_host}:{source.imap_port}, {_security(source.imap_security)}"),
        Fact(_("User"), source.imap_user),
        Fact(_("Folder"), source.folder),
        Fact(_("Mail that is safe with us"), _safe(source)),
        Fact(_("Began with"), _began(source)),
        Fact(_("Believed sender checks"), source.trusted_authserv_id or _("none: only signed addresses are trusted")),
    ]


def _sending(source: IntakeSource) -> list[Fact]:
    mailbox = source.mailbox
    return [
        Fact(_("Server"), f"{mailbox.smtp_host}:{mailbox.smtp_port}, {_security(mailbox.smtp_security)}"),
        Fact(_("User"), mailbox.smtp_user or _("none")),
        Fact(
            _("Answers come to"),
            _("addresses signed for their ticket") if mailbox.plus_addresses else _("the plain address"),
        ),
        Fact(
            _("Acknowledgement"), _("a text of its own") if mailbox.acknowledgement.strip() else _("the standard text")
        ),
    ]


def _safe(source: IntakeSource) -> str:
    if source.processed_folder:
        return _("is moved to “%(folder)s”", folder=source.processed_folder)
    return _("is marked as read, and stays")


def _began(source: IntakeSource) -> str:
    if source.start_from == "days" and source.starts_at:
        first = source.starts_at - timedelta(days=source.start_days or 0)
        return _("mail since %(day)s", day=first.date().isoformat())
    return _("all of its mail") if source.start_from == "all" else _("the next mail")


def _security(word: str) -> str:
    words: dict[str, Any] = {"tls": _("TLS"), "starttls": _("STARTTLS"), "none": _("not encrypted")}
    return str(words[word])
