"""An answer waits a moment before it leaves, and can be taken back (docs/answering.md rules 8 to 10)."""

import html
import re
import threading
from datetime import timedelta

import pytest
from flask_migrate import downgrade
from sqlalchemy import select, update

from helpdesk.accounts.models import Person
from helpdesk.company.models import Company
from helpdesk.desk import macros
from helpdesk.desk import service as desk
from helpdesk.infra import blobs
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.kernel.errors import Conflict
from helpdesk.outbox import process as outbox
from helpdesk.outbox.gateway import Delivery, Outcome
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import WorkItem
from helpdesk.tickets.models import Draft, Message, Takeback, ThreadReference, TicketDetails
from helpdesk.timekeeping.models import TimeEntry
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket
from workers import jobs as worked

ANSWER = {"body": "It prints again.", "worked": "0:25", "status": "solved", "billable": "not_billable"}


def rows(model):
    with unit_of_work() as session:
        return list(session.scalars(select(model)))


def ticket(number):
    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.number == number)).one()
        at = session.get_one(TicketDetails, item.id).last_message_at
        return item.status, item.assignee_id, at, item.snoozed_until


def said(number):
    with unit_of_work() as session:
        query = select(Message.kind, Message.text).join(Message.work_item).where(WorkItem.number == number)
        return [tuple(row) for row in session.execute(query.order_by(Message.id))]


def deliver(clock):
    """Do what a worker does when it hears of the mail; return what it handed in, and when it is to come again."""
    got = []

    def send(_access, _sender, recipients, _content):
        got.append(recipients)
        return Delivery(Outcome.SENT)

    mail = rows(OutgoingMessage)[-1]
    return got, outbox.deliver(mail.id, unit_of_work, send=send, store=blobs.store(), clock=clock)


def path_of_undo(page):
    found = re.search(r'action="(/items/\d+/messages/\d+/take-back)"', page)
    return found[1] if found else None


def test_an_answer_that_is_taken_back_is_the_draft_again_with_all_as_it_was(office, mailbox, sign_in_as, fixed_clock):
    number = open_ticket(office, text="It is slow.")
    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.number == number)).one()
        item.snoozed_until = NOW + timedelta(days=1)
    was, heard = ticket(number), said(number)
    browser = sign_in_as(office.technician)
    fixed_clock.advance(minutes=5)
    browser.post(f"/items/{number}/reply", data=ANSWER)
    fixed_clock.advance(seconds=9)
    path = path_of_undo(browser.get(f"/items/{number}").text)

    assert path_of_undo(sign_in_as(office.manager).get(f"/items/{number}").text) is None
    assert sign_in_as(office.manager).post(path).status_code == 404
    assert browser.post(path).status_code == 303

    assert ticket(number) == was
    assert [rows(model) for model in (TimeEntry, ThreadReference, Takeback)] == [[], [], []]
    [withdrawn] = rows(OutgoingMessage)
    assert (withdrawn.state, withdrawn.withdrawn_at) == ("failed", fixed_clock())
    assert said(number) == [*heard, ("event", "took back an answer before it left")]
    [draft] = rows(Draft)
    assert (draft.body, draft.worked, draft.status, draft.billable) == tuple(
        ANSWER[name] for name in ("body", "worked", "status", "billable")
    )
    page = browser.get(f"/items/{number}").text
    assert "The answer is a draft again." in page
    assert path_of_undo(page) is None
    for data in ({}, {"address": "other@acme.example"}):
        assert browser.post(f"/items/{number}/mail/{withdrawn.id}/send-again", data=data).status_code == 404
    [*_before, asleep] = [one for one in rows(AuditRow) if one.action in ("snoozed", "woke")]
    assert (asleep.action, asleep.at) == ("snoozed", fixed_clock()), "the clocks of service levels stand again"
    browser.post(path)
    assert "That is taken back already." in browser.get(f"/items/{number}").text
    browser.post(f"/items/{number}/reply", data=ANSWER)
    fixed_clock.advance(seconds=10)
    assert deliver(fixed_clock) == ([("person@acme.example",)], None)


def test_nobody_sends_while_an_answer_is_held_and_nobody_takes_back_what_may_have_left(
    office, mailbox, sign_in_as, fixed_clock, rung
):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    browser.post(f"/items/{number}/reply", data=ANSWER)
    path = path_of_undo(browser.get(f"/items/{number}").text)
    after = ticket(number), said(number)
    fixed_clock.advance(seconds=9)
    rung.clear()

    assert deliver(fixed_clock) == ([], NOW + timedelta(seconds=10))
    outbox.sweep(unit_of_work, clock=fixed_clock)
    assert rung == []
    fixed_clock.advance(seconds=1)
    browser.post(path)
    page = browser.get(f"/items/{number}").text

    assert "This mail has left" in page
    assert path_of_undo(page) is None
    assert (ticket(number), said(number)) == after
    assert len(rows(TimeEntry)) == 1
    outbox.sweep(unit_of_work, clock=fixed_clock)  # whoever held it was killed
    assert [bell.job for bell in rung] == ["deliver_outgoing"]
    assert deliver(fixed_clock) == ([("person@acme.example",)], None)


def test_what_somebody_did_since_stays(office, mailbox, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    browser.post(f"/items/{number}/reply", data=ANSWER)
    path = path_of_undo(browser.get(f"/items/{number}").text)
    with unit_of_work() as session:
        manager = office.actor("manager")
        desk.set_status(session, actor=manager, now=NOW, number=number, status="in_progress")
        desk.assign(session, actor=manager, now=NOW, number=number, assignee_id=manager.person_id)
        session.execute(update(TimeEntry).values(status="approved"))
    browser.post(f"/items/{number}/drafts/reply", data={"body": "One more thing.", "last_seen_id": "9999"})

    browser.post(path)

    assert ticket(number)[:2] == ("in_progress", office.manager.id)
    assert "Not all is as before: This time is approved." in browser.get(f"/items/{number}").text
    assert [draft.body for draft in rows(Draft)] == ["It prints again.\n\nOne more thing."]


def test_of_two_tabs_that_take_an_answer_back_at_once_the_second_reads_that_it_is_back(
    app, office, mailbox, sign_in_as
):
    number, browser, application = open_ticket(office), sign_in_as(office.technician), app
    browser.post(f"/items/{number}/reply", data=ANSWER)
    [sent] = [one.id for one in rows(Message) if one.kind == "reply"]
    ready, told = threading.Barrier(2), list[str]()

    def take_back():
        with application.app_context():
            ready.wait()
            try:
                with unit_of_work() as session:
                    actor = office.actor("technician")
                    macros.take_back(session, actor=actor, now=NOW, number=number, message_id=sent)
                told.append("")
            except Conflict as refusal:
                told.append(str(refusal))

    tabs = [threading.Thread(target=take_back) for _tab in range(2)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()

    assert sorted(told) == ["", "That is taken back already."]
    assert [draft.body for draft in rows(Draft)] == [ANSWER["body"]]


def test_what_cannot_be_given_back_keeps_no_answer_from_being_taken_back(office, mailbox, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.number == number)).one()
        item.assignee_id = office.manager.id
    browser.post(f"/items/{number}/reply", data=ANSWER)
    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.number == number)).one()
        held = session.scalars(select(Takeback)).one()
        item.assignee_id = office.technician.id  # as if the answer had taken it from somebody who is gone by now
        held.after = {**held.after, "assignee_id": office.technician.id}
        session.get_one(Person, office.manager.id).active = False

    browser.post(path_of_undo(browser.get(f"/items/{number}").text))

    page = html.unescape(browser.get(f"/items/{number}").text)
    assert "Nothing was sent. The answer is a draft again." in page
    assert "Not all is as before:" in page
    assert ticket(number)[:2] == ("new", office.technician.id)
    assert [one.withdrawn_at is not None for one in rows(OutgoingMessage)] == [True]


def test_a_company_may_let_answers_leave_at_once(office, mailbox, sign_in_as, fixed_clock):
    with unit_of_work() as session:
        session.execute(update(Company).values(undo_seconds=0))
    number, browser = open_ticket(office), sign_in_as(office.technician)

    browser.post(f"/items/{number}/reply", data=ANSWER)

    assert path_of_undo(browser.get(f"/items/{number}").text) is None
    assert deliver(fixed_clock) == ([("person@acme.example",)], None)


def test_a_worker_comes_again_when_the_hold_ends(office, mailbox, sign_in_as, fixed_clock, monkeypatch, rung):
    number = open_ticket(office)
    sign_in_as(office.technician).post(f"/items/{number}/reply", data=ANSWER)
    [bell] = [bell for bell in rung if bell.job == "deliver_outgoing"]
    fixed_clock.advance(seconds=4)
    waits = []

    class Timer:
        def __init__(self, seconds, ring):
            waits.append((seconds, ring))

        def start(self):
            pass

    monkeypatch.setattr(threading, "Timer", Timer)
    rung.clear()

    worked.deliver_outgoing(*bell.args)

    [(seconds, ring)] = waits
    assert seconds == pytest.approx(6)
    ring()
    assert rung == [bell]


def test_an_older_version_finds_no_mail_that_was_taken_back_and_cannot_send_it(office, mailbox, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    browser.post(f"/items/{number}/reply", data=ANSWER)
    browser.post(path_of_undo(browser.get(f"/items/{number}").text))
    assert [one.about_kind for one in rows(OutgoingMessage)] == ["work_item"]

    downgrade(revision="0680")

    with db.engine.connect() as connection:
        kinds = connection.exec_driver_sql("SELECT about_kind FROM outgoing_messages").scalars().all()
    assert kinds == ["withdrawn"]
