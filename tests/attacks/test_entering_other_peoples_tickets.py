"""More than 500 forged mails, through the real parser and the real effect: none enters (rules 14 to 22)."""

import random
from dataclasses import replace

import pytest
from sqlalchemy import select

from helpdesk.desk import merging
from helpdesk.infra import crypto
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.models import InboundEffect, InboundMessage, IntakeSource
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import service as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Message
from tests.attacks.forgeries import AUTHSERV, Attempt, Target, attempts, genuine
from tests.conftest import NOW
from tests.mails import mail

pytestmark = pytest.mark.usefixtures("rung")

SEED = 20_261_123
OF_A_MERGED_TICKET = 90


def answered(inbox, office, raw):
    """Have a mail become a ticket that we answer; return the work item and our answer."""
    line = inbox.receive(raw)
    with unit_of_work() as session:
        item_id = session.get_one(InboundEffect, line.id).work_item_id
        written = tickets.reply(session, actor=office.actor("manager"), now=NOW, item_id=item_id, text="We look at it.")
        return session.get_one(WorkItem, item_id), session.get_one(OutgoingMessage, written.outgoing_message_id)


@pytest.fixture
def target(inbox, office) -> Target:
    """Ann's ticket, solved; and one of Eve's own, so that she knows what our mail looks like."""
    item, sent = answered(inbox, office, mail(message_id="<Start@acme.example>"))
    own, own_sent = answered(inbox, office, mail(sender="Eve <eve@elsewhere.example>", subject="Mine"))
    with unit_of_work() as session:
        projects.set_status(session, actor=SYSTEM, now=NOW, item_id=item.id, status="solved")
    return Target(
        item_id=item.id,
        number=item.number,
        first_message_id="<Start@acme.example>",
        our_message_id=sent.message_id,
        reply_address=sent.reply_to,
        own_item_id=own.id,
        own_reply_address=own_sent.reply_to,
        own_message_id=own_sent.message_id,
        staff_id=office.technician.id,
        keys=crypto.mail_keys(),
    )


@pytest.fixture
def merged(inbox, office, target) -> Target:
    """The target, merged into another ticket of Ann's; ``item_id`` is that one's, all else as the mails have it."""
    into, _sent = answered(inbox, office, mail("Blank again.", subject="Labels", message_id="<Again@acme.example>"))
    with unit_of_work() as session:
        merging.merge(session, actor=office.actor("manager"), now=NOW, number=target.number, into_number=into.number)
        projects.set_status(session, actor=SYSTEM, now=NOW, item_id=into.id, status="solved")
    there: Target = replace(target, item_id=into.id)
    return there


def receive_all(inbox, tried: list[Attempt]) -> dict[str, int]:
    """Fetch and handle every mail; return by its attempt's name the id of its line in the log."""
    for attempt in tried:
        inbox.folder.deliver(attempt.raw, at=inbox.clock())
    with unit_of_work() as session:
        before = session.scalars(select(InboundMessage.id).order_by(InboundMessage.id.desc())).first() or 0
    inbox.fetch()
    with unit_of_work() as session:
        ids = session.scalars(
            select(InboundMessage.id).where(InboundMessage.id > before).order_by(InboundMessage.id)
        ).all()
    inbox.handle(ids[-1])
    return dict(zip((attempt.name for attempt in tried), ids, strict=True))


def entered(target: Target, lines: dict[str, int]) -> list[str]:
    """Return the attempts that are part of the target's conversation; what is held there is not."""
    query = (
        select(InboundEffect.inbound_message_id)
        .join(Message, Message.id == InboundEffect.message_id)
        .where(Message.work_item_id == target.item_id, Message.held.is_(False))
    )
    with unit_of_work() as session:
        inside = set(session.scalars(query))
    return [name for name, inbound_id in lines.items() if inbound_id in inside]


def unfinished(lines: dict[str, int]) -> list[str]:
    query = select(InboundMessage.id).where(InboundMessage.state.in_(("received", "processing", "quarantined")))
    with unit_of_work() as session:
        waiting = set(session.scalars(query))
    return [name for name, inbound_id in lines.items() if inbound_id in waiting]


def condition(target: Target) -> tuple[object, ...]:
    """Return what must not change: status, who takes part, what the client sees, what we sent about it."""
    with unit_of_work() as session:
        item = session.get_one(WorkItem, target.item_id)
        people = {one.contact.email: one.role for one in ticket_queries.participants(session, [item.id])}
        shown = [one.id for one in ticket_queries.conversation(session, item.id) if not one.held]
        sent = session.scalars(select(OutgoingMessage.id).where(OutgoingMessage.about_id == item.id)).all()
        return item.status, people, shown, list(sent)


def check_senders(source_id):
    with unit_of_work() as session:
        session.get_one(IntakeSource, source_id).trusted_authserv_id = AUTHSERV


def some(target: Target, number: int, *, checked: bool) -> list[Attempt]:
    """Return as many attempts as there is time for, chosen so that every disguise and every claim is among them."""
    everything = [attempt for attempt in attempts(target) if attempt.checked is checked]
    random.Random(SEED).shuffle(everything)  # noqa: S311 - the same choice every time
    chosen: list[Attempt] = []
    seen: set[str] = set()
    for attempt in everything:
        halves = set(attempt.name.split(" | "))
        if not halves <= seen:
            chosen.append(attempt)
            seen |= halves
    rest = [attempt for attempt in everything if attempt not in chosen]
    return (chosen + rest)[:number]


@pytest.mark.parametrize(("app", "of_each_kind"), [("sqlite", 270), ("postgres", 90)], indirect=["app"])
def test_nobody_enters_a_ticket_that_is_not_theirs(inbox, target, of_each_kind):
    before = condition(target)
    outside = some(target, of_each_kind, checked=False)
    pretended = some(target, of_each_kind, checked=True)

    lines = receive_all(inbox, outside)
    check_senders(inbox.source_id)
    lines |= receive_all(inbox, pretended)

    assert len(lines) == 2 * of_each_kind
    assert entered(target, lines) == []
    assert unfinished(lines) == []
    assert condition(target) == before


@pytest.mark.on_sqlite
def test_a_merged_ticket_is_no_way_into_the_other(inbox, target, merged):
    before = condition(merged), condition(target)

    lines = receive_all(inbox, some(target, OF_A_MERGED_TICKET, checked=False))

    assert len(lines) == OF_A_MERGED_TICKET
    assert (entered(merged, lines), entered(target, lines)) == ([], [])
    assert unfinished(lines) == []
    assert (condition(merged), condition(target)) == before


@pytest.mark.on_sqlite
def test_the_requester_enters_the_other_by_all_ways_into_a_merged_ticket(inbox, target, merged):
    tried = [attempt for attempt in genuine(target) if not attempt.checked]

    lines = receive_all(inbox, tried)

    assert sorted(set(lines) - set(entered(merged, lines))) == []
    assert entered(target, lines) == []
    assert (condition(merged)[0], condition(target)[0]) == ("open", "closed")


def test_the_requester_enters_by_each_of_these_ways(inbox, target):
    tried = list(genuine(target))

    lines = receive_all(inbox, [attempt for attempt in tried if not attempt.checked])
    check_senders(inbox.source_id)
    lines |= receive_all(inbox, [attempt for attempt in tried if attempt.checked])

    assert sorted(set(lines) - set(entered(target, lines))) == []
    assert condition(target)[0] == "open"
