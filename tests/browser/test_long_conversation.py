"""A link to one message finds it, wherever in a long conversation it stands (docs/desk.md rules 68 and 69)."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect
from sqlalchemy import select

from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import service as tickets
from tests.browser.chromium import Visitor
from tests.browser.site import Site


def test_a_link_to_an_old_message_finds_it_and_more_is_there_on_request(
    fresh: Site, visit: Callable[..., Visitor]
) -> None:
    number = fresh.ids["story_ticket"]
    with fresh.app.app_context(), unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.number == number)).one()
        many: dict[str, Any] = {"session": session, "actor": SYSTEM, "now": fresh.clock.now, "item_id": item.id}
        notes = [tickets.add_note(**many, text=f"Note {count} of many.").id for count in range(120)]
        events = [tickets.add_event(**many, text=f"did {count}").id for count in range(4)]
    with fresh.app.app_context():
        db.session.remove()
    visitor = visit("technician", permissions=["clipboard-read", "clipboard-write"])

    page = visitor.goto(f"/items/{number}#m{notes[30]}")
    expect(page.get_by_text("Note 30 of many.")).to_be_in_viewport()
    expect(page.get_by_text("Note 119 of many.")).to_have_count(0)
    page.get_by_role("link", name="Later messages").click()
    expect(page.get_by_text("Note 119 of many.")).to_have_count(1)
    page.locator(f"#m{notes[31]}").hover()
    page.locator(f"#m{notes[31]} .perma").click()
    expect(page.locator(f"#m{notes[31]} .perma")).to_have_attribute("data-said", "Copied")
    copied = page.evaluate("() => navigator.clipboard.readText()")

    page.goto(copied)
    expect(page.locator(f"#m{notes[31]}")).to_be_in_viewport()
    page = visitor.goto(f"/messages/{events[1]}")
    expect(page.locator(f"#m{events[1]}")).to_be_in_viewport()
    page.get_by_role("link", name="Earlier messages").click()
    expect(page.get_by_text("Note 40 of many.")).to_have_count(1)
    assert visitor.watch.trouble == {}
