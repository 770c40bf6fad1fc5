"""docs/answering.md rule 7: a canned reply goes where the cursor is, by keys alone."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.chromium import Visitor
from tests.browser.site import Site


def test_a_canned_reply_is_found_by_keys_and_put_at_the_cursor(fresh: Site, visit: Callable[[str], Visitor]) -> None:
    visitor = visit("technician")
    page = visitor.goto("/canned-replies")
    for name, text in (("Remote help", "I look from here."), ("All set", "Done.")):
        page.locator("#name-new").fill(name)
        page.locator("#body-new-rich").fill(text)
        expect(page.locator("#body-new")).to_have_value(text)
        page.get_by_role("button", name="Add it").click()
    page = visitor.goto("/items/{story_ticket}".format(**fresh.ids))
    body, keys = page.get_by_label("Your reply"), page.keyboard

    expect(page.locator("#reply-body-rich")).to_be_visible()
    body.fill("Hello,\n\nBye")
    for key in ("ArrowUp", "/", "r", "e", "m", "Enter"):
        keys.press(key)
    expect(page.locator("#reply-body")).to_have_value("Hello,\nI look from here.\nBye")
    expect(body).to_be_focused()
    keys.type(" 1/2\n")
    for key in ("/", "/"):
        keys.press(key)
    expect(page.locator("#reply-body")).to_have_value("Hello,\nI look from here. 1/2\n/\nBye")
    page.get_by_role("button", name="Canned reply").click()
    page.get_by_role("button", name="All set").click()

    expect(page.locator("#reply-body")).to_have_value("Hello,\nI look from here. 1/2\n/Done.\nBye")
    assert visitor.watch.trouble == {}
