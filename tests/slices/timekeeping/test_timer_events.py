"""Events of devices: taken in once each, in any order, and what a person settled stays (rule 1)."""

import random
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import Actor
from helpdesk.timekeeping import service
from helpdesk.timekeeping.domain.timer import NewEvent, Timer, fold
from helpdesk.timekeeping.models import TimeEntry, TimerEventRow
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.queries import timer_state
from helpdesk.timekeeping.service.projection import event_of
from tests.builders import Office
from tests.conftest import NOW

NINE = NOW - timedelta(hours=1)
STARTS = 60


def said(uuid: str, kind: str, minute: float, **more: Any) -> NewEvent:
    """What the phone says happened so many minutes after nine."""
    return NewEvent(uuid=uuid, kind=kind, said_at=NINE + timedelta(minutes=minute), device="phone", **more)


def entries(session: Session) -> list[TimeEntry]:
    return list(session.scalars(select(TimeEntry).order_by(TimeEntry.started_at, TimeEntry.id)))


def spans(session: Session) -> list[tuple[str, float, float | None]]:
    """Each entry by its uuid, from which minute after nine to which."""

    def minute(instant: Any) -> float | None:
        return None if instant is None else (instant - NINE).total_seconds() / 60

    return [(entry.uuid, minute(entry.started_at) or 0, minute(entry.ended_at)) for entry in entries(session)]


def tell(session: Session, actor: Actor, *events: NewEvent, now: Any = NOW) -> list[str]:
    outcomes = service.take_events(session, actor=actor, now=now, events=events)
    return [f"{outcome.outcome} {outcome.reason}".strip() for outcome in outcomes]


def test_what_a_phone_tells_late_falls_into_its_place(session, office):
    technician, item = office.actor("technician"), office.acme_ticket
    tell(session, technician, said("start-one", "start", 0, number=item.number), said("stop-one", "stop", 50))
    before = timer_state.revision(session, technician.person_id)

    tell(session, technician, said("start-two", "start", 20, number=office.acme_task.number))

    assert spans(session) == [("start-one", 0, 20), ("start-two", 20, 50)]
    assert timer_state.revision(session, technician.person_id) > before


def test_events_come_to_the_same_in_any_order_and_however_often(session, office):
    technician = office.actor("technician")
    batch = [
        said("start-one", "start", 0, number=office.acme_ticket.number, facts={"note": "labels"}),
        said("pause-one", "pause", 10),
        said("resume-one", "resume", 15, entry="start-one"),
        said("change-one", "change", 16, entry="resume-one", facts={"billable": "no_charge"}),
        said("start-two", "start", 30, number=office.acme_task.number),
        said("stop-two", "stop", 40),
    ]

    for event in reversed(batch):
        tell(session, technician, event)
    again = tell(session, technician, *batch)

    assert again == ["repeated"] * 6
    assert spans(session) == [("start-one", 0, 10), ("resume-one", 15, 30), ("start-two", 30, 40)]
    first, second, _ = entries(session)
    assert (second.resumes_id, second.note, second.billable) == (first.id, "labels", "no_charge")
    assert first.work_type_id == office.remote.id


def test_one_refused_event_keeps_no_other_from_being_taken(session, office):
    technician = office.actor("technician")
    tell(session, office.actor("manager"), said("of-another", "start", 0, number=office.acme_ticket.number))

    outcomes = tell(
        session,
        technician,
        said("start-one", "start", 0, number=office.acme_ticket.number),
        said("start-two", "start", 5, number=office.globex_ticket.number),
        said("juggle", "juggle", 5),
        said("long-ago", "stop", -600_000),
        said("of-another", "stop", 6),
        said("change-one", "change", 7, facts={"work_type_id": 999_999}),
        said("change-two", "change", 8, facts={"billable": "maybe"}),
        said("ahead", "stop", 600),
    )

    assert [outcome.partition(" ")[0] for outcome in outcomes] == ["accepted", *["refused"] * 6, "accepted"]
    assert "no such ticket" in outcomes[1]
    assert "clock of the device" in outcomes[3]
    assert spans(session)[-1] == ("start-one", 0, 60)  # the clock of the device ran ahead: now is what counts
    assert session.scalars(select(TimerEventRow.flags).where(TimerEventRow.uuid == "ahead")).one() == ["clamped"]


def test_an_approved_entry_stays_and_what_crosses_it_asks(session, office):
    technician, manager = office.actor("technician"), office.actor("manager")
    tell(session, technician, said("start-one", "start", 0, number=office.acme_ticket.number), said("end", "stop", 50))
    [approved] = entries(session)
    service.submit(session, actor=technician, now=NOW, entry_ids=[approved.id])
    service.approve(session, actor=manager, now=NOW, entry_ids=[approved.id])

    tell(session, technician, said("start-two", "start", 20, number=office.acme_task.number))

    late = entries(session)[1]
    assert spans(session) == [("start-one", 0, 50), ("start-two", 20, 50)]
    assert (approved.status, approved.billable_seconds, approved.differs) == ("approved", 3000, True)
    assert (late.asks, late.status) == ("late", "draft")
    assert service.submit(session, actor=technician, now=NOW, entry_ids=[late.id]) == []
    assert timer_state.asking(session, technician.person_id) == 2


def test_what_was_edited_by_hand_is_not_rewritten_by_what_comes_late(session, office):
    technician = office.actor("technician")
    tell(session, technician, said("start-one", "start", 0, number=office.acme_ticket.number), said("end", "stop", 50))
    [entry] = entries(session)
    service.edit_entry(session, actor=technician, now=NOW, entry_id=entry.id, day=NOW.date(), worked="10:00-10:30")

    tell(session, technician, said("early-end", "stop", 40))

    assert spans(session) == [("start-one", 0, 30)]
    assert entry.differs
    service.edit_entry(session, actor=technician, now=NOW, entry_id=entry.id, day=NOW.date(), worked="10:00-10:40")
    assert not entry.differs


def test_what_a_person_wrote_on_a_running_entry_stays_when_it_stops(session, office):
    technician = office.actor("technician")
    tell(session, technician, said("start-one", "start", 0, number=office.acme_ticket.number))
    entry = queries.running(session, technician.person_id)
    assert entry is not None
    entry.note = "written elsewhere"

    service.stop_timer(session, actor=technician, now=NOW)

    assert (entry.note, entry.ended_at) == ("written elsewhere", NOW)


def test_an_entry_that_is_deleted_does_not_come_back_with_the_next_event(session, office):
    technician = office.actor("technician")
    tell(session, technician, said("start-one", "start", 0, number=office.acme_ticket.number), said("end", "stop", 50))
    [entry] = entries(session)

    service.delete_entry(session, actor=technician, now=NOW, entry_id=entry.id)
    tell(session, technician, said("start-two", "start", 20, number=office.acme_task.number))

    assert spans(session) == [("start-two", 20, 50)]


def test_a_timer_that_ran_before_there_were_events_is_stopped_by_one(session, office, log_time):
    technician = office.actor("technician")
    old = log_time(started_at=NINE, ended_at=None, source="timer")

    tell(session, technician, said("start-two", "start", 20, number=office.acme_task.number))

    assert spans(session) == [(old.uuid, 0, 20), ("start-two", 20, None)]


def test_pausing_and_going_on_by_hand(session, office):
    technician = office.actor("technician")
    started = service.start_timer(session, actor=technician, now=NINE, item_id=office.acme_ticket.id)
    service.change_timer(session, actor=technician, now=NINE, facts={"note": "labels"})

    service.pause_timer(session, actor=technician, now=NINE + timedelta(minutes=5))
    paused = timer_state.as_json(session, person_id=technician.person_id, now=NOW)
    resumed = service.resume_paused(session, actor=technician, now=NINE + timedelta(minutes=9))

    assert (paused["running"], paused["paused"]["entry"], paused["paused"]["seconds"]) == (None, started.uuid, 300)
    assert resumed is not None
    assert (resumed.resumes_id, resumed.note) == (started.id, "labels")
    assert timer_state.paused(session, technician.person_id) is None


def test_what_was_told_is_kept_by_the_database(session, office):
    tell(session, office.actor("technician"), said("start-one", "start", 0, number=office.acme_ticket.number))

    for change in ("UPDATE timer_events SET at = received_at", "DELETE FROM timer_events"):
        with pytest.raises(DatabaseError, match="append-only"), session.begin_nested():
            session.execute(text(change))


def test_an_asking_entry_cannot_be_submitted_whoever_tries(session, office, log_time):
    entry = log_time(asks="long")

    with pytest.raises(DatabaseError, match="asking_is_draft"), session.begin_nested():
        session.execute(text("UPDATE time_entries SET status = 'submitted' WHERE id = :id"), {"id": entry.id})


def test_devices_that_start_at_once_leave_one_timer_and_every_second_once(app: Flask, office: Office):
    technician, together, failures = office.actor("technician"), Barrier(2), []
    items = [office.acme_ticket.number, office.acme_task.number]

    def start(device: int) -> None:
        with app.app_context():
            together.wait()
            for turn in range(STARTS // 2):
                event = said(f"device-{device}-{turn:03}", "start", turn / 3 + device / 7, number=items[device])
                try:
                    with unit_of_work() as session:
                        tell(session, technician, event)
                except Exception as error:  # noqa: BLE001 - whatever a thread raised is a failure of the test
                    failures.append(error)

    threads = [Thread(target=start, args=(device,)) for device in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    with unit_of_work() as session:
        service.stop_timer(session, actor=technician, now=NOW)
        found = entries(session)
        assert len(found) == STARTS
        assert sum(queries.worked_of(entry).seconds for entry in found) == 3600
        assert timer_state.revision(session, technician.person_id) == STARTS + 1


def test_a_device_reads_the_state_and_tells_events_by_json(sign_in_as, office):
    browser = sign_in_as(office.technician)
    number = office.acme_ticket.number
    batch = {
        "device": "phone",
        "events": [
            {"uuid": "start-one", "kind": "start", "at": "2026-11-18T10:30:00.250+01:00", "number": number},
            {"uuid": "change-one", "kind": "change", "at": "2026-11-18T09:31:00Z", "note": "labels"},
            {"uuid": "x", "kind": "stop", "at": "soon"},
        ],
    }

    told = browser.post("/timer/events", json=batch)
    state = browser.get("/timer").json

    assert [event["outcome"] for event in told.json["events"]] == ["accepted", "accepted", "refused"]
    assert state == told.json["timer"]
    assert state["running"] | {"title": ""} == {
        "entry": "start-one",
        "number": number,
        "kind": "ticket",
        "title": "",
        "client": "Acme",
        "started_at": "2026-11-18T09:30:00+00:00",
        "ended_at": None,
        "seconds": 1800,
        "note": "labels",
        "work_type_id": office.remote.id,
        "billable": "billable",
        "asks": "",
    }
    assert browser.post("/timer/events", json={"events": 1}).status_code == 422


@pytest.mark.parametrize("seed", range(4))
def test_what_is_folded_piece_by_piece_is_what_is_folded_at_once(session, office, seed):
    draw = random.Random(seed)  # noqa: S311 - a history to repeat, no secret
    numbers = [office.acme_ticket.number, office.acme_task.number]
    kinds = ["start"] * 5 + ["stop", "pause", "resume", "resume", "change"]
    history = []
    for turn in range(40):
        kind = draw.choice(kinds)
        facts = {"note": f"note {turn}"} if kind == "change" else {}
        number = draw.choice(numbers) if kind == "start" else None
        entry = f"event-{draw.randrange(40):03}" if kind == "resume" and draw.random() < 0.5 else None
        minute = draw.randrange(240) / 4
        history.append(said(f"event-{turn:03}", kind, minute, number=number, facts=facts, entry=entry))
    draw.shuffle(history)

    while history:
        tell(session, office.actor("technician"), *[history.pop() for _one in range(min(len(history), 3))])

    rows = session.scalars(select(TimerEventRow).order_by(TimerEventRow.id))
    timer = fold([event_of(row) for row in rows])
    assert sorted(spans(session)) == sorted(spans_of(timer))
    paused = timer_state.paused(session, office.technician.id)
    assert (paused.uuid if paused else None) == timer.paused


def spans_of(timer: Timer) -> list[tuple[str, float, float | None]]:
    def minute(instant: Any) -> float | None:
        return None if instant is None else (instant - NINE).total_seconds() / 60

    return [(entry.uuid, minute(entry.started_at) or 0, minute(entry.ended_at)) for entry in timer.entries]
