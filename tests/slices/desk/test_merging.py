"""A ticket goes on in another and comes back as it was, its time untouched (docs/desk.md rules 20 to 24)."""

from contextlib import suppress
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import class_mapper

from helpdesk.desk import merging, moving
from helpdesk.desk import service as desk
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.models import InboundEffect
from helpdesk.kernel.errors import Conflict
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import service as projects
from helpdesk.projects import snoozing
from helpdesk.projects.models import WorkItem
from helpdesk.sla.models import SlaClock, TicketDue
from helpdesk.tickets import queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Attachment, Draft, Message, Participant, Takeback, TicketDetails
from helpdesk.tickets.service import Typed
from helpdesk.timekeeping.models import TimeEntry
from tests.conftest import NOW
from tests.mails import mail
from tests.slices.desk.conftest import open_ticket
from tests.slices.sla.test_measuring import promise
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("rung")

BOB = "Bob <bob@acme.example>"


def item_of(line) -> WorkItem:
    with unit_of_work() as session:
        return session.get_one(WorkItem, session.get_one(InboundEffect, line.id).work_item_id)


def texts(item_id: int, *kinds: str) -> list[str]:
    with unit_of_work() as session:
        query = select(Message.reply_text, Message.text).where(Message.work_item_id == item_id)
        query = query.where(Message.kind.in_(kinds or ("mail", "reply", "note"))).order_by(Message.id)
        return [row.reply_text or row.text for row in session.execute(query)]


def people(item_id: int) -> list[str]:
    with unit_of_work() as session:
        query = select(Participant).where(Participant.work_item_id == item_id, Participant.removed_at.is_(None))
        return sorted(one.contact.email for one in session.scalars(query))


def merge(office, number: int, into: int, who: str = "technician") -> None:
    with unit_of_work() as session:
        merging.merge(session, actor=office.actor(who), now=NOW, number=number, into_number=into)


def undo(office, number: int) -> None:
    with unit_of_work() as session:
        merging.undo(session, actor=office.actor("technician"), now=NOW, number=number)


def everything(*passing: str) -> dict[str, list[dict[str, Any]]]:
    """Return all rows that a merge could touch, without what each change leaves behind by itself."""
    models = (WorkItem, TicketDetails, Message, Attachment, Participant, Draft, TimeEntry, InboundEffect)
    found = {}
    with unit_of_work() as session:
        for model in (*models, SlaClock, TicketDue):
            columns = [one.key for one in class_mapper(model).column_attrs if one.key not in ("version", *passing)]
            query = select(model) if model is not Message else select(Message).where(Message.kind != "event")
            rows = [{key: getattr(row, key) for key in columns} for row in session.scalars(query)]
            found[model.__name__] = sorted(rows, key=str)
    return found


@pytest.fixture
def two(inbox, office, log_time) -> tuple[WorkItem, WorkItem]:
    """Ann's ticket, answered; and Bob's of the same, with a file, a note, a draft, held mail and approved time."""
    into = item_of(inbox.receive(mail(message_id="<ann@acme.example>")))
    item = item_of(
        inbox.receive(mail("Blank here too.", sender=BOB, message_id="<bob@acme.example>", files={"a.txt": b"label"}))
    )
    inbox.receive(mail("Let me in.", sender="x@other.example", headers={"References": "<bob@acme.example>"}))
    with unit_of_work() as session:
        who: dict[str, Any] = {"actor": office.actor("technician"), "now": NOW}
        tickets.reply(session, item_id=into.id, text="We look at it.", **who)
        tickets.reply(session, item_id=item.id, text="We look at yours.", **who)
        tickets.save_draft(session, item_id=item.id, kind="note", typed=Typed("Half a"), last_seen_id=None, **who)
        tickets.add_note(session, item_id=item.id, text="The roll is empty.", **who)
        projects.set_status(session, item_id=item.id, status="waiting", **who)
        projects.set_status(session, item_id=into.id, status="solved", **who)
    log_time(47, work_item_id=item.id, status="approved")
    return item, into


def test_a_ticket_goes_on_in_another_and_comes_back_as_it_was(inbox, office, two, sign_in_as):
    item, into = two
    promise(office, now=NOW - timedelta(days=1))
    with unit_of_work() as session:
        projects.set_priority(session, actor=SYSTEM, now=NOW, item_id=item.id, priority="high")
        projects.set_priority(session, actor=SYSTEM, now=NOW, item_id=into.id, priority="low")
    before = everything("updated_at")
    browser = sign_in_as(office.technician)
    page = browser.get(f"/items/{item.number}/merge").text
    assert f'name="into" value="{into.number}"' in page
    assert "Bob gets what we write there." in page

    answer = browser.post(f"/items/{item.number}/merge", data={"into": into.number})

    assert answer.location.endswith(f"/items/{into.number}")
    written = ["It prints blank labels.", "Blank here too.", "We look at it.", "We look at yours."]
    assert texts(into.id) == [*written, "The roll is empty."]
    assert texts(item.id) == []
    assert people(into.id) == ["ann@acme.example", "bob@acme.example"]
    there, here = (browser.get(f"/items/{one.number}").text for one in (into, item))
    for shown in ("a.txt", "Half a", "0:47", f"merged #{item.number} into this ticket", "Take it out again"):
        assert shown in there
    assert f'Merged into <a class="link" href="/items/{into.number}">' in here
    assert 'id="reply-body"' not in here
    with unit_of_work() as session:
        assert [session.get_one(WorkItem, one.id).status for one in two] == ["closed", "open"]
        assert session.get(TicketDue, item.id) is None
    assert {key: rows for key, rows in everything().items() if key == "TimeEntry"}["TimeEntry"] == before["TimeEntry"]
    browser.post(f"/items/{item.number}/unmerge")
    assert everything("updated_at") == before
    assert f"took #{item.number} out of this ticket again" in browser.get(f"/items/{into.number}").text
    browser.post(f"/items/{item.number}/unmerge")
    assert f"#{item.number} is not merged." in browser.get(f"/items/{item.number}").text


def test_mail_that_answers_a_merged_ticket_lands_in_the_other(inbox, office, two):
    item, into = two
    with unit_of_work() as session:
        sent = session.scalars(select(OutgoingMessage).where(OutgoingMessage.about_id == item.id)).all()
        reply_address, our_id = sent[-1].reply_to, sent[-1].message_id
    merge(office, item.number, into.number)
    ways: dict[str, dict[str, Any]] = {
        "by address": {"to": reply_address},
        "by our id": {"headers": {"In-Reply-To": our_id}},
        "by their id": {"headers": {"References": "<bob@acme.example>"}},
        "by number": {"subject": f"Re: [#{item.number}] Printer"},
    }

    for text, how in ways.items():
        assert inbox.receive(mail(text, sender=BOB, **how)).outcome == "reply"

    assert texts(into.id)[-4:] == [*ways]
    undo(office, item.number)
    assert texts(into.id)[-4:] == [*ways]
    assert people(into.id) == ["ann@acme.example", "bob@acme.example"]
    assert texts(item.id) == ["Blank here too.", "We look at yours.", "The roll is empty."]
    inbox.receive(mail("Once more.", sender=BOB, to=reply_address))
    assert texts(item.id)[-1] == "Once more."


@pytest.mark.on_sqlite
def test_a_merged_ticket_takes_no_work_and_says_where_it_goes_on(office, mailbox, sign_in_as):
    first, second, third = (open_ticket(office, text=f"Text {number}") for number in range(3))
    browser = sign_in_as(office.technician)
    browser.post(f"/items/{first}/reply", data={"body": "Held.", "billable": "billable"})
    with unit_of_work() as session:
        held = session.scalars(select(Takeback.message_id)).one()
    merge(office, first, second)

    assert browser.post(f"/items/{second}/messages/{held}/take-back").status_code == 303
    assert "it is too late" in browser.get(f"/items/{second}").text
    for path, data in (
        ("note", {"body": "More.", "billable": "billable"}),
        ("reply", {"body": "More.", "billable": "billable"}),
        ("status", {"status": "open"}),
        ("spam", {}),
        ("move", {"project_id": office.acme_project.id}),
        ("task", {}),
    ):
        answer = browser.post(f"/items/{first}/{path}", data=data)
        said = answer.text if answer.status_code != 303 else browser.get(f"/items/{first}").text
        assert f"#{first} was merged into #{second}." in said, path
        assert data.get("body", "") in said
    browser.post("/timer/start", data={"number": first})
    assert f"#{first} was merged into #{second}." in browser.get("/desk").text
    for number, into in ((first, third), (third, first), (third, third)):
        assert browser.post(f"/items/{number}/merge", data={"into": into}).status_code == 422

    merge(office, second, third)

    assert f'Merged into <a class="link" href="/items/{third}">' in browser.get(f"/items/{first}").text
    browser.post(f"/items/{first}/unmerge")
    assert f"#{second} was merged into #{third} since. Undo that first." in browser.get(f"/items/{first}").text
    undo(office, second)
    undo(office, first)
    with unit_of_work() as session:
        items = session.scalars(select(WorkItem).where(WorkItem.number.in_((first, second, third)))).all()
    assert {one.number: (texts(one.id), one.status) for one in items} == {
        first: (["Text 0", "Held."], "open"),
        second: (["Text 1"], "new"),
        third: (["Text 2"], "new"),
    }


def test_clients_stay_apart_and_who_does_not_see_a_ticket_finds_none(office, inbox, sign_in_as):
    hidden, shown = office.globex_ticket, open_ticket(office, title="Labels of Acme")
    browser, rival = sign_in_as(office.technician), sign_in_as(office.rival)
    with unit_of_work() as session:
        session.add(
            TicketDetails(
                work_item_id=hidden.id, requester_id=office.globex_contact.id, reasons=[], last_message_at=NOW
            )
        )

    unseen = browser.post(f"/items/{shown}/merge", data={"into": hidden.number})
    apart = rival.post(f"/items/{shown}/merge", data={"into": hidden.number})

    assert (unseen.status_code, apart.status_code) == (422, 422)
    assert "There is no such ticket or task." in unseen.text
    assert f"#{hidden.number} is not of the same client" in apart.text
    for asked, why in ((str(hidden.number), "is not of the same client"), ("canary", "No such ticket of this client")):
        assert why in rival.get(f"/items/{shown}/merge?words={asked}").text
    assert browser.get(f"/items/{hidden.number}/merge").status_code == 404
    assert browser.post(f"/items/{hidden.number}/unmerge").status_code == 404
    stranger = item_of(
        inbox.receive(mail(sender="Eve <eve@elsewhere.example>", headers={"Cc": "person@globex.example"}))
    )
    assert stranger.project_id == office.triage.id
    assert f'value="{shown}"' not in rival.get(f"/items/{stranger.number}/merge").text
    assert f'value="{shown}"' in rival.get(f"/items/{stranger.number}/merge?words=of labels").text
    rival.post(f"/items/{stranger.number}/merge", data={"into": shown})
    with unit_of_work() as session:
        into = session.scalars(select(WorkItem).where(WorkItem.number == shown)).one()
    assert people(into.id) == ["eve@elsewhere.example", "person@acme.example"]


@pytest.mark.on_sqlite
def test_nothing_awake_is_buried_in_what_sleeps_and_what_slept_sleeps_again(office):
    until = NOW + timedelta(days=2)
    sleeps, other, awake = (open_ticket(office) for _ in range(3))
    with unit_of_work() as session:
        asleep = [session.scalars(select(WorkItem).where(WorkItem.number == one)).one() for one in (sleeps, other)]
        for one in asleep:
            snoozing.snooze(session, actor=office.actor("technician"), now=NOW, item_id=one.id, until=until)

    def standing() -> list[tuple[str, bool]]:
        with unit_of_work() as session:
            rows = session.scalars(select(WorkItem).where(WorkItem.number.in_((sleeps, other, awake))))
            return [(one.status, one.snoozed_until == until) for one in sorted(rows, key=lambda one: one.number)]

    before = standing()
    merge(office, sleeps, other)
    assert standing() == [("closed", False), ("new", True), ("new", False)]
    merge(office, awake, other)
    assert standing() == [("closed", False), ("new", False), ("closed", False)]
    undo(office, awake)
    undo(office, sleeps)
    assert standing() == before == [("new", True), ("new", True), ("new", False)]


@pytest.mark.on_sqlite
def test_what_has_gone_on_is_not_taken_out_again(office, inbox, two):
    item, into = two
    merge(office, item.number, into.number)
    with unit_of_work() as session:
        held = session.scalars(select(Message).where(Message.work_item_id == into.id, Message.held)).first()
        moved = session.scalars(select(Message).where(Message.text == "The roll is empty.")).one()
        moved.work_item_id = office.acme_ticket.id
    assert held is None

    with pytest.raises(Conflict, match=f"gone on to #{office.acme_ticket.number} since"):
        undo(office, item.number)
    with unit_of_work() as session, pytest.raises(Conflict, match="was merged into"):
        moving.move(
            session, actor=office.actor("manager"), now=NOW, number=item.number, project_id=office.acme_project.id
        )


def test_whoever_waited_for_a_merge_writes_nothing_on_the_ticket_that_is_merged(app, inbox, office, two):
    item, into = two
    told, began = [], Event()

    def answer() -> None:
        with app.app_context(), suppress(Conflict), unit_of_work() as session:
            session.get_one(TicketDetails, item.id)  # what was known of it before the wait
            began.set()
            try:
                desk.add_note(session, actor=office.actor("manager"), now=NOW, number=item.number, text="Too late.")
            except Conflict as refusal:
                told.append(str(refusal))
                raise

    thread = Thread(target=answer)
    with unit_of_work() as session:
        merging.merge(session, actor=office.actor("technician"), now=NOW, number=item.number, into_number=into.number)
        thread.start()
        if session.get_bind().dialect.name == "postgresql":  # SQLite lets one transaction write at a time
            began.wait()
            eventually(lambda: waits_for_a_lock(session))
    thread.join()

    assert told == [f"#{item.number} was merged into #{into.number}. Go on there, or undo the merge first."]
    assert "Too late." not in texts(item.id) + texts(into.id)


def waits_for_a_lock(session) -> bool:
    waiting = session.connection().exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted")
    return bool(waiting.scalar_one())


def test_who_got_an_answer_on_the_merged_ticket_alone_is_new_to_the_other(office, two):
    item, into = two

    merge(office, item.number, into.number)

    with unit_of_work() as session:
        assert queries.answered_addresses(session, into.id) == {"ann@acme.example"}


def test_both_pages_say_before_and_after_where_stays_what_came_since(office, sign_in_as, fixed_clock):
    number, into = open_ticket(office), open_ticket(office)
    merge(office, number, into)
    browser = sign_in_as(office.technician)
    nothing = [browser.get(f"/items/{one}").text for one in (number, into)]
    fixed_clock.now += timedelta(minutes=1)
    for words in ("One.", "Two."):
        browser.post(f"/items/{into}/note", data={"body": words, "billable": "billable"})
    before = [browser.get(f"/items/{one}").text for one in (number, into)]

    browser.post(f"/items/{number}/unmerge")

    after = [browser.get(f"/items/{one}").text for one in (number, into)]
    assert [page.count("written on #") + page.count("written here since") for page in nothing] == [0, 0]
    assert f"2 messages were written on #{into} since: taken out again, they stay there." in before[0]
    assert "2 messages were written here since: taken out again, they stay here." in before[1]
    assert f"took this out of #{into} again; what was written since (2) stays there" in after[0]
    assert f"took #{number} out of this ticket again; what was written since (2) stays here" in after[1]
