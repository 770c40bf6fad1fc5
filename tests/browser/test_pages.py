"""Every page, in both themes, wide and narrow: axe finds nothing, nothing sticks out, the console is silent."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from tests.browser.axe import colour_faults, faults, faults_of_what_appeared
from tests.browser.chromium import NARROW, WIDE, Visitor, dress, too_wide
from tests.browser.long_words import lengthen
from tests.browser.pages import Place, places, with_menus
from tests.browser.site import Site

SIGN_IN = "/sign-in"


@pytest.fixture(scope="module", autouse=True)
def _long_words(site: Site) -> None:
    lengthen(site)


@pytest.mark.parametrize("place", places(), ids=lambda place: place.title)
def test_a_page_is_accessible_quiet_and_never_wider_than_the_window(
    visitor_of: Callable[[str], Visitor], site: Site, place: Place
) -> None:
    visitor, menus = visitor_of(place.actor), place in with_menus()

    dress(visitor.page, width=WIDE, theme="light")
    page = visitor.goto(place.path.format(**site.ids))
    found = {"wide, light": faults(page, menus=menus), "wide, sticking out": too_wide(page)}
    dress(page, width=WIDE, theme="dark")  # a theme changes nothing but colours
    found["wide, dark"] = colour_faults(page)
    dress(page, width=NARROW, theme="light")  # and a width little but what is shown
    found |= {"narrow": faults_of_what_appeared(page, menus=menus), "narrow, sticking out": too_wide(page)}

    assert (urlsplit(page.url).path == SIGN_IN) == (place.path == SIGN_IN)
    assert {where: what for where, what in found.items() if what} == {}
    assert visitor.watch.trouble == {}
