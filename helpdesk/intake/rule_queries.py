"""Reads of people's rules over mail, of blocked senders, and of floods of mail."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.accounts.models import Person
from helpdesk.intake.models import BlockedSender, InboundMessage, MailRule
from helpdesk.kernel.errors import NotFound
from helpdesk.projects.models import Project


@dataclass(frozen=True)
class BlockedLine:
    """One blocked sender, and who blocked it."""

    pattern: str
    blocked_at: datetime
    by_name: str | None


def mail_rules(session: Session) -> list[MailRule]:
    """Return people's rules in their order, with project and assignee: one query."""
    project = joinedload(MailRule.project).joinedload(Project.client)
    query = select(MailRule).options(project, joinedload(MailRule.assignee))
    return list(session.scalars(query.order_by(MailRule.position, MailRule.id)))


def get_rule(session: Session, rule_id: int) -> MailRule:
    """Return one of people's rules.

    Raises:
        NotFound: no such rule.
    """
    rule = session.get(MailRule, rule_id)
    if rule is None:
        message = "There is no such rule."
        raise NotFound(message)
    return rule


def blocked_senders(session: Session) -> list[BlockedLine]:
    """Return whose mail is spam, newest block first: one query."""
    query = select(BlockedSender.pattern, BlockedSender.blocked_at, Person.name)
    query = query.outerjoin(Person, Person.id == BlockedSender.blocked_by_id)
    rows = session.execute(query.order_by(BlockedSender.blocked_at.desc(), BlockedSender.pattern))
    return [BlockedLine(*row) for row in rows]


def tickets_opened(session: Session, inbound: InboundMessage, *, since: datetime) -> int:
    """Return how many tickets other mail of the same sender opened, of what was received after ``since``."""
    query = select(func.count(InboundMessage.id)).where(
        InboundMessage.from_address == inbound.from_address,
        InboundMessage.received_at > since,
        InboundMessage.received_at <= inbound.received_at,
        InboundMessage.outcome == "ticket",
    )
    return session.scalar(query) or 0
