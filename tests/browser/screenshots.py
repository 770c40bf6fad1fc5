"""Pictures of every page, to be looked at: ``python -m tests.browser.screenshots FOLDER [WORD …]``.

Writes ``<page>-<width>-<theme>.png`` for each page whose name contains one of the words (all without any).
"""

import argparse
import logging
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from tests.browser import chromium
from tests.browser.chromium import THEMES, WIDTHS, Visitor, dress
from tests.browser.pages import Place, places
from tests.browser.site import Site, build, open_site


def take(folder: Path, words: list[str]) -> int:
    """Write the pictures and return how many there are."""
    wanted = [place for place in places() if not words or any(word in place.name for word in words)]
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        build(home)
        site = open_site(home)
        site.renew()
        stack.enter_context(site.served())
        browser = stack.enter_context(chromium.running())
        visitor_of = cache(lambda actor: stack.enter_context(chromium.visiting(browser, site, actor)))
        return sum(_pictures(folder, site, visitor_of(place.actor), place) for place in wanted)


def _pictures(folder: Path, site: Site, visitor: Visitor, place: Place) -> int:
    visitor.page.clock.set_fixed_time(site.clock.now)
    page = visitor.goto(place.path.format(**site.ids))
    for width in WIDTHS:
        for theme in THEMES:
            dress(page, width=width, theme=theme)
            page.evaluate("() => scrollTo(0, 0)")  # a ticket opens at its newest message
            page.screenshot(path=folder / f"{place.name}-{width}-{theme}.png", full_page=True)
    return len(WIDTHS) * len(THEMES)


def main() -> None:
    """Read the folder and the words from the command line."""
    parser = argparse.ArgumentParser(description="Write a picture of every page, wide and narrow, light and dark.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("words", nargs="*", help="only pages whose name contains one of these")
    given = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    count = take(given.folder, given.words)
    print(f"{count} pictures in {given.folder}")  # noqa: T201 - a tool answers on its standard output


if __name__ == "__main__":
    main()
