"""docs/answering.md rule 32: a session that ends costs nothing that is typed, and gives it to nobody else."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.chromium import Visitor
from tests.browser.site import Site


def test_who_is_signed_out_signs_in_elsewhere_and_goes_on(fresh: Site, visit: Callable[[str], Visitor]) -> None:
    visitor = visit("technician")
    page = visitor.goto("/items/{story_ticket}".format(**fresh.ids))
    mine = page.get_by_role("article", name="Reply from Technician Person").filter(has_text="Still here.")

    def sign_in(actor: str) -> None:
        visitor.context.clear_cookies()
        cookie = {"name": "helpdesk", "value": fresh.cookies[actor], "url": fresh.origin}
        visitor.context.add_cookies([cookie])  # type: ignore[list-item]

    page.locator("#reply-body-rich").click()
    visitor.context.clear_cookies()
    page.keyboard.type("Still here.")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_text("You are signed out.")).to_be_visible()
    again = page.get_by_role("link", name="Sign in again")
    assert (again.get_attribute("target"), again.get_attribute("href")) == ("_blank", "/sign-in")
    expect(page.locator("#reply-body")).to_have_value("Still here.")
    sign_in("manager")
    expect(page.get_by_text("Somebody else is signed in")).to_be_visible()
    page.locator("#reply-body-rich").click()
    page.keyboard.press("Control+Enter")
    expect(mine).to_have_count(0)
    expect(page.locator("#reply-body")).to_have_value("Still here.")
    sign_in("technician")
    expect(page.locator("#signed-out")).to_be_hidden()
    page.keyboard.press("Control+Enter")

    expect(mine).to_have_count(1)
    expect(page.locator("#reply-body")).to_have_value("")
