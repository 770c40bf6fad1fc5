"""One stream a browser: all its tabs agree with what happens on another device, and say when they cannot hear."""

import os
import re
import signal
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chromium import PATIENCE
from tests.running_desk import House, running, token_in

TABS = 10


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("live")) as started:
        yield started


@pytest.fixture
def signed_in(browser: Browser, house: House) -> Iterator[BrowserContext]:
    """A browser of the technician's."""
    context = browser.new_context(timezone_id="Europe/Berlin")
    context.set_default_timeout(PATIENCE)
    cookie = house.browser("technician").cookies["helpdesk"]
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


def test_new_work_shows_in_the_queue_without_a_reload_and_the_focus_stays(
    house: House, signed_in: BrowserContext
) -> None:
    page = signed_in.new_page()
    page.goto(f"{house.origin}/desk")
    row = page.locator(f"[data-item='{house.office.acme_ticket.number}'] a[data-main]")
    row.focus()
    post = device(house)

    post(f"/items/{house.office.acme_ticket.number}/status", status="in_progress")

    expect(page.locator(f"[data-item='{house.office.acme_ticket.number}']")).to_contain_text("In progress")
    expect(row).to_be_focused()
