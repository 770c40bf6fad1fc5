"""The plan of a project by keyboard and by pointer: what is pushed shows, what is refused goes back."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import faults
from tests.browser.chromium import Visitor
from tests.browser.site import Site


def bar(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=name)


def drag(page: Page, handle: Locator, *, at: float, days: int) -> None:
    """Drag a bar at a share of its width, by days of ten pixels each."""
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * at, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10 * days, y, steps=4)
    page.mouse.up()


def test_a_task_is_moved_by_keys_and_pointer_pushes_others_is_undone_and_refused(
    visit: Callable[..., Visitor], fresh: Site
) -> None:
    visitor = visit("technician")
    page = visitor.goto("/projects/{kuehn_project}/plan?zoom=week".format(**fresh.ids))
    said = page.locator("#plan-said")
    copy, switch = bar(page, "Copy the mailboxes"), bar(page, "Switch over")

    copy.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")

    expect(said).to_contain_text("20 Nov 2026 – 26 Nov 2026. 3 tasks moved along:")
    expect(switch).to_have_attribute("aria-valuetext", "Fri 27 November – Mon 30 November")
    expect(page.locator(f"#t{fresh.ids['plan_task']} td").first).to_have_text("20 Nov")
    page.keyboard.press("Shift+ArrowLeft")
    expect(said).to_contain_text("20 Nov 2026 – 25 Nov 2026")
    assert faults(page) == []

    page.keyboard.press("Control+z")

    expect(copy).to_have_attribute("aria-valuetext", "Fri 20 November – Thu 26 November")
    drag(page, copy, at=0.98, days=4)
    expect(said).to_contain_text("20 Nov 2026 – 30 Nov 2026")
    drag(page, copy, at=0.3, days=3)
    expect(said).to_contain_text("23 Nov 2026 – 1 Dec 2026")
    page.get_by_role("button", name="Undo").click()
    expect(copy).to_have_attribute("aria-valuetext", "Fri 20 November – Mon 30 November")
    assert visitor.watch.trouble == {}

    drag(page, copy, at=0.3, days=-9)

    expect(said).to_contain_text("cannot begin before 18 November 2026: it follows")
    expect(copy).to_have_attribute("aria-valuetext", "Fri 20 November – Mon 30 November")
    copy.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="In the plan")).to_be_visible()


def test_tasks_milestones_and_links_are_made_without_a_script(visit: Callable[..., Visitor], fresh: Site) -> None:
    page = visit("technician", java_script_enabled=False).goto("/projects/{acme_project}/plan".format(**fresh.ids))
    forms = page.locator(".plan-forms")

    for title, kind in (("Hang the switches", "Task"), ("Handed over", "Milestone")):
        forms.get_by_label("Task", exact=True).first.fill(title)
        forms.get_by_label(kind, exact=True).last.check()
        forms.get_by_label("Start", exact=True).fill("2026-12-10")
        forms.get_by_label("Due", exact=True).fill("2026-12-10")
        forms.get_by_role("button", name="Add to the plan").click()
    numbers = page.get_by_role("row", name="Hang the switches").get_attribute("data-item")
    after = page.get_by_role("row", name="Handed over").get_attribute("data-item")
    forms.get_by_label("First").fill(f"#{numbers}")
    forms.get_by_label("Then").fill(f"#{after} Handed over")
    forms.get_by_label("Days between").fill("2")
    forms.get_by_role("button", name="Link them").click()

    expect(page.get_by_role("status").first).to_contain_text("The link is kept. 1 task moved: ")
    expect(page.get_by_role("row", name="Handed over")).to_contain_text("14 Dec")
    expect(page.locator(f".arrows path[data-after='{after}']")).to_have_count(1)
