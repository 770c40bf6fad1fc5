"""The week, filled by keyboard; and the page reads durations as the server does."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

import helpdesk
from helpdesk.infra.db import db
from helpdesk.timekeeping import queries
from helpdesk.timekeeping.models import TimeEntry
from tests.browser.chromium import Visitor
from tests.browser.site import Site
from tests.typed_work import CASES

SCRIPT = Path(helpdesk.__file__).parent / "static" / "durations.js"
READ = "cases => cases.map(([text, day, zone]) => window.durations.read(text, { day, zone }))"


def test_the_page_reads_what_is_typed_as_the_server_does(browser: Browser) -> None:
    page = browser.new_page()
    page.add_script_tag(path=SCRIPT)

    read = page.evaluate(READ, CASES)

    page.close()
    assert list(zip(CASES, read, strict=True)) == [(case, case[-1]) for case in CASES]


def test_a_week_is_filled_without_the_mouse(visit: Callable[..., Visitor], fresh: Site) -> None:
    visitor = visit("technician")
    page = visitor.goto("/time?week=2026-W46")
    keys = page.keyboard
    ticket, task = fresh.ids["acme_ticket"], fresh.ids["kuehn_task"]

    add_row(page, f"#{ticket}")
    expect(cell(page, ticket, "2026-11-09")).to_be_focused()
    for text in ("9:15-10:40", "1.5", "90m", "1h30"):
        keys.type(text)
        keys.press("Tab")
    keys.type("20")
    expect(cell(page, ticket, "2026-11-13").locator("..")).to_have_attribute("data-reading", "= 0:20")
    keys.press("Enter")
    cell(page, ticket, "2026-11-13").focus()
    keys.press("n")
    expect(page.locator("#cell-dialog [name=note]").first).to_be_focused()
    keys.type("labels")
    keys.press("Enter")
    expect(cell(page, ticket, "2026-11-13")).to_be_focused()

    add_row(page, "Kühn file server")
    expect(cell(page, task, "2026-11-09")).to_be_focused()
    keys.type("6h")
    keys.press("ArrowUp")
    expect(cell(page, task, "2026-11-09")).not_to_be_focused()
    keys.press("ArrowDown")
    expect(cell(page, task, "2026-11-09")).to_be_focused()
    keys.press("ArrowRight")
    keys.type("soon")
    keys.press("Escape")
    keys.type("30h")
    keys.press("Enter")
    expect(cell(page, task, "2026-11-10")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".rejnote")).to_contain_text("30:00 is more than a day")
    keys.press("Escape")
    expect(page.locator(".rejnote")).to_have_count(0)
    expect(page.locator("#ts-state")).to_have_text("Everything is saved.")
    expect(page.locator("#ts-foot tr").first).to_contain_text("12:15")

    assert visitor.watch.trouble == {}
    assert written(fresh) == [
        (task, "2026-11-09", 21600, ""),
        (ticket, "2026-11-09", 5100, ""),
        (ticket, "2026-11-10", 5400, ""),
        (ticket, "2026-11-11", 5400, ""),
        (ticket, "2026-11-12", 5400, ""),
        (ticket, "2026-11-13", 1200, "labels"),
    ]


def add_row(page: Page, words: str) -> None:
    page.keyboard.press("a")
    expect(page.locator("[data-finds]")).to_be_focused()
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def cell(page: Page, number: int | str, day: str) -> Locator:
    return page.locator(f'#sheet td > [name^="{number}."][name$="{day}"]:not([readonly])')


def written(site: Site) -> list[tuple[int, str, int, str]]:
    """Return what was written by hand in the week: item, day, seconds and note."""
    with site.app.app_context():
        found = db.session.scalars(queries.with_work().where(TimeEntry.source == "typed")).all()
        rows = [
            (entry.work_item.number, str(queries.day_of(entry)), queries.worked_of(entry).seconds, entry.note)
            for entry in found
        ]
    return sorted(row for row in rows if "2026-11-09" <= row[1] <= "2026-11-15")
