"""Tickets that sleep: out of the open views until their time has come, or the client answers."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.desk import frame, queries
from helpdesk.desk.narrowing import Asked
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import LiveEvent
from helpdesk.kernel.periods import zone_named
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import process
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import IncomingMail
from helpdesk.tickets.models import Message
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket

HOUR = timedelta(hours=1)


def standing(office, view: str) -> list[int]:
    """The tickets of a view, in its order, as its page and its count have them."""
    with unit_of_work() as session:
        actor = office.actor("technician")
        numbers = [row.number for row in queries.queue(session, actor=actor, now=NOW, asked=Asked(view)).rows]
        assert getattr(frame.read(session, actor=actor, now=NOW).queue, view) == len(numbers)
    return numbers


def sleeps_until(number: int) -> datetime | None:
    with unit_of_work() as session:
        return session.scalars(select(WorkItem.snoozed_until).where(WorkItem.number == number)).one()


def told(number: int) -> str:
    """The last line of the history."""
    with unit_of_work() as session:
        query = select(Message.text).join(WorkItem, WorkItem.id == Message.work_item_id)
        query = query.where(WorkItem.number == number, Message.kind == "event")
        return session.scalars(query.order_by(Message.id.desc()).limit(1)).one()


def snooze(office, number: int, until: datetime, *, now: datetime = NOW) -> int:
    with unit_of_work() as session:
        actor = office.actor("technician")
        item = projects.get_item(session, actor=actor, number=number)
        tickets.snooze(session, actor=actor, now=now, item_id=item.id, until=until, zone=zone_named("UTC"))
        return item.id


def mail(office, item_id: int, **more: Any) -> None:
    with unit_of_work() as session:
        arrived = IncomingMail(
            subject="Labels",
            text="Still blank.",
            html=None,
            reply_text="Still blank.",
            trimmed_text="",
            message_id=f"<{len(more)}@acme.example>",
            received_at=NOW,
            **more,
        )
        contact_id = office.acme_contact.id
        tickets.add_mail(session, now=NOW, item_id=item_id, contact_id=contact_id, person_id=None, mail=arrived)


def test_what_is_snoozed_stands_in_a_view_of_its_own_until_it_is_woken(office, sign_in_as):
    first, second = open_ticket(office), open_ticket(office)
    browser = sign_in_as(office.technician)
    page = browser.get(f"/items/{first}").text
    offered = re.findall(r'name="until" value="([^"]+)"', page)

    browser.post(f"/items/{second}/snooze", data={"until": "2026-11-30T09:00"})
    answer = browser.post(f"/items/{first}/snooze", data={"until": offered[1]})

    said = browser.get(answer.location).text
    assert "The ticket sleeps until" in said
    assert "Snoozed until" in said
    assert sleeps_until(first) == datetime.fromisoformat(offered[1])
    assert "snoozed this until Thu 19 Nov 2026, 09:00" in told(first)
    assert (standing(office, "snoozed"), standing(office, "all")) == ([first, second], [office.acme_ticket.number])
    assert "Snoozed until" in browser.get("/desk?view=snoozed").text
    assert f"#{first}" in browser.get(f"/clients/{office.acme.id}").text

    browser.post(f"/items/{first}/wake")

    assert (sleeps_until(first), told(first)) == (None, "woke this up")
    assert standing(office, "all") == [first, office.acme_ticket.number]


@pytest.mark.on_sqlite
@pytest.mark.parametrize("until", ["", "soon", "2026-11-18T10:00:00+00:00", "2027-11-20T10:00:00+00:00", "0001-01-01"])
def test_nothing_sleeps_until_what_is_no_instant_to_come(office, sign_in_as, until):
    browser, number = sign_in_as(office.technician), office.acme_ticket.number

    answer = browser.post(f"/items/{number}/snooze", data={"until": until})

    assert "Choose a" in browser.get(answer.location).text
    assert sleeps_until(number) is None


def test_only_an_open_ticket_sleeps_and_what_is_done_wakes(office, sign_in_as):
    browser, number = sign_in_as(office.technician), open_ticket(office)
    snooze(office, number, NOW + HOUR)

    browser.post(f"/items/{number}/status", data={"status": "waiting"})
    assert sleeps_until(number) == NOW + HOUR
    browser.post(f"/items/{number}/status", data={"status": "solved"})
    assert sleeps_until(number) is None
    for refused in (number, office.acme_task.number):
        answer = browser.post(f"/items/{refused}/snooze", data={"until": "2026-11-30T09:00"})
        assert "Only a ticket that is open can be snoozed." in browser.get(answer.location).text
        assert "snooze-menu" not in browser.get(f"/items/{refused}").text


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, "woke up: the client answered"),
        ({"held": True}, "woke up: held mail waits for a decision"),
        ({"automatic": True}, None),
    ],
)
def test_an_answer_of_the_client_wakes_at_once_and_a_machine_does_not(office, more, why):
    number = open_ticket(office)
    item_id = snooze(office, number, NOW + HOUR)

    mail(office, item_id, **more)

    assert (sleeps_until(number) is None, told(number) == why) == (why is not None, why is not None)


def test_what_is_due_wakes_once_and_the_queue_hears_of_it(office):
    due, later = open_ticket(office), open_ticket(office)
    due_id, _later_id = snooze(office, due, NOW + HOUR), snooze(office, later, NOW + 2 * HOUR)
    with unit_of_work() as session:
        heard = session.scalars(select(LiveEvent.id).order_by(LiveEvent.id.desc()).limit(1)).one()

    for minutes in (59, 61, 62):
        process.wake_due(unit_of_work, clock=lambda: NOW + minutes * HOUR / 60)  # noqa: B023 - called at once

    assert (sleeps_until(due), sleeps_until(later)) == (None, NOW + 2 * HOUR)
    assert (told(due), standing(office, "all")[0]) == ("woke up: its time has come", due)
    with unit_of_work() as session:
        events = session.execute(select(LiveEvent.topic, LiveEvent.audience_id).where(LiveEvent.id > heard)).all()
        lines = session.scalars(select(Message.text).where(Message.work_item_id == due_id, Message.kind == "event"))
        assert len([line for line in lines if line.startswith("woke")]) == 1
    assert [tuple(event) for event in events] == [("queue", due_id)]
