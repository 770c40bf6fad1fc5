"""The access token of a mailbox, renewed in time: by one process at once, and kept the moment it is given (rule 40)."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from helpdesk.infra import crypto, leases
from helpdesk.infra.clock import Clock
from helpdesk.infra.db import UnitOfWork
from helpdesk.kernel.errors import ExternalFailure, NotFound
from helpdesk.outbox import grants, oauth
from helpdesk.outbox.models import MailboxGrant
from helpdesk.outbox.oauth import Registration, Tokens

RENEW_BEFORE = timedelta(minutes=5)
LEASE_SECONDS = 60
Renew = Callable[[Registration], Tokens]


def current(mailbox_id: int, unit_of_work: UnitOfWork, *, clock: Clock, renew: Renew = oauth.renew) -> str:
    """Return an access token that is good for some minutes, a fresh one where the old one ends.

    Two processes never ask at once, since a provider that rotates refresh tokens takes each but once: who comes
    second uses the old token as long as it is good.

    Raises:
        ExternalFailure: nobody consented, the provider refused, or another process is asking just now.
    """
    holder = uuid.uuid4().hex
    now = clock()
    with unit_of_work() as session:
        grant = _grant(session, mailbox_id)
        if _lasts(grant, now + RENEW_BEFORE):
            return crypto.unseal(grant.access_token)
        is_ours = leases.take(session, name=_lease(mailbox_id), holder=holder, now=now, seconds=LEASE_SECONDS)
        if not is_ours:
            return _old_token(grant, now)
        registration = grants.registration_of(grant)
    return _renewed(mailbox_id, registration, unit_of_work, clock=clock, renew=renew, holder=holder)


def _renewed(
    mailbox_id: int, registration: Registration, unit_of_work: UnitOfWork, *, clock: Clock, renew: Renew, holder: str
) -> str:
    try:
        tokens = renew(registration)
    except ExternalFailure as error:
        with unit_of_work() as session:
            grants.note_refusal(session, mailbox_id=mailbox_id, error=str(error))
            leases.release(session, name=_lease(mailbox_id), holder=holder)
            grant = grants.get_grant(session, mailbox_id)
            if _lasts(grant, clock()):
                return crypto.unseal(grant.access_token)
        raise
    with unit_of_work() as session:
        grants.keep_tokens(session, mailbox_id=mailbox_id, tokens=tokens, now=clock())
        leases.release(session, name=_lease(mailbox_id), holder=holder)
    return tokens.access_token


def _grant(session: Session, mailbox_id: int) -> MailboxGrant:
    try:
        return grants.get_grant(session, mailbox_id)
    except NotFound as error:
        raise ExternalFailure(str(error)) from error


def _lasts(grant: MailboxGrant, until: datetime) -> bool:
    return bool(grant.access_token) and grant.access_expires_at is not None and grant.access_expires_at > until


def _old_token(grant: MailboxGrant, now: datetime) -> str:
    if _lasts(grant, now):
        return crypto.unseal(grant.access_token)
    message = "Another process is renewing the sign-in just now. It is tried again."
    raise ExternalFailure(message)


def _lease(mailbox_id: int) -> str:
    return f"grant:{mailbox_id}"
