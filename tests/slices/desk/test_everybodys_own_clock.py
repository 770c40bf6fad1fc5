"""Everybody reads moments on their own clock, and the same days of work and money (docs/desk.md rules 103 to 105)."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client, Contact
from helpdesk.company.models import Company
from helpdesk.desk import service as desk
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.timekeeping import process
from tests.conftest import NOW
from tests.slices.desk.conftest import log_time, mailbox, open_ticket

__all__ = ["log_time", "mailbox"]
SQLITE = pytest.mark.on_sqlite
HALF_PAST_TEN_AT_NIGHT = datetime(
    2026, 11, 16, 21, 30, tzinfo=UTC
)  # a Monday in Berlin and in New York, Tuesday in Tokyo


@pytest.fixture
def far_apart(office):
    """The technician is in New York, the manager in Tokyo, and everybody else where the company is."""
    with unit_of_work() as session:
        for person in session.scalars(select(Person)):
            person.time_zone = ""
        session.get_one(Person, office.technician.id).time_zone = "America/New_York"
        session.get_one(Person, office.manager.id).time_zone = "Asia/Tokyo"
    return office


def times_of(page: str) -> dict[str, str]:
    """Return what stands in a page for each instant."""
    return dict(re.findall(r'<time[^>]* datetime="([^"]+)"[^>]*>([^<]+)</time>', page))


def note(office, number: int, now: datetime) -> None:
    with unit_of_work() as session:
        desk.add_note(session, actor=office.actor("technician"), now=now, number=number, text="The toner is empty.")


def test_people_in_different_zones_see_one_moment_each_on_their_own_clock(far_apart, sign_in_as):
    office, at = far_apart, HALF_PAST_TEN_AT_NIGHT
    number = open_ticket(office, now=at - timedelta(hours=1))
    note(office, number, at)
    readers = (office.technician, office.manager, office.admin)

    pages = [sign_in_as(person).get(f"/items/{number}").text for person in readers]

    assert [times_of(page)[at.isoformat()] for page in pages] == [
        "16 Nov 2026, 16:30",
        "17 Nov 2026, 06:30",
        "16 Nov 2026, 22:30",
    ]
    assert [re.findall(r'data-zone="([^"]+)"', page)[0] for page in pages] == [
        "America/New_York",
        "Asia/Tokyo",
        "Europe/Berlin",
    ]


@SQLITE
def test_the_hour_that_a_clock_shows_twice_or_never_is_shown_as_it_is_shown_there(far_apart, sign_in_as):
    office, number = far_apart, open_ticket(far_apart, now=datetime(2026, 10, 1, tzinfo=UTC))
    autumn = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]  # Berlin: 2:30 twice
    spring = [datetime(2027, 3, 14, hour, 30, tzinfo=UTC) for hour in (6, 7)]  # New York: 1:30, then 3:30
    for at in (*autumn, *spring):
        note(office, number, at)

    pages = {
        name: times_of(sign_in_as(getattr(office, name)).get(f"/items/{number}").text)
        for name in ("admin", "technician")
    }

    assert [pages["admin"][at.isoformat()] for at in autumn] == ["25 Oct 2026, 02:30"] * 2
    assert [pages["technician"][at.isoformat()] for at in spring] == ["14 Mar 2027, 01:30", "14 Mar 2027, 03:30"]


def test_whoever_chose_no_zone_moves_with_the_company_and_the_list_of_people_says_where_each_is(far_apart, sign_in_as):
    office = far_apart
    number, at = open_ticket(office), HALF_PAST_TEN_AT_NIGHT
    note(office, number, at)
    with unit_of_work() as session:
        session.scalars(select(Company)).one().time_zone = "Europe/Lisbon"

    mine, others = (sign_in_as(one).get(f"/items/{number}").text for one in (office.admin, office.manager))
    people = sign_in_as(office.admin).get("/settings/people?export=csv").text

    assert times_of(mine)[at.isoformat()] == "16 Nov 2026, 21:30"
    assert times_of(others)[at.isoformat()] == "17 Nov 2026, 06:30"
    assert re.findall(r"(?m)^\ufeff?(Admin|Manager|Technician) Person,.*?,([A-Z]\w+/\w+),", people) == [
        ("Admin", "Europe/Lisbon"),
        ("Manager", "Asia/Tokyo"),
        ("Technician", "America/New_York"),
    ]


def test_a_zone_is_chosen_by_name_or_place_and_taken_back(office, sign_in_as):
    browser = sign_in_as(office.technician)
    for typed, kept, shown in [
        ("lisbon", "Europe/Lisbon", "Europe/Lisbon"),
        ("America/New_York", "America/New_York", "America/New_York"),
        ("", "", "Europe/Berlin"),
    ]:
        answer = browser.post("/account", data={"time_zone": typed})
        page = browser.get("/account").text

        assert answer.status_code == 303
        assert f'data-zone="{shown}"' in page
        assert f"Times are those of {shown}." in page
        with unit_of_work() as session:
            assert session.get_one(Person, office.technician.id).time_zone == kept


@SQLITE
def test_a_zone_that_there_is_not_is_refused_and_what_was_typed_stays(office, sign_in_as):
    browser = sign_in_as(office.technician)

    refused = browser.post("/account", data={"time_zone": "Mars/Olympus", "language": "de"})

    assert refused.status_code == 422
    assert "There is no time zone “Mars/Olympus”. Choose one of the list" in refused.text
    assert 'value="Mars/Olympus"' in refused.text
    assert '<option selected value="de">' in refused.text
    with unit_of_work() as session:
        person = session.get_one(Person, office.technician.id)
        assert (person.time_zone, person.language) == ("Europe/Berlin", "en")


@SQLITE
def test_the_zone_of_the_browser_is_taken_where_one_reads_and_leaves_the_language_alone(office, sign_in_as):
    browser = sign_in_as(office.technician)
    browser.post("/account", data={"time_zone": "", "language": "fr"})

    answer = browser.post("/account", data={"time_zone": "Europe/Lisbon", "next": "/desk?view=mine"})

    assert answer.location == "/desk?view=mine"
    with unit_of_work() as session:
        person = session.get_one(Person, office.technician.id)
        assert (person.time_zone, person.language) == ("Europe/Lisbon", "fr")


def test_what_is_typed_and_offered_to_sleep_until_is_on_the_clock_of_whoever_does_it(far_apart, sign_in_as):
    office, found = far_apart, []
    for person in (office.technician, office.manager):
        number = open_ticket(office)
        browser = sign_in_as(person)
        tomorrow = r'value="(2[^"]+)"(?:(?!</button>).)*Tomorrow morning'
        offered = re.findall(tomorrow, browser.get(f"/items/{number}").text)
        browser.post(f"/items/{number}/snooze", data={"until": "2026-11-20T09:00"})
        with unit_of_work() as session:
            item = session.scalars(select(WorkItem).where(WorkItem.number == number)).one()
            found.append((offered[0], item.snoozed_until))

    assert found == [
        ("2026-11-19T14:00:00+00:00", datetime(2026, 11, 20, 14, tzinfo=UTC)),
        ("2026-11-19T00:00:00+00:00", datetime(2026, 11, 20, 0, tzinfo=UTC)),
    ]


def test_the_day_of_an_entry_and_the_week_of_the_timesheet_are_the_same_for_all_who_look(
    far_apart, sign_in_as, fixed_clock, log_time
):
    office = far_apart
    log_time(30, started_at=HALF_PAST_TEN_AT_NIGHT, work_item_id=office.acme_ticket.id)
    fixed_clock.now = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)  # Sunday in Berlin and New York, Monday in Tokyo
    seen = set()
    for person in (office.technician, office.manager, office.admin):
        browser = sign_in_as(person)
        panel = browser.get(f"/items/{office.acme_ticket.number}").text
        paper = browser.get(f"/items/{office.acme_ticket.number}/print?time=y").text
        week = browser.get(f"/time?person={office.technician.id}" if person is not office.technician else "/time").text
        seen.add(
            (
                "Mon 16 Nov" in panel and "Tue 17 Nov" not in panel,
                "<td>16 Nov 2026</td>" in paper,
                re.findall(r"Monday \d+ \w+", week)[0],
                tuple(re.findall(r'aria-current="date"[^>]*>\s*(?:<[^>]+>)?(\w+ \d+)', week)),
            )
        )

    assert len(seen) == 1
    assert next(iter(seen))[:3] == (True, True, "Monday 16 November")


def test_what_time_it_is_there_is_on_the_clock_of_whoever_asks_else_of_their_client_else_ours(office, sign_in_as):
    with unit_of_work() as session:
        session.get_one(Client, office.acme.id).time_zone = "Asia/Tokyo"
        session.get_one(Contact, office.globex_contact.id).client_id = None
    browser = sign_in_as(office.admin)

    def clock_on_page(contact_id: int, project_id: int) -> str:
        with unit_of_work() as session:
            item = tickets.open_ticket(
                session, actor=SYSTEM, now=NOW, project_id=project_id, requester_id=contact_id, title="Labels", text=""
            )
        found: list[str] = re.findall(r"(\d\d:\d\d) there", browser.get(f"/items/{item.number}").text)
        return found[0]

    at_client = clock_on_page(office.acme_contact.id, office.acme_project.id)
    in_triage = clock_on_page(office.acme_contact.id, office.triage.id)
    of_nobody = clock_on_page(office.globex_contact.id, office.triage.id)
    with unit_of_work() as session:
        session.get_one(Contact, office.acme_contact.id).time_zone = "America/New_York"
    own = clock_on_page(office.acme_contact.id, office.acme_project.id)

    assert (at_client, in_triage, of_nobody, own) == ("19:00", "19:00", "11:00", "05:00")


@pytest.mark.usefixtures("mailbox")
def test_a_mail_tells_each_the_moment_on_their_own_clock(far_apart, log_time):
    office = far_apart
    began = HALF_PAST_TEN_AT_NIGHT
    for person in (office.technician, office.manager, office.admin):
        log_time(started_at=began, ended_at=None, person_id=person.id, source="timer")

    process.ask_forgotten(unit_of_work, clock=lambda: began + timedelta(hours=11))

    with unit_of_work() as session:
        mails = session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id))
        told = {mail.to[0]["name"]: re.findall(r"last activity was on ([^.]+)\.", mail.text) for mail in mails}
    assert told == {
        "Technician Person": ["16 Nov 2026, 16:30"],
        "Manager Person": ["17 Nov 2026, 06:30"],
        "Admin Person": ["16 Nov 2026, 22:30"],
    }
