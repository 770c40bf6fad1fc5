"""A colleague is mentioned by keys alone, hears of it, and has read it by looking (docs/notifications.md)."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.chromium import Visitor
from tests.browser.site import Site


def test_a_colleague_is_mentioned_by_keys_and_reads_of_it_by_looking(
    fresh: Site, visit: Callable[[str], Visitor]
) -> None:
    writer, reader = visit("technician"), visit("manager")
    page = writer.goto("/items/{story_ticket}".format(**fresh.ids))
    keys, people = page.keyboard, page.get_by_role("listbox", name="Colleagues")
    keys.press("n")
    note = page.get_by_label("Your note, which only we see")
    expect(note).to_be_focused()

    keys.type("write to ann@acme.example, ")
    expect(people).to_be_hidden()
    keys.type("@")
    expect(people.get_by_role("option")).to_have_count(4)
    keys.type("pers")
    keys.press("ArrowDown")
    keys.press("Escape")
    expect(people).to_be_hidden()
    expect(note).to_be_focused()
    for _letter in "pers":
        keys.press("Backspace")
    keys.type("ma")
    expect(people.get_by_role("option", selected=True)).to_have_text("Manager Person")
    expect(note).to_have_attribute("aria-activedescendant", "mention-0")
    keys.press("Enter")
    keys.type("or @ad")
    people.get_by_text("Admin Person").click()
    expect(note).to_have_value("write to ann@acme.example, @Manager Person or @Admin Person ")
    keys.press("Control+Enter")
    expect(page.locator("b.mention")).to_have_text(["@Manager Person", "@Admin Person"])

    page = reader.goto("/notifications")
    bell = page.get_by_role("link", name=re.compile("^Notifications"))
    expect(bell).to_have_accessible_name("Notifications, 1 unread")
    with page.expect_response(lambda answer: answer.url.endswith("/noticed")) as noticed:
        page.get_by_role("link", name="Technician Person mentioned you on").click()
    assert noticed.value.status == 204
    expect(page).to_have_url(re.compile(r"/items/\d+#m\d+$"))
    page = reader.goto("/notifications")
    expect(bell).to_have_accessible_name("Notifications")
    page.get_by_role("button", name="Mark as unread").click()
    expect(bell).to_have_accessible_name("Notifications, 1 unread")
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_role("button", name="Mark all as read")).to_have_count(0)
    assert (writer.watch.trouble, reader.watch.trouble) == ({}, {})
