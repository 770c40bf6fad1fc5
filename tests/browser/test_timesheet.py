"""The week, filled by keyboard; and the page reads durations as the server does."""

from pathlib import Path

from playwright.sync_api import Browser

import helpdesk
from tests.typed_work import CASES

SCRIPT = Path(helpdesk.__file__).parent / "static" / "durations.js"
READ = "cases => cases.map(([text, day, zone]) => window.durations.read(text, { day, zone }))"


def test_the_page_reads_what_is_typed_as_the_server_does(browser: Browser) -> None:
    page = browser.new_page()
    page.add_script_tag(path=SCRIPT)

    read = page.evaluate(READ, CASES)

    page.close()
    assert list(zip(CASES, read, strict=True)) == [(case, case[-1]) for case in CASES]
