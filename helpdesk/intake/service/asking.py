"""Whose would a mail from this address be? Answered by the very functions that place mail (docs/mail.md rule 37)."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.clients.domain import check_address
from helpdesk.clients.models import Client
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.db import foresee
from helpdesk.intake import queries, rule_queries
from helpdesk.intake.models import InboundMessage, IntakeSource
from helpdesk.intake.parser.read import parse
from helpdesk.intake.service import blocking, foreseeing, limits, matching, placing, ruling
from helpdesk.outbox import queries as outbox
from helpdesk.outbox.models import Mailbox
from helpdesk.projects import queries as projects
from helpdesk.projects.models import Project


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a first mail of ``address`` would go: the client and project, or None where nothing would come of it.

    ``reasons`` are sentences, as they would stand on the ticket.
    """

    address: str
    client_name: str | None
    project_name: str | None
    reasons: tuple[str, ...]


def whose(session: Session, *, address: str, mailbox: Mailbox, now: datetime) -> Answer:
    """Return whose a mail from ``address`` to ``mailbox`` would be, if it answered nothing. Nothing is written.

    Raises:
        RuleViolation: no e-mail address.
    """
    written = check_address(address)
    _look_ahead(session, written, mailbox)
    mail = parse(f"From: <{written}>\r\nTo: <{mailbox.address}>\r\n\r\n".encode())
    arrival = matching.look(session, _as_if_fetched(session, mailbox, now), mail)
    if arrival.incoming.from_ourselves:
        return Answer(written, None, None, ("it is one of our own mailboxes: its mail is ignored",))
    blocked = blocking.blocked_by(session, written)
    if blocked is not None:
        return Answer(written, None, None, (f"{blocked} is blocked: its mail is spam",))
    found = ruling.find(session, mail, mailbox_address=mailbox.address)
    if found is not None and found.rule.ignore_reason:
        return Answer(written, None, None, (f"{found.title}: ignored, {found.rule.ignore_reason}",))
    place = placing.place(session, replace(arrival, ruling=found))
    staff = ("the sender is staff",) if arrival.sender.is_staff else ()
    return Answer(written, place.project.client.name, place.project.name, (place.reason, *staff))


def _look_ahead(session: Session, address: str, mailbox: Mailbox) -> None:
    """Ask at once what the functions that place mail would ask one after the other (see `foreseeing`)."""
    of_source = select(IntakeSource.default_project_id).where(IntakeSource.mailbox_id == mailbox.id)
    places = select(Project).where(Project.is_triage | Project.id.in_(of_source))
    ask_ahead(
        session,
        queries.first_source_asked(mailbox.id),
        outbox.addresses_asked(),
        accounts.people_asked(),
        limits.asked(),
        *blocking.blocked_asked(address),
        *rule_queries.mail_rules_asked(),
        projects.triage_asked(),
        places,
        select(Client).where(Client.id.in_(places.with_only_columns(Project.client_id))),
    )
    foresee(session, "rules", value=rule_queries.rules_alone(session))
    source = queries.first_source(session, mailbox.id)
    foresee(session, "source", mailbox.id, source.folder if source is not None else "", value=source)
    foreseeing.foresee_people(session, [address])


def _as_if_fetched(session: Session, mailbox: Mailbox, now: datetime) -> InboundMessage:
    """Return a message that is in no table, as the mailbox would have received it."""
    source = queries.first_source(session, mailbox.id)
    return InboundMessage(
        mailbox_id=mailbox.id,
        folder=source.folder if source is not None else "",
        origin="imap",
        received_at=now,
        decisions=[],
    )
