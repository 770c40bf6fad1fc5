"""Reads of people's rules over mail, of blocked senders, and of floods of mail."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.infra.ahead import Question, models_of, rows_of
from helpdesk.intake.models import BlockedSender, InboundMessage, MailRule
from helpdesk.kernel.errors import NotFound
from helpdesk.projects.models import Project

_CAPPED = (InboundMessage.state == "held", InboundMessage.outcome == "capped")


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


def rules_alone(session: Session) -> list[MailRule]:
    """Return what `mail_rules` does, of which projects and assignees are not loaded with them."""
    rules, *_named = mail_rules_asked()
    return models_of(session, rules)


def mail_rules_asked() -> list[Question]:
    """Return the questions for people's rules in their order, and for the rows that `mail_rules` loads with them."""
    named = select(MailRule.project_id)
    return [
        select(MailRule).order_by(MailRule.position, MailRule.id),
        select(Project).where(Project.id.in_(named)),
        select(Client).where(Client.id.in_(select(Project.client_id).where(Project.id.in_(named)))),
        select(Person).where(Person.id.in_(select(MailRule.assignee_id))),
    ]


def get_rule(session: Session, rule_id: int) -> MailRule:
    """Return one of people's rules.

    Raises:
        NotFound: no such rule.
    """
    rule = next(iter(models_of(session, rule_asked(rule_id))), None)
    if rule is None:
        message = "There is no such rule."
        raise NotFound(message)
    return rule


def rule_asked(rule_id: int) -> Select[MailRule]:
    """Return the question of `get_rule`, to be asked together with others."""
    return select(MailRule).where(MailRule.id == rule_id)


def blocked_count(session: Session) -> int:
    """Return how many senders and domains are blocked."""
    return int(rows_of(session, blocked_count_asked())[0].number)


def blocked_count_asked() -> Select[int]:
    """Return the question of `blocked_count`, to be asked together with others."""
    return select(func.count().label("number")).select_from(BlockedSender)


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


@dataclass(frozen=True)
class Flood:
    """Mail of one sender that is held because there was too much of it."""

    address: str
    count: int
    first_at: datetime
    last_at: datetime
    subject: str


def floods(session: Session) -> list[Flood]:
    """Return the senders whose mail is held as a group, with the newest subject, the largest group first: one query."""
    newest = aliased(InboundMessage)
    groups = (
        select(
            InboundMessage.from_address,
            func.count().label("number"),
            func.min(InboundMessage.received_at).label("first_at"),
            func.max(InboundMessage.received_at).label("last_at"),
            func.max(InboundMessage.id).label("newest_id"),
        )
        .where(*_CAPPED)
        .group_by(InboundMessage.from_address)
        .subquery()
    )
    query = select(groups.c.from_address, groups.c.number, groups.c.first_at, groups.c.last_at, newest.subject)
    query = query.join(newest, newest.id == groups.c.newest_id).order_by(groups.c.number.desc(), groups.c.from_address)
    return [Flood(*row) for row in session.execute(query)]


def flood(session: Session, address: str, *, limit: int) -> list[InboundMessage]:
    """Return the held mail of one sender, oldest first, locked."""
    query = select(InboundMessage).where(*_CAPPED, InboundMessage.from_address == address)
    return list(session.scalars(query.order_by(InboundMessage.id).limit(limit).with_for_update()))
