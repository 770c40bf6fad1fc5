"""Counted tasks of whoever works on the desk: in Chromium, by the keyboard, and as few acts as they may take."""

import time
from collections.abc import Callable

from playwright.sync_api import Page, expect
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.projects.models import ItemTag, WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import entry_uuid
from helpdesk.tickets.models import Message, TicketDetails
from helpdesk.timekeeping.models import TimeEntry
from tests.browser.chromium import Visitor
from tests.browser.site import Site

MAILS, MOST_SECONDS = 20, 90
MOST_ACTS = 4


class Counted:
    """Somebody's hands: each key, each click and each text that is typed is one act."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.acts = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.acts += 1
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.acts += 1
        self.page.keyboard.type(text)

    def click(self, name: str) -> None:
        self.acts += 1
        self.page.get_by_role("button", name=name).click()


def mails(site: Site) -> list[int]:
    """Let twenty mails come that nobody has looked at; return their numbers as the queue shows them."""
    with site.app.app_context(), unit_of_work() as session:
        return [
            tickets.open_ticket(
                session,
                actor=SYSTEM,
                now=site.clock.now,
                project_id=int(site.ids["acme_project"]),
                requester_id=int(site.ids["acme_contact"]),
                title=f"Delivery {index} is late",
                text="Where is it?",
            ).number
            for index in range(MAILS)
        ][::-1]


def test_twenty_mails_are_triaged_by_the_keyboard_alone(visit: Callable[..., Visitor], fresh: Site) -> None:
    numbers = mails(fresh)
    visitor = visit("technician")
    page = visitor.goto("/desk?view=all&words=delivery")
    hands = Counted(page)

    def act(*keys: str, text: str = "") -> None:
        """Do one thing to the mail in focus, and wait for the page that says that it is done."""
        with page.expect_navigation():
            hands.press(keys[0])
            if text:
                hands.type(text)
            hands.press(*keys[1:])

    began = time.monotonic()
    hands.press("j")
    for index, number in enumerate(numbers):
        expect(page.locator(f"[data-item='{number}'] a[data-main]")).to_be_focused()
        match index % 5:
            case 0:
                act("a", "Enter")
                act("t", "Tab", "Enter")
                hands.press("j")
            case 1:
                act("a", "Enter")
                act("l", "Enter", text="parcel")
                hands.press("j")
            case 2:
                act("h", "Enter")
            case 3:
                act("#")
            case _:
                act("t", "Tab", "Tab", "Tab", "Enter")
    took = time.monotonic() - began

    with fresh.app.app_context(), unit_of_work() as session:
        items = {one.number: one for one in session.scalars(select(WorkItem).where(WorkItem.number.in_(numbers)))}
        tagged = set(session.scalars(select(ItemTag.work_item_id).where(ItemTag.tag == "parcel")))
        spam = set(session.scalars(select(TicketDetails.work_item_id).where(TicketDetails.spam_at.is_not(None))))
        groups = [[items[number] for number in numbers[kind::5]] for kind in range(5)]
    me = fresh.ids["technician"]
    assert {(one.assignee_id, one.status) for one in groups[0]} == {(me, "in_progress")}
    assert {(one.assignee_id, one.id in tagged) for one in groups[1]} == {(me, True)}
    assert {one.snoozed_until is not None for one in groups[2]} == {True}
    assert {one.id for one in groups[3]} == spam & {one.id for one in items.values()}
    assert {one.status for one in groups[4]} == {"solved"}
    assert len(tagged) == len(groups[1])
    assert took <= MOST_SECONDS
    assert visitor.watch.trouble == {}


def test_an_answer_with_its_time_that_closes_the_ticket_takes_four_acts(
    visit: Callable[..., Visitor], fresh: Site
) -> None:
    visitor = visit("technician")
    page = visitor.goto("/items/{story_ticket}".format(**fresh.ids))
    hands = Counted(page)

    hands.press("r")
    hands.type("Both printers have the old driver again.")
    hands.click("15 minutes")
    hands.press("Control+Shift+Enter")

    mine = page.get_by_role("article", name="Reply from Technician Person").last
    expect(mine).to_contain_text("Both printers have the old driver again.")
    with fresh.app.app_context(), unit_of_work() as session:
        item = session.get_one(WorkItem, fresh.ids["story_ticket_id"])
        query = (
            select(Message).where(Message.work_item_id == item.id, Message.kind == "reply").order_by(Message.id.desc())
        )
        sent = session.scalars(query).first()
        assert sent is not None
        entry = session.scalars(select(TimeEntry).where(TimeEntry.uuid == entry_uuid(sent.id))).one()
        assert entry.ended_at is not None
        assert (item.status, item.closed_at is not None) == ("solved", True)
        assert (sent.text, (entry.ended_at - entry.started_at).seconds) == (
            "Both printers have the old driver again.",
            15 * 60,
        )
    assert hands.acts <= MOST_ACTS
    assert visitor.watch.trouble == {}
