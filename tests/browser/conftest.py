"""One site a worker, one Chromium a module: its event loop must not stay for tests that run their own."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium
from tests.browser.chromium import Visitor
from tests.browser.site import Site, build, open_site
from tests.once import made_once


@pytest.fixture(scope="session")
def built_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    furnished, home = made_once(tmp_path_factory, "site", build), tmp_path_factory.mktemp("browser")
    shutil.copytree(furnished, home, dirs_exist_ok=True)
    return open_site(home)


@pytest.fixture(scope="module")
def site(built_site: Site) -> Iterator[Site]:
    """The site, served; furnished as at first when a module begins."""
    built_site.renew()
    with built_site.served():
        yield built_site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.running() as started:
        yield started


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Visitor]]:
    """Open a browser for somebody: ``visit("technician")``; it is closed with the test."""
    with ExitStack() as stack:

        def open_for(actor: str, **options: Any) -> Visitor:
            return stack.enter_context(chromium.visiting(browser, site, actor, **options))

        yield open_for


@pytest.fixture(scope="module")
def _visitors(browser: Browser, site: Site) -> Iterator[Callable[[str], Visitor]]:
    with ExitStack() as stack:
        yield cache(lambda actor: stack.enter_context(chromium.visiting(browser, site, actor)))


@pytest.fixture
def visitor_of(_visitors: Callable[[str], Visitor]) -> Callable[[str], Visitor]:
    """Return somebody's browser, the same for the whole module, as if nothing had happened there: for looking only."""

    def visitor(actor: str) -> Visitor:
        found = _visitors(actor)
        found.watch.forget()
        return found

    return visitor


@pytest.fixture
def fresh(site: Site) -> Iterator[Site]:
    """The site for a test that writes: its database is laid anew afterwards."""
    yield site
    site.renew()
