"""docs/billing.md, "Nothing slips": a page tells how long it was read, and not a minute that nobody was there."""

from collections.abc import Callable
from urllib.parse import parse_qs

from playwright.sync_api import Page, Request, Response

from tests.browser.chromium import Visitor
from tests.browser.site import Site

HOURS = 8 * 60 * 60 * 1000


def test_a_page_tells_how_long_it_was_read_and_neither_idleness_nor_sleep(
    fresh: Site, visit: Callable[[str], Visitor]
) -> None:
    page, told = visit("technician").page, []
    page.on("request", lambda request: told.append(_what(request)) if _tells(request) else None)
    page.clock.install()
    page.goto("{}/items/{story_ticket}".format(fresh.origin, **fresh.ids))

    with page.expect_response(_takes) as first:
        _be_there(page, seconds=90)
    with page.expect_response(_takes):
        page.clock.fast_forward(HOURS)  # the lid was closed
    with page.expect_response(_takes):
        _be_there(page, seconds=15)
        page.clock.run_for(300_000)  # nobody is there any more

    assert first.value.status == 204
    (reading, so_far), (again, whole), (later, last) = told
    assert reading == again != later
    assert 60 <= so_far <= 66
    assert 85 <= whole <= 100
    assert 60 <= last <= 66


def _be_there(page: Page, *, seconds: int) -> None:
    for second in range(0, seconds, 15):
        page.mouse.move(300 + second, 300)
        page.clock.run_for(15_000)


def _tells(request: Request) -> bool:
    return request.url.endswith("/reading")


def _takes(answer: Response) -> bool:
    return _tells(answer.request)


def _what(request: Request) -> tuple[str, int]:
    """Return the uuid of the while, and its seconds."""
    sent = parse_qs(request.post_data or "")
    return sent["span"][0], int(sent["seconds"][0])
