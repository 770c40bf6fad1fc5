"""Settings: how a mailbox signs in by OAuth: the registration, the consent, and its way back (docs/mail.md rule 40)."""

from urllib.parse import urlsplit

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from helpdesk.infra import clock
from helpdesk.infra.db import read_session, unit_of_work
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import SETTINGS, current_actor, policy
from helpdesk.infra.settings_pages import nav
from helpdesk.intake import queries
from helpdesk.intake.forms import GrantForm
from helpdesk.intake.models import IntakeSource
from helpdesk.intake.service import sources
from helpdesk.intake.views.blueprint import bp
from helpdesk.intake.views.mailboxes import to_mailbox
from helpdesk.kernel.errors import ExternalFailure, NotFound, RuleViolation
from helpdesk.outbox import grants, oauth
from helpdesk.outbox import tokens as outbox_tokens
from helpdesk.outbox.diagnosis import token_refusal
from helpdesk.outbox.models import MailboxGrant
from helpdesk.outbox.providers import CREDENTIALS, NAMES, OTHER


@bp.get("/settings/mailboxes/<int:mailbox_id>/oauth")
@policy(SETTINGS)
def mailbox_oauth(mailbox_id: int) -> str:
    """Show how the mailbox signs in by OAuth."""
    source = queries.source_of_mailbox(read_session(), mailbox_id)
    return _page(source, GrantForm(data=_typed(source.mailbox.grant, source)))


@bp.post("/settings/mailboxes/<int:mailbox_id>/oauth")
@policy(SETTINGS)
def register_mailbox(mailbox_id: int) -> ResponseReturnValue:
    """Keep the registration; where the application itself signs in, its first token is asked for at once."""
    source = queries.source_of_mailbox(read_session(), mailbox_id)
    form = GrantForm()
    if not form.validate_on_submit():
        return _page(source, form), 422
    endpoints = form.endpoints()
    try:
        with unit_of_work() as session:
            grants.register(
                session,
                actor=current_actor(),
                now=clock.now(),
                mailbox_id=mailbox_id,
                provider=form.provider.data,
                flow=form.flow.data,
                client_id=form.client_id.data or "",
                client_secret=form.client_secret.data or "",
                authorize_url=endpoints.authorize_url,
                token_url=endpoints.token_url,
                scope=endpoints.scope,
            )
    except RuleViolation as refusal:
        form.refuse(refusal)
        return _page(source, form), 422
    if form.flow.data == CREDENTIALS:
        return _ask_at_once(mailbox_id)
    flash(_("Kept. Now give consent, signed in as this mailbox or as somebody who may open it."), "ok")
    return redirect(url_for("intake.mailbox_oauth", mailbox_id=mailbox_id), code=303)


@bp.post("/settings/mailboxes/<int:mailbox_id>/oauth/consent")
@policy(SETTINGS)
def begin_consent(mailbox_id: int) -> ResponseReturnValue:
    """Begin a consent: show where it is given, with a link that holds for ten minutes in this browser."""
    source = queries.source_of_mailbox(read_session(), mailbox_id)
    try:
        with unit_of_work() as session:
            consent = grants.begin_consent(session, mailbox_id=mailbox_id, browser=_browser(), now=clock.now())
            registration = grants.registration_of(grants.get_grant(session, mailbox_id))
    except NotFound as refusal:
        flash(str(refusal), "danger")
        return redirect(url_for("intake.mailbox_oauth", mailbox_id=mailbox_id), code=303)
    url = oauth.consent_url(
        registration,
        state=consent.state,
        verifier=consent.verifier,
        redirect_uri=_redirect_uri(),
        login_hint=source.imap_user if "@" in source.imap_user else source.mailbox.address,
    )
    return render_template(
        "settings/mailbox_consent.html",
        nav=nav("intake.mailboxes"),
        mailbox={"id": mailbox_id, "address": source.mailbox.address},
        url=url,
        host=urlsplit(url).netloc,
    )


@bp.get("/settings/mailboxes/consent")
@policy(SETTINGS)
def finish_consent() -> ResponseReturnValue:
    """Take what the provider sent back, and exchange the code for tokens, which are kept at once."""
    state = request.args.get("state", "")
    try:
        with unit_of_work() as session:
            consent = grants.take_consent(session, state=state, browser=_browser(), now=clock.now())
            registration = grants.registration_of(grants.get_grant(session, consent.mailbox_id))
    except RuleViolation as refusal:
        flash(str(refusal), "danger")
        return redirect(url_for("intake.mailboxes"), code=303)
    code, error = request.args.get("code", ""), request.args.get("error", "")
    if error or not code:
        why = token_refusal(NAMES[registration.provider], error or "no code", request.args.get("error_description", ""))
        flash(why, "danger")
        return redirect(url_for("intake.mailbox_oauth", mailbox_id=consent.mailbox_id), code=303)
    try:
        given = oauth.exchange(registration, code=code, verifier=consent.verifier, redirect_uri=_redirect_uri())
    except ExternalFailure as failure:
        flash(str(failure), "danger")
        return redirect(url_for("intake.mailbox_oauth", mailbox_id=consent.mailbox_id), code=303)
    with unit_of_work() as session:
        now = clock.now()
        grants.keep_tokens(session, mailbox_id=consent.mailbox_id, tokens=given, now=now)
        sources.renew(session, queries.source_of_mailbox(session, consent.mailbox_id), now=now)
    flash(_("Connected: the mailbox signs in by itself from now on."), "ok")
    return to_mailbox(consent.mailbox_id)


def _ask_at_once(mailbox_id: int) -> ResponseReturnValue:
    try:
        outbox_tokens.current(mailbox_id, unit_of_work, clock=clock.now)
    except ExternalFailure as failure:
        flash(str(failure), "danger")
        return redirect(url_for("intake.mailbox_oauth", mailbox_id=mailbox_id), code=303)
    with unit_of_work() as session:
        sources.renew(session, queries.source_of_mailbox(session, mailbox_id), now=clock.now())
    flash(_("Connected: the mailbox signs in by itself from now on."), "ok")
    return to_mailbox(mailbox_id)


def _browser() -> str:
    """Return what this signed-in browser has and no other: a consent counts in it alone."""
    return str(current_user.get_id())


def _redirect_uri() -> str:
    """Return where the provider sends people back to: below BASE_URL, as the registration has it."""
    base = current_app.config["BASE_URL"] or request.url_root.rstrip("/")
    return f"{base}{url_for('intake.finish_consent')}"


def _typed(grant: MailboxGrant | None, source: IntakeSource) -> dict[str, str]:
    if grant is None:
        guessed = next((name for name, word in _HOSTS.items() if word in source.imap_host), OTHER)
        return {"provider": guessed}
    parts = urlsplit(grant.token_url).path.split("/")
    tenant = parts[1] if grant.provider == "microsoft" and len(parts) > 1 and parts[1] != "common" else ""
    return {
        "provider": grant.provider,
        "flow": grant.flow,
        "client_id": grant.client_id,
        "tenant": tenant,
        "authorize_url": grant.authorize_url if grant.provider == OTHER else "",
        "token_url": grant.token_url if grant.provider == OTHER else "",
        "scope": grant.scope if grant.provider == OTHER else "",
    }


_HOSTS = {"google": "gmail", "microsoft": "office365"}


def _page(source: IntakeSource, form: GrantForm) -> str:
    grant = source.mailbox.grant
    hints = {
        "flow": _("A shared mailbox of Microsoft 365 works with either; its address is the user name in the settings."),
        "client_secret": _("Stored encrypted.")
        + (_(" Leave it empty to keep the one that is stored.") if grant else ""),
        "tenant": _("Microsoft only: the directory's id or domain. Empty: any account may consent."),
        "scope": _("For another provider only; the scope that lets an application read and send by IMAP and SMTP."),
    }
    groups = [
        {"legend": _("Our application at the provider"), "names": ["provider", "flow", "client_id", "client_secret"]},
        {"legend": _("Microsoft 365"), "names": ["tenant"]},
        {"legend": _("Another provider"), "names": ["authorize_url", "token_url", "scope"]},
    ]
    return render_template(
        "settings/mailbox_oauth.html",
        nav=nav("intake.mailboxes"),
        mailbox={"id": source.mailbox_id, "address": source.mailbox.address},
        form=form,
        groups=groups,
        hints=hints,
        redirect_uri=_redirect_uri(),
        grant=grant,
        needs_consent=grant is not None and grant.flow != CREDENTIALS,
    )
