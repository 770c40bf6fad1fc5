"""Who follows a ticket or task, by hand and by itself (docs/notifications.md rules 1 to 3)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.desk import bulk, merging, taking_back
from helpdesk.desk import service as desk
from helpdesk.infra.db import unit_of_work
from helpdesk.projects.following import follower_ids
from helpdesk.projects.models import WorkItem
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket

pytestmark = pytest.mark.on_sqlite


def followers(office, number: int) -> list[str]:
    names = {getattr(office, name).id: name for name in ("admin", "manager", "technician", "account_manager")}
    with unit_of_work() as session:
        item_id = session.scalars(select(WorkItem.id).where(WorkItem.number == number)).one()
        return sorted(names[person_id] for person_id in follower_ids(session, item_id))


def note(office, number: int, who: str, text: str = "Looked at it.") -> None:
    with unit_of_work() as session:
        desk.add_note(session, actor=office.actor(who), now=NOW, number=number, text=text)


def assign(office, number: int, who: str | None, by: str = "manager") -> None:
    with unit_of_work() as session:
        person_id = getattr(office, who).id if who else None
        desk.assign(session, actor=office.actor(by), now=NOW, number=number, assignee_id=person_id)


def test_a_button_follows_and_its_page_says_who_does(office, sign_in_as):
    number, browser = office.acme_task.number, sign_in_as(office.technician)
    assert "Nobody follows this." in browser.get(f"/items/{number}").text

    browser.post(f"/items/{number}/follow", data={"follow": "yes"})

    page = browser.get(f"/items/{number}").text
    assert followers(office, number) == ["technician"]
    assert "Follow no more" in page
    browser.post(f"/items/{number}/follow", data={"follow": "no"})
    assert followers(office, number) == []
    assert browser.post(f"/items/{number}/follow", data={"follow": "perhaps"}).status_code == 422


def test_who_is_given_it_or_writes_follows_by_itself_unless_they_said_no(office, mailbox, sign_in_as):
    number = open_ticket(office)
    note(office, number, "manager")
    assign(office, number, "technician")
    assign(office, number, "manager")
    with unit_of_work() as session:
        desk.reply(session, actor=office.actor("admin"), now=NOW, number=number, text="Done.")
    assert followers(office, number) == ["admin", "manager", "technician"]

    sign_in_as(office.manager).post(f"/items/{number}/follow", data={"follow": "no"})
    note(office, number, "manager")
    assign(office, number, "technician")
    assign(office, number, "manager")

    assert followers(office, number) == ["admin", "technician"]


def test_an_answer_and_an_act_that_are_taken_back_leave_no_follower(office, mailbox):
    number = open_ticket(office)
    with unit_of_work() as session:
        sent = desk.reply(session, actor=office.actor("technician"), now=NOW, number=number, text="Done.")
    with unit_of_work() as session:
        taking_back.take_back(session, actor=office.actor("technician"), now=NOW, number=number, message_id=sent.id)
    with unit_of_work() as session:
        version = session.scalars(select(WorkItem.version).where(WorkItem.number == number)).one()
        done = bulk.act(
            session,
            actor=office.actor("manager"),
            now=NOW,
            picked=[bulk.Picked(number, version)],
            what="assignee",
            value=str(office.technician.id),
        )
    assert followers(office, number) == ["technician"]
    with unit_of_work() as session:
        later = NOW + timedelta(seconds=5)
        bulk.undo(session, actor=office.actor("manager"), now=later, act_id=done.act_id or 0)

    assert followers(office, number) == []


def test_a_merge_brings_followers_and_its_undo_sends_them_home_but_for_who_wrote_since(office):
    source, into = open_ticket(office), open_ticket(office, title="Toner")
    for who in ("technician", "manager", "admin"):
        note(office, source, who)
    note(office, into, "admin")
    with unit_of_work() as session:
        merging.merge(session, actor=office.actor("technician"), now=NOW, number=source, into_number=into)
    assert followers(office, into) == ["admin", "manager", "technician"]
    note(office, into, "manager")

    with unit_of_work() as session:
        merging.undo(session, actor=office.actor("technician"), now=NOW, number=source)

    assert followers(office, into) == ["admin", "manager"]
    assert followers(office, source) == ["admin", "manager", "technician"]
