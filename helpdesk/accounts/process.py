"""Signing in: count the attempt, compare the password outside of any transaction, then begin the session."""

from dataclasses import dataclass
from datetime import datetime

from helpdesk.accounts import service
from helpdesk.infra.db import UnitOfWork
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: with somebody signed in, or with nobody and ``tries_left`` (below 0: locked)."""

    who: service.SignedIn | None
    tries_left: int

    @property
    def locked(self) -> bool:
        """Whether the account or the address has had all of its tries for now."""
        return self.tries_left < 0


def sign_in(
    unit_of_work: UnitOfWork,
    *,
    email: str,
    password: str,
    address: str,
    user_agent: str,
    now: datetime,
    previous_token: str | None = None,
) -> Outcome:
    """Return who holds the new session, or how many tries are left in this quarter of an hour.

    The browser's previous session, if it had one, ends with the beginning of the new one.

    Answer and cost are the same whether the account exists or not. While an account is locked no password is
    compared, and the attempt does not lengthen the lock (OWASP ASVS 5.0 6.3.1).
    """
    with unit_of_work() as session:
        attempts = service.count_attempt(session, email=email, address=address, now=now)
    with unit_of_work() as session:
        examination = service.examine(session, email=email, address=address, now=now)
        if examination.tries_left < 0:
            service.forget_attempts(session, attempt_ids=attempts)
            return Outcome(None, examination.tries_left)
    if not service.matches(examination.password_hash, password) or examination.person_id is None:
        return Outcome(None, examination.tries_left)
    with unit_of_work() as session:
        service.forget_attempts(session, attempt_ids=attempts, email=email)
        person = service.get_person(session, examination.person_id)
        token = service.begin_session(session, person=person, address=address, user_agent=user_agent, now=now)
        if previous_token is not None:
            service.sign_out(session, token=previous_token, now=now)
        return Outcome(service.signed_in(session, token=token, now=now), examination.tries_left)


def change_own_password(unit_of_work: UnitOfWork, *, actor: Actor, current: str, new: str, now: datetime) -> bool:
    """Set the actor's own password and end all of their sessions; return False where ``current`` is wrong.

    Raises:
        NotFound: the actor is no person.
        RuleViolation: the new password is too short.
    """
    if actor.person_id is None:
        message = "There is no such person."
        raise NotFound(message)
    with unit_of_work() as session:
        password_hash = service.get_person(session, actor.person_id).password_hash
    if not service.matches(password_hash, current):
        return False
    with unit_of_work() as session:
        service.change_password(session, actor=actor, person_id=actor.person_id, password=new, now=now)
    return True
