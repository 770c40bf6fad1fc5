"""While somebody types terms the page says at once what they mean, and it saves nothing."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.chromium import Visitor


def test_terms_say_what_they_mean_while_they_are_typed(visit: Callable[..., Visitor]) -> None:
    visitor = visit("admin")
    page = visitor.goto("/retainers/new")
    shown = page.locator("#preview")
    expect(shown).to_contain_text("Say how many hours")

    page.get_by_label("Hours a month").fill("12")
    expect(shown).to_contain_text("12 h a month for")
    page.get_by_label("Price of an hour beyond that").fill("95")
    expect(shown).to_contain_text("beyond that €95.00 an hour, billed at month-end")
    page.get_by_label("At the cap").select_option("stop")
    expect(shown).to_contain_text("nothing is approved beyond")

    assert page.get_by_label("Hours a month").input_value() == "12"
    assert page.url.endswith("/retainers/new")
    assert visitor.watch.trouble == {}
