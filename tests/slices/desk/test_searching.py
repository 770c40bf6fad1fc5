"""Tickets are found by what stands in their messages, by those who may see them (docs/desk.md rules 29 to 34)."""

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from helpdesk.accounts.models import Team
from helpdesk.desk import conversations_found as conversations
from helpdesk.infra.db import unit_of_work
from helpdesk.projects.models import ItemTag, TicketType, WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Message, TicketDetails
from tests.conftest import NOW
from tests.mails import mail
from tests.slices.desk.conftest import open_ticket

pytestmark = pytest.mark.usefixtures("rung")
BOB = "Bob Söder <bob@acme.example>"


@pytest.fixture
def search(office, sign_in_as):
    """Return the numbers that somebody finds on the page, in its order: ``search("toner", "manager")``."""

    def numbers(typed: str, who: str = "technician", **more: str) -> list[int]:
        answer = sign_in_as(getattr(office, who)).get("/search", query_string={"q": typed, **more})
        assert answer.status_code == 200, typed
        return [int(number) for number in re.findall(r'found-one" href="/items/(\d+)', answer.text)]

    return numbers


@pytest.fixture
def three(inbox, office):
    """Three tickets: a mail of Bob's with a file, a note of a colleague's, and a task without words; their numbers."""
    line = inbox.receive(
        mail("The toner smells of <b>burnt</b> rubber.", sender=BOB, subject="Smell", files={"Foto Toner.pdf": b"x"})
    )
    with unit_of_work() as session:
        smell = session.scalars(select(WorkItem).order_by(WorkItem.id.desc()).limit(1)).one().number
    quiet = open_ticket(office, title="Quiet", text="He called: the toner is empty, the drum is fine.")
    urgent = open_ticket(office, title="Urgent toner", priority="urgent", assignee_id=office.technician.id)
    assert line.state == "done"
    return smell, quiet, urgent


def test_words_of_messages_subjects_files_and_people_find_tickets_newest_first(three, search):
    smell, quiet, urgent = three

    assert search("toner") == [urgent, quiet, smell]
    assert search("toner smells") == search("burnt rubb") == search('"smells of"') == [smell]
    assert search("soder toner") == search("SÖDER") == search("bob@acme.example") == [smell]
    assert search('"of smells"') == search("toner zebra") == search("burn rubber") == []
    assert search("foto") == search("file:foto-toner.pdf") == [smell]
    assert search("smell burnt") == search("subject:smell") == [smell]
    assert search(f"#{quiet}") == [quiet]


def test_operators_narrow_and_a_dash_leaves_out(three, search, office):
    smell, quiet, urgent = three
    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.number == quiet)).one()
        item.status = "waiting"
        item.type_id = session.scalars(select(TicketType.id).where(TicketType.name == "Question")).one()
        item.team = Team(name="Second line")
        session.add(ItemTag(work_item_id=item.id, tag="vip"))
    for typed, found in (
        ("toner -burnt", [quiet]),
        ("toner has:attachment", [smell]),
        ("toner -has:attachment", [quiet]),
        ("from:bob", [smell]),
        ("from:me", [quiet]),
        ("to:support", [smell]),
        ("to:support@halden-okoye.example -has:attachment", []),
        ("toner -to:support", [quiet]),
        ("toner -from:bob", [quiet]),
        ("status:waiting", [quiet]),
        ("toner is:open -status:waiting", [smell]),
        ("tag:VIP", [quiet]),
        ("assignee:me toner is:ticket", []),
        ("assignee:me priority:urgent", [urgent]),
        ("assignee:nobody toner", [quiet, smell]),
        ("is:unassigned toner -tag:vip", [smell]),
        ("client:acme drum", [quiet]),
        ('client:"Acme" project:support drum', [quiet]),
        (f"toner before:{(NOW - timedelta(days=30)).date()}", []),
        (f"drum before:{(NOW + timedelta(days=1)).date()}", [quiet]),
        (f"toner after:{(NOW - timedelta(days=30)).date()} drum", [quiet]),
        (f"#{quiet} -drum", []),
        ("is:snoozed", []),
        ("is:overdue", []),
        ("is:task toner", []),
        ("type:que toner", [quiet]),
        ("toner -type:question", [smell]),
        ("team:second toner", [quiet]),
        ("toner -team:second", [smell]),
        ("team:nobody toner is:unassigned", [smell]),
        ("client:acme -client:acme", []),
    ):
        assert search(typed) == found, typed


def test_what_cannot_be_asked_is_named_with_what_can_and_the_rest_is_found(three, search, office, sign_in_as):
    page = sign_in_as(office.technician).get("/search?q=burnt+stauts:open+status:opne+client:zebra+from:nobody").text

    assert "status:" in page
    text = html.unescape(re.sub("<[^>]*>", "", page))
    assert "no operator in stauts:open" in text
    assert "status:opne is left out. Possible is: open" in text
    assert "client:zebra is left out: nobody and nothing that you see has that name." in text
    assert search("burnt status:opne client:zebra") == [three[0]]
    assert 'value="burnt stauts:open status:opne client:zebra from:nobody"' in page
    assert 'q=burnt+stauts:open+status:opne+client:zebra+from:nobody+assignee:me"' in html.unescape(page)


def test_the_place_is_shown_marked_and_leads_to_the_message(three, office, sign_in_as):
    page = sign_in_as(office.technician).get("/search?q=burnt").text
    with unit_of_work() as session:
        message = session.scalars(select(Message).where(Message.text.contains("burnt"))).one()

    assert f"#m{message.id}" in page
    assert "The toner smells of &lt;b&gt;<mark>burnt</mark>&lt;/b&gt; rubber." in page
    assert "<b>burnt" not in page


def test_nothing_of_a_client_that_one_may_not_see_is_found_by_any_means(office, search, sign_in_as):
    with unit_of_work() as session:
        tickets.add_note(
            session, actor=office.actor("manager"), now=NOW, item_id=office.globex_ticket.id, text="Sesame opens"
        )
    number = office.globex_ticket.number

    assert search("sesame", "manager") == search("sesame", "rival") == [number]
    assert search("client:globex sesame", "rival") == [number]
    for typed in (
        "sesame", "-zebra sesame", f"#{number}", "client:globex", "project:globex", "from:globex", "globex", "is:open",
        'subject:"Globex canary"', "has:attachment", "-zebra", "is:open -zebra",
    ):  # fmt: skip
        assert number not in search(typed), typed
        for path in ("/search", "/search/results"):
            page = sign_in_as(office.technician).get(path, query_string={"q": typed}).text
            assert "Sesame opens" not in page
            assert "Globex canary" not in page.replace('subject:"', "").replace("subject:&#34;Globex canary&#34;", "")
    assert search("sesame", "bookkeeper") == []


def test_spam_is_found_where_it_is_asked_for_and_what_was_put_away_nowhere(three, search):
    _smell, quiet, _urgent = three
    with unit_of_work() as session:
        session.execute(
            update(TicketDetails).where(TicketDetails.work_item_id == _id(session, quiet)).values(spam_at=NOW)
        )
        message = session.scalars(select(Message).where(Message.text.contains("burnt"))).one()
        message.discarded_at = NOW

    assert search("drum") == search("burnt") == []
    assert search("drum is:spam") == [quiet]


def _id(session, number: int) -> int:
    return int(session.scalars(select(WorkItem.id).where(WorkItem.number == number)).one())


def test_pages_go_on_by_key_and_show_nothing_twice(office, search, sign_in_as, monkeypatch):
    numbers = [open_ticket(office, title=f"T{turn}", text="sparrow") for turn in range(7)]
    with unit_of_work() as session:
        for number in (numbers[0], numbers[6]):
            tickets.add_note(
                session, actor=office.actor("manager"), now=NOW, item_id=_id(session, number), text="sparrow"
            )
    newest_first = [numbers[6], numbers[0], *reversed(numbers[1:6])]

    def walk(typed: str) -> list[int]:
        found, address, browser = [], f"/search?q={typed}", sign_in_as(office.technician)
        for _page in range(9):
            page = browser.get(address).text
            found += [int(number) for number in re.findall(r'found-one" href="/items/(\d+)', page)]
            older = re.search(r'href="([^"]*before=\d+)"', page)
            if older is None:
                return found
            address = html.unescape(older[1])
        raise AssertionError

    assert walk("sparrow") == newest_first
    monkeypatch.setattr(conversations, "PAGE_ROWS", 3)
    assert walk("sparrow") == newest_first
    assert walk("is:open+client:acme")[:7] == list(reversed(numbers))
    monkeypatch.setattr(conversations, "LOOKED_AT", 2)
    monkeypatch.setattr(conversations, "LOOKED_AT_NARROWED", 2)
    monkeypatch.setattr(conversations, "FITTING", 2)
    assert walk("sparrow") == newest_first


SYNTAX = (
    '"', '""', "*", "NEAR(", "NEAR(a b, 2)", ":", "'", "a'b", "\0", "x\0y", "a AND", "OR", "-", "--", "^a", "a^",
    "{a}:b", "(", ")", "words:a", "\u01c0x", "%", "_", "\\", "é" * 2_000, "a " * 1_000, "#999999999", "status:",
    "-client:", "after:0001-01-01", "before:9999-12-31", "#0",
)  # fmt: skip


def test_nothing_that_can_be_typed_is_an_error(three, office, sign_in_as):
    browser = sign_in_as(office.technician)

    for typed in SYNTAX:
        for path in ("/search", "/search/results"):
            assert browser.get(path, query_string={"q": typed}).status_code == 200, typed


def test_a_key_that_no_page_has_is_not_found(office, sign_in_as):
    browser = sign_in_as(office.technician)

    assert [browser.get(f"/search?q=a&before={key}").status_code for key in ("x", "-1", "9" * 12)] == [404] * 3
    assert browser.get("/search?q=sparrow&before=1").status_code == 200


def test_mail_is_found_by_whom_it_went_to_in_both_directions_and_in_copy(inbox, office, search, sign_in_as):
    inbox.receive(mail("It smells.", sender=BOB, subject="Smell", headers={"Cc": "Eva Ek <eva@acme.example>"}))
    with unit_of_work() as session:
        smell = session.scalars(select(WorkItem).order_by(WorkItem.id.desc()).limit(1)).one()
        tickets.reply(session, actor=office.actor("technician"), now=NOW, item_id=smell.id, text="Open a window.")
    alone = open_ticket(office, title="Smell, too", text="He smells it.")

    assert search("to:eva smells") == search("to:eva@acme.example -window") == [smell.number]
    assert search("to:bob") == search("to:söder window") == search("to:BOB@acme.example") == [smell.number]
    assert search("to:support window") == search("to:bob smells") == []
    assert search("smells -to:eva") == [alone]
    page = html.unescape(sign_in_as(office.technician).get("/search?q=smells+to:zebra").text)
    assert "to:zebra is left out: nobody and nothing that you see has that name." in page
    assert search("to:eva smells", "rival") == [smell.number]
