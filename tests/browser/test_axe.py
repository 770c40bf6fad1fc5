"""What looking at pages relies on: a look is measured once where it is good, and what appears is asked about."""

from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.axe import colour_faults, faults, faults_of_what_appeared
from tests.browser.chromium import NARROW, WIDE, Visitor, dress
from tests.browser.site import Site

PAGE = """<!doctype html><html lang="en"><title>x</title><style>
  body {{ background: #fff; color: #000 }} .pale {{ color: #ddd }} .box {{ background: #222; color: #fff }}
  @media (prefers-color-scheme: dark) {{ body {{ background: #111; color: #eee }} .lost {{ color: #333 }} }}
  @media (min-width: 800px) {{ .phone {{ display: none }} }}
</style><main><h1>x</h1>{body}</main>"""


def show(page: Page, site: Site, body: str) -> None:
    page.route("**/shown", lambda route: route.fulfill(content_type="text/html", body=PAGE.format(body=body)))
    page.goto(f"{site.origin}/shown")
    dress(page, width=WIDE, theme="light")


def rules(found: list[str]) -> list[str]:
    return [line.partition(":")[0] for line in found]


def test_a_look_is_measured_again_wherever_something_of_it_or_behind_it_is_another(
    visit: Callable[..., Visitor], site: Site
) -> None:
    page = visit("anonymous").page

    show(page, site, "<p>good</p><p class='lost'>good</p>")
    assert faults(page) == []
    dress(page, width=WIDE, theme="dark")
    assert rules(colour_faults(page)) == ["color-contrast"]
    assert rules(colour_faults(page)) == ["color-contrast"], "what was not good is never taken for good"
    show(page, site, "<p>good</p><p class='pale'>bad</p>")
    assert rules(faults(page)) == ["color-contrast"]
    show(page, site, "<p class='box'>good</p><div class='box'><p style='color: #000'>bad</p></div>")
    assert rules(faults(page)) == ["color-contrast"]


def test_what_appears_where_it_is_narrow_is_asked_about_and_nothing_else(
    visit: Callable[..., Visitor], site: Site
) -> None:
    page = visit("anonymous").page

    show(page, site, "<button>good</button><p class='phone'><button></button></p>")
    assert faults(page) == []
    dress(page, width=NARROW, theme="light")
    assert rules(faults_of_what_appeared(page)) == ["button-name"]
    assert faults_of_what_appeared(page) == []
    show(page, site, "<button></button>")
    assert rules(faults(page)) == ["button-name"]
    dress(page, width=NARROW, theme="light")
    assert faults_of_what_appeared(page) == []
