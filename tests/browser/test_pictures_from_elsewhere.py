"""Pictures of a mail from elsewhere, as somebody sees them: not at first, then by one click, and never by this browser.

docs/mail.md rule 33; OWASP ASVS 5.0 14.2.4 (nothing is told to third parties that nobody decided to tell).
"""

import io
from collections.abc import Callable, Iterator

import pytest
from PIL import Image
from playwright.sync_api import Frame, Page, expect

from helpdesk.infra.db import db, unit_of_work
from helpdesk.intake.models import InboundMessage
from helpdesk.projects.models import WorkItem
from tests.browser import pictures
from tests.browser.chromium import Visitor
from tests.browser.site import Site
from tests.mails import mail
from tests.picture_server import PictureServer, running_picture_server
from tests.slices.conftest import Inbox, connect

WIDTHS = "() => [...document.images].map((image) => image.naturalWidth)"


@pytest.fixture
def server() -> Iterator[PictureServer]:
    with running_picture_server() as running:
        output = io.BytesIO()
        Image.new("RGB", (40, 20), "teal").save(output, "PNG")
        running.lies_there |= {"/logo.png": output.getvalue(), "/spy.svg": b"<svg onload='alert(1)'/>"}
        yield running


@pytest.fixture
def letter(fresh: Site, server: PictureServer) -> tuple[int, int]:
    """Return number and message of a mail with a picture, one that is none, and one that leads into a house."""
    with fresh.app.app_context():
        mailbox_id, source_id = connect(address="letters@halden-okoye.example")
        inbox = Inbox(mailbox_id, source_id, fresh.clock)
        inbox.fetch()
        sources = (server.url("/logo.png"), server.url("/spy.svg"), "http://10.0.0.5/inside.png")
        html = "<p>Before</p>" + "".join(f'<img src="{source}">' for source in sources)
        line: InboundMessage = inbox.receive(mail("See our logo.", html=html))
        item_id, message_id = pictures.effect_of(line)
        with unit_of_work() as session:
            number = session.get_one(WorkItem, item_id).number
        db.session.remove()
    return number, message_id


def fetch(site: Site, server: PictureServer, message_id: int) -> None:
    def by_name(host: str, _port: int) -> list[str]:
        return ["127.0.0.1"] if host == "pictures.example" else [host]

    with site.app.app_context():
        pictures.fetch(message_id, server.get(by_name), site.clock)
        db.session.remove()


def frame_of(page: Page, message_id: int) -> Frame:
    page.locator("iframe.mailframe").scroll_into_view_if_needed()
    page.frame_locator("iframe.mailframe").get_by_text("Before").wait_for()
    return next(frame for frame in page.frames if frame.url.endswith(f"/messages/{message_id}/body"))


def test_pictures_appear_after_a_click_and_no_request_leaves_the_browser(
    visit: Callable[..., Visitor], fresh: Site, server: PictureServer, letter: tuple[int, int]
) -> None:
    number, message_id = letter
    visitor = visit("technician")
    page = visitor.goto(f"/items/{number}")
    page.get_by_text("As it was sent").click()
    before = frame_of(page, message_id).evaluate(WIDTHS)

    page.get_by_role("button", name="Show 3 pictures from elsewhere").click()
    expect(page.get_by_text("Fetching pictures: 0 of 3")).to_be_visible()
    asked_before = list(server.asked)
    fetch(fresh, server, message_id)
    expect(page.get_by_text("1 picture from elsewhere is shown from our own copy.")).to_be_visible()

    assert (before, asked_before) == ([0, 0, 0], [])
    assert frame_of(page, message_id).evaluate(WIDTHS) == [40, 0, 0]
    missing = page.locator(".pictures li")
    expect(missing).to_have_count(2)
    expect(missing.first).to_contain_text("it is no picture of a kind that is shown")
    expect(missing.last).to_contain_text("its server is not in the public internet")
    assert server.paths == ["/logo.png", "/spy.svg"]
    assert visitor.watch.left == []
    assert visitor.watch.trouble == {}


def test_what_somebody_writes_meanwhile_stays_where_it_is(
    visit: Callable[..., Visitor], fresh: Site, server: PictureServer, letter: tuple[int, int]
) -> None:
    number, message_id = letter
    page = visit("technician").goto(f"/items/{number}")
    page.get_by_role("button", name="Show 3 pictures from elsewhere").click()
    expect(page.get_by_text("Fetching pictures: 0 of 3")).to_be_visible()

    page.get_by_label("Your reply").fill("Half a sentence")
    fetch(fresh, server, message_id)
    expect(page.get_by_text("2 pictures are missing:")).to_be_visible()

    expect(page.locator("#reply-body")).to_have_value("Half a sentence")


def test_all_of_it_works_without_a_script(
    visit: Callable[..., Visitor], fresh: Site, server: PictureServer, letter: tuple[int, int]
) -> None:
    number, message_id = letter
    visitor = visit("technician", java_script_enabled=False)
    page = visitor.goto(f"/items/{number}")

    page.get_by_role("button", name="Show 3 pictures from elsewhere").click()
    expect(page.get_by_text("Fetching pictures: 0 of 3")).to_be_visible()
    fetch(fresh, server, message_id)
    page.get_by_role("link", name="Look again").click()

    expect(page.get_by_text("1 picture from elsewhere is shown from our own copy.")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.frame_locator("iframe.mailframe").get_by_text("Before")).to_be_visible()
    assert visitor.watch.left == []
    assert visitor.watch.trouble == {}
