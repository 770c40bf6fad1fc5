"""Values behind an operator are completed by keyboard in the palette, on the page of the search and in a view."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.axe import faults
from tests.browser.chromium import Visitor
from tests.browser.site import Site


def test_somebody_finds_by_a_name_of_which_they_type_the_beginning(visit: Callable[..., Visitor], fresh: Site) -> None:
    visitor = visit("technician")
    page = visitor.goto("/desk")
    page.keyboard.press("Control+k")
    box = page.locator("#palette [role=combobox]")
    with page.expect_response("**/search/results*from%3Atechn*"):
        box.press_sequentially("from:techn")
    first = page.locator("#palette [role=option]").first
    expect(first).to_contain_text("Technician Person")

    with page.expect_response("**/search/results*Person*"):
        page.keyboard.press("Tab")

    expect(box).to_have_value('from:"Technician Person" ')
    expect(box).to_be_focused()
    expect(page.locator("#palette [data-completes]")).to_have_count(0)
    page.keyboard.press("Escape")

    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/search/complete" in request.url else None)
    visitor.goto("/search")
    words = page.locator("#search-words")
    words.press_sequentially("printer ")
    with page.expect_response("**/search/complete*"):
        words.press_sequentially("status:")
    lines = page.locator(".completing [role=option]")
    expect(lines).to_have_count(6)
    assert faults(page) == []
    page.keyboard.press("ArrowDown")
    expect(lines.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(words).to_have_value("printer status:open ")
    expect(lines).to_have_count(0)
    assert len(asked) == 1
    with page.expect_response("**/search/complete*"):
        words.press_sequentially("to:")
    expect(lines.first).to_be_visible()
    page.keyboard.press("Escape")
    expect(lines).to_have_count(0)
    words.fill("printer status:open")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=printer*")

    visitor.goto("/desk")
    page.keyboard.press("f")
    narrow = page.locator("#narrow-search")
    with page.expect_response("**/search/complete*"):
        narrow.press_sequentially("assignee:")
    page.get_by_role("option", name="me", exact=True).click()
    expect(narrow).to_have_value("assignee:me ")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk?*search=assignee*")
    assert visitor.watch.trouble == {}
