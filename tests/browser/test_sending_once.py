"""docs/answering.md rules 30 and 31: a form is good for one act, and single keys work at once after it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Visitor
from tests.browser.site import Site


def click_twice(page: Page, form: str, button: str) -> None:
    page.get_by_role("form", name=form).get_by_role("button", name=button, exact=True).dblclick()


def press_twice(page: Page, _form: str, _button: str) -> None:
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")


def send_slowly(page: Page) -> None:
    """Let both of two clicks be there before the first answer is."""
    page.evaluate("""() => {
      const now = window.fetch;
      window.fetch = async (...asked) => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        return now(...asked);
      };
    }""")


@pytest.mark.parametrize("twice", [click_twice, press_twice])
@pytest.mark.parametrize(
    ("form", "box", "button", "mine"),
    [
        ("Reply", "#reply-body", "Send", "Reply from Technician Person"),
        ("Internal note", "#note-body", "Add note", "Internal note by Technician Person"),
    ],
)
def test_what_is_sent_twice_in_a_hurry_is_there_once_and_leaves_no_draft(
    fresh: Site,
    visit: Callable[[str], Visitor],
    twice: Callable[..., None],
    form: str,
    box: str,
    button: str,
    mine: str,
) -> None:
    visitor = visit("technician")
    page = visitor.goto("/items/{story_ticket}".format(**fresh.ids))
    page.locator(f"{box}-rich").wait_for(state="attached")
    written = page.get_by_role("article", name=mine).filter(has_text="Once and no more.")
    if form == "Internal note":
        page.keyboard.press("n")
    page.locator(f"{box}-rich").click()
    page.keyboard.type("Once and no more.")
    expect(page.get_by_role("form", name=form).get_by_text("Draft saved")).to_be_visible()
    send_slowly(page)

    with page.expect_response(
        lambda answer: answer.request.method == "POST" and answer.url.endswith(("/reply", "/note"))
    ):
        twice(page, form, button)
        expect(page.locator("form[data-underway] [aria-disabled=true]").first).to_be_attached()

    expect(written).to_have_count(1)
    expect(written).to_be_focused()
    expect(page.locator(box)).to_have_value("")
    assert page.locator("form[data-underway]").count() == 0
    posts = [each for each in visitor.watch.asked if re.fullmatch(r"POST /items/\d+/(reply|note)", each)]
    assert len(posts) == 1
    page.reload()
    expect(written).to_have_count(1)
    expect(page.locator(box)).to_have_value("")
    assert visitor.watch.trouble == {}


def test_a_form_whose_answer_fails_can_be_sent_again(fresh: Site, visit: Callable[[str], Visitor]) -> None:
    visitor = visit("technician")
    page = visitor.goto("/items/{story_ticket}".format(**fresh.ids))
    page.locator("#reply-body-rich").click()
    page.keyboard.type("Twice tried.")
    expect(page.get_by_role("form", name="Reply").get_by_text("Draft saved")).to_be_visible()
    page.route("**/reply", lambda route: route.fulfill(status=502, body="gone"), times=1)

    page.keyboard.press("Control+Enter")

    expect(page.locator("#failed")).to_be_visible()
    expect(page.locator("form[data-underway]")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    expect(
        page.get_by_role("article", name="Reply from Technician Person").filter(has_text="Twice tried.")
    ).to_have_count(1)
    expect(page.locator("#reply-body")).to_have_value("")
