"""One stream a browser: all its tabs agree with what happens on another device, and say when they cannot hear."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.chromium import PATIENCE
from tests.running_desk import House, running, token_in

TABS = 10


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("live"), migrated=migrated_file) as started:
        yield started


@pytest.fixture
def signed_in(browser: Browser, house: House) -> Iterator[BrowserContext]:
    """A browser of the technician's."""
    yield from browser_of("technician", browser, house)


@pytest.fixture
def colleague(browser: Browser, house: House) -> Iterator[BrowserContext]:
    """A browser of the manager's."""
    yield from browser_of("manager", browser, house)


def browser_of(who: str, browser: Browser, house: House) -> Iterator[BrowserContext]:
    context = browser.new_context(timezone_id="Europe/Berlin")
    context.set_default_timeout(PATIENCE)
    cookie = house.browser(who).cookies["helpdesk"]
    context.add_cookies([{"name": "helpdesk", "value": cookie, "url": house.origin}])
    yield context
    context.close()


def device(house: House) -> Callable[..., None]:
    """Return how another device of the technician's starts and stops the timer."""
    client = house.browser("technician")
    token = token_in(client.get("/desk").text)

    def post(path: str, **form: object) -> None:
        answer = client.post(path, data={"csrf_token": token, "next": "/desk", **form})
        assert answer.status_code == 303, answer.text

    return post


def timer(page: Page):
    return page.get_by_role("group", name="Running timer")


def test_ten_tabs_share_one_stream_agree_with_another_device_and_recover(
    house: House, signed_in: BrowserContext
) -> None:
    asked: list[str] = []
    signed_in.on("request", lambda request: asked.append(request.url))
    post = device(house)
    number = house.office.acme_ticket.number
    tabs = [signed_in.new_page() for _tab in range(TABS)]
    for tab in tabs:
        tab.goto(f"{house.origin}/desk")
        expect(timer(tab)).to_have_count(0)

    post("/timer/start", number=number)
    for tab in tabs:
        expect(timer(tab)).to_contain_text(f"#{number}")
        expect(tab).to_have_title(re.compile(rf"#{number}"))
    assert len([url for url in asked if "/live/stream" in url]) == 1

    tabs[0].close()  # the tab that held the stream
    os.kill(house.pid_of("live"), signal.SIGKILL)
    post("/timer/stop")
    for tab in tabs[1:]:
        expect(timer(tab)).to_have_count(0)

    lost = [tab.locator("#live-lost") for tab in tabs[1:]]
    signed_in.set_offline(True)
    for notice in lost:
        expect(notice).to_be_visible()
    post("/timer/start", number=number)
    signed_in.set_offline(False)
    for tab, notice in zip(tabs[1:], lost, strict=True):
        expect(timer(tab)).to_contain_text(f"#{number}")
        expect(notice).to_be_hidden()
    post("/timer/stop")


def test_new_work_and_a_mention_show_in_the_queue_without_a_reload_and_the_focus_stays(
    house: House, signed_in: BrowserContext
) -> None:
    page = signed_in.new_page()
    page.goto(f"{house.origin}/desk")
    bell = page.get_by_role("link", name=re.compile("^Notifications"))
    expect(bell).to_have_accessible_name("Notifications")
    row = page.locator(f"[data-item='{house.office.acme_ticket.number}'] a[data-main]")
    row.focus()
    post = device(house)

    post(f"/items/{house.office.acme_ticket.number}/status", status="in_progress")

    expect(page.locator(f"[data-item='{house.office.acme_ticket.number}']")).to_contain_text("In progress")
    manager = house.browser("manager")
    token, number = token_in(manager.get("/desk").text), house.office.acme_ticket.number
    manager.post(
        f"/items/{number}/note", data={"csrf_token": token, "body": "@technician look", "billable": "billable"}
    )
    expect(bell).to_have_accessible_name("Notifications, 1 unread")
    expect(row).to_be_focused()


def test_two_at_one_ticket_see_each_other_write_and_leave(
    house: House, signed_in: BrowserContext, colleague: BrowserContext
) -> None:
    """docs/desk.md rules 45, 47 and 48; and a connection that is lost and comes back."""
    number, me, they = house.ticket(), house.office.technician.name, house.office.manager.name
    mine, theirs, queue = signed_in.new_page(), colleague.new_page(), colleague.new_page()
    queue.goto(f"{house.origin}/desk")
    mine.goto(f"{house.origin}/items/{number}")
    theirs.goto(f"{house.origin}/items/{number}")
    expect(mine.locator("#presence")).to_contain_text(f"{they} is looking at this")
    expect(theirs.locator("#presence")).to_contain_text(f"{me} is looking at this")

    expect(mine.locator("#reply-body-rich")).to_be_visible()
    mine.get_by_label("Your reply").press_sequentially("Dear Ida,")
    expect(theirs.locator("#presence")).to_contain_text(f"{me} is writing a reply")
    expect(mine.get_by_text("it is yours now")).to_be_visible()
    expect(theirs.locator("#assignee")).to_contain_text(me)
    expect(mine.locator("#presence")).not_to_contain_text(me)

    draft, answers = mine.get_by_role("form", name="Reply").locator("[data-draft-said]"), mine.get_by_role("article")
    failed, before = mine.locator("#failed"), answers.count()
    signed_in.set_offline(True)
    mine.keyboard.type(" it closes again.")
    expect(draft).to_contain_text("is not saved")
    mine.keyboard.press("Control+Enter")
    expect(failed).to_be_visible()
    mine.get_by_role("button", name="Add the tag").evaluate("(button) => button.form.elements.tag.value = 'door'")
    mine.get_by_role("button", name="Add the tag").click()
    expect(mine.locator("#live-lost")).to_be_visible()
    expect(mine.locator("#reply-body")).to_have_value("Dear Ida, it closes again.")
    signed_in.set_offline(False)
    expect(draft).to_contain_text("Draft saved")
    expect(failed).to_be_hidden()
    expect(mine.locator("#live-lost")).to_be_hidden()
    assert (answers.count(), mine.url) == (before, f"{house.origin}/items/{number}")
    theirs.close()
    expect(mine.locator("#presence")).to_have_text("")
    mine.get_by_label("Your reply").press_sequentially("!")  # whoever pauses for half a minute looks on
    queue.bring_to_front()
    expect(queue.locator(f"[data-present='{number}']")).to_have_text(f"{me} is writing here")
    mine.goto(f"{house.origin}/desk")
    expect(queue.locator(f"[data-present='{number}']")).to_have_text("")


def test_a_look_that_nobody_answered_is_taken_again(house: House, signed_in: BrowserContext) -> None:
    page = signed_in.new_page()
    page.goto(f"{house.origin}/desk")
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        if lost or "live-refresh" not in route.request.headers:
            route.continue_()
        else:
            lost.append(route.request.url)
            route.abort("internetdisconnected")

    page.route("**/desk", lose_the_first)

    device(house)(f"/items/{house.office.acme_ticket.number}/status", status="waiting")

    expect(page.locator(f"[data-item='{house.office.acme_ticket.number}']")).to_contain_text("Waiting")
    assert lost == [f"{house.origin}/desk"]


def test_fifty_starts_and_stops_without_a_network_arrive_once_each_and_signing_out_leaves_nothing(
    house: House, signed_in: BrowserContext
) -> None:
    house.limit_acme(0)
    page = signed_in.new_page()
    page.goto(f"{house.origin}/pocket/")
    state = page.locator("#pocket-state")
    expect(state).to_have_text("All is sent.")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")

    signed_in.set_offline(True)
    page.reload()  # from the device
    for count in range(25):
        page.get_by_label("Number of the ticket or task").fill(str(house.office.acme_ticket.number))
        page.get_by_role("button", name="Start").click()
        expect(state).to_have_text(f"To be sent when there is a network: {2 * count + 1}")
        page.get_by_role("button", name="Stop").click()
        expect(state).to_have_text(f"To be sent when there is a network: {2 * count + 2}")
    kept = page.evaluate(KEPT)
    page.route("**/timer/events", lose_one_answer())
    signed_in.set_offline(False)
    expect(state).to_have_text("All is sent.")

    assert sorted(kept["cached"]) == SHELL
    assert set(kept["fields"]) == {"uuid", "kind", "at", "person", "number"}
    assert house.pocket_events() == {"start": 25, "stop": 25}
    beyond = page.get_by_role("list", name="Beyond a limit").get_by_role("listitem")
    expect(beyond).to_have_count(1)
    expect(beyond).to_contain_text(f"#{house.office.acme_ticket.number} ")
    expect(beyond).to_contain_text("No billable time is left there.")
    beyond.get_by_role("button", name="Dismiss").click()
    expect(beyond).to_have_count(0)
    house.limit_acme(None)

    page.goto(f"{house.origin}/desk")
    page.locator("button.acct").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    assert page.evaluate(LEFT) == [[], [], 0]


KEPT = """async () => {
  const names = await caches.keys();
  const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  const events = await window.timerQueue.waiting();
  return { cached: requests.flat().map(({ url }) => new URL(url).pathname), fields: events.flatMap(Object.keys) };
}"""
LEFT = """async () => [
  await caches.keys(), await indexedDB.databases(), (await navigator.serviceWorker.getRegistrations()).length
]"""
SHELL = [
    "/pocket/",
    "/static/css/base.css",
    "/static/css/components.css",
    "/static/css/tokens.css",
    "/static/favicon.svg",
    "/static/icons.svg",
    "/static/pocket/page.js",
    "/static/pocket/pocket.css",
    "/static/pocket/queue.js",
]


def lose_one_answer() -> Callable[[Route], None]:
    """Let the first batch reach the server and its answer get lost, so that all of it is sent again."""
    is_lost: list[bool] = []

    def handle(route: Route) -> None:
        if is_lost:
            route.continue_()
            return
        is_lost.append(True)
        assert route.fetch().ok
        route.abort()

    return handle
