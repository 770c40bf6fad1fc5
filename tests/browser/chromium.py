"""Chromium, headless, that talks to nobody but us, and what a page is measured by."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.site import Site
from tests.browser.watch import Watch

WIDE, NARROW = 1440, 390
HEIGHT = 900
PHONE_HEIGHT = 844
PATIENCE = 60_000  # milliseconds: only what never comes is missing, however busy the machine is
expect.set_options(timeout=PATIENCE)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (WIDE, NARROW)
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

# Everything that reaches over the right edge and that no scrolling or clipping box of its own holds back.
_TOO_WIDE = """() => {
  const edge = document.documentElement.clientWidth;
  const held = (element) => {
    for (let box = element.parentElement; box && box !== document.body; box = box.parentElement)
      if (getComputedStyle(box).overflowX !== "visible") return true;
    return false;
  };
  return [...document.body.querySelectorAll("*")]
    .filter((element) => element.checkVisibility({ checkVisibilityCSS: true }))
    .filter((element) => element.getBoundingClientRect().right > edge + 1 && !held(element))
    .map((element) => `${element.tagName.toLowerCase()}.${element.getAttribute("class") ?? ""}`)
    .concat(document.documentElement.scrollWidth > edge ? [`page ${document.documentElement.scrollWidth}`] : []);
}"""


_worn: WeakKeyDictionary[Page, tuple[int, str]] = WeakKeyDictionary()


@contextmanager
def running() -> Iterator[Browser]:
    """Start Chromium and yield it; everything ends with the block."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    assert path is not None, "Chromium is needed: requirements/system-test.txt names the package"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """Somebody with a browser of their own, and what happened there."""

    context: BrowserContext
    page: Page
    watch: Watch

    def goto(self, path: str) -> Page:
        self.page.goto(f"{self.watch.origin}{path}")
        return self.page

    @property
    def path(self) -> str:
        """Where the page is, without the origin."""
        parts = urlsplit(self.page.url)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path


@contextmanager
def visiting(browser: Browser, site: Site, actor: str, **options: Any) -> Iterator[Visitor]:
    """Open a browser for one of the office's people, signed in already (``anonymous``: not)."""
    settings = {"viewport": {"width": WIDE, "height": HEIGHT}, "locale": "en-GB", "timezone_id": "Europe/Berlin"}
    context = browser.new_context(**{**settings, **options})
    context.set_default_timeout(PATIENCE)
    if actor != "anonymous":
        context.add_cookies([{"name": "helpdesk", "value": site.cookies[actor], "url": site.origin}])
    watch = Watch(site.origin).over(context)
    try:
        yield Visitor(context, context.new_page(), watch)
    finally:
        context.close()


def dress(page: Page, *, width: int, theme: Literal["light", "dark"]) -> None:
    """Show the page at that width and as a system with that theme would; what it wears already takes no time."""
    worn = _worn.get(page, (0, ""))
    if worn[1] != theme:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    if worn[0] != width:
        page.set_viewport_size({"width": width, "height": HEIGHT if width > NARROW else PHONE_HEIGHT})
    _worn[page] = (width, theme)


def too_wide(page: Page) -> list[str]:
    """Return the elements that make the page wider than the window."""
    return list(page.evaluate(_TOO_WIDE))
