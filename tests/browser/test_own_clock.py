"""Times are those of the account wherever the browser is, which offers its own zone (docs/desk.md rule 103)."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.chromium import Visitor
from tests.browser.site import Site


def test_times_are_those_of_the_account_and_the_browser_offers_its_own_zone(
    fresh: Site, visit: Callable[..., Visitor]
) -> None:
    abroad, at_home = visit("technician", timezone_id="America/New_York"), visit("manager")
    page = abroad.goto("/items/{story_ticket}".format(**fresh.ids))
    first = page.locator("#conversation time[data-local]").first
    there = first.get_attribute("title") or ""
    instant = first.get_attribute("datetime") or ""
    in_berlin, in_new_york = (
        page.evaluate(
            "([at, timeZone]) => new Intl.DateTimeFormat('en-GB', "
            "{ dateStyle: 'full', timeStyle: 'long', timeZone }).format(new Date(at))",
            [instant, zone],
        )
        for zone in ("Europe/Berlin", "America/New_York")
    )
    assert there == in_berlin != in_new_york
    offer = page.locator("#browser-zone")
    expect(offer).to_be_hidden()
    page.get_by_role("button", name="your account").click()
    expect(offer).to_contain_text("Times are those of Europe/Berlin. Your browser says America/New_York.")

    offer.get_by_role("button", name="Use it").click()

    expect(page.get_by_role("status").filter(has_text="Times are those of America/New_York.")).to_be_visible()
    assert abroad.path.startswith("/items/")
    expect(first).to_have_attribute("title", in_new_york)
    page.get_by_role("button", name="your account").click()
    expect(offer).to_be_hidden()
    page = at_home.goto("/account")
    expect(page.locator("[data-browser-zone]")).to_have_count(2)
    expect(page.get_by_text("Your browser says")).to_have_count(0)
    assert (abroad.watch.trouble, at_home.watch.trouble) == ({}, {})


def test_a_zone_that_there_is_not_is_said_beside_what_was_typed(fresh: Site, visit: Callable[..., Visitor]) -> None:
    visitor = visit("technician", timezone_id="Europe/Lisbon")
    page = visitor.goto("/account")
    field = page.get_by_label("Time zone")
    field.fill("Lisbonne")
    page.get_by_role("button", name="Save").click()
    expect(field).to_have_value("Lisbonne")
    expect(field).to_have_accessible_description(re.compile("There is no time zone “Lisbonne”"))

    page.locator(".sheetform").get_by_role("button", name="Use it").click()

    expect(field).to_have_value("Europe/Lisbon")
    expect(page.get_by_text("By this clock it is")).to_contain_text("Europe/Lisbon")
