"""A ticket becomes a task and a task a ticket; number, time, charges and messages stay as they were."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.desk import bulk, kinds
from helpdesk.desk.opening import Whom
from helpdesk.infra.db import Base, unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.projects import service as projects
from helpdesk.projects.models import TaskDetails, WorkItem
from helpdesk.projects.snoozing import put_to_sleep
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Message, Participant, TicketDetails
from helpdesk.timekeeping.charging import ChargeRange, hold
from helpdesk.timekeeping.models import Charge, TimeEntry
from tests.conftest import NOW

KEPT = (TimeEntry, Charge, Message, Participant, TicketDetails)


def rows(session) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of the tables that must not change; lines about what happened are not counted."""
    session.flush()
    found = {}
    for model in KEPT:
        table = Base.metadata.tables[model.__tablename__]
        query = select(table).order_by(*table.primary_key.columns)
        query = query.where(table.c.kind != "event") if model is Message else query
        found[table.name] = [tuple(row) for row in session.execute(query)]
    return found


@pytest.fixture
def worked_ticket(session, office) -> WorkItem:
    """A ticket with a conversation, and approved time of which a draft holds half an hour."""
    item = tickets.open_ticket(
        session,
        actor=SYSTEM,
        now=NOW,
        project_id=office.acme_project.id,
        requester_id=office.acme_contact.id,
        title="Move us to the cloud",
        text="They want to know what it takes.",
    )
    tickets.add_note(session, actor=office.actor("technician"), now=NOW, item_id=item.id, text="A lot.")
    entry = TimeEntry(
        uuid="worked",
        work_item_id=item.id,
        person_id=office.technician.id,
        started_at=NOW - timedelta(hours=2),
        ended_at=NOW - timedelta(hours=1),
        source="typed",
        status="approved",
        billable_seconds=3600,
        rate_minor=9500,
        rate_currency="EUR",
        created_at=NOW,
    )
    session.add(entry)
    session.flush()
    hold(session, now=NOW, holder=("bench", 1), ranges=[ChargeRange(entry.id, 0, 1800, 1800, "hourly")])
    return item


def test_there_and_back_again_nothing_is_lost(session, office, worked_ticket):
    actor, number = office.actor("technician"), worked_ticket.number
    before = rows(session)

    task, _act = kinds.make_task(session, actor=actor, now=NOW, number=number)
    as_task = (task.kind, task.number, rows(session) == before, session.get(TaskDetails, task.id) is not None)
    ticket, _act = kinds.make_ticket(session, actor=actor, now=NOW, number=number)

    assert as_task == ("task", number, True, True)
    assert (ticket.kind, ticket.number, rows(session)) == ("ticket", number, before)
    said = session.scalars(select(Message.text).where(Message.work_item_id == ticket.id, Message.kind == "event"))
    assert said.all() == ["made this a task", "made this a ticket"]
    trail = session.scalars(select(AuditRow).where(AuditRow.action == "changed kind").order_by(AuditRow.id)).all()
    assert [(row.data["before"], row.data["after"]) for row in trail] == [("ticket", "task"), ("task", "ticket")]


def test_a_task_becomes_a_ticket_of_whoever_asks(session, office):
    actor, number = office.actor("technician"), office.acme_task.number
    with pytest.raises(RuleViolation, match="Say who asks"):
        kinds.make_ticket(session, actor=actor, now=NOW, number=number)
    with pytest.raises(RuleViolation, match="another client"):
        kinds.make_ticket(session, actor=actor, now=NOW, number=number, whom=Whom(typed=office.globex_contact.email))

    item, _act = kinds.make_ticket(
        session, actor=actor, now=NOW, number=number, whom=Whom(email="new@acme.example", name="Nina New")
    )

    details = session.get_one(TicketDetails, item.id)
    assert (item.kind, details.requester.name, details.requester.client_id) == ("ticket", "Nina New", office.acme.id)


def test_what_cannot_change_its_kind_says_why(session, office):
    actor = office.actor("manager")
    projects.add_task(
        session,
        actor=SYSTEM,
        now=NOW,
        project_id=office.acme_project.id,
        title="Below",
        parent_id=office.acme_task.id,
    )
    lost = tickets.open_ticket(
        session,
        actor=SYSTEM,
        now=NOW,
        project_id=office.triage.id,
        requester_id=office.acme_contact.id,
        title="Whose?",
        text="",
    )

    with pytest.raises(RuleViolation, match="has tasks below it"), session.begin_nested():
        kinds.make_ticket(
            session, actor=actor, now=NOW, number=office.acme_task.number, whom=Whom(email="new@acme.example")
        )
    with pytest.raises(RuleViolation, match="a task already"):
        kinds.make_task(session, actor=actor, now=NOW, number=office.acme_task.number)
    with pytest.raises(RuleViolation, match="Triage has no plan"):
        kinds.make_task(session, actor=actor, now=NOW, number=lost.number)


def test_the_buttons_on_its_page_do_it(sign_in_as, office):
    browser, number = sign_in_as(office.technician), office.acme_ticket.number

    told = browser.post(f"/items/{number}/task", follow_redirects=True).text
    refused = browser.post(f"/items/{number}/task", follow_redirects=True).text

    with unit_of_work() as session:
        assert session.get_one(WorkItem, office.acme_ticket.id).kind == "task"
    assert f"#{number} is a task now" in told
    assert f"#{number} is a task already." in refused


def test_an_undo_makes_it_what_it_was_with_its_sleep_and_without_what_nobody_used(session, office, worked_ticket):
    actor, until = office.actor("technician"), NOW + timedelta(days=2)
    put_to_sleep(session, actor=actor, now=NOW, item=worked_ticket, until=until)
    before, priced = (
        rows(session),
        [(one.rate_minor, one.billable_seconds) for one in session.scalars(select(TimeEntry))],
    )

    task, act = kinds.make_task(session, actor=actor, now=NOW, number=worked_ticket.number)
    awake = task.snoozed_until
    undone = bulk.undo(session, actor=actor, now=NOW, act_id=act)

    assert (awake, undone.changed, undone.refusals) == (None, 1, ())
    assert (task.kind, task.snoozed_until, rows(session) == before) == ("ticket", until, True)
    assert [(one.rate_minor, one.billable_seconds) for one in session.scalars(select(TimeEntry))] == priced
    assert session.get(TaskDetails, task.id) is None
    item, act = kinds.make_ticket(
        session, actor=actor, now=NOW, number=office.acme_task.number, whom=Whom(name="Carl", phone="0171 1")
    )
    assert session.get_one(TicketDetails, item.id).requester.email == ""
    bulk.undo(session, actor=actor, now=NOW, act_id=act)
    assert (item.kind, session.get(TicketDetails, item.id)) == ("task", None)
    with pytest.raises(Conflict, match="undone already"):
        bulk.undo(session, actor=actor, now=NOW, act_id=act)


def test_an_undo_that_comes_late_says_so_and_a_plan_that_was_made_since_stays(session, office, worked_ticket):
    actor, number = office.actor("technician"), worked_ticket.number
    _task, first = kinds.make_task(session, actor=actor, now=NOW, number=number)
    session.get_one(TaskDetails, worked_ticket.id).estimate_seconds = 7200
    bulk.undo(session, actor=actor, now=NOW, act_id=first)
    assert session.get_one(TaskDetails, worked_ticket.id).estimate_seconds == 7200
    _task, second = kinds.make_task(session, actor=actor, now=NOW, number=number)
    kinds.make_ticket(session, actor=actor, now=NOW, number=number)

    late = bulk.undo(session, actor=actor, now=NOW, act_id=second)

    assert [one.why for one in late.refusals] == ["somebody changed it since"]


def test_who_asks_on_a_task_that_becomes_a_ticket_is_sought_and_what_is_typed_stays(sign_in_as, office):
    browser, number = sign_in_as(office.technician), office.acme_task.number
    page = f"/items/{number}"
    assert f'href="{page}/requester"' in browser.get(page).text
    assert f'value="pick:{office.acme_contact.id}"' in browser.get(f"{page}/requester").text

    refused = browser.post(f"{page}/ticket", data={"who": "Nobody Known"})
    done = browser.post(f"{page}/ticket", data={"act": f"pick:{office.acme_contact.id}"})

    assert (refused.status_code, "Nobody is found by that." in refused.text, "Nobody Known" in refused.text) == (
        422, True, True,
    )  # fmt: skip
    shown = browser.get(done.location).text
    assert "data-done" in shown
    with unit_of_work() as session:
        details = session.get_one(TicketDetails, office.acme_task.id)
        assert (details.requester_id, session.get_one(WorkItem, office.acme_task.id).kind) == (
            office.acme_contact.id, "ticket",
        )  # fmt: skip
