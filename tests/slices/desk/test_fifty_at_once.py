"""Fifty people at one ticket at once: what each did is there, or that one was told (docs/desk.md rules 49 to 51)."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.accounts.models import Person
from helpdesk.desk import bulk, service, taking_up
from helpdesk.desk.worked_time import WorkedTime
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import TECHNICIAN, Actor
from helpdesk.kernel.errors import Conflict
from helpdesk.projects import presence
from helpdesk.projects.models import ItemPresence, ItemTag, WorkItem
from helpdesk.tickets.domain import entry_uuid
from helpdesk.tickets.models import Draft, Message
from helpdesk.tickets.service import Typed
from helpdesk.timekeeping.models import TimeEntry
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket

PEOPLE = 50
TEN_MINUTES = timedelta(minutes=10)
STATUSES = ("open", "in_progress", "waiting", "solved")


def status(session, who, number, index):
    return service.set_status(
        session, actor=who, now=NOW, number=number, status=STATUSES[index // len(ACTS) % len(STATUSES)], was="new"
    )


def assign(session, who, number, _index):
    return service.assign(session, actor=who, now=NOW, number=number, assignee_id=who.person_id, was="")


def tag(session, who, number, index):
    item = session.scalars(select(WorkItem).where(WorkItem.number == number)).one()
    bulk.set_tag(session, actor=who, now=NOW, item=item, tag=f"tag {index}", on=True)


def priority(session, who, number, _index):
    done = bulk.act(session, actor=who, now=NOW, picked=[bulk.Picked(number, 1)], what="priority", value="high")
    if done.refusals:
        raise Conflict(done.refusals[0].why)


def note(session, who, number, index):
    time = WorkedTime("10m")
    return service.add_note(session, actor=who, now=NOW, number=number, text=f"Note {index}", time=time).id


def reply(session, who, number, index):
    time = WorkedTime("10m")
    sent = service.reply(
        session, actor=who, now=NOW, number=number, text=f"Reply {index}", last_seen_message_id=0, time=time
    )
    return sent.id


def draft(session, who, number, index):
    typed = Typed(f"Draft {index}")
    return taking_up.keep_draft(
        session, actor=who, now=NOW, number=number, kind="reply", typed=typed, last_seen_id=None
    )


def look(session, who, number, _index):
    presence.say_present(session, actor=who, now=NOW, number=number, tab="tab-one-1", doing="reply")


ACTS: tuple[Callable[..., Any], ...] = (status, assign, tag, priority, note, reply, draft, look)


@pytest.fixture
def crowd(office):
    with unit_of_work() as session:
        people = [
            Person(
                name=f"Person {index}", email=f"p{index}@x.example", password_hash="", role=TECHNICIAN, created_at=NOW
            )
            for index in range(PEOPLE)
        ]
        session.add_all(people)
        session.flush()
        return [Actor("person", one.name, one.role, one.id) for one in people]


def test_what_fifty_do_to_one_ticket_at_once_is_there_or_its_author_was_told(app, office, mailbox, crowd):
    number, application = open_ticket(office), app
    ready = threading.Barrier(PEOPLE)
    done: dict[int, Any] = {}
    told: dict[int, str] = {}

    def work(index: int) -> None:
        try:
            with application.app_context():
                ready.wait()
                with unit_of_work() as session:
                    result = ACTS[index % len(ACTS)](session, crowd[index], number, index)
                done[index] = result
        except Conflict as refusal:
            told[index] = str(refusal)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    def of(act: Callable[..., Any], among: Any = None) -> list[int]:
        indexes = range(PEOPLE) if among is None else among
        return sorted(index for index in indexes if ACTS[index % len(ACTS)] is act)

    assert sorted([*done, *told]) == list(range(PEOPLE))  # whatever else went wrong was told to nobody
    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.number == number)).one()
        messages = {one.id: one for one in session.scalars(select(Message).where(Message.work_item_id == item.id))}
        said = {(one.person_id, one.text) for one in messages.values() if one.kind == "event"}
        entries = {one.uuid: one for one in session.scalars(select(TimeEntry))}
        tags = set(session.scalars(select(ItemTag.tag).where(ItemTag.work_item_id == item.id)))
        drafts = {one.person_id: one.body for one in session.scalars(select(Draft))}
        there = set(session.scalars(select(ItemPresence.person_id)))
        assert tags == {f"tag {index}" for index in of(tag)}
        assert drafts == {crowd[index].person_id: f"Draft {index}" for index in of(draft)}
        assert there == {crowd[index].person_id for index in of(look)}
        for index in (*of(note), *of(reply, done)):
            written = messages[done[index]]
            assert written.text == f"{'Note' if index in of(note) else 'Reply'} {index}"
            logged = entries[entry_uuid(written.id)]
            assert (logged.person_id, logged.ended_at) == (written.person_id, logged.started_at + TEN_MINUTES)
        assert len(entries) == len(of(note)) + len(of(reply, done))
        assert len([one for one in messages.values() if one.kind == "reply"]) == len(of(reply, done))
        wanted = {STATUSES[index // len(ACTS) % len(STATUSES)] for index in of(status, done)}
        assert item.status in (wanted or {"open"})  # the first reply opens what nobody has touched
        assert len(wanted) <= 1
        takers = [who for who, text in said if text.startswith("assigned this to")]
        assert len(takers) <= 1
        assert item.assignee_id in {*takers, *(crowd[index].person_id for index in of(reply, done))}
        assert (item.priority == "high") == bool(of(priority, done))
