"""A forgotten timer asks: keep, trim, discard; until then it is neither submitted nor billed (rule 1)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from helpdesk.accounts.models import PersonSession
from helpdesk.infra.db import unit_of_work
from helpdesk.kernel.errors import Conflict, NotFound
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.timekeeping import process, service
from helpdesk.timekeeping.models import TimeEntry, TimerEventRow
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.queries import timer_state
from tests.conftest import NOW
from tests.slices.conftest import connect

GONE = NOW + timedelta(minutes=30)
BACK = NOW + timedelta(hours=4)


@pytest.fixture
def forgotten(session, office):
    """A timer that ran on while its person was away, and asks."""
    technician = office.actor("technician")
    entry = service.start_timer(session, actor=technician, now=NOW, item_id=office.acme_ticket.id)
    session.add(
        PersonSession(
            person_id=technician.person_id,
            token_hash="hash",
            created_at=NOW,
            last_seen_at=GONE,
            expires_at=BACK + timedelta(days=1),
            address="",
            user_agent="",
        )
    )
    session.flush()
    assert service.ask_about(session, person_id=technician.person_id, now=BACK) is entry
    return entry


def span(entry: TimeEntry) -> int:
    return queries.worked_of(entry).seconds // 60


def test_whoever_is_away_too_long_is_asked_once(session, office, forgotten):
    person_id = office.technician.id

    assert service.forgotten(session, now=GONE + timedelta(minutes=119)) == []
    assert service.ask_about(session, person_id=person_id, now=BACK) is None
    assert forgotten.asks == "idle"
    assert timer_state.trims_to(session, [forgotten.uuid]) == {forgotten.uuid: GONE}


def test_a_timer_past_the_limit_asks_however_busy_its_person_is(session, office, forgotten):
    technician = office.actor("technician")
    service.answer(session, actor=technician, now=BACK, uuid=forgotten.uuid, said="keep")
    session.execute(update(PersonSession).values(last_seen_at=BACK + timedelta(hours=11)))

    before = service.forgotten(session, now=BACK + timedelta(hours=10))
    after = service.forgotten(session, now=BACK + timedelta(hours=10, seconds=1))

    assert (before, after) == ([], [technician.person_id])


def test_an_offline_timer_past_the_limit_asks_when_it_arrives(session, office):
    technician = office.actor("technician")
    service.start_timer(session, actor=technician, now=NOW, item_id=office.acme_ticket.id)

    entry = service.stop_timer(session, actor=technician, now=NOW + timedelta(hours=10, seconds=1))

    assert entry is not None
    assert entry.asks == "long"


@pytest.mark.parametrize(("said", "minutes"), [("keep", 240), ("trim", 30)])
def test_an_answer_lets_the_time_go_its_way(session, office, forgotten, said, minutes):
    technician = office.actor("technician")
    service.answer(session, actor=technician, now=BACK, uuid=forgotten.uuid, said=said)
    service.stop_timer(session, actor=technician, now=BACK)

    submitted = service.submit(session, actor=technician, now=BACK, entry_ids=[forgotten.id])

    assert submitted == [forgotten]
    assert span(forgotten) == minutes


def test_what_was_discarded_comes_back_and_still_asks(session, office, forgotten):
    technician = office.actor("technician")
    uuid = forgotten.uuid

    service.answer(session, actor=technician, now=BACK, uuid=uuid, said="discard")
    gone = queries.of_uuid(session, person_id=technician.person_id, uuid=uuid)
    [undo] = timer_state.undoable(session, technician.person_id, since=NOW)
    service.answer(session, actor=technician, now=BACK, uuid=undo.uuid, said="restore")
    back = queries.of_uuid(session, person_id=technician.person_id, uuid=uuid)

    assert gone is None
    assert back is not None
    assert (back.asks, span(back)) == ("idle", 240)
    assert timer_state.undoable(session, technician.person_id, since=NOW) == []


def test_stopping_is_no_answer_and_editing_is_one(session, office, forgotten):
    technician = office.actor("technician")

    service.stop_timer(session, actor=technician, now=BACK)
    submitted = service.submit(session, actor=technician, now=BACK, entry_ids=[forgotten.id])
    asked = forgotten.asks
    service.edit_entry(session, actor=technician, now=BACK, entry_id=forgotten.id, day=NOW.date(), worked="45")

    assert (submitted, asked) == ([], "idle")
    assert forgotten.asks == ""


def test_nobody_answers_for_somebody_else(session, office, forgotten):
    with pytest.raises(NotFound):
        service.answer(session, actor=office.actor("manager"), now=BACK, uuid=forgotten.uuid, said="discard")


def test_what_the_timer_came_to_say_is_taken_only_where_nobody_approved_it(session, office, log_time):
    technician, manager = office.actor("technician"), office.actor("manager")
    entry = service.start_timer(session, actor=technician, now=NOW, item_id=office.acme_ticket.id)
    service.stop_timer(session, actor=technician, now=GONE)
    service.edit_entry(session, actor=technician, now=GONE, entry_id=entry.id, day=NOW.date(), worked="20")
    session.execute(update(TimeEntry).values(differs=True))
    service.submit(session, actor=technician, now=GONE, entry_ids=[entry.id])

    service.answer(session, actor=technician, now=GONE, uuid=entry.uuid, said="follow")
    taken = (entry.status, span(entry), entry.differs)
    service.submit(session, actor=technician, now=GONE, entry_ids=[entry.id])
    service.approve(session, actor=manager, now=GONE, entry_ids=[entry.id])

    assert list(taken) == ["draft", 30, False]
    with pytest.raises(Conflict, match="reopens"):
        service.answer(session, actor=technician, now=GONE, uuid=entry.uuid, said="follow")


def test_the_round_marks_and_mails_once_and_the_page_answers(sign_in_as, office, fixed_clock):
    connect()
    browser = sign_in_as(office.technician)
    browser.post("/timer/start", data={"number": office.acme_ticket.number})
    fixed_clock.advance(minutes=121)

    rounds = [process.ask_forgotten(unit_of_work, clock=fixed_clock) for _time in range(2)]
    page = browser.get("/time/asking").text
    with unit_of_work() as session:
        uuid = session.scalars(select(TimeEntry.uuid)).one()
        [mail] = session.scalars(select(OutgoingMessage))
    answered = browser.post("/time/asking", data={"uuid": uuid, "answer": "discard"}, follow_redirects=True).text

    assert rounds == [1, 0]
    assert "Keep 2:01" in page
    assert "Is your timer" in mail.subject
    assert "Your time asks nothing" in answered
    assert "Undo" in answered


def test_what_pages_ask_by_themselves_is_no_sign_of_a_person(sign_in_as, office, fixed_clock):
    browser = sign_in_as(office.technician)
    fixed_clock.advance(minutes=30)

    browser.get("/timer")
    with unit_of_work() as session:
        seen = session.scalars(select(PersonSession.last_seen_at)).one()
        told = session.scalars(select(TimerEventRow)).all()

    assert (seen, told) == (NOW, [])
