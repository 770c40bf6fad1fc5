"""A person overrules what became of a mail: it is handled again from our copy, and has one effect at most."""

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.intake.models import InboundEffect, InboundMessage
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as tickets
from tests.mails import mail

pytestmark = pytest.mark.usefixtures("rung")

NEWS = {"Precedence": "bulk"}


@pytest.fixture
def act(office, inbox, sign_in_as):
    """Press one of the buttons of a message as a manager, let the worker run, and return status and line."""
    browser = sign_in_as(office.manager)

    def press(line, name, **form):
        status = browser.post(f"/inbound/{line.id}/{name}", data=form).status_code
        return status, inbox.handle(line.id)

    return press


def effects():
    with unit_of_work() as session:
        return session.scalars(select(InboundEffect)).all()


def acknowledgements():
    with unit_of_work() as session:
        return session.scalars(select(OutgoingMessage).where(OutgoingMessage.purpose == "acknowledgement")).all()


def quarantined(inbox, raw):
    """Return a mail that no parser could read."""

    def explode(_raw):
        message = "boom"
        raise RuntimeError(message)

    line = inbox.receive(raw, parser=explode)
    for _ in range(2):
        inbox.clock.advance(minutes=5)
        line = inbox.handle(line.id, parser=explode)
    return line


def test_a_newsletter_that_is_none_becomes_a_ticket_as_if_a_person_had_written(inbox, act):
    line = inbox.receive(mail(headers=NEWS))

    status, again = act(line, "not-automatic")

    assert (line.outcome, status, again.state, again.outcome) == ("automatic", 303, "done", "ticket")
    assert not [reason for reason in again.reasons if "automatic" in reason]
    assert len(acknowledgements()) == 1


def test_a_sender_is_never_taken_for_a_machine_again_where_an_administrator_says_so(office, inbox, sign_in_as):
    line = inbox.receive(mail(headers=NEWS))
    path = f"/inbound/{line.id}/not-automatic"

    refused = sign_in_as(office.manager).post(path, data={"always": "1"}).status_code
    status = sign_in_as(office.admin).post(path, data={"always": "1"}).status_code

    again, next_one = inbox.handle(line.id), inbox.receive(mail(headers=NEWS))
    assert (refused, status) == (403, 303)
    assert [again.outcome, next_one.outcome] == ["ticket", "ticket"]
    assert any("Opens tickets: ann@acme.example" in reason for reason in next_one.reasons)


def test_an_ignored_mail_becomes_a_ticket_on_request_and_nothing_is_sent(inbox, act):
    line = inbox.receive(mail(headers=NEWS))

    status, again = act(line, "make-ticket")

    assert (status, again.outcome) == (303, "ticket")
    assert "a person made it a ticket" in again.reasons
    assert "automatic: Precedence: bulk" in again.reasons
    assert acknowledgements() == []


def test_a_duplicate_becomes_a_ticket_of_its_own_on_request(inbox, act):
    raw = mail()
    inbox.receive(raw)
    twice = inbox.receive(raw)

    status, again = act(twice, "make-ticket")

    assert (twice.outcome, status, again.outcome) == ("duplicate", 303, "ticket")
    assert len({effect.work_item_id for effect in effects()}) == 2


def test_our_own_mail_becomes_a_ticket_on_request_without_an_answer_to_ourselves(inbox, act):
    line = inbox.receive(mail(sender="support@halden-okoye.example"))

    _status, again = act(line, "make-ticket")

    assert (line.outcome, again.outcome) == ("loop", "ticket")
    assert acknowledgements() == []


def test_a_mail_that_no_parser_reads_becomes_a_ticket_with_the_mail_attached(inbox, act):
    line = quarantined(inbox, mail(subject="Printer"))

    status, again = act(line, "make-ticket")

    (effect,) = effects()
    with unit_of_work() as session:
        item = session.get_one(WorkItem, effect.work_item_id)
        (message,) = tickets.conversation(session, item.id)
    assert (line.state, status, again.outcome, item.title) == ("quarantined", 303, "ticket", "Printer")
    assert [file.name for file in message.attachments] == ["message.eml"]


def test_a_mail_is_let_go_from_quarantine_with_a_reason(inbox, act):
    line = quarantined(inbox, mail())

    refused, _line = act(line, "ignore", why=" ")
    status, again = act(line, "ignore", why="a broken scan, sent again")

    assert (refused, status, again.state) == (422, 303, "ignored")
    assert "ignored by Manager Person: a broken scan, sent again" in again.reasons
    assert effects() == []


@pytest.mark.parametrize("name", ["retry", "make-ticket", "not-automatic", "ignore"])
def test_what_is_on_a_ticket_stays_there_once(inbox, act, name):
    line = inbox.receive(mail())

    status, again = act(line, name, **({"why": "because"} if name == "ignore" else {}))

    assert (status, again.outcome, len(effects())) == (409, "ticket", 1)


def test_two_people_at_once_make_one_ticket(inbox, act):
    line = inbox.receive(mail(headers=NEWS))
    act(line, "make-ticket")

    status, _again = act(line, "make-ticket")

    assert (status, len(effects())) == (409, 1)


@pytest.mark.parametrize("name", ["not-automatic", "ignore"])
def test_an_act_that_does_not_fit_is_refused(inbox, act, name):
    raw = mail()
    inbox.receive(raw)
    duplicate = inbox.receive(raw)

    status, _again = act(duplicate, name, **({"why": "because"} if name == "ignore" else {}))

    assert status == 409


def test_every_act_leaves_its_mark_with_the_name_of_who_did_it(inbox, act):
    line = inbox.receive(mail(headers=NEWS))

    act(line, "make-ticket")

    with unit_of_work() as session:
        query = select(AuditRow).where(AuditRow.object_kind == "inbound_message", AuditRow.object_id == line.id)
        (row,) = session.scalars(query)
        decided = session.get_one(InboundMessage, line.id).decisions
    assert (row.action, row.actor_name, decided) == ("made a ticket", "Manager Person", ["open_ticket"])
