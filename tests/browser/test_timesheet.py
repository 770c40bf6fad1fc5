"""The week, filled by keyboard; and the page reads durations as the server does."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

import helpdesk
from helpdesk.infra.db import unit_of_work
from helpdesk.timekeeping.domain.worked import Week
from helpdesk.timekeeping.queries import entries as queries
from tests.browser.chromium import Visitor
from tests.browser.site import Site
from tests.browser.watch import ABORTED
from tests.typed_work import CASES

SCRIPT = Path(helpdesk.__file__).parent / "static" / "durations.js"
READ = "cases => cases.map(([text, day, zone]) => window.durations.read(text, { day, zone }))"
A_KEY = 0.2  # seconds that an average typist takes for one (Card, Moran and Newell, 1980)
W45, W46 = Week(2026, 45), Week(2026, 46)
WEEK = {  # what is typed into each row, and how many seconds that is; in the last one Tuesday is approved already
    "acme_ticket": {"1h30": 5400, "1:30": 5400, "90m": 5400, "9:15-10:40": 5100, "1,5": 5400},
    "heron_task": {"20": 1200, "3h": 10800, "2:15": 8100, "30m": 1800, "1h": 3600},
    "kuehn_task": {"2h": 7200, "": 9000, "1.25": 4500, "0:45": 2700, "13-15": 7200},
}
NOTES = {"acme_ticket": "Labels, hall 2", "heron_task": "Asked for the shares"}


def test_the_page_reads_what_is_typed_as_the_server_does(browser: Browser) -> None:
    page = browser.new_page()
    page.add_script_tag(path=SCRIPT)

    read = page.evaluate(READ, CASES)

    page.close()
    assert list(zip(CASES, read, strict=True)) == [(case, case[-1]) for case in CASES]


@dataclass
class Hands:
    """A person without a mouse; ``keys`` counts what is pressed."""

    page: Page
    keys: int = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.keys += 1
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.keys += len(text)
        self.page.keyboard.type(text)


def test_a_week_is_filled_copied_and_submitted_without_the_mouse_within_a_minute(
    visit: Callable[..., Visitor], fresh: Site
) -> None:
    visitor = visit("technician")
    page = visitor.goto(f"/time?week={W45}")
    hands, began = Hands(page), time.monotonic()

    for name, words in (("acme_ticket", "#1"), ("heron_task", "heron file"), ("kuehn_task", "kühn file")):
        hands.press("a")
        hands.type(words)
        hands.press("Enter")
        fill_row(hands, int(fresh.ids[name]), WEEK[name], NOTES.get(name, ""))
    refuse_and_correct(hands, int(fresh.ids["kuehn_task"]), "13-15")
    hands.press("u")
    told(page, "14 entries are submitted.")
    hands.press("]")
    page.wait_for_url(f"**week={W46}")
    hands.press("l")
    expect(page.get_by_role("button", name="Rows only")).to_be_focused()
    hands.press("Tab", "Enter")
    told(page, "14 entries are copied as drafts: 21:00.")
    hands.press("u")
    told(page, "14 entries are submitted.")

    waited = time.monotonic() - began
    assert hands.keys * A_KEY + waited <= 60, (hands.keys, waited)
    refused = [answer for answer in visitor.watch.failed if not answer.endswith(ABORTED)]
    assert refused == [f"POST {fresh.origin}/time/week: 422"]  # the 30 hours, once
    assert written(fresh, W45) == expected(fresh, W45, but_for=1)
    assert written(fresh, W46) == expected(fresh, W46, but_for=0)


def fill_row(hands: Hands, number: int, texts: Iterable[str], note: str) -> None:
    first = cell(hands.page, number, 0)
    expect(first).to_be_focused()
    for text in texts:
        hands.type(text)
        hands.press("Tab")
        if note and text == next(iter(texts)):
            hands.press("ArrowLeft", "n")
            expect(hands.page.locator("#cell-dialog [name=note]").first).to_be_focused()
            hands.type(note)
            hands.press("Enter")
            expect(hands.page.locator("#cell-dialog")).to_be_hidden()
            expect(first).to_be_focused()
            hands.press("Tab")


def refuse_and_correct(hands: Hands, number: int, right: str) -> None:
    """Type 30 hours over Friday, read the reason where the cell names it, and put the cell right."""
    hands.press("Shift+Tab")
    friday = cell(hands.page, number, 4)
    expect(friday).to_be_focused()
    hands.type("30h")
    hands.press("Enter")
    expect(friday).to_have_attribute("aria-invalid", "true")
    reason = hands.page.locator(f"[id='{friday.get_attribute('aria-describedby')}']")
    expect(reason).to_contain_text("30:00 is more than a day")
    expect(friday).to_be_focused()
    hands.type(right)
    hands.press("Enter")
    expect(reason).to_be_hidden()


def told(page: Page, words: str) -> None:
    """Wait until the page says so, and until its keys work."""
    expect(page.locator("#flashes")).to_contain_text(words)
    page.wait_for_load_state()


def cell(page: Page, number: int, day: int) -> Locator:
    """Return the field of an item on a day of week 45, Monday being 0; an item has one row."""
    return page.locator(f'#sheet td > [name^="{number}."][name$="{W45.days[day]}"]')


def expected(site: Site, week: Week, *, but_for: int) -> list[tuple[int, str, int]]:
    """Return every cell of the week as item, day and seconds, but for what the last row had on one day already."""
    return sorted(
        (int(site.ids[name]), str(week.days[day]), seconds)
        for name, row in WEEK.items()
        for day, seconds in enumerate(row.values())
        if (name, day) != ("kuehn_task", but_for)
    )


def written(site: Site, week: Week) -> list[tuple[int, str, int]]:
    """Return what waits for approval in the technician's week, an item a line, and check the notes of its Monday."""
    with site.app.app_context(), unit_of_work() as session:
        entries = queries.week(session, person_id=int(site.ids["technician"]), week=week)
        waiting = [entry for entry in entries if entry.status == "submitted"]
        notes = {entry.note for entry in waiting if queries.day_of(entry) == week.monday}
        assert notes >= set(NOTES.values())
        return sorted(
            (one.work_item.number, str(queries.day_of(one)), queries.worked_of(one).seconds) for one in waiting
        )
