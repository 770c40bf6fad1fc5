"""Live events: written with the change, in the order of commits, and heard by nobody who may not."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.clients.models import Client
from helpdesk.clients.queries import sees, visible
from helpdesk.desk import live as hearing
from helpdesk.infra import jobs, live
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import LiveEvent
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import Conflict
from helpdesk.timekeeping import service as timekeeping
from tests.conftest import NOW

STAFF = ("technician", "account_manager", "rival", "bookkeeper", "manager", "admin")


@pytest.fixture
def knocks(monkeypatch):
    heard: list[bool] = []
    monkeypatch.setattr(jobs, "knock", lambda: heard.append(True))
    return heard


def publish(audience, topic="queue", **data):
    with unit_of_work() as session:
        live.publish(session, audience=audience, topic=topic, now=NOW, **data)


def topics_heard(office, who):
    with unit_of_work() as session:
        return [event.topic for event in hearing.missed(session, actor=office.actor(who), after=0).events]


def test_an_event_is_written_once_with_the_change_and_knocks_after_the_commit(app, knocks):
    with unit_of_work() as session:
        for _twice in range(2):
            live.publish(session, audience=live.DESK, topic="queue", now=NOW)
        live.publish(session, audience=live.to_person(7), topic="timer", now=NOW, entry=3)
        assert session.scalars(select(LiveEvent)).all() == []
        assert knocks == []

    with unit_of_work() as session:
        events = hearing.events_after(session, 0)
    assert [(event.audience, event.audience_id, event.topic, event.data) for event in events] == [
        ("desk", None, "queue", {}),
        ("person", 7, "timer", {"entry": 3}),
    ]
    assert knocks == [True]


def test_what_is_undone_is_never_told(app, knocks):
    def publish_and_fail() -> None:
        with unit_of_work() as session:
            live.publish(session, audience=live.DESK, topic="queue", now=NOW)
            raise Conflict

    with pytest.raises(Conflict):
        publish_and_fail()

    with unit_of_work() as session:
        assert live.newest_id(session) == 0
    assert knocks == []


def test_each_hears_only_what_that_person_may_see(office):
    publish(live.DESK, "for the desk")
    publish(live.to_person(office.bookkeeper.id), "for the bookkeeper")
    publish(live.to_item(office.acme_ticket.id), "on acme")
    publish(live.to_item(office.globex_ticket.id), "on globex")
    publish(live.to_item(987_654), "on nothing")

    heard = {who: topics_heard(office, who) for who in STAFF}

    assert heard == {
        "technician": ["for the desk", "on acme"],
        "account_manager": ["for the desk", "on acme"],
        "rival": ["for the desk", "on acme", "on globex"],
        "bookkeeper": ["for the bookkeeper"],
        "manager": ["for the desk", "on acme", "on globex"],
        "admin": ["for the desk", "on acme", "on globex"],
    }


def test_what_one_may_hear_of_a_client_is_what_one_may_see(office):
    with unit_of_work() as session:
        clients = session.scalars(select(Client)).all()
        for who in STAFF:
            actor = office.actor(who)
            seen = set(session.scalars(select(Client.id).where(visible(actor))))

            assert seen == {
                client.id
                for client in clients
                if sees(
                    actor,
                    restricted_team_id=client.restricted_team_id,
                    account_manager_id=client.account_manager_id,
                )
            }


def test_whoever_reads_on_from_what_they_read_last_misses_nothing(app, knocks):
    """Of many writers at once the ids come in the order of commits, on PostgreSQL as well."""
    application = app
    writers, each_writes = 4, 12

    def write(number: int) -> None:
        with application.app_context():
            for count in range(each_writes):
                with unit_of_work() as session:
                    live.publish(session, audience=live.DESK, topic="queue", now=NOW, at=number * 100 + count)
                    session.scalar(select(LiveEvent.id).limit(1))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    read: list[int] = []
    after = 0
    while len(read) < writers * each_writes:
        is_last_look = not any(thread.is_alive() for thread in threads)
        with unit_of_work() as session:
            events = hearing.events_after(session, after)
        after = events[-1].id if events else after
        read += [event.data["at"] for event in events]
        if is_last_look and not events:
            break
    for thread in threads:
        thread.join()

    assert sorted(read) == sorted(number * 100 + count for number in range(writers) for count in range(each_writes))


def test_too_much_missed_or_another_history_means_to_look_at_everything(office, monkeypatch):
    monkeypatch.setattr(hearing, "FURTHEST_BACK", 2)
    for _each in range(3):
        publish(live.DESK)

    with unit_of_work() as session:
        far, near, elsewhere = (
            hearing.missed(session, actor=office.actor("admin"), after=after) for after in (0, 1, 99)
        )

    assert (far.is_lost, far.newest_id, far.events) == (True, 3, [])
    assert (near.is_lost, near.newest_id, len(near.events)) == (False, 3, 2)
    assert (elsewhere.is_lost, elsewhere.newest_id) == (True, 3)


def test_old_events_are_forgotten_but_for_the_newest_whose_id_never_comes_again(app, knocks):
    for _each in range(3):
        publish(live.DESK)

    with unit_of_work() as session:
        live.forget_old(session, now=NOW + timedelta(days=2))
    publish(live.DESK)

    with unit_of_work() as session:
        assert session.scalars(select(LiveEvent.id).order_by(LiveEvent.id)).all() == [3, 4]


def test_timers_and_tickets_tell_of_themselves(office, rung):
    me = office.actor("technician")

    with unit_of_work() as session:
        before = live.newest_id(session)
        timekeeping.start_timer(session, actor=me, now=NOW, item_id=office.acme_ticket.id)
    with unit_of_work() as session:
        timekeeping.stop_timer(session, actor=me, now=NOW)
    with unit_of_work() as session:
        timekeeping.stop_timer(session, actor=me, now=NOW)  # nothing runs, nothing is told

    with unit_of_work() as session:
        events = hearing.events_after(session, before)
    shown = [("timer", office.technician.id), ("item", office.acme_ticket.id)]
    assert [(event.topic, event.audience_id) for event in events] == shown * 2
    assert hearing.Event(1, "person", None, "timer", {}, None, None, None).is_for(SYSTEM) is False


def test_a_page_that_has_no_stream_asks_what_it_missed(office, sign_in_as):
    browser = sign_in_as(office.technician)
    publish(live.to_item(office.acme_ticket.id), "queue")
    publish(live.to_item(office.globex_ticket.id), "queue")
    with unit_of_work() as session:
        newest = live.newest_id(session)

    answer = browser.get(f"/live/events?after={newest - 2}").get_json()
    nothing_new = browser.get(f"/live/events?after={newest}").get_json()

    told = {"id": newest - 1, "topic": "queue", "data": {"item": office.acme_ticket.number}}
    assert answer == {"id": newest, "lost": False, "events": [told]}
    assert nothing_new == {"id": newest, "lost": False, "events": []}


def test_the_timers_box_leads_back_to_the_page_that_asked_and_never_out_of_the_house(office, sign_in_as):
    browser = sign_in_as(office.technician)

    idle = browser.get("/live/timer", query_string={"next": "/items/5?x=1", "number": 5}).text
    elsewhere = browser.get("/live/timer", query_string={"next": "//evil.example/"}).text

    assert 'name="next" value="/items/5?x=1"' in idle
    assert 'name="number" value="5"' in idle
    assert "evil.example" not in elsewhere


def test_what_pages_ask_by_themselves_keeps_nobody_signed_in(office, sign_in_as, fixed_clock):
    browser = sign_in_as(office.technician)

    for _hour in range(11):
        fixed_clock.advance(hours=1)
        assert browser.get("/live/events").status_code == 200
        assert browser.get("/desk", headers={"Live-Refresh": "1"}).status_code == 200
    fixed_clock.advance(hours=1)

    assert browser.get("/live/events").status_code == 302
