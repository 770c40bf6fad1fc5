"""What each person finds on the pages of the desk."""

import html
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select

from helpdesk.clients import service as clients
from helpdesk.clients.service import ClientProfile
from helpdesk.desk import frame
from helpdesk.infra.counters import take_next
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.infra.schema import count_rows
from helpdesk.projects import templates
from helpdesk.projects.models import ItemTag, WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.timekeeping import service as timekeeping
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket


def rows_of(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'data-row data-item="(\d+)"', page)]


@pytest.mark.parametrize(
    ("role", "page"),
    [
        ("technician", "/desk"),
        ("account_manager", "/retainers"),
        ("bookkeeper", "/close/2026-10"),
        ("manager", "/desk"),
        ("admin", "/desk"),
    ],
)
def test_everybody_begins_where_their_first_question_is_answered(office, sign_in_as, role, page):
    answer = sign_in_as(getattr(office, role)).get("/")

    assert (answer.status_code, answer.location) == (302, page)


def test_a_manager_begins_with_what_waits_for_approval(office, sign_in_as, log_time):
    log_time(status="submitted")

    assert sign_in_as(office.manager).get("/").location == "/time/approvals"


def test_the_queue_shows_tickets_and_no_tasks_newest_change_first(office, sign_in_as):
    older, newer = open_ticket(office, title="Older"), open_ticket(office, title="Newer", now=NOW + timedelta(hours=1))

    page = sign_in_as(office.technician).get("/desk").text

    assert rows_of(page) == [newer, older, office.acme_ticket.number]
    assert "Move the mail server" not in page


def test_tickets_of_a_restricted_client_are_in_nobody_elses_queue(office, sign_in_as):
    assert "Globex canary" not in sign_in_as(office.technician).get("/desk").text
    assert "Globex canary" in sign_in_as(office.rival).get("/desk").text


def test_views_divide_the_queue(office, sign_in_as):
    mine = open_ticket(office, assignee_id=office.technician.id)
    browser = sign_in_as(office.technician)
    browser.post(f"/items/{office.acme_ticket.number}/status", data={"status": "waiting"})
    done = open_ticket(office)
    browser.post(f"/items/{done}/status", data={"status": "solved"})

    page = browser.get("/desk").text
    found = {
        view: rows_of(browser.get(f"/desk?view={view}").text)
        for view in ("all", "mine", "unassigned", "waiting", "closed")
    }

    assert found == {
        "all": [mine, office.acme_ticket.number],
        "mine": [mine],
        "unassigned": [office.acme_ticket.number],
        "waiting": [office.acme_ticket.number],
        "closed": [done],
    }
    counted = re.findall(
        r'class="label">(All open|Mine|Unassigned|Waiting on client|Closed)</span>(?:<span class="n">(\d+))?', page
    )
    assert counted == [
        ("All open", "2"),
        ("Mine", "1"),
        ("Unassigned", "1"),
        ("Waiting on client", "1"),
        ("Closed", ""),
    ]


def test_the_queue_of_a_client_is_found_by_those_who_may_see_the_client(office, sign_in_as):
    browser = sign_in_as(office.technician)

    assert rows_of(browser.get(f"/desk?view=client&client={office.acme.id}").text) == [office.acme_ticket.number]
    assert browser.get(f"/desk?view=client&client={office.globex.id}").status_code == 404
    assert browser.get("/desk?view=client").status_code == 404
    assert browser.get("/desk?view=nonsense").status_code == 404


def test_what_narrows_the_queue_stands_above_it_and_is_taken_off_one_by_one(office, sign_in_as):
    browser = sign_in_as(office.technician)
    narrowed = f"/desk?view=all&status=new&assignee=nobody&client={office.acme.id}&words=labels&tag=<b>"

    page = browser.get(narrowed).text

    chips = re.findall(r'href="([^"]*)" title="Without [^"]*" data-chip><span class="clip">([^<]*)<', page)
    assert [label for _url, label in chips] == ["New", "Nobody", "&lt;b&gt;", "“labels”", "Acme"]
    for url, _label in chips:
        rest = browser.get(html.unescape(url)).text
        assert rest.count("data-chip") == len(chips) - 1
    assert "data-chip" not in browser.get("/desk").text


def test_the_rail_of_the_queue_has_the_tags_that_most_open_tickets_have(office, sign_in_as):
    tags = {open_ticket(office): name for name in ("vpn printer", "vpn", "secret", "old")}
    with unit_of_work() as session:
        for number, names in tags.items():
            item = session.query(WorkItem).filter_by(number=number).one()
            session.add_all(ItemTag(work_item_id=item.id, tag=tag) for tag in names.split())
            item.project_id = office.globex_project.id if names == "secret" else item.project_id
            item.status = "closed" if names == "old" else item.status

    page = sign_in_as(office.technician).get("/desk?tag=vpn").text

    rail = page.partition('id="side-tags"')[2].partition("</nav>")[0]
    assert re.findall(r'class="label clip">([^<]*)</span><span class="n">(\d+)', rail) == [
        ("vpn", "2"),
        ("printer", "1"),
    ]
    assert re.findall(r'tag=(\w+)" aria-current="true"', rail) == ["vpn"]
    assert len(rows_of(page)) == 2


def test_a_view_is_narrowed_by_the_address_of_its_page(office, sign_in_as):
    vpn = open_ticket(office, title="VPN 100% Down", priority="urgent", assignee_id=office.technician.id)
    other = open_ticket(office, title="Down again")
    browser = sign_in_as(office.technician)
    browser.post(f"/items/{vpn}/tags", data={"tag": "network"})

    def shown(asked: str) -> list[int]:
        return rows_of(browser.get(f"/desk?{asked}").text)

    for asked in ("tag=Network", "priority=urgent", f"assignee={office.technician.id}", "words=100%25+down"):
        assert shown(asked) == [vpn], asked
        assert vpn not in shown(f"{asked}&view=unassigned")
    assert shown("words=down") == [other, vpn] == [*shown("words=down&assignee=nobody"), vpn]
    assert "Nothing fits" in browser.get("/desk?words=_own&status=waiting").text
    assert "VPN" in browser.get("/desk?tag=network&export=csv").text
    assert "Down again" not in browser.get("/desk?tag=network&export=csv").text
    for wrong in ("status=x", "priority=x", "assignee=x"):
        assert browser.get(f"/desk?{wrong}").status_code == 404


@pytest.fixture
def long_queue(office) -> list[int]:
    """120 more tickets of Acme, by number."""
    with unit_of_work() as session:
        numbers = [take_next(session, "work_items") for _ticket in range(120)]
        for number in numbers:
            session.add(
                WorkItem(
                    number=number,
                    kind="ticket",
                    project_id=office.acme_project.id,
                    title=f"Ticket {number}",
                    status="open",
                    created_at=NOW,
                    updated_at=NOW + timedelta(seconds=number // 2),  # two at a time changed at once
                )
            )
    return numbers


def test_pages_go_on_where_the_last_one_ended_and_back(office, sign_in_as, long_queue):
    browser = sign_in_as(office.technician)

    def follow(page: str, rel: str) -> str:
        found = re.search(rf'href="([^"]+)" rel="{rel}"', page)
        assert found is not None
        return str(browser.get(found[1].replace("&amp;", "&")).text)

    first = browser.get("/desk").text
    second = follow(first, "next")
    third = follow(second, "next")

    assert [len(rows_of(page)) for page in (first, second, third)] == [50, 50, 21]
    assert rows_of(first + second + third) == [*reversed(long_queue), office.acme_ticket.number]
    assert 'rel="next"' not in third
    assert rows_of(follow(third, "prev")) == rows_of(second)
    assert rows_of(follow(second, "prev")) == rows_of(first)
    assert 'rel="prev"' not in follow(second, "prev")


@pytest.mark.parametrize("key", ["yesterday", "1-2-3", "99999999999999999999999999-1"])
def test_a_page_that_never_was_is_refused(office, sign_in_as, key):
    assert sign_in_as(office.technician).get(f"/desk?before={key}").status_code == 422


def test_a_long_queue_costs_as_many_queries_as_a_short_one(office, sign_in_as, count_queries, long_queue):
    browser = sign_in_as(office.technician)
    with count_queries() as long:
        browser.get("/desk")
    with count_queries() as short:
        browser.get(f"/desk?view=client&client={office.acme.id}&before=1-1")

    assert len(long) <= 12
    assert abs(len(long) - len(short)) <= 1  # the client's name


def test_a_ticket_shows_its_conversation_and_its_time(office, sign_in_as, log_time):
    number = open_ticket(office, title="Blank labels", text="Anna called: labels stay blank.")
    with unit_of_work() as session:
        item_id = session.scalars(select(WorkItem.id).where(WorkItem.number == number)).one()
    log_time(minutes=95, work_item_id=item_id)

    page = sign_in_as(office.technician).get(f"/items/{number}").text

    assert "Blank labels" in page
    assert "Anna called: labels stay blank." in page
    assert "1:35" in page


def test_a_long_conversation_costs_as_many_queries_as_a_short_one(office, sign_in_as, count_queries, log_time):
    number = open_ticket(office)
    browser = sign_in_as(office.technician)

    def write(count: int) -> None:
        with unit_of_work() as session:
            item_id = session.scalars(select(WorkItem.id).where(WorkItem.number == number)).one()
            for each in range(count):
                tickets.add_note(
                    session, actor=office.actor("technician"), now=NOW, item_id=item_id, text=f"Note {each}"
                )
        for _each in range(count):
            log_time(work_item_id=item_id, work_type_id=office.remote.id)

    write(1)
    with count_queries() as short:
        browser.get(f"/items/{number}")
    write(20)
    with count_queries() as long:
        browser.get(f"/items/{number}")

    assert len(long) == len(short)
    assert len(long) <= 38


def test_a_task_has_notes_and_time_and_nobody_to_reply_to(office, sign_in_as):
    page = sign_in_as(office.technician).get(f"/items/{office.acme_task.number}").text

    assert "Move the mail server" in page
    assert f"/items/{office.acme_task.number}/note" in page
    assert f"/items/{office.acme_task.number}/reply" not in page


def test_an_item_of_others_looks_like_a_missing_one(office, sign_in_as):
    browser = sign_in_as(office.technician)

    hidden, missing = browser.get(f"/items/{office.globex_ticket.number}"), browser.get("/items/9999")

    assert (hidden.status_code, missing.status_code) == (404, 404)
    assert "canary" not in hidden.text


def test_hours_left_stand_beside_the_ticket(office, sign_in_as, acme_retainer, log_time):
    log_time(minutes=90, status="approved")

    page = sign_in_as(office.technician).get(f"/items/{office.acme_ticket.number}").text

    assert 'id="retainer-panel"' in page
    assert "8:30" in page
    assert "/retainers/" not in page  # the agreement itself is not for a technician


def test_an_account_manager_opens_the_retainer_from_the_ticket(office, sign_in_as, acme_retainer):
    page = sign_in_as(office.account_manager).get(f"/items/{office.acme_ticket.number}").text

    assert f"/retainers/{acme_retainer}" in page


def test_the_clients_page_shows_each_role_what_is_for_them(office, sign_in_as, acme_retainer, log_time):
    log_time(minutes=90, status="approved")
    address = f"/clients/{office.acme.id}"

    pages = {
        role: sign_in_as(getattr(office, role)).get(address).text
        for role in ("technician", "account_manager", "rival", "bookkeeper", "manager")
    }

    sees = {role: ("Retainers</h2>" in page, "Invoices</h2>" in page) for role, page in pages.items()}
    assert sees == {
        "technician": (False, False),
        "account_manager": (True, True),
        "rival": (False, False),
        "bookkeeper": (False, True),
        "manager": (True, True),
    }
    assert "Printer prints blank labels" in pages["technician"]
    assert "Printer prints blank labels" not in pages["bookkeeper"]
    assert "Not billed yet" in pages["bookkeeper"]
    assert "Not billed yet" not in pages["technician"]
    assert all("person@acme.example" in page and "acme.example" in page for page in pages.values())


def test_the_timer_stands_on_every_page(office, sign_in_as):
    with unit_of_work() as session:
        timekeeping.start_timer(
            session, actor=office.actor("technician"), now=NOW - timedelta(minutes=42), item_id=office.acme_ticket.id
        )
    browser = sign_in_as(office.technician)

    for path in ("/desk", "/time", f"/items/{office.acme_task.number}", f"/clients/{office.acme.id}"):
        page = browser.get(path).text
        assert 'data-started="2026-11-18T09:18:00+00:00"' in page, path
        assert "0:42" in page, path


def test_each_role_has_its_sections(office, sign_in_as):
    links = {
        "time": 'href="/time"',
        "approvals": 'href="/time/approvals"',
        "retainers": 'href="/retainers"',
        "invoices": 'href="/invoices"',
        "close": 'href="/close/2026-10"',
        "settings": 'href="/settings/company"',
    }

    def sections(role: str) -> Iterator[str]:
        page = sign_in_as(getattr(office, role)).get(f"/clients/{office.acme.id}").text
        return (name for name, link in links.items() if link in page)

    assert {
        role: set(sections(role)) for role in ("technician", "account_manager", "bookkeeper", "manager", "admin")
    } == {
        "technician": {"time"},
        "account_manager": {"time", "retainers", "invoices"},
        "bookkeeper": {"invoices", "close"},
        "manager": {"time", "approvals", "retainers", "invoices", "close"},
        "admin": {"time", "approvals", "retainers", "invoices", "close", "settings"},
    }


def test_a_stranger_sees_the_name_of_the_house_and_nothing_else(office, stranger: FlaskClient):
    page = stranger.get("/sign-in").text

    assert "Halden &amp; Okoye" in page
    assert "acme" not in page.lower()


def test_the_counts_of_one_who_sees_less_are_smaller(office, sign_in_as: Callable[..., FlaskClient]):
    def all_open(person) -> str | None:
        found = re.search(r"All open</span><span class=\"n\">(\d+)", sign_in_as(person).get("/desk").text)
        return found[1] if found else None

    assert (all_open(office.technician), all_open(office.manager)) == ("1", "2")


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)  # PostgreSQL decides by what it knows of the rows
def test_the_frame_reads_open_tickets_alone(session, office):
    count_rows(session)  # as it is done every hour
    asked, connection = [], session.connection()
    event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2:4]))

    frame.read(session, actor=office.actor("technician"), now=NOW)

    [plan] = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given).all() for sql, given in asked[:1]]
    assert "work_items USING INDEX ix_work_items_open_tickets" in str(plan)


def test_an_empty_desk_says_what_to_do_first(office, sign_in_as):
    admin = sign_in_as(office.admin)

    closed, with_tickets = (admin.get(f"/desk?view={view}").text for view in ("closed", "all"))

    assert "No mailbox is connected yet" in closed
    assert 'href="/settings/mailboxes"' in closed
    assert "No mailbox is connected yet" not in with_tickets


def test_a_client_without_a_project_says_where_its_mail_waits(office, sign_in_as):
    with unit_of_work() as session:
        profile = ClientProfile(name="Initech", currency="EUR", time_zone="Europe/Berlin", tax_percent="19")
        initech = clients.add_client(session, actor=SYSTEM, now=NOW, profile=profile)
        template = templates.make(
            session, actor=office.actor("manager"), now=NOW, project_id=office.acme_project.id, name="Move mail"
        )
    browser = sign_in_as(office.manager)

    page = browser.get(f"/clients/{initech.id}").text
    form = browser.get(f"/projects/new?client={initech.id}").text
    begun = browser.get(f"/projects/templates/{template.id}?client={initech.id}").text

    assert "mail of this client waits in Triage" in page
    assert f'href="/projects/new?client={initech.id}"' in page
    assert f'href="/projects/templates/{template.id}?client={initech.id}">Move mail' in form
    assert f'<option selected value="{initech.id}">Initech' in form
    assert f'<option selected value="{initech.id}">Initech' in begun


def test_everybody_finds_the_page_of_their_password(office, sign_in_as):
    assert 'href="/account/password"' in sign_in_as(office.bookkeeper).get("/invoices").text
