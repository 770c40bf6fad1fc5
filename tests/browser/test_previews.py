"""Files of a conversation are looked at over it, by keys alone, and on pages of their own (docs/desk.md rule 63)."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.chromium import Visitor
from tests.browser.site import Site


def test_one_looks_at_the_files_of_a_mail_by_keys_and_is_back_where_one_was(
    site: Site, visit: Callable[..., Visitor]
) -> None:
    visitor = visit("technician")
    page = visitor.goto("/items/{story_ticket}".format(**site.ids))
    picture = page.locator("a[data-preview]", has_text="Label hall 2.png")
    pane = page.locator("dialog.pvpane")

    picture.focus()
    page.keyboard.press("Enter")
    expect(pane.locator("h2")).to_have_text("Label hall 2.png")
    page.wait_for_function("() => document.querySelector('dialog .pv-picture')?.naturalWidth > 100")
    page.keyboard.press("ArrowRight")
    expect(pane.get_by_text("06:02")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(pane.locator("h2")).to_have_text("print server with quite a long name of 16 November 2026.log")
    page.keyboard.press("ArrowLeft")
    expect(pane.locator("h2")).to_have_text("Label hall 2.png")
    page.keyboard.press("Escape")

    expect(pane).to_be_hidden()
    expect(picture).to_be_focused()
    assert page.locator(".chip.thumb img").first.evaluate("image => image.naturalWidth") > 0
    assert visitor.watch.trouble == {}


def test_without_javascript_each_file_is_a_page_and_leads_to_the_next(
    site: Site, visit: Callable[..., Visitor]
) -> None:
    visitor = visit("technician", java_script_enabled=False)
    page = visitor.goto("/items/{story_ticket}".format(**site.ids))

    page.locator("a[data-preview]", has_text="Label hall 2.png").click()
    page.get_by_label("Next file").click()

    expect(page.get_by_text("06:02")).to_be_visible()
    expect(page.get_by_role("button", name="Close")).to_have_count(0)
    page.locator(".crumb").first.click()
    assert "/items/" in page.url
    assert "#m" in page.url
