"""Where is my mail? The log by outcome, mailbox, day and words, and one page for each message."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.accounts.models import Person
from helpdesk.infra.db import unit_of_work
from helpdesk.intake.models import InboundEffect, InboundMessage
from helpdesk.intake.process import reading as reading_process
from helpdesk.intake.process.reading import read_apart
from helpdesk.projects.models import WorkItem
from tests.conftest import NOW
from tests.mails import mail

pytestmark = pytest.mark.usefixtures("rung")

BULK = {"Precedence": "bulk"}


@pytest.fixture
def browser(office, inbox, sign_in_as):
    return sign_in_as(office.manager)


@pytest.fixture
def subjects(browser):
    """Return the subjects that the log shows for a query."""

    def read(query: str = "") -> list[str]:
        page = browser.get(f"/inbound?{query}").text
        cells = page.split('<a class="cover" ')[1:]
        return [cell.split(">", 1)[1].split("<", 1)[0] for cell in cells]

    return read


def number_of(line) -> int:
    with unit_of_work() as session:
        return session.get_one(WorkItem, session.get_one(InboundEffect, line.id).work_item_id).number


def change(line, **values):
    with unit_of_work() as session:
        row = session.get_one(InboundMessage, line.id)
        for name, value in values.items():
            setattr(row, name, value)


def test_each_outcome_shows_its_own_mail(inbox, subjects):
    first = mail(subject="A ticket")
    inbox.receive(first)
    inbox.receive(first)
    inbox.receive(mail(subject="News", headers=BULK))
    broken = inbox.receive(mail(subject="Broken", headers=BULK))
    change(broken, state="quarantined", outcome="", error="boom")
    inbox.folder.deliver(mail(subject="Just came"))
    inbox.fetch()

    shown = {
        key: subjects(f"outcome={key}") for key in ("tickets", "automatic", "duplicates", "waiting", "quarantined")
    }

    assert shown == {
        "tickets": ["A ticket"],
        "automatic": ["News"],
        "duplicates": ["A ticket"],
        "waiting": ["Just came"],
        "quarantined": ["Broken"],
    }
    assert subjects("outcome=ignored") == ["News", "A ticket"]
    assert len(subjects("outcome=nonsense")) == 5


@pytest.mark.parametrize(
    "query",
    ["q=BERG", "q=ann%40acme", "q=labels", "q=%3Cfound%40", "q=%23{number}", "q={number}", "q=ÄRGER", "q=ärger"],
)
def test_words_find_sender_subject_message_id_and_ticket(inbox, subjects, query):
    line = inbox.receive(mail(subject="Ärger with labels", message_id="<found@x.example>"))
    inbox.receive(mail(subject="Another", sender="Bo <bo@elsewhere.example>", message_id="<other@y.example>"))

    assert subjects(query.format(number=number_of(line))) == ["Ärger with labels"]


def test_signs_that_mean_something_to_the_database_are_words_like_others(inbox, subjects):
    inbox.receive(mail(subject="100 % off_er"))
    inbox.receive(mail(subject="1000 offers"))

    assert subjects("q=100+%25") == ["100 % off_er"]
    assert subjects("q=off_er") == ["100 % off_er"]
    assert subjects("q=%5C") == []
    assert subjects("q=%2399999999999999999999") == []


def test_days_are_those_of_the_reader_and_both_count(office, inbox, subjects):
    with unit_of_work() as session:
        session.get_one(Person, office.manager.id).time_zone = "Asia/Tokyo"
    inbox.folder.deliver(mail(subject="Yesterday in Tokyo"), at=datetime(2026, 11, 17, 14, 59, tzinfo=UTC))
    inbox.folder.deliver(mail(subject="Today in Tokyo"), at=datetime(2026, 11, 17, 15, 0, tzinfo=UTC))
    inbox.fetch()

    assert subjects("from=2026-11-18&to=2026-11-18") == ["Today in Tokyo"]
    assert subjects("to=2026-11-17") == ["Yesterday in Tokyo"]
    assert subjects("from=2026-11-19") == []


def test_a_mailbox_shows_its_own_mail(inbox, subjects):
    line = inbox.receive(mail(subject="Support"))

    assert subjects(f"mailbox={line.mailbox_id}") == ["Support"]
    assert subjects(f"mailbox={line.mailbox_id + 1}") == []


def test_older_pages_and_other_outcomes_keep_the_search(inbox, browser):
    for number in range(52):
        inbox.receive(mail(subject=f"Report {number}", headers=BULK))

    page = browser.get("/inbound?q=Report&outcome=automatic").text

    assert (
        "/inbound?outcome=automatic&amp;q=Report&amp;before=" in page
        or "q=Report&amp;outcome=automatic&amp;before=" in page
    )
    assert page.count("<tr data-row>") == 50


def test_counts_tell_what_is_to_be_seen_to_and_never_of_something_else_than_the_search(inbox, browser):
    inbox.folder.deliver(mail())
    inbox.fetch()

    assert 'Waiting <span class="n">1</span>' in browser.get("/inbound").text
    assert "Waiting</a>" in browser.get("/inbound?q=nothing").text


def test_the_log_and_a_message_cost_few_queries(inbox, browser, count_queries):
    line = inbox.receive(mail())
    inbox.receive(mail())

    with count_queries() as of_the_log:
        browser.get("/inbound")
    with count_queries() as of_a_search:
        browser.get("/inbound?q=printer&from=2026-11-01&outcome=tickets")
    with count_queries() as of_a_message:
        browser.get(f"/inbound/{line.id}")

    costs = [
        len([each for each in statements if "BEGIN" not in each])
        for statements in (of_the_log, of_a_search, of_a_message)
    ]
    assert max(costs) <= 10, costs  # seven of them are the frame's: who asks, the counts in the rail, the timer


def test_a_message_says_what_came_what_became_of_it_and_why(inbox, browser):
    line = inbox.receive(b"X-Note: =?utf-8?q?=3Cb=3E_caf=C3=A9?=\r\n" + mail(subject="Drucker"))

    page = browser.get(f"/inbound/{line.id}").text

    assert "client by domain: Acme" in page
    assert f"#{number_of(line)}" in page
    assert "&lt;b&gt; café" in page
    assert "=?utf-8?q?=3Cb=3E_caf=C3=A9?=" in page
    assert line.content_hash in page
    assert "It prints blank labels" not in page


def test_copies_and_namesakes_are_told_apart(inbox, browser):
    raw = mail(message_id="<same@x.example>")
    first = inbox.receive(raw)
    inbox.receive(raw)
    inbox.receive(mail("Something else", message_id="<same@x.example>"))

    page = browser.get(f"/inbound/{first.id}").text

    assert page.count("the same mail") == 1
    assert page.count("other content") == 1


@pytest.mark.parametrize(
    "head",
    [b"Subject: " + b"x" * 70_000, b"\x00\xff: \xfe\r\nSubject: a", b"", b"X: y\r\n" * 60_000],
    ids=["one long header", "no text", "nothing", "many headers"],
)
def test_headers_that_nobody_should_send_are_shown_within_the_limits(inbox, browser, head):
    line = inbox.receive(head + b"\r\n\r\nbody")

    answer = browser.get(f"/inbound/{line.id}")

    assert answer.status_code == 200
    assert len(answer.data) < 3_000_000


@pytest.mark.parametrize(
    ("subject", "headers", "offered"),
    [("A person", {}, []), ("News", BULK, ["not-automatic", "make-ticket", "retry"])],
)
def test_only_acts_that_fit_are_offered(inbox, browser, subject, headers, offered):
    line = inbox.receive(mail(subject=subject, headers=headers))

    page = browser.get(f"/inbound/{line.id}").text

    acts = ("not-automatic", "make-ticket", "retry", "ignore")
    assert [act for act in acts if f"/inbound/{line.id}/{act}" in page] == offered


def test_what_people_did_stands_on_the_message(inbox, browser):
    line = inbox.receive(mail(headers=BULK))

    browser.post(f"/inbound/{line.id}/not-automatic")

    page = browser.get(f"/inbound/{line.id}").text
    assert "Manager Person: called not automatic" in page
    assert "a person wrote it, no machine" in page


def test_when_it_was_received_and_fetched_are_two_things(inbox):
    inbox.folder.deliver(mail(), at=NOW - timedelta(hours=3))
    inbox.fetch()

    with unit_of_work() as session:
        line = session.scalars(select(InboundMessage)).one()
    assert (line.received_at, line.fetched_at) == (NOW - timedelta(hours=3), NOW)


def test_the_body_is_shown_on_request_as_text_with_files_and_verdicts(inbox, browser):
    raw = mail("Look: <script>alert(1)</script>", headers=BULK, files={"scan.pdf": b"%PDF-1.4"})
    line = inbox.receive(raw)

    before = browser.get(f"/inbound/{line.id}").text
    page = browser.get(f"/inbound/{line.id}?read=1").text

    assert "Show how it is read" in before
    assert "alert(1)" not in before
    assert "Look: &lt;script&gt;alert(1)" in page
    assert "scan.pdf" in page
    assert "Precedence: bulk" in page


def test_a_mail_that_the_parser_is_not_through_with_in_time_is_said_so():
    reading = read_apart(mail(), seconds=0.001)

    assert reading.trouble == "the parser took longer than 0.001 seconds"


def test_a_parser_that_breaks_off_is_said_so(monkeypatch):
    monkeypatch.setattr(reading_process, "PROGRAM", "x = bytearray(1 << 62)")

    assert "broke off" in read_apart(mail()).trouble
