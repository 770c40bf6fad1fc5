"""The watch that the other tests here trust: it tells of every trouble, and of none where somebody merely moved on."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, Response, Route

from tests.browser.chromium import Visitor
from tests.browser.payloads import AWAY
from tests.browser.site import Site

PAGE = "<!doctype html><html lang='en'><title>x</title><link rel='icon' href='data:,'>"
STRICT = {"content-security-policy": "script-src 'none'"}


def show(page: Page, origin: str, body: str, **how: dict[str, str]) -> Response | None:
    """Open a page of our own origin with that body and wait until all that it asks for is there or has failed."""
    page.route("**/shown", lambda route: route.fulfill(content_type="text/html", body=PAGE + body, **how))
    return page.goto(f"{origin}/shown")


def failing(reason: str) -> Callable[[Route], None]:
    return lambda route: route.abort(reason)


def refusing(status: int) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, body="")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (failing("aborted"), "net::ERR_ABORTED"),
        (failing("connectionrefused"), "net::ERR_CONNECTION_REFUSED"),
        (failing("failed"), "net::ERR_FAILED"),
        (refusing(404), "404"),
        (refusing(500), "500"),
    ],
    ids=["aborted", "refused", "failed", "missing", "broken"],
)
def test_a_request_of_our_own_that_fails_is_trouble(
    visit: Callable[..., Visitor], site: Site, answer: Callable[[Route], None], said: str
) -> None:
    visitor = visit("anonymous")
    visitor.page.route("**/picture.png", answer)

    show(visitor.page, site.origin, "<p style='background: url(/picture.png)'>")  # an <img> may be asked for twice

    assert [line.rpartition(": ")[2] for line in visitor.watch.trouble["failed"]] == [said]


@pytest.mark.parametrize("reason", ["connectionrefused", "connectionreset", "timedout"])
def test_a_page_that_cannot_be_reached_is_trouble(visit: Callable[..., Visitor], site: Site, reason: str) -> None:
    visitor = visit("anonymous")
    visitor.page.route("**/gone", failing(reason))
    visitor.page.set_content(f"<a href='{site.origin}/gone'>gone</a>")

    with visitor.page.expect_event("requestfailed"):
        visitor.page.get_by_text("gone").click()

    assert len(visitor.watch.trouble["failed"]) == 1


@pytest.mark.parametrize(
    ("body", "how", "kind"),
    [
        ("<script>console.error('alas')</script>", {}, "console"),
        ("<script>console.warn('alas')</script>", {}, "console"),
        ("<script>throw new Error('alas')</script>", {}, "console"),
        ("<script>globalThis.ran = 1</script>", {"headers": STRICT}, "console"),
        ("<script>alert('alas')</script>", {}, "dialogs"),
        (f"<img src='{AWAY}/pixel.gif'>", {}, "left"),
    ],
    ids=["error", "warning", "uncaught", "policy", "dialog", "another host"],
)
def test_what_a_page_does_wrong_is_trouble_of_its_kind(
    visit: Callable[..., Visitor], site: Site, body: str, how: dict[str, dict[str, str]], kind: str
) -> None:
    visitor = visit("anonymous")

    show(visitor.page, site.origin, body, **how)

    assert len(visitor.watch.trouble[kind]) == 1


def test_a_calm_page_is_no_trouble(visit: Callable[..., Visitor], site: Site) -> None:
    visitor = visit("anonymous")

    show(visitor.page, site.origin, "<p>All is well.</p>")

    assert visitor.watch.trouble == {}


def leave_while_loading(visitor: Visitor, site: Site, body: str, url: str) -> None:
    """Open a page that asks for ``url``, which is never answered, and go to another before anything comes."""
    page = visitor.page
    page.route(url, lambda _route: None)
    page.route("**/shown", lambda route: route.fulfill(content_type="text/html", body=PAGE + body))
    with page.expect_request(url):
        page.goto(f"{site.origin}/shown", wait_until="commit")
    with page.expect_event("requestfailed"):
        page.goto(f"{site.origin}/sign-in")


@pytest.mark.parametrize(
    "body",
    ["<img src='/slow'>", "<iframe title='x' src='/slow'></iframe>", "<script>fetch('/slow')</script>"],
    ids=["picture", "frame", "script"],
)
def test_what_a_page_still_asks_for_when_somebody_leaves_it_is_no_trouble(
    visit: Callable[..., Visitor], site: Site, body: str
) -> None:
    visitor = visit("anonymous")

    leave_while_loading(visitor, site, body, f"{site.origin}/slow")

    assert visitor.watch.trouble == {}


def test_what_a_page_asks_for_while_the_next_one_is_on_its_way_is_no_trouble(
    visit: Callable[..., Visitor], site: Site
) -> None:
    visitor = visit("anonymous")
    page = visitor.page
    held: list[Route] = []
    late: list[Request] = []

    def ask_again(route: Route) -> None:
        """Answer nothing; once the next page is asked for, this request is late, and the next page comes."""
        if held and not late:
            late.append(route.request)
            held[0].fulfill(content_type="text/html", body=PAGE)

    page.route("**/next", lambda route: held.append(route))  # noqa: PLW0108 - it takes no method of a list
    page.route("**/slow", ask_again)
    leaving = "const go = () => { location.href = '/next'; setInterval(() => fetch('/slow'), 20) }"
    show(page, site.origin, f"<script>{leaving}</script>")

    with page.expect_event("requestfailed", lambda request: request in late):
        page.evaluate("() => { setTimeout(go) }")

    assert visitor.watch.trouble == {}


def test_a_picture_that_is_still_asked_for_when_a_test_ends_is_no_trouble_of_the_next(
    visit: Callable[..., Visitor], site: Site
) -> None:
    visitor = visit("anonymous")
    visitor.page.route("**/slow", lambda _route: None)
    visitor.page.route(
        "**/shown", lambda route: route.fulfill(content_type="text/html", body=PAGE + "<img src='/slow'>")
    )
    with visitor.page.expect_request("**/slow"):
        visitor.page.goto(f"{site.origin}/shown", wait_until="commit")

    visitor.watch.forget()
    with visitor.page.expect_event("requestfailed"):
        visitor.goto("/sign-in")

    assert visitor.watch.trouble == {}


def test_what_was_asked_of_another_host_stays_trouble_when_somebody_leaves(
    visit: Callable[..., Visitor], site: Site
) -> None:
    visitor = visit("anonymous")

    leave_while_loading(visitor, site, f"<img src='{AWAY}/slow'>", f"{AWAY}/slow")

    assert set(visitor.watch.trouble) == {"failed", "left"}


def test_a_page_does_not_excuse_what_fails_on_it_by_moving_a_frame(visit: Callable[..., Visitor], site: Site) -> None:
    visitor = visit("anonymous")
    held: list[Route] = []
    visitor.page.route("**/slow", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it is given
    show_with = "<iframe name='inner' title='x'></iframe><script>fetch('/slow').catch(() => 0)</script>"
    with visitor.page.expect_request("**/slow"):
        show(visitor.page, site.origin, show_with)

    visitor.page.evaluate("origin => { document.querySelector('iframe').src = `${origin}/sign-in` }", site.origin)
    visitor.page.frame_locator("iframe").locator("body").wait_for()
    with visitor.page.expect_event("requestfailed"):
        held[0].abort("aborted")

    assert visitor.watch.trouble["failed"] == [f"{site.origin}/slow: net::ERR_ABORTED"]


@pytest.mark.parametrize(("reason", "kinds"), [("aborted", []), ("connectionrefused", ["failed"])])
def test_our_icon_may_be_dropped_and_must_not_fail(
    visit: Callable[..., Visitor], site: Site, reason: str, kinds: list[str]
) -> None:
    visitor = visit("anonymous")
    visitor.page.route("**/static/favicon.svg", failing(reason))

    show(visitor.page, site.origin, "<img src='/static/favicon.svg' alt=''>")

    assert [kind for kind in visitor.watch.trouble if kind != "console"] == kinds
