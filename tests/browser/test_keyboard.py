"""All of the desk by keyboard (WCAG 2.2: 2.1.1, 2.1.4, 2.4.3, 2.4.7), one running timer, and themes that stay."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.timekeeping.models import TimeEntry
from tests.browser.axe import faults
from tests.browser.chromium import Visitor
from tests.browser.site import Site
from tests.builders import PASSWORD

ME = "technician"

# What has the focus: how it is called, whether a ring is drawn (by it, its row or its label), whether it is in view.
FOCUSED = """() => {
  const element = document.activeElement;
  const drawn = (...of) => {
    const style = getComputedStyle(...of);
    return style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 1;
  };
  const label = element.closest("label");
  const box = (label ?? element).getBoundingClientRect();
  return {
    name: element === document.body ? "body" : element.id || element.name || (label ?? element).textContent.trim(),
    ring: drawn(element) || drawn(element, "::after") || (label !== null && drawn(label)),
    seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
  };
}"""


def running(site: Site) -> list[int]:
    """Return the items on which the technician's timers run, as the database knows it."""
    with site.app.app_context(), unit_of_work() as session:
        query = select(TimeEntry).where(TimeEntry.person_id == site.ids[ME], TimeEntry.ended_at.is_(None))
        return [entry.work_item_id for entry in session.scalars(query)]


def walk(page: Page, *, key: str, until: str, at_most: int = 120) -> list[dict[str, object]]:
    """Press ``key`` until the control called ``until`` has the focus, and return all on the way."""
    steps: list[dict[str, object]] = []
    for _press in range(at_most):
        page.keyboard.press(key)
        steps.append(page.evaluate(FOCUSED))
        if steps[-1]["name"] == until:
            return steps
    pytest.fail(f"{until} was not reached: {[step['name'] for step in steps]}")


def test_somebody_signs_in_by_keyboard_and_is_at_the_desk(visit: Callable[..., Visitor], site: Site) -> None:
    visitor = visit("anonymous")
    page = visitor.goto("/desk")

    walk(page, key="Tab", until="email")
    page.keyboard.type(f"{ME}@halden-okoye.example")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("All open")
    assert visitor.path == "/desk"


def test_the_keys_are_shown_can_be_others_and_can_be_switched_off(visit: Callable[..., Visitor], fresh: Site) -> None:
    page = visit(ME).goto("/desk")
    keys = page.get_by_role("dialog", name="Keys on this page")
    new = page.get_by_role("link", name="New ticket")

    page.keyboard.press("?")
    expect(keys).to_be_visible()
    expect(keys).to_contain_text("Start the timer")
    keys.get_by_role("link", name="Change keys").click()
    page.get_by_label("New, of what the page lists").fill("i")
    page.get_by_label("Next row").fill("c")
    page.get_by_label("Show the keys of the page").fill("q")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your keys are saved.")).to_be_visible()

    page.goto(f"{fresh.origin}/desk")
    expect(new.locator("kbd")).to_have_text("I")
    page.keyboard.press("c")
    expect(page.locator("[data-rows] a[data-main]").first).to_be_focused()
    page.keyboard.press("q")
    expect(keys.locator("[data-hint=j]")).to_have_text("c")
    keys.get_by_label("Single keys are on in this browser").uncheck()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.reload()
    expect(new.locator("kbd")).to_be_hidden()
    page.keyboard.press("q")
    page.keyboard.press("i")
    expect(keys).to_be_hidden()
    assert page.url.endswith("/desk")


def test_a_ticket_is_reached_with_j_and_k_and_enter(visit: Callable[..., Visitor]) -> None:
    visitor = visit(ME)
    page = visitor.goto("/desk")
    links = page.locator("[data-rows] a[data-main]")

    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(links.nth(1)).to_be_focused()
    assert page.evaluate(FOCUSED)["ring"]
    target = links.nth(1).get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{target}")

    assert visitor.path == target


def test_a_team_is_found_by_typing_given_the_ticket_and_undone_by_a_key(
    visit: Callable[..., Visitor], fresh: Site
) -> None:
    visitor = visit(ME)
    page = visitor.goto("/items/{people_ticket}".format(**fresh.ids))
    has, find = page.locator("#assignee > button"), page.get_by_label("Person or team")

    page.keyboard.press("a")
    expect(find).to_be_focused()
    page.keyboard.type("SECOND")
    expect(page.locator("#assign-menu .item:visible")).to_have_text(["Second line"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(has).to_contain_text("Second line")
    page.keyboard.press("z")
    expect(has).not_to_contain_text("Second line")
    page.keyboard.press("a")
    page.keyboard.type(f"{ME} per")
    page.keyboard.press("Enter")
    expect(has).to_contain_text("Technician Person")
    assert visitor.watch.trouble == {}


def test_a_macro_is_found_by_typing_applied_and_undone_by_keys(visit: Callable[..., Visitor], fresh: Site) -> None:
    visitor = visit(ME)
    page = visitor.goto("/items/{people_ticket}".format(**fresh.ids))
    status, find = page.locator("button[popovertarget=status-menu]"), page.get_by_label("Find a macro")

    page.keyboard.press("v")
    expect(find).to_be_focused()
    page.keyboard.type("DUPL close")
    expect(page.locator("#macro-menu .item:visible")).to_have_text(["Close as duplicate", "Write macros"])
    page.keyboard.press("Enter")
    expect(status).to_contain_text("Solved")
    expect(page.get_by_text("applied the macro “Close as duplicate”: status solved, priority low")).to_be_visible()
    page.keyboard.press("z")
    expect(status).to_contain_text("Open")
    expect(page.get_by_text("took back the macro “Close as duplicate”")).to_be_visible()

    page.get_by_label("Your reply").focus()
    page.keyboard.type("Good morning.")  # not kept yet, and above the answer all the same
    page.keyboard.press("Control+k")
    page.keyboard.type("ask model")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your reply")).to_contain_text("which model is it?")
    expect(page.get_by_label("Your reply")).to_contain_text("Good morning.")
    expect(page.get_by_label("Status afterwards")).to_have_value("waiting")

    page = visitor.goto("/items/{kuehn_task}".format(**fresh.ids))
    page.keyboard.press("Control+k")
    page.keyboard.type("macro dupl")
    page.keyboard.press("Enter")
    expect(status).to_contain_text("Solved")
    page.keyboard.press("z")
    expect(page.get_by_text("All is as before.")).to_be_visible()
    expect(status).not_to_contain_text("Solved")

    page = visitor.goto("/desk?view=all")
    row = page.locator("#queue [data-row]").filter(has_text="Our letter of November")
    row.locator("a[data-main]").focus()
    page.keyboard.press("v")
    expect(page.locator("#bulk-macro-filter")).to_be_focused()
    page.keyboard.type("close")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 ticket changed.")).to_be_visible()
    expect(row).to_have_count(0)
    page.wait_for_load_state()
    page.keyboard.press("z")
    expect(page.get_by_text("1 ticket is as before.")).to_be_visible()
    expect(row).to_have_count(1)
    assert visitor.watch.trouble == {}


def test_two_keys_lead_to_another_section(visit: Callable[..., Visitor]) -> None:
    page = visit(ME).goto("/desk")

    page.keyboard.press("g")
    page.keyboard.press("t")

    page.wait_for_url("**/time")


def test_one_key_starts_the_timer_on_the_ticket_in_view_and_stops_it(
    visit: Callable[..., Visitor], fresh: Site
) -> None:
    visitor = visit(ME)
    page = visitor.goto("/items/{story_ticket}".format(**fresh.ids))
    timer = page.get_by_role("group", name="Running timer")

    page.keyboard.press("s")
    expect(timer).to_contain_text(f"#{fresh.ids['story_ticket']}")
    page.wait_for_load_state()
    started = running(fresh)
    page.keyboard.press("s")
    expect(timer).to_be_hidden()

    assert started == [fresh.ids["story_ticket_id"]]
    assert running(fresh) == []
    assert visitor.watch.trouble == {}


def test_the_timer_moves_to_another_ticket_and_only_one_runs(visit: Callable[..., Visitor], fresh: Site) -> None:
    page = visit(ME).goto("/items/{story_ticket}".format(**fresh.ids))
    timer = page.get_by_role("group", name="Running timer")
    page.keyboard.press("s")
    expect(timer).to_contain_text(f"#{fresh.ids['story_ticket']}")

    page.goto(f"{fresh.origin}/items/{fresh.ids['acme_ticket']}")
    page.keyboard.press("s")
    expect(timer).to_contain_text(re.compile(rf"#{fresh.ids['acme_ticket']}\b"))  # not of #19

    assert running(fresh) == [fresh.ids["acme_ticket_id"]]


def test_one_key_starts_the_timer_on_the_row_that_has_the_focus(visit: Callable[..., Visitor], fresh: Site) -> None:
    page = visit(ME).goto("/desk")

    page.keyboard.press("j")
    number = page.locator("[data-item]").first.get_attribute("data-item")
    page.keyboard.press("s")

    expect(page.get_by_role("group", name="Running timer")).to_contain_text(f"#{number}")
    assert len(running(fresh)) == 1


def test_a_refused_form_is_at_its_own_page_with_the_focus_where_it_is_wrong(
    visit: Callable[..., Visitor], site: Site
) -> None:
    visitor = visit(ME)
    page = visitor.goto("/time")

    page.locator("#number").fill(str(site.ids["story_ticket"]))
    page.locator("#worked").fill("soon")
    page.get_by_role("button", name="Add entry").click()

    expect(page.get_by_text("'soon' is no duration")).to_be_visible()
    expect(page.locator("#worked")).to_be_focused()
    assert visitor.path == "/time"


def test_a_button_that_is_swapped_out_gives_the_focus_to_its_successor(
    visit: Callable[..., Visitor], fresh: Site
) -> None:
    page = visit(ME).goto("/items/{story_ticket}".format(**fresh.ids))
    page.keyboard.press("s")

    page.get_by_role("button", name="Pause the timer").press("Enter")

    expect(page.get_by_role("button", name="Resume")).to_be_focused()


def test_tab_reaches_every_control_of_the_reply_and_shows_where_it_is(
    visit: Callable[..., Visitor], site: Site
) -> None:
    page = visit(ME).goto("/items/{story_ticket}".format(**site.ids))

    page.keyboard.press("r")
    expect(page.get_by_label("Your reply")).to_be_focused()
    steps = walk(page, key="Tab", until="Send Ctrl ↵")

    assert [step["name"] for step in steps] == [
        "reply-worked",
        "5′",
        "15′",
        "30′",
        "reply-type",
        "reply-billable",
        "Canned reply /",
        "Attach files, 15 MB together",
        "reply-status",
        "solve",
        "Send Ctrl ↵",
    ]
    assert [step["name"] for step in steps if not (step["ring"] and step["seen"])] == []


def test_every_control_of_a_ticket_shows_that_it_has_the_focus(visit: Callable[..., Visitor], site: Site) -> None:
    page = visit(ME).goto("/items/{story_ticket}".format(**site.ids))
    expect(page.locator("[data-newest]")).to_be_in_viewport()  # the page opens at its end, and Tab begins at its start

    steps = walk(page, key="Tab", until="body")[:-1]

    assert steps[0]["name"] == "Skip to content"
    assert len(steps) > 30
    assert [step["name"] for step in steps if not (step["ring"] and step["seen"])] == []


def test_a_reply_with_its_time_is_sent_by_keyboard_however_late_the_editor_comes(
    visit: Callable[..., Visitor], fresh: Site
) -> None:
    visitor, held = visit(ME), list[Route]()
    page = visitor.page
    page.route("**/trix-*.js*", lambda route: held.insert(0, route))
    with page.expect_request("**/trix-*.js*"):
        page.goto(f"{visitor.watch.origin}/items/{fresh.ids['story_ticket']}", wait_until="domcontentloaded")

    page.keyboard.press("r")
    page.keyboard.type("Both printers have ")
    held[0].continue_()
    expect(page.locator("#reply-body-rich")).to_be_focused()
    page.keyboard.type("the old driver again.")
    page.keyboard.press("Tab")
    page.keyboard.type("0:25")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Control+Enter")

    mine = page.get_by_role("article", name="Reply from Technician Person").last
    expect(mine).to_contain_text("Both printers have the old driver again.")
    expect(mine).to_contain_text("0:25")
    expect(page.locator("#reply-body")).to_have_value("")
    assert visitor.watch.trouble == {}


def test_the_timer_ticks_in_the_header_and_in_the_title_of_the_tab(visit: Callable[..., Visitor], fresh: Site) -> None:
    visitor = visit("manager")  # whose timer began at 09:18
    visitor.page.clock.install(time=fresh.clock.now)
    page = visitor.goto("/desk")
    shown = page.get_by_role("group", name="Running timer").locator("time")

    page.clock.pause_at(fresh.clock.now + timedelta(minutes=10))
    expect(shown).to_have_text("0:52:00")
    page.clock.run_for(61_000)

    expect(shown).to_have_text("0:53:01")
    expect(page).to_have_title(f"0:53 #{fresh.ids['story_ticket']} · All open · Halden & Okoye")


def test_the_theme_goes_round_and_stays(visit: Callable[..., Visitor]) -> None:
    visitor = visit(ME, color_scheme="light")
    page = visitor.goto("/desk")
    switch = page.locator("header [data-theme-switch]")
    root = page.locator("html")

    seen = []
    for _press in range(3):
        switch.click()
        seen.append(page.evaluate("() => document.documentElement.dataset.theme ?? 'system'"))
    switch.click()
    switch.click()
    page.goto(f"{visitor.watch.origin}/time")

    assert seen == ["light", "dark", "system"]
    expect(root).to_have_attribute("data-theme", "dark")
    assert page.evaluate("() => getComputedStyle(document.documentElement).colorScheme") == "dark"
    expect(switch).to_have_accessible_name("Theme: dark")


def test_the_palette_goes_anywhere_starts_the_timer_and_gives_the_focus_back(
    visit: Callable[..., Visitor], fresh: Site
) -> None:
    visitor = visit(ME)
    visitor.goto("/items/{kuehn_task}".format(**fresh.ids))
    page = visitor.goto("/items/{acme_ticket}".format(**fresh.ids))
    field = page.get_by_role("combobox", name="Number, words of a title, name or command")
    chosen = page.locator("#found [aria-selected=true]")

    page.get_by_label("Your reply").focus()
    page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    expect(chosen).to_contain_text("#{kuehn_task} ".format(**fresh.ids))  # opened before this page
    expect(page.get_by_role("option", name="New expense")).to_be_visible()
    page.keyboard.type("globex")  # which only others see
    expect(page.get_by_role("status").filter(has_text="Nothing found")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.get_by_label("Your reply")).to_be_focused()

    page.keyboard.press("Control+k")
    with page.expect_response("**/search/results?q=prazis+hall+2*"):
        page.keyboard.type("prazis hall 2")
    expect(chosen).to_contain_text("Label printer in hall 2")
    number, first = chosen.get_attribute("data-number"), str(chosen.get_attribute("id"))
    assert faults(page) == []
    page.keyboard.press("ArrowUp")
    expect(field).not_to_have_attribute("aria-activedescendant", first)
    page.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", first)
    page.keyboard.press("Alt+Enter")
    expect(page.get_by_role("group", name="Running timer")).to_contain_text(f"#{number}")
    expect(page.get_by_label("Your reply")).to_be_focused()
    assert visitor.path == "/items/{acme_ticket}".format(**fresh.ids)

    page.keyboard.press("Control+k")
    page.keyboard.type("stop the t")
    page.keyboard.press("Enter")  # before the answer is there
    expect(page.get_by_role("group", name="Running timer")).to_have_count(0)
    page.keyboard.press("Control+k")
    page.keyboard.type(str(number))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/items/{number}")
    assert visitor.watch.trouble == {}


def test_the_palette_does_what_the_page_in_view_can_do(visit: Callable[..., Visitor], fresh: Site) -> None:
    visitor = visit(ME)
    page = visitor.goto("/items/{acme_ticket}".format(**fresh.ids))
    on_page = page.get_by_role("group", name="On this page").get_by_role("option")

    def asked(words: str) -> None:
        page.keyboard.press("Control+k")
        with page.expect_response("**/search/results?q=*"):
            page.keyboard.type(words)

    asked("snoo")
    expect(on_page).to_have_text(["Snoozeh"])
    expect(page.get_by_role("status").filter(has_text="result")).not_to_contain_text("{")
    assert faults(page) == []
    page.keyboard.press("Enter")
    expect(page.locator("#snooze-menu")).to_be_visible()
    page.keyboard.press("Escape")

    asked("set status in pro")
    expect(on_page).to_have_text(["Set the status: In progress"])
    page.keyboard.press("Enter")
    expect(page.locator("[popovertarget=status-menu]")).to_contain_text("In progress")

    asked("note")
    page.keyboard.press("Enter")
    expect(page.locator("#kind-note")).to_be_checked()
    asked("merge")
    page.keyboard.press("Enter")
    page.wait_for_url("**/items/*/merge*")
    assert visitor.watch.trouble == {}


def test_a_dialog_opens_by_keyboard_and_gives_the_focus_back(visit: Callable[..., Visitor], site: Site) -> None:
    page = visit(ME).goto("/items/{acme_ticket}".format(**site.ids))
    menu = page.locator("#status-menu")

    page.keyboard.press("t")
    expect(menu).to_be_visible()
    assert page.evaluate("() => document.activeElement.closest('#status-menu') !== null")
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()

    walk(page, key="Shift+Tab", until="Open, change the status", at_most=2)  # Tab goes on from where it was
    page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[popovertarget=status-menu]")).to_be_focused()


def test_tickets_are_picked_and_acted_on_by_keyboard_and_it_is_undone(
    visit: Callable[..., Visitor], fresh: Site
) -> None:
    page = visit(ME).goto("/desk?view=all")
    expect(page.locator("#bulk-bar")).to_be_hidden()
    new = page.locator("#queue [data-row]").filter(has_text="Our letter of November")

    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.locator("#bulk-bar [data-count]")).to_have_text("2")
    page.keyboard.press("Escape")
    expect(page.locator("#bulk-bar")).to_be_hidden()
    new.locator("a[data-main]").focus()
    page.keyboard.press("t")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 ticket changed.")).to_be_visible()
    expect(page.locator("[data-done]")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("z")

    expect(page.get_by_text("1 ticket is as before.")).to_be_visible()
    page.wait_for_load_state()
    new.locator("a[data-main]").focus()
    page.keyboard.press("h")
    expect(page.locator("#bulk-snooze [data-first]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 ticket changed.")).to_be_visible()
    expect(new).to_have_count(0)
