"""Notices reach browsers once, sealed, with no word of a client (docs/notifications.md rules 18 to 21)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.accounts.models import Person
from helpdesk.desk import service as desk
from helpdesk.infra import outside, web_push
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.jobs import Bell
from helpdesk.notices import process, pushing
from helpdesk.notices import service as notices
from helpdesk.notices.models import Push, PushBrowser
from helpdesk.projects import telling
from tests.conftest import NOW
from tests.push_server import PushServer, ReadingBrowser, running_push_server
from tests.slices.desk.conftest import open_ticket

SQLITE = pytest.mark.on_sqlite
FORM = {"endpoint": "https://push.example/1", "p256dh": ReadingBrowser("").p256dh, "auth": ReadingBrowser("").auth}


@pytest.fixture(scope="module")
def server():
    with running_push_server() as running:
        yield running


@pytest.fixture
def browser(office, server: PushServer):
    """A browser of the manager's, known to nobody but us and its push service."""
    server.came.clear()
    server.answers.clear()
    return known(office, server, ReadingBrowser("/1"))


def known(office, server: PushServer, browser: ReadingBrowser) -> ReadingBrowser:
    with unit_of_work() as session:
        row = PushBrowser(person_id=office.manager.id, endpoint=server.url(browser.path), name="B", created_at=NOW)
        row.p256dh, row.auth = browser.p256dh, browser.auth
        session.add(row)
    return browser


def mention(office, text: str = "@manager look at the canary") -> int:
    number = open_ticket(office, title="Canary of a client")
    with unit_of_work() as session:
        desk.add_note(session, actor=office.actor("technician"), now=NOW, number=number, text=text)
    return number


def push(server: PushServer, now=NOW) -> None:
    process.push_due(unit_of_work, clock=lambda: now, seen_by=telling.seen_by, send=server.send, is_over=lambda: False)


def waiting() -> list[tuple[int, int]]:
    with unit_of_work() as session:
        rows = session.execute(select(Push.attempts, Push.next_attempt_at).order_by(Push.id))
        return [(attempts, int((at - NOW).total_seconds())) for attempts, at in rows]


def test_each_browser_of_a_person_is_told_once_of_kind_and_number_alone(office, server, browser, rung):
    other = known(office, server, ReadingBrowser("/2"))
    number = mention(office)
    assert Bell("push_notices", (), "default") in rung

    push(server)
    push(server, NOW + timedelta(hours=1))

    said = {path: (headers, body) for path, headers, body in server.came}
    assert sorted(said) == ["/1", "/2"]
    read = [one.read(said[one.path][1]) for one in (browser, other)]
    assert read[0] == read[1]
    assert read[0] | {"id": 0, "path": ""} == {
        "id": 0,
        "kind": "mentioned",
        "words": f"You are mentioned on #{number}",
        "path": "",
    }
    assert read[0]["path"].startswith(f"/items/{number}#m")
    headers = said["/1"][0]
    assert (headers["Content-Encoding"], headers["TTL"], headers["Urgency"]) == ("aes128gcm", "86400", "high")
    assert headers["Authorization"].endswith(f"k={web_push.public_key()}")
    assert waiting() == []


@SQLITE
@pytest.mark.parametrize("why", ["read", "left", "not by push", "a day old"])
@pytest.mark.usefixtures("browser")
def test_what_need_not_or_must_not_be_shown_any_more_is_not_sent(office, server, why):
    mention(office)
    with unit_of_work() as session:
        if why == "read":
            notices.mark_read(session, actor=office.actor("manager"), now=NOW)
        elif why == "left":
            session.get_one(Person, office.manager.id).active = False
        elif why == "not by push":
            notices.choose(session, actor=office.actor("manager"), on=set(), kinds=("mentioned",))

    push(server, NOW + timedelta(days=1) if why == "a day old" else NOW)

    assert (server.came, waiting()) == ([], [])


@SQLITE
@pytest.mark.parametrize("status", [404, 410, 403])
@pytest.mark.usefixtures("browser")
def test_a_browser_that_is_gone_is_forgotten(office, server, status):
    mention(office)
    server.answers.append((status, {}))

    push(server)

    with unit_of_work() as session:
        assert session.query(PushBrowser).count() == 0
    assert waiting() == []


@SQLITE
@pytest.mark.usefixtures("browser")
def test_trouble_of_the_service_is_tried_again_later_and_not_for_ever(office, server):
    mention(office)
    server.answers += [(503, {}), (429, {"Retry-After": "600"}), (429, {"Retry-After": "9" * 30}), (500, {}), (500, {})]
    found = []
    for _attempt in range(5):
        [(_attempts, due)] = waiting()
        push(server, NOW + timedelta(seconds=due))
        found += waiting()

    assert found == [(1, 30), (2, 630), (3, 1110), (4, 3030)]
    assert (len(server.came), waiting()) == (5, [])


@SQLITE
@pytest.mark.usefixtures("browser")
def test_a_refusal_that_no_time_will_heal_is_dropped_alone(office, server):
    mention(office)
    server.answers.append((413, {}))

    push(server)

    with unit_of_work() as session:
        assert session.query(PushBrowser).count() == 1
    assert waiting() == []


def test_a_sender_that_was_killed_leaves_it_to_the_next_after_two_minutes(office, server, browser):
    mention(office)
    with unit_of_work() as session:
        [lost], _more = pushing.claim(session, now=NOW, seen_by=telling.seen_by)
    push(server, NOW + timedelta(seconds=119))
    assert server.came == []

    push(server, NOW + timedelta(seconds=120))
    with unit_of_work() as session:  # the first one lives after all, and is too late
        pushing.record(session, parcel=lost, status=410, again_after=None, now=NOW + timedelta(seconds=121))

    assert [browser.read(body)["kind"] for _path, _headers, body in server.came] == ["mentioned"]
    with unit_of_work() as session:
        assert session.query(PushBrowser).count() == 1


@SQLITE
def test_a_browser_inside_our_house_is_never_asked(office):
    with unit_of_work() as session:
        key = ReadingBrowser("/1")
        values = {"endpoint": "https://127.0.0.1/1", "p256dh": key.p256dh, "auth": key.auth, "name": "B"}
        session.add(PushBrowser(person_id=office.manager.id, created_at=NOW, **values))
    mention(office)

    process.push_due(unit_of_work, clock=lambda: NOW, seen_by=telling.seen_by, send=outside.send, is_over=lambda: False)

    assert waiting() == [(1, 30)]


@SQLITE
def test_a_browser_is_entered_moves_to_who_signs_in_there_and_is_removed(office, sign_in_as):
    manager, technician = sign_in_as(office.manager), sign_in_as(office.technician)
    agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko Firefox/140.0"}
    manager.post("/notifications/push", data=FORM, headers=agent)
    assert "Firefox on Linux" in manager.get("/notifications/settings").text
    refused = technician.post("/notifications/push", data=FORM | {"endpoint": "http://push.example/1"})
    assert refused.status_code == 303
    assert "did not say how it is reached" in technician.get("/notifications/settings").text

    technician.post("/notifications/push", data=FORM, headers=agent)

    with unit_of_work() as session:
        [row] = session.scalars(select(PushBrowser))
        assert row.person_id == office.technician.id
    assert "Firefox on Linux" not in manager.get("/notifications/settings").text
    assert manager.post(f"/notifications/push/{row.id}/remove").status_code == 404
    technician.post(f"/notifications/push/{row.id}/remove")
    with unit_of_work() as session:
        assert session.query(PushBrowser).count() == 0
    for index in range(12):
        manager.post("/notifications/push", data=FORM | {"endpoint": f"https://push.example/{index}"})
    with unit_of_work() as session:
        assert session.query(PushBrowser).count() == pushing.MOST_BROWSERS
