"""Blocked senders: whose mail is spam, and what nobody should block (docs/mail.md rule 43)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.clients import queries as clients
from helpdesk.clients.domain import check_address, client_domain, is_freemail, suffixes_of
from helpdesk.infra import audit
from helpdesk.infra.ahead import Question, rows_of
from helpdesk.infra.db import once
from helpdesk.infra.policy import Actor
from helpdesk.intake.domain.address import domain_of, normalise_address
from helpdesk.intake.models import BlockedSender
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.outbox import queries as outbox


@dataclass(frozen=True, slots=True)
class Blockable:
    """What can be blocked of a sender; ``domain`` is empty where anybody has an address there, or it is ours.

    ``client_name`` is whose domain it is: to block it takes a second look.
    """

    address: str
    domain: str
    client_name: str


def block(session: Session, *, actor: Actor, now: datetime, pattern: str, sure: bool = False) -> BlockedSender:
    """Block an address, or a domain with all below it; one that is blocked already stays as it is.

    Raises:
        RuleViolation: it is neither, ours or of our staff, of a provider where anybody has an address, or a client's
            domain and nobody is ``sure``.
    """
    wanted = _pattern(pattern)
    _refuse_own(session, wanted)
    client = clients.client_of_domain(session, wanted[1:]) if wanted.startswith("@") else None
    if client is not None and not sure:
        message = f"{wanted[1:]} belongs to {client.name}: all of their mail would be spam. Block one address instead."
        raise RuleViolation(message)
    found = session.get(BlockedSender, wanted)
    if found is not None:
        return found
    blocked = BlockedSender(pattern=wanted, blocked_at=now, blocked_by_id=actor.person_id)
    session.add(blocked)
    session.flush()
    audit.record(session, actor=actor, action="blocked", kind="sender", object_id=None, now=now, pattern=wanted)
    return blocked


def unblock(session: Session, *, actor: Actor, now: datetime, pattern: str) -> None:
    """Let mail in again that was blocked by this pattern; what came meanwhile stays in the log as spam.

    Raises:
        NotFound: it is not blocked.
    """
    found = session.get(BlockedSender, pattern)
    if found is None:
        message = "That sender is not blocked."
        raise NotFound(message)
    session.delete(found)
    session.flush()
    audit.record(session, actor=actor, action="unblocked", kind="sender", object_id=None, now=now, pattern=pattern)


def blocked_by(session: Session, address: str) -> str | None:
    """Return the pattern that blocks this address, the narrowest of them; None when it may write."""
    wanted = normalise_address(address)
    domain = domain_of(wanted)
    if not domain or not once(session, "any blocked", read=lambda: bool(rows_of(session, _any_blocked()))):
        return None
    patterns = _patterns_of(wanted)
    found = {row.pattern for row in rows_of(session, _blocked_among(patterns))}
    return next((pattern for pattern in patterns if pattern in found), None)


def blocked_asked(address: str) -> list[Question]:
    """Return what `blocked_by` asks, to be asked together with others."""
    return [_any_blocked(), _blocked_among(_patterns_of(normalise_address(address)))]


def _patterns_of(address: str) -> list[str]:
    """Return what would block an address, the narrowest first."""
    return [address, *(f"@{suffix}" for suffix in suffixes_of(domain_of(address)))]


def _any_blocked() -> Select[str]:
    return select(BlockedSender.pattern).limit(1)


def _blocked_among(patterns: Sequence[str]) -> Select[str]:
    return select(BlockedSender.pattern).where(BlockedSender.pattern.in_(patterns))


def blockable(session: Session, address: str) -> Blockable:
    """Return what can be blocked of a sender; nothing of one who is ours."""
    wanted, domain = normalise_address(address), domain_of(address)
    own = _own(session)
    if not domain or is_own(wanted, own):
        return Blockable("", "", "")
    if is_freemail(domain) or is_own(f"@{domain}", own):
        return Blockable(wanted, "", "")
    return Blockable(wanted, domain, clients.name_of_domain(session, domain))


def _pattern(text: str) -> str:
    """Return an address in lower case, or ``@domain``."""
    words = text.strip().lower()
    local, at, domain = words.rpartition("@")
    return check_address(words) if at and local else f"@{client_domain(domain)}"


def _refuse_own(session: Session, pattern: str) -> None:
    """Refuse to block ourselves: an address of ours, of our staff, or a domain in which such a one lies."""
    if is_own(pattern, _own(session)):
        message = "That is an address or a domain of our own: blocking it would shut us out."
        raise RuleViolation(message)


def _own(session: Session) -> frozenset[str]:
    return frozenset(address.lower() for address in (*outbox.own_addresses(session), *accounts.addresses(session)))


def is_own(pattern: str, own: Iterable[str]) -> bool:
    """Return whether the address, or the domain with all below it, covers one of our own addresses."""
    if not pattern.startswith("@"):
        return pattern in own
    return any(address.endswith((pattern, f".{pattern[1:]}")) for address in own)
