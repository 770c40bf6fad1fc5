"""Use cases of OAuth: an application's registration, a consent under way, and the tokens it was given (rule 40)."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk.infra import audit, crypto
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.outbox import queries
from helpdesk.outbox.models import MailboxGrant
from helpdesk.outbox.oauth import Registration, Tokens

CONSENT_LIFETIME = timedelta(minutes=10)
VERIFIER_BYTES = 48


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent that begins, or that came back: its state, and the secret that proves who began it (PKCE)."""

    mailbox_id: int
    state: str
    verifier: str


def get_grant(session: Session, mailbox_id: int) -> MailboxGrant:
    """Return the grant of a mailbox.

    Raises:
        NotFound: it has none.
    """
    grant = session.get(MailboxGrant, mailbox_id)
    if grant is None:
        message = "This mailbox has no OAuth registration yet."
        raise NotFound(message)
    return grant


def register(  # noqa: PLR0913 - a registration has this many parts
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    mailbox_id: int,
    provider: str,
    flow: str,
    client_id: str,
    client_secret: str,
    authorize_url: str,
    token_url: str,
    scope: str,
) -> MailboxGrant:
    """Keep how our application is registered; an empty secret leaves the one before. Tokens of another one are erased.

    Raises:
        NotFound: no such mailbox.
        RuleViolation: an address is missing, or not encrypted.
    """
    mailbox = queries.get_mailbox(session, mailbox_id)
    for url in (token_url, authorize_url if flow == "authorization_code" else token_url):
        if not url.startswith("https://") and not url.startswith(("http://127.0.0.1", "http://localhost")):
            message = "The addresses of the authorisation server begin with https://."
            raise RuleViolation(message)
    grant = session.get(MailboxGrant, mailbox_id) or MailboxGrant(mailbox_id=mailbox_id, client_id="")
    if (grant.client_id, grant.flow, grant.token_url) != (client_id, flow, token_url):
        grant.refresh_token = grant.access_token = ""
        grant.access_expires_at = grant.obtained_at = None
    grant.provider, grant.flow, grant.client_id = provider, flow, client_id
    grant.authorize_url, grant.token_url, grant.scope = authorize_url, token_url, scope
    if client_secret:
        grant.client_secret = crypto.seal(client_secret)
    grant.failed_refreshes, grant.last_error = 0, ""
    mailbox.auth = "oauth"
    session.add(grant)
    session.flush()
    audit.record(
        session, actor=actor, action="registered", kind="mailbox", object_id=mailbox_id, now=now, provider=provider
    )
    return grant


def registration_of(grant: MailboxGrant) -> Registration:
    """Return the registration with its secrets readable.

    Raises:
        ExternalFailure: they cannot be read with this SECRET_KEY.
    """
    return Registration(
        provider=grant.provider,
        flow=grant.flow,
        client_id=grant.client_id,
        client_secret=crypto.unseal(grant.client_secret),
        authorize_url=grant.authorize_url,
        token_url=grant.token_url,
        scope=grant.scope,
        refresh_token=crypto.unseal(grant.refresh_token),
    )


def begin_consent(session: Session, *, mailbox_id: int, browser: str, now: datetime) -> Consent:
    """Note that a consent is under way in this browser session; it counts once, for ten minutes.

    Raises:
        NotFound: the mailbox has no registration.
    """
    grant = get_grant(session, mailbox_id)
    consent = Consent(mailbox_id, secrets.token_urlsafe(32), secrets.token_urlsafe(VERIFIER_BYTES))
    grant.pending_state = _bound(consent.state, browser)
    grant.pending_verifier = crypto.seal(consent.verifier)
    grant.pending_until = now + CONSENT_LIFETIME
    session.flush()
    return consent


def take_consent(session: Session, *, state: str, browser: str, now: datetime) -> Consent:
    """Return the consent that came back, and forget that it was under way: a state counts once.

    Raises:
        RuleViolation: nobody began it in this browser session, it took too long, or it came back before.
    """
    bound = _bound(state, browser)
    grant = session.scalar(
        select(MailboxGrant).where(MailboxGrant.pending_state == bound, MailboxGrant.pending_until > now)
    )
    taken = None
    if state and grant is not None:
        taken = session.execute(
            update(MailboxGrant)
            .where(MailboxGrant.mailbox_id == grant.mailbox_id, MailboxGrant.pending_state == bound)
            .values(pending_state="", pending_until=None)
            .returning(MailboxGrant.pending_verifier)
        ).scalar_one_or_none()
    if grant is None or taken is None:
        message = "This consent was not begun here, is older than ten minutes, or was used already. Begin once more."
        raise RuleViolation(message)
    return Consent(grant.mailbox_id, state, crypto.unseal(taken))


def keep_tokens(session: Session, *, mailbox_id: int, tokens: Tokens, now: datetime) -> None:
    """Keep tokens the moment they are given: the refresh token before may be worth nothing any more."""
    grant = get_grant(session, mailbox_id)
    grant.access_token = crypto.seal(tokens.access_token)
    if tokens.refresh_token:
        grant.refresh_token = crypto.seal(tokens.refresh_token)
    grant.access_expires_at = now + timedelta(seconds=tokens.lifetime_seconds)
    grant.obtained_at, grant.failed_refreshes, grant.last_error = now, 0, ""
    session.flush()


def note_refusal(session: Session, *, mailbox_id: int, error: str) -> None:
    """Count a renewal that failed; after two in a row the mailbox raises an alarm."""
    grant = get_grant(session, mailbox_id)
    grant.failed_refreshes += 1
    grant.last_error = error
    session.flush()


def _bound(state: str, browser: str) -> str:
    """Return what is stored of a state: it is worth nothing in another browser, or to who reads the table."""
    return hashlib.sha256(f"{state}\n{browser}".encode()).hexdigest()
