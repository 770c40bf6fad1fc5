"""The page of a ticket that is open follows what others do to it, and leaves alone who reads or types there."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from helpdesk.infra import blobs, clock
from helpdesk.infra.db import unit_of_work
from helpdesk.outbox import process as outbox
from helpdesk.outbox.gateway import Delivery, Outcome
from helpdesk.projects.models import WorkItem
from helpdesk.tickets.models import Message
from helpdesk.tickets.service import delivering
from tests.browser.test_live import browser_of
from tests.mails import mail
from tests.running_desk import House, running
from tests.slices.conftest import Inbox, connect

TYPED = "Dear Ann, we come on Monday"
FIRST = "<first@acme.example>"
CARET = "() => [document.getSelection().anchorNode.textContent, document.getSelection().anchorOffset]"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("fresh"), migrated=migrated_file) as started:
        yield started


@pytest.fixture
def reader(browser: Browser, house: House) -> Iterator[BrowserContext]:
    yield from browser_of("technician", browser, house)


@pytest.fixture
def colleague(browser: Browser, house: House) -> Iterator[BrowserContext]:
    yield from browser_of("manager", browser, house)


@pytest.fixture(scope="module")
def inbox(house: House) -> Inbox:
    """The mailbox of support, whose mail this test fetches and handles as a worker does."""
    with house.app.app_context():
        mailbox_id, source_id = connect()
        box = Inbox(mailbox_id, source_id, clock.now)  # type: ignore[arg-type]
        box.fetch()
        box.receive(mail(message_id=FIRST, html="<p>It prints <b>blank</b> labels.</p>"))
    return box


@pytest.fixture
def number(house: House, inbox: Inbox) -> int:
    """Return the number of the ticket that Ann opened."""
    with house.app.app_context(), unit_of_work() as session:
        return session.scalars(select(WorkItem.number).order_by(WorkItem.id.desc())).first() or 0


def answered(house: House, inbox: Inbox, text: str) -> None:
    """Let a mail of Ann's come in on her ticket."""
    with house.app.app_context():
        inbox.receive(mail(text, subject="Re: Printer prints blank labels", headers={"In-Reply-To": FIRST}))


def opened(context: BrowserContext, house: House, number: int) -> Page:
    page = context.new_page()
    page.goto(f"{house.origin}/items/{number}")
    expect(page.locator("#reply-body-rich")).to_be_visible()
    page.evaluate("() => { window.isTheSame = true; }")
    return page


def deliver(house: House, outcome: Outcome, said: str = "", after: timedelta = timedelta(seconds=15)) -> None:
    """Try the newest mail of ours as a worker does, when its hold is over, with this outcome."""
    with house.app.app_context():
        with unit_of_work() as session:
            query = select(Message.outgoing_message_id).where(Message.outgoing_message_id.is_not(None))
            mail_id = session.scalars(query.order_by(Message.id.desc())).first() or 0
        outbox.deliver(
            mail_id,
            unit_of_work,
            send=lambda *_mail: Delivery(outcome, said),
            store=blobs.store(),
            clock=lambda: clock.now() + after,
            told=delivering.tell_of_delivery,
        )


def test_mail_of_the_client_and_what_a_colleague_does_appear_beside_what_somebody_types(
    house: House, inbox: Inbox, number: int, reader: BrowserContext, colleague: BrowserContext
) -> None:
    page, theirs = opened(reader, house, number), opened(colleague, house, number)
    came = partial(page.get_by_role, "article")
    expect(page.locator("#came")).to_have_text("")
    frame = page.locator("details", has=page.locator("iframe"))
    frame.locator("summary").click()
    expect(page.frame_locator("iframe").get_by_text("blank")).to_be_visible()
    page.frame_locator("iframe").locator("body").evaluate("(body) => { body.dataset.loaded = 'once'; }")
    page.get_by_label("Your reply").press_sequentially(TYPED)
    for _letter in range(len(" on Monday")):
        page.keyboard.press("ArrowLeft")

    answered(house, inbox, "Is there any news?")
    expect(came(name="Mail from Ann Berg")).to_have_count(2)
    expect(page.locator("#came")).to_have_text("1 new message")

    theirs.locator("label", has=theirs.locator("#kind-note")).click()
    theirs.get_by_label("Your note, which only we see").press_sequentially("She is in a hurry.")
    theirs.keyboard.press("Control+Enter")
    expect(came(name="Internal note by Manager Person")).to_contain_text("She is in a hurry.")
    theirs.get_by_role("button", name="change the status").click()
    theirs.locator("#status-menu").get_by_role("button", name="In progress").click()
    expect(page.get_by_role("button", name="change the status")).to_contain_text("In progress")
    expect(page.locator("#conversation")).to_contain_text("set the status to")

    expect(frame).to_have_attribute("open", "")
    expect(page.frame_locator("iframe").locator("body[data-loaded=once]")).to_be_visible()
    assert page.evaluate(CARET) == [TYPED, len("Dear Ann, we come")]
    page.keyboard.type(" back")
    expect(page.get_by_label("Your reply")).to_have_text("Dear Ann, we come back on Monday")
    assert page.evaluate("() => window.isTheSame")


def test_what_came_out_of_sight_moves_nothing_and_is_not_seen_until_it_was_in_view(
    house: House, inbox: Inbox, number: int, reader: BrowserContext
) -> None:
    for count in range(3):
        answered(house, inbox, f"{count}\n" + "Once more.\n" * 20)
    page = opened(reader, house, number)
    page.get_by_label("Your reply").press_sequentially("Yes.")
    page.evaluate("() => scrollTo(0, 0)")
    newest = page.get_by_role("article").last

    answered(house, inbox, "Are you there?")

    line = page.locator("#came").get_by_role("button", name="1 new message")
    expect(line).to_be_visible()
    expect(newest).to_contain_text("Are you there?")
    assert page.evaluate("() => scrollY") == 0
    expect(page.get_by_label("Your reply")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Came since you began to write:")).to_be_visible()
    answered(house, inbox, "Hello?")
    page.locator("#came").get_by_role("button", name="1 new message").click()
    expect(newest).to_contain_text("Hello?")
    expect(newest).to_be_in_viewport()
    expect(page.locator("#came").get_by_role("button")).to_have_count(0)
    page.get_by_role("form", name="Reply").get_by_role("button", name="Send", exact=False).last.click()
    expect(page.get_by_role("article", name="Reply from Technician Person")).to_contain_text("Yes.")


def test_a_part_that_the_page_draws_anew_by_itself_makes_no_message_seen(
    house: House, inbox: Inbox, number: int, reader: BrowserContext
) -> None:
    answered(house, inbox, "Once more.\n" * 60)
    page = opened(reader, house, number)
    page.get_by_label("Your reply").press_sequentially("Yes.")
    page.evaluate("() => scrollTo(0, 0)")
    seen = page.locator("#reply-seen")
    answered(house, inbox, "Are you there?")
    expect(page.locator("#came")).to_have_text("1 new message")
    before = seen.input_value()

    page.locator("#conversation > li").last.dispatch_event("htmx:after:swap")
    answered(house, inbox, "Hello?")

    expect(page.locator("#came")).to_have_text("2 new messages")
    expect(seen).to_have_value(before)


def test_an_answer_says_by_itself_when_it_left_and_when_it_did_not(
    house: House, inbox: Inbox, number: int, reader: BrowserContext, colleague: BrowserContext
) -> None:
    page, theirs = opened(reader, house, number), opened(colleague, house, number)
    page.get_by_label("Your reply").press_sequentially("It is on its way.")
    page.keyboard.press("Control+Enter")
    mine, seen = (one.get_by_role("article", name="Reply from").last for one in (page, theirs))
    for one in (mine, seen):
        expect(one).to_contain_text("It is on its way.")
        expect(one).to_contain_text("Leaving")

    deliver(house, Outcome.LATER, "451 try again later")
    for one in (mine, seen):
        expect(one).to_contain_text("it is tried again")
        expect(one).to_contain_text("451 try again later")
    deliver(house, Outcome.SENT, after=timedelta(hours=1))
    for one in (mine, seen):
        expect(one).to_contain_text("Sent")
        expect(one).not_to_contain_text("Leaving")
        expect(one).not_to_contain_text("451")
    page.get_by_label("Your reply").press_sequentially("And here.")
    page.keyboard.press("Control+Enter")
    expect(seen).to_contain_text("And here.")
    deliver(house, Outcome.REFUSED, "550 no such user")
    for one in (mine, seen):
        expect(one).to_contain_text("Not delivered")
        expect(one).to_contain_text("550 no such user")
