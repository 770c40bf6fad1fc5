"""Every form works without a script: somebody signs in, replies, starts and stops the timer, logs time."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.chromium import Visitor
from tests.browser.site import Site
from tests.builders import PASSWORD


def test_somebody_signs_in_and_replies_with_time_and_status(visit: Callable[..., Visitor], fresh: Site) -> None:
    visitor = visit("anonymous", java_script_enabled=False)
    page = visitor.goto("/items/{story_ticket}".format(**fresh.ids))

    page.get_by_label("E-mail").fill("technician@halden-okoye.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    reply = page.get_by_role("form", name="Reply")
    reply.get_by_label("Your reply").fill("It prints again, without a script.")
    reply.get_by_label("Time for this reply").fill("0:15")
    reply.get_by_label("Status afterwards").select_option("waiting")
    reply.get_by_role("button", name="Send", exact=True).click()

    assert visitor.path == "/items/{story_ticket}".format(**fresh.ids)
    mine = page.get_by_role("article", name="Reply from Technician Person").last
    expect(mine).to_contain_text("It prints again, without a script.")
    expect(mine).to_contain_text("0:15")
    expect(page.locator(".tk-head")).to_contain_text("Waiting")
    assert visitor.watch.trouble == {}


def test_a_note_is_added(visit: Callable[..., Visitor], fresh: Site) -> None:
    page = visit("technician", java_script_enabled=False).goto("/items/{kuehn_task}".format(**fresh.ids))

    page.get_by_label("Your note, which only we see").fill("The shares of accounting are next.")
    page.get_by_role("button", name="Add note").click()

    expect(page.locator("#conversation")).to_contain_text("The shares of accounting are next.")


def test_the_timer_is_started_and_stopped(visit: Callable[..., Visitor], fresh: Site) -> None:
    page = visit("technician", java_script_enabled=False).goto("/items/{acme_ticket}".format(**fresh.ids))
    header = page.locator("#timer")

    header.get_by_role("button", name="Start timer").click()
    expect(header).to_contain_text(f"#{fresh.ids['acme_ticket']}")
    fresh.clock.advance(minutes=7)
    page.reload()
    expect(header.locator("time")).to_have_text("0:07")
    header.get_by_role("button", name="Stop").click()

    expect(header.get_by_role("button", name="Start timer")).to_be_visible()
    expect(page.locator("#time-panel")).to_contain_text("0:07")


def test_time_is_logged_on_the_week(visit: Callable[..., Visitor], fresh: Site) -> None:
    page = visit("technician", java_script_enabled=False).goto(f"/time?number={fresh.ids['acme_ticket']}")

    form = page.locator("#add form")
    form.locator("[name=worked]").fill("1:20")
    form.locator("[name=note]").fill("Changed the print head")
    form.get_by_role("button").last.click()

    expect(page.locator("main")).to_contain_text("1:20")
    expect(page.locator("main")).to_contain_text("Changed the print head")


def test_what_is_refused_comes_back_as_it_was_typed(visit: Callable[..., Visitor], fresh: Site) -> None:
    visitor = visit("technician", java_script_enabled=False)
    page = visitor.goto("/items/{acme_ticket}".format(**fresh.ids))

    page.locator("label").filter(has_text="Internal note").click()
    note = page.get_by_role("form", name="Internal note")
    note.get_by_label("Your note, which only we see").fill("Kept as it is")
    note.get_by_label("Time", exact=True).fill("a while")
    note.get_by_role("button", name="Add note").click()

    expect(page.get_by_role("alert")).to_contain_text("Your text is kept.")
    expect(page.get_by_label("Your note, which only we see")).to_have_value("Kept as it is")


def test_the_settings_are_a_list_where_there_is_room_and_fold_where_not(
    visit: Callable[..., Visitor], site: Site
) -> None:
    visitor = visit("admin", java_script_enabled=False)
    page = visitor.goto("/settings/people")
    settings = page.get_by_role("navigation", name="Settings")
    expect(settings.get_by_role("link")).to_have_count(20)
    expect(settings.get_by_role("heading", name="Mail")).to_be_visible()

    page.set_viewport_size({"width": 390, "height": 844})
    expect(settings.get_by_role("link")).to_have_count(0)
    settings.locator("summary").filter(has_text="People").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    page.wait_for_url("**/settings/teams")
    settings.locator("summary").click()
    expect(settings.locator("details [aria-current=page]")).to_have_text("Teams")
    expect(settings.get_by_role("link")).to_have_count(20)
    assert visitor.watch.trouble == {}
