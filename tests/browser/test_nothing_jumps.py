"""Nothing moves once a page is shown: what a script adds or writes anew has its place from the start."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.chromium import HEIGHT, NARROW, PHONE_HEIGHT, WIDE, Visitor
from tests.browser.site import Site

MOST = 0.02
"""A fifth of what browsers call good (0.1): a line that moves by a few pixels."""
PAGES = ("/desk", "/desk?view=mine", "/clients/{acme}", "/time", "/invoices", "/retainers")
NOTE_SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => {
  for (const shift of list.getEntries())
    if (!shift.hadRecentInput)
      shifts.push([shift.value, ...shift.sources.map(({ node }) => node?.outerHTML?.slice(0, 90))]);
}).observe({ type: "layout-shift", buffered: true });"""
# Frames are drawn, and their shifts told, before this is over.
TWO_FRAMES = (
    """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"""
)


@pytest.mark.parametrize(("width", "height"), [(WIDE, HEIGHT), (NARROW, PHONE_HEIGHT)], ids=["wide", "narrow"])
def test_nothing_moves_while_a_page_loads_cold_and_warm(
    visit: Callable[..., Visitor], site: Site, width: int, height: int
) -> None:
    visitor = visit("manager", viewport={"width": width, "height": height})
    visitor.page.add_init_script(NOTE_SHIFTS)
    moved: dict[str, Any] = {}

    for path in PAGES:
        for how in ("cold", "warm"):
            page = visitor.goto(path.format(**site.ids))
            page.evaluate(TWO_FRAMES)
            shifts = page.evaluate("window.shifts")
            if sum(value for value, *_ in shifts) > MOST:
                moved[f"{path}, {how}"] = shifts

    assert not moved, "\n".join(f"{where}: {what}" for where, shifts in moved.items() for what in shifts)
