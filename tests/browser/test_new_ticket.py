"""docs/desk.md rules 82 to 88: a ticket is opened by keys alone while somebody is on the phone."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.axe import faults
from tests.browser.chromium import NARROW, Visitor, dress, too_wide
from tests.browser.site import Site


def test_a_caller_is_found_by_keys_and_the_ticket_opened_with_what_they_said(
    fresh: Site, visit: Callable[[str], Visitor]
) -> None:
    visitor = visit("technician")
    page, keys = visitor.goto("/desk"), visitor.page.keyboard
    keys.press("c")
    expect(page.locator("#who")).to_be_focused()
    keys.type("acme")
    expect(page.locator("#asker-found .asker-list")).to_be_visible()
    dress(page, width=NARROW, theme="dark")
    assert (faults(page), too_wide(page)) == ([], [])
    keys.press("ArrowDown")
    keys.press("ArrowUp")
    keys.press("Enter")
    expect(page.locator("#subject")).to_be_focused()
    expect(page.locator("#project_id")).not_to_have_value("")
    keys.type("It hums")
    page.locator("#body-rich").fill("Since this morning.")
    page.locator("#worked").fill("5")
    page.get_by_label("Confirm it by mail").check()
    expect(page.get_by_label("What they read of it")).to_be_visible()
    page.get_by_label("Send it to them as our first message").check()
    expect(page.get_by_label("What they read of it")).to_be_hidden()
    page.get_by_label("Send it to them as our first message").uncheck()
    page.get_by_label("Confirm it by mail").uncheck()
    page.get_by_role("button", name="Somebody else").click()
    expect(page.locator("#who")).to_be_focused()
    keys.type("Nina New")
    expect(page.get_by_text("Nobody is found by that.")).to_be_visible()
    keys.press("Enter")
    expect(page.locator("#new_name")).to_have_value("Nina New")
    page.locator("#new_phone").fill("0171 2345678")
    assert (faults(page), too_wide(page)) == ([], [])
    page.locator("#body-rich").focus()
    keys.press("Control+Enter")

    expect(page.get_by_role("heading", name="It hums")).to_be_visible()
    expect(page.get_by_text("Call from Nina New", exact=True)).to_be_visible()
    expect(page.get_by_text("Nina New has no mail address.")).to_be_visible()
    assert visitor.watch.trouble == {}
