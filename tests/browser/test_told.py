"""A colleague is mentioned by keys alone, hears of it, and has read it by looking (docs/notifications.md)."""

import base64
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import Visitor
from tests.browser.site import Site
from tests.push_server import ReadingBrowser


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
    expect(page.locator("#note-body")).to_have_value("write to ann@acme.example, @Manager Person or @Admin Person ")
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


PUSH_SERVICE = """
    const key = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)).buffer;
    const keys = { p256dh: key("%s"), auth: key("%s") };
    const made = {
      endpoint: "https://push.example/1",
      getKey: (name) => keys[name],
      unsubscribe: async () => sessionStorage.removeItem("made"),
    };
    Object.defineProperty(Notification, "permission", { value: "granted" });
    Notification.requestPermission = async () => "granted";
    PushManager.prototype.getSubscription = async () => (sessionStorage.getItem("made") ? made : null);
    PushManager.prototype.subscribe = async () => (sessionStorage.setItem("made", "1"), made);
"""
SHOWN = """() => {
    self.shown = [];
    self.registration.showNotification = async (words, { tag }) => self.shown.push([words, tag]);
}"""


@pytest.mark.usefixtures("fresh")
def test_a_browser_is_told_by_push_shows_the_number_alone_and_is_switched_off(visit: Callable[[str], Visitor]) -> None:
    reading, visitor = ReadingBrowser("/1"), visit("manager")
    point, secret = (base64.b64encode(raw).decode() for raw in (reading.point, reading.secret))
    visitor.context.add_init_script(PUSH_SERVICE % (point, secret))  # headless browsers have no service of their own
    page = visitor.goto("/notifications/settings")
    expect(page.get_by_text("This browser shows none so far.")).to_be_visible()

    page.get_by_role("button", name="Show them in this browser").click()

    expect(page.get_by_text("This browser shows notifications from now on.")).to_be_visible()
    expect(page.get_by_text("This browser shows them.")).to_be_visible()
    [worker] = visitor.context.service_workers
    worker.evaluate(SHOWN)
    said = {"id": 7, "kind": "reply", "words": "There is an answer on #19", "path": "/items/19#m1"}
    worker.evaluate('(said) => self.dispatchEvent(new PushEvent("push", { data: JSON.stringify(said) }))', said)
    assert worker.evaluate("self.shown") == [["There is an answer on #19", "notice-7"]]
    page.get_by_role("button", name="Show them here no more").click()
    expect(page.get_by_text("This browser shows none so far.")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Remove"))).to_have_count(0)
    assert visitor.watch.trouble == {}
