"""The first run: one token opens the set-up page once; it makes the company, its administrator and Triage."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person
from helpdesk.clients import service as clients
from helpdesk.clients.service import ClientProfile
from helpdesk.company import service as company
from helpdesk.company.service import CompanyProfile
from helpdesk.infra.models import OneTimeToken
from helpdesk.infra.policy import ADMIN, SYSTEM
from helpdesk.kernel.errors import NotFound
from helpdesk.projects import service as projects
from helpdesk.projects import types

PURPOSE = "first_run"
LIFETIME = timedelta(days=3)
TOKEN_BYTES = 32
MESSAGE = "This address is not good any more. Start `helpdesk up` again: it prints a new one."


def make_first_run_token(session: Session, *, now: datetime) -> str:
    """Return a new token for the set-up page; earlier ones that nobody used are void. Only its hash is stored."""
    session.execute(delete(OneTimeToken).where(OneTimeToken.purpose == PURPOSE, OneTimeToken.used_at.is_(None)))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(
        OneTimeToken(purpose=PURPOSE, token_hash=_hash(token), created_at=now, expires_at=now + LIFETIME, used_at=None)
    )
    session.flush()
    return token


def check_token(session: Session, *, token: str, now: datetime) -> None:
    """Look at a token without using it up.

    Raises:
        NotFound: it is unknown, used or too old, or there is an administrator already.
    """
    query = select(OneTimeToken.id).where(*_usable(token, now))
    if accounts.has_admin(session) or session.scalar(query) is None:
        raise NotFound(MESSAGE)


def set_up(
    session: Session,
    *,
    now: datetime,
    token: str,
    company_name: str,
    currency: str,
    time_zone: str,
    name: str,
    email: str,
    password: str,
) -> Person:
    """Use up the token and return the first administrator, of a company with itself as a client and with Triage.

    All or nothing: where anything is refused, the token stays good.

    Raises:
        NotFound: the token is unknown, used or too old, or there is an administrator already.
        RuleViolation: an unknown currency or zone, a weak password, or no name.
    """
    claim = update(OneTimeToken).where(*_usable(token, now)).values(used_at=now).returning(OneTimeToken.id)
    if session.scalar(claim) is None or accounts.has_admin(session):
        raise NotFound(MESSAGE)
    profile = CompanyProfile(name=company_name, legal_name=company_name, currency=currency, time_zone=time_zone)
    company.set_up(session, actor=SYSTEM, now=now, profile=profile)
    administrator = accounts.add_person(
        session,
        actor=SYSTEM,
        now=now,
        name=name,
        email=email,
        password=password,
        role=ADMIN,
    )
    house = clients.add_client(
        session,
        actor=SYSTEM,
        now=now,
        profile=ClientProfile(name=company_name, currency=currency, time_zone=time_zone),
        is_internal=True,
    )
    projects.add_project(
        session, actor=SYSTEM, now=now, client_id=house.id, name="Triage", billing="internal", is_triage=True
    )
    types.add_first(session, now=now)
    return administrator


def _usable(token: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        OneTimeToken.purpose == PURPOSE,
        OneTimeToken.token_hash == _hash(token),
        OneTimeToken.used_at.is_(None),
        or_(OneTimeToken.expires_at.is_(None), OneTimeToken.expires_at > now),
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
