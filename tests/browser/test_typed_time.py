"""Typed time is saved, or visibly is not: before the script is there, beside slow answers, and on the way out."""

import threading
from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from playwright.sync_api import Locator, Page, expect

from helpdesk.timekeeping.domain.worked import Week
from tests.browser.chromium import PATIENCE, Visitor
from tests.browser.site import Site

W45 = Week(2026, 45)
MON, TUE, WED, THU, FRI = range(5)


def held(patch: pytest.MonkeyPatch, site: Site, path: str) -> threading.Event:
    """Let requests for ``path`` wait until the event that comes back is set."""
    inner, let_go = site.app.wsgi_app, threading.Event()

    def gate(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        assert environ["PATH_INFO"] != path or let_go.wait(PATIENCE / 1000)
        return inner(environ, start_response)

    patch.setattr(site.app, "wsgi_app", gate)
    return let_go


def cell(page: Page, site: Site, day: int) -> Locator:
    """Return the cell of the only row of week 45 on a day."""
    return page.locator(f'#sheet td > [name^="{site.ids["kuehn_task"]}."][name$="{W45.days[day]}"]')


def opened(visitor: Visitor, site: Site) -> Page:
    return visitor.goto(f"/time?week={W45}")


def values(page: Page, site: Site, *days: int) -> list[str]:
    """Return what the server has: the cells of the page, opened anew."""
    page.goto(page.url.partition("#")[0])
    return [cell(page, site, day).input_value() for day in days]


def test_what_is_typed_before_all_of_the_page_has_come_is_saved_where_it_was_typed(
    visit: Callable[..., Visitor], fresh: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = visit("technician")
    page = opened(visitor, fresh)
    name = str(cell(page, fresh, WED).get_attribute("name"))
    page.goto("about:blank")
    script, rest = held(monkeypatch, fresh, "/static/timesheet.js"), held(monkeypatch, fresh, "/static/found.js")

    page.goto(f"{fresh.origin}/time?week={W45}#{name}", wait_until="commit")
    cell(page, fresh, WED).click()
    page.keyboard.type("1h30")
    page.keyboard.press("Tab")
    page.keyboard.type("2")
    script.set()
    expect(page.locator(".savebar .no-script")).to_be_hidden()
    page.keyboard.type("h")
    rest.set()
    page.wait_for_load_state("load")
    page.evaluate("() => new Promise(done => setTimeout(done))")
    expect(cell(page, fresh, THU)).to_be_focused()
    page.keyboard.press("Tab")

    expect(page.locator("#ts-state")).to_have_text("Everything is saved.")
    assert values(page, fresh, WED, THU, FRI) == ["1:30", "2:00", ""]


def test_a_refused_cell_stays_with_its_reason_and_nobody_leaves_it_unasked(
    visit: Callable[..., Visitor], fresh: Site
) -> None:
    visitor = visit("technician")
    page = opened(visitor, fresh)
    friday, reason = cell(page, fresh, FRI), page.locator("tr.rejnote", has_text="30:00 is more than a day")

    friday.focus()
    page.keyboard.type("30h")
    page.keyboard.press("F2")
    page.get_by_role("link", name="Week after").click()
    expect(reason).to_be_visible()
    expect(friday).to_be_focused()

    page.keyboard.press("Shift+Tab")
    page.keyboard.type("45")
    page.keyboard.press("Tab")
    expect(cell(page, fresh, THU)).to_have_value("0:45")
    expect(friday).to_have_value("30h")
    expect(reason).to_be_visible()
    expect(page.locator("#ts-state")).to_contain_text("Not everything is saved")

    page.get_by_role("link", name="Week after").click(no_wait_after=True)
    expect(friday).to_have_value("30h")
    assert visitor.watch.dialogs == ["beforeunload: "]
    assert visitor.path == f"/time?week={W45}"


def test_slow_answers_lose_nothing_that_is_typed_over_them_or_left_behind(
    visit: Callable[..., Visitor], fresh: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = visit("technician")
    page = opened(visitor, fresh)
    answers = held(monkeypatch, fresh, "/time/week")

    cell(page, fresh, WED).focus()
    page.keyboard.type("1h")
    page.keyboard.press("Tab")
    page.keyboard.type("20")
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("2h")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("0:10")
    page.get_by_role("link", name="Week after").click(no_wait_after=True)
    assert visitor.path == f"/time?week={W45}"
    answers.set()
    page.wait_for_url("**week=2026-W46")

    page.goto(f"{fresh.origin}/time?week={W45}")
    assert values(page, fresh, WED, THU, FRI) == ["2:00", "0:20", "0:10"]
