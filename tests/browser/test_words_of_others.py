"""What others write on the pages of the desk: a name in its sentence, scripts from right to left, and long words."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from sqlalchemy import update

from helpdesk.clients.models import Contact
from helpdesk.desk import service as desk
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.projects.models import WorkItem
from helpdesk.tickets.models import TicketDetails
from tests.browser.chromium import WIDE, Visitor, dress
from tests.browser.site import Site
from tests.conftest import NOW

HEBREW = "שלום, המדפסת במשרד לא עובדת."
PLACES = """(box) => {
  const found = {};
  const walk = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode())
    for (const word of node.data.matchAll(/[^\\s]+/g)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const { left, right, top } = range.getBoundingClientRect();
      found[word[0]] = { left, right, top };
    }
  return found;
}"""


@pytest.fixture
def page(fresh: Site, visit: Callable[..., Visitor]) -> Page:
    """A ticket of Dana's with a note that names somebody, a Hebrew one, and one in both scripts."""
    ids = fresh.ids
    with fresh.app.app_context():
        with unit_of_work() as session:
            item = session.get_one(WorkItem, int(ids["acme_ticket_id"]))
            item.title = "המדפסת במשרד"
            requester = session.get_one(TicketDetails, item.id).requester_id
            session.execute(update(Contact).where(Contact.id == requester).values(name="דנה כהן"))
            for text in ("Look @Technician Person please", HEBREW, f"In English first.\n{HEBREW}"):
                desk.add_note(session, actor=SYSTEM, now=NOW, number=item.number, text=text)
            number = item.number
        db.session.remove()
    visitor = visit("manager")
    dress(visitor.page, width=WIDE, theme="light")
    return visitor.goto(f"/items/{number}")


def words_of(page: Page, selector: str, text: str) -> dict[str, dict[str, float]]:
    found = page.locator(selector, has_text=text).first
    return dict(found.evaluate(PLACES))


def test_a_name_after_the_sign_stays_in_its_sentence(page: Page) -> None:
    words = words_of(page, ".msg .body", "please")

    assert page.locator(".body .mention").inner_text() == "@Technician Person"
    assert words["Look"]["right"] < words["@Technician"]["left"]
    assert words["Person"]["right"] < words["please"]["left"]
    assert abs(words["Look"]["top"] - words["please"]["top"]) < 4


def test_each_paragraph_reads_from_the_side_of_its_script(page: Page) -> None:
    hebrew = words_of(page, ".msg .body", "שלום")
    both = words_of(page, ".msg .body", "English")

    assert hebrew["שלום,"]["left"] > hebrew["המדפסת"]["left"] > hebrew["עובדת."]["left"]
    assert both["In"]["left"] < both["English"]["left"]
    assert both["שלום,"]["left"] > both["עובדת."]["left"] > both["first."]["right"]


def test_a_name_in_our_sentences_turns_nothing_around_it(page: Page) -> None:
    words = words_of(page, ".sec .row", "there")

    name, time, there = words["דנה"], next(one for word, one in words.items() if ":" in word), words["there"]
    assert name["right"] < time["left"] < time["right"] < there["left"]


@pytest.mark.parametrize("box", ["h1.grow", "#reply-body", "#note-body"])
def test_a_box_or_title_turns_to_what_stands_in_it(page: Page, box: str) -> None:
    assert page.locator(box).get_attribute("dir") == "auto"
