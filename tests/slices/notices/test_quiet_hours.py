"""What comes in quiet hours waits, and goes at their end as one mail and one push (docs/notifications.md 24 to 27)."""

import re
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import func, select

from helpdesk.accounts.models import Person
from helpdesk.desk import service as desk
from helpdesk.infra.db import unit_of_work
from helpdesk.notices import mailing, process, pushing, quiet
from helpdesk.notices import service as notices
from helpdesk.notices.domain import QuietHours
from helpdesk.notices.models import Notice, Push, PushBrowser
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import telling
from tests.conftest import NOW
from tests.push_server import PushServer, ReadingBrowser, running_push_server
from tests.slices.desk.conftest import mailbox, open_ticket

__all__ = ["mailbox"]
SQLITE = pytest.mark.on_sqlite
pytestmark = pytest.mark.usefixtures("rung", "mailbox")

EVENING = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)  # 18:00 in Berlin, a Wednesday
MORNING = datetime(2026, 11, 19, 7, 0, tzinfo=UTC)  # 8:00 in Berlin
NIGHTS = QuietHours(time(18), time(8), frozenset(range(5)), frozenset({5, 6}))
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def server():
    with running_push_server() as running:
        yield running


@pytest.fixture
def browsers(office, server: PushServer) -> list[ReadingBrowser]:
    """Two browsers of the manager's."""
    server.came.clear()
    server.answers.clear()
    found = [ReadingBrowser("/1"), ReadingBrowser("/2")]
    with unit_of_work() as session:
        for one in found:
            row = PushBrowser(person_id=office.manager.id, endpoint=server.url(one.path), name="B", created_at=NOW)
            row.p256dh, row.auth = one.p256dh, one.auth
            session.add(row)
    return found


@pytest.fixture
def nights(office):
    """The manager is quiet from 18:00 to 8:00, and on weekends."""
    choose(office, NIGHTS)


def choose(office, hours: QuietHours, now=NOW, who: str = "manager") -> None:
    with unit_of_work() as session:
        quiet.choose(session, actor=office.actor(who), now=now, hours=hours)


def mention(office, now: datetime, *, whom: str = "@manager", number: int | None = None) -> int:
    number = number or open_ticket(office)
    with unit_of_work() as session:
        desk.add_note(session, actor=office.actor("technician"), now=now, number=number, text=f"{whom} look")
    return number


def mails_at(now: datetime) -> list[tuple[str, str]]:
    """Run the job and return to whom there is mail, and what it is called."""
    process.mail_due(unit_of_work, clock=lambda: now, seen_by=telling.seen_by)
    with unit_of_work() as session:
        query = select(OutgoingMessage).where(OutgoingMessage.about_kind == "person").order_by(OutgoingMessage.id)
        return [(one.to[0]["name"], one.subject) for one in session.scalars(query)]


def push_at(server: PushServer, now: datetime) -> None:
    process.push_due(unit_of_work, clock=lambda: now, seen_by=telling.seen_by, send=server.send, is_over=lambda: False)


def came(server: PushServer, browser: ReadingBrowser) -> list[tuple[str, str, str]]:
    read = [browser.read(body) for path, _headers, body in server.came if path == browser.path]
    return [(said["kind"], said["words"], said["path"]) for said in read]


@pytest.mark.usefixtures("nights")
def test_what_comes_in_quiet_hours_is_one_mail_at_their_end_and_others_are_mailed_as_ever(office):
    number = mention(office, EVENING - MINUTE)  # would be mailed in quiet hours
    mention(office, EVENING + timedelta(hours=3), number=number, whom="@manager and @admin,")

    found = [mails_at(at) for at in (EVENING + MINUTE, EVENING + timedelta(hours=4), MORNING - MINUTE)]

    others = ("Admin Person", f"Technician Person mentioned you on #{number} Labels stay blank")
    assert found == [[], [others], [others]]
    assert mails_at(MORNING) == [others, ("Manager Person", "2 notifications")]
    assert len(mails_at(MORNING + timedelta(days=3))) == 2
    with unit_of_work() as session:
        in_app = select(func.count()).select_from(Notice).where(Notice.person_id == office.manager.id, Notice.in_app)
        assert session.scalar(in_app) == 2


@pytest.mark.usefixtures("nights")
def test_each_browser_is_pushed_once_at_the_end_how_many_since_when(office, server, browsers):
    number = mention(office, EVENING - MINUTE)
    push_at(server, EVENING - MINUTE)
    assert [came(server, one)[0][0] for one in browsers] == ["mentioned", "mentioned"]
    server.came.clear()
    for minutes in (5, 65, 600):
        mention(office, EVENING + minutes * MINUTE, number=number)
        push_at(server, EVENING + minutes * MINUTE)
    push_at(server, MORNING - MINUTE)
    assert server.came == []

    push_at(server, MORNING)
    push_at(server, MORNING + timedelta(hours=1))

    assert [came(server, one) for one in browsers] == [[("bundle", "3 things since Wed 18:05", "/notifications")]] * 2
    with unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Push)) == 0


@SQLITE
@pytest.mark.usefixtures("nights")
def test_one_alone_is_pushed_as_itself_after_a_weekend_too_and_what_was_read_meanwhile_is_not(office, server, browsers):
    friday, monday = datetime(2026, 11, 20, 18, tzinfo=UTC), datetime(2026, 11, 23, 7, tzinfo=UTC)
    first = mention(office, friday)
    second = mention(office, friday + timedelta(hours=30))
    push_at(server, friday + timedelta(hours=31))
    with unit_of_work() as session:
        [read] = session.scalars(select(Notice.id).where(Notice.path.like(f"/items/{first}#%")))
        notices.mark_read(session, actor=office.actor("manager"), now=friday, notice_id=read)

    push_at(server, monday)

    assert [[words for _kind, words, _path in came(server, one)] for one in browsers] == [
        [f"You are mentioned on #{second}"]
    ] * 2


@SQLITE
@pytest.mark.usefixtures("nights")
def test_the_words_are_those_of_ones_own_clock(office, server, browsers):
    with unit_of_work() as session:
        session.get_one(Person, office.manager.id).time_zone = "America/New_York"
    for hours in (0, 1):
        mention(office, datetime(2026, 11, 19, 6 + hours, 0, tzinfo=UTC))  # at night in New York
    push_at(server, datetime(2026, 11, 19, 8, 0, tzinfo=UTC))
    assert server.came == []

    push_at(server, datetime(2026, 11, 19, 13, 0, tzinfo=UTC))

    assert came(server, browsers[0]) == [("bundle", "2 things since 01:00", "/notifications")]


@pytest.mark.usefixtures("nights")
def test_a_sender_that_was_killed_leaves_the_bundle_to_the_next_and_two_at_once_make_one(office, server, browsers):
    for minutes in (5, 65):
        mention(office, EVENING + minutes * MINUTE)
    push_at(server, EVENING + timedelta(hours=2))
    with unit_of_work() as session:
        lost, _more = pushing.claim(session, now=MORNING, seen_by=telling.seen_by)
    with unit_of_work() as session:
        again, _more = pushing.claim(session, now=MORNING, seen_by=telling.seen_by)
    assert ([len(parcel.pushes) for parcel in lost], again) == ([2, 2], [])
    push_at(server, MORNING + pushing.LEASE - timedelta(seconds=1))
    assert server.came == []

    push_at(server, MORNING + pushing.LEASE)
    with unit_of_work() as session:  # the first one lives after all, and is too late
        pushing.record(session, parcel=lost[0], status=410, again_after=None, now=MORNING + 3 * MINUTE)

    assert [len(came(server, one)) for one in browsers] == [1, 1]
    with unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(PushBrowser)) == 2


@SQLITE
@pytest.mark.usefixtures("nights")
def test_a_bundle_that_a_service_does_not_take_is_tried_again_as_one(office, server, browsers):
    for minutes in (5, 65):
        mention(office, EVENING + minutes * MINUTE)
    push_at(server, EVENING + timedelta(hours=2))
    server.answers += [(503, {}), (201, {})]

    push_at(server, MORNING)
    with unit_of_work() as session:
        left = session.execute(select(Push.attempts, Push.next_attempt_at)).all()
    push_at(server, MORNING + timedelta(seconds=30))

    assert left == [(1, MORNING + timedelta(seconds=30))] * 2
    assert sorted(len(came(server, one)) for one in browsers) == [1, 2]
    assert {words for one in browsers for _kind, words, _path in came(server, one)} == {"2 things since Wed 18:05"}


@SQLITE
@pytest.mark.usefixtures("nights")
def test_a_kill_before_the_commit_loses_no_mail_and_doubles_none(office):
    mention(office, EVENING)

    def killed(at: datetime) -> None:
        with unit_of_work() as session:
            mailing.mail_person(session, person_id=office.manager.id, now=at, seen_by=telling.seen_by)
            raise KeyboardInterrupt

    for at in (EVENING + timedelta(minutes=2), MORNING):
        with pytest.raises(KeyboardInterrupt):
            killed(at)
        count = len(mails_at(at))
        assert count == (1 if at == MORNING else 0)
    assert len(mails_at(MORNING)) == 1


def test_who_goes_to_a_zone_where_it_is_not_quiet_is_told_at_once(office, sign_in_as, fixed_clock, server, browsers):
    choose(office, NIGHTS)
    for minutes in (5, 65):
        mention(office, EVENING + minutes * MINUTE)
    fixed_clock.now = at = EVENING + timedelta(hours=2)
    push_at(server, at)
    assert mails_at(at) == []
    browser = sign_in_as(office.manager)
    assert "It is quiet now, until" in browser.get("/notifications/settings").text

    browser.post("/account", data={"time_zone": "America/New_York"})  # where it is afternoon
    push_at(server, at)

    assert mails_at(at) == [("Manager Person", "2 notifications")]
    assert came(server, browsers[0]) == [("bundle", "2 things since 12:05", "/notifications")]
    assert "It is quiet now" not in browser.get("/notifications/settings").text


@SQLITE
def test_what_waits_under_new_quiet_hours_waits_on(office, server, browsers):
    choose(office, NIGHTS)
    mention(office, EVENING)
    at = EVENING + timedelta(hours=2)
    push_at(server, at)
    mails_at(at)

    choose(office, QuietHours(time(17), time(9), frozenset(range(5)), frozenset()), now=at)
    push_at(server, at)

    assert (mails_at(at), mails_at(MORNING), server.came) == ([], [], [])
    push_at(server, MORNING + timedelta(hours=1))
    assert len(mails_at(MORNING + timedelta(hours=1))) == len(came(server, browsers[0])) == 1


def test_quiet_hours_are_chosen_shown_and_taken_back_by_oneself_alone(office, sign_in_as):
    browser = sign_in_as(office.technician)
    sent = {"begins": "20:30", "ends": "07:00", "days": ["0", "4"], "whole_days": ["6"]}

    kept = browser.post("/notifications/quiet", data=sent)
    page = browser.get("/notifications/settings").text
    other = sign_in_as(office.manager).get("/notifications/settings").text
    with unit_of_work() as session:
        found = quiet.hours_of(session, office.technician.id)
    browser.post("/notifications/quiet", data={"begins": "20:30", "ends": "07:00"})

    assert kept.status_code == 303
    assert found == QuietHours(time(20, 30), time(7), frozenset({0, 4}), frozenset({6}))
    ticked = r'name="(days|whole_days)" value="(\d)" checked'
    assert (re.findall(ticked, page), re.findall(ticked, other)) == (
        [("days", "0"), ("days", "4"), ("whole_days", "6")],
        [],
    )
    assert 'value="20:30"' in page
    with unit_of_work() as session:
        assert quiet.until(session, session.get_one(Person, office.technician.id), now=EVENING) is None


@SQLITE
@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"begins": "08:00", "ends": "08:00", "days": "1"}, "From and until are the same."),
        ({"begins": "18:00", "ends": "08:00", "whole_days": list("0123456")}, "No day is left."),
        ({"begins": "six", "ends": "08:00", "days": "1"}, "Not a valid time value."),
        ({"begins": "18:00", "ends": "08:00", "days": "9"}, "not a valid choice"),
    ],
)
def test_hours_that_make_no_sense_are_refused_and_what_was_typed_stays(office, sign_in_as, sent, says):
    refused = sign_in_as(office.technician).post("/notifications/quiet", data=sent)

    assert refused.status_code == 422
    assert says in refused.text.replace("&#39;", "'")
    assert f'value="{sent["begins"]}"' in refused.text
    with unit_of_work() as session:
        assert quiet.hours_of(session, office.technician.id) is None
